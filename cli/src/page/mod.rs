//! What pages share: skeletons and how they are filled, texts from outside, style and script of what several show, and
//! the memory of a plan as a section.

mod memory;
mod names;
mod timeline;

use crease_core::plan::Plan;

pub(crate) use names::short;
pub(crate) use timeline::{Kind, Module, Timeline};

/// The section that shows a plan's memory, drawn by `memory` of [`SCRIPT`] from what `Timeline::packed` gives.
pub(crate) const MEMORY: &str = include_str!("memory.html");
/// The style of every page.
pub(crate) const STYLE: &str = concat!(include_str!("base.css"), "\n", include_str!("memory.css"));
/// What the scripts of pages build on.
pub(crate) const SCRIPT: &str = concat!(include_str!("base.js"), "\n", include_str!("memory.js"));

/// A text with every `{{name}}` replaced; what comes in is not looked at again.
pub(crate) fn fill(skeleton: &str, of: &dyn Fn(&str) -> String) -> String {
    let mut parts = skeleton.split("{{");
    let mut page = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (name, rest) = part.split_once("}}").expect("the skeleton closes what it opens");
        page += &of(name);
        page += rest;
    }
    page
}

/// A text from outside, where markup is read.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            c => escaped.push(c),
        }
    }
    escaped
}

/// The part of a whole in hundredths of a percent, as a percentage for the style.
pub(crate) fn width(part: u64, whole: u64) -> String {
    let parts = u128::from(part) * 10_000 / u128::from(whole.max(1));
    format!("{}.{:02}%", parts / 100, parts % 100)
}

/// A figure of a list of them, with the mark that it has in a picture.
pub(crate) fn fact(mark: &str, name: &str, value: String, note: &str) -> String {
    let mark = if mark.is_empty() { String::new() } else { format!("<b class=\"mark {mark}\"></b>") };
    // A path may be broken between its fields.
    let (value, note) = (escape(&value), escape(note).replace('.', ".<wbr>"));
    format!("<div><dt>{mark}{name}</dt><dd>{value}<small>{note}</small></dd></div>")
}

/// What a plan was made for, in words.
pub(crate) fn target(plan: &Plan) -> String {
    let target = &plan.target;
    let threads = if target.threads == 1 { "1 thread".into() } else { format!("{} threads", target.threads) };
    format!("{}, {threads}", target.instructions.name())
}

/// Data for a script, to stand in the page: inside a script `<` could end it.
pub(crate) fn data(value: &serde_json::Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_only_text() {
        assert_eq!(escape("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
        assert_eq!(fill("a{{b}}c{{d}}", &|name| format!("<{{{{{name}}}}}>")), "a<{{b}}>c<{{d}}>");
        assert_eq!(width(1, 3), "33.33%");
        assert_eq!(data(&serde_json::json!("</script>")), "\"\\u003c/script>\"");
    }
}
