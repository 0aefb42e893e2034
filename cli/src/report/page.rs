//! The page: a skeleton with its style and script inside, filled with what a plan says.

use std::fmt::Write;

use crease_core::units::format_bytes;

use super::story::Story;
use super::words::{consequence, verdict};
use super::{choices, parts};
use crate::page::{self, escape, fill, target, width};
use crate::terminal::seconds;

const SKELETON: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

impl Story<'_> {
    /// The whole page, needing nothing else.
    pub(crate) fn page(&self) -> String {
        let words = |name: &String, size: &u64| format!("{name}={size}");
        let sizes: Vec<String> = self.axes.iter().map(|(name, size)| words(name, size)).collect();
        let constants = self.plan.sizes.iter().filter(|(name, _)| !self.axes.contains_key(*name));
        let constants: Vec<String> = constants.map(|(name, size)| words(name, size)).collect();
        let title = format!("{}, {}", self.plan.name, sizes.join(" "));
        fill(SKELETON, &|name| match name {
            "title" => escape(&title),
            "style" => [page::STYLE, STYLE].concat(),
            "script" => [page::SCRIPT, SCRIPT].concat(),
            "data" => page::data(&self.packed()),
            "memory" => page::MEMORY.into(),
            "model" => escape(&self.plan.name),
            "sizes" => sizes.iter().map(|s| format!("<span>{}</span>", escape(s))).collect(),
            "verdict" => escape(&verdict(self)),
            "consequence" => escape(&consequence(self)),
            "gauge" => gauge(self),
            "facts" => facts(self),
            "time" => parts::time(self),
            "tree" => parts::loops(self),
            "choices" => choices::choices(self),
            "settings" => escape(&constants.join(" ")),
            "version" => env!("CARGO_PKG_VERSION").into(),
            _ => unreachable!("the skeleton names no `{name}`"),
        })
    }
}

/// Figures with a mark on the gauge: class, name, bytes, what it is.
fn marks(story: &Story<'_>) -> Vec<(&'static str, &'static str, u64, &'static str)> {
    let mut marks = vec![
        ("least", "lower bound", story.least, "no plan can hold less"),
        ("smallest", "smallest budget", story.leanest.memory.total(), "the leanest plan found"),
    ];
    marks.extend(story.plan.budget.map(|budget| ("budget", "budget", budget, "what a run may hold")));
    marks.push(("naive", "as written", story.timeline.naive_peak(), "nothing split, nothing in place"));
    marks
}

/// The peak and its parts beside the budget and the naive peak, on one scale.
fn gauge(story: &Story<'_>) -> String {
    let memory = &story.plan.memory;
    let marks = marks(story);
    let most = marks.iter().map(|m| m.2).chain([memory.total()]).max().unwrap_or(0);
    let parts = super::words::memory_parts(memory);
    let mut html = String::from("<div class=\"gauge\" aria-hidden=\"true\"><div class=\"track\">");
    for (name, bytes) in parts.into_iter().filter(|(_, bytes)| *bytes > 0) {
        let (wide, text) = (width(bytes, most), format_bytes(bytes));
        let _ = write!(html, "<i class=\"fill {name}\" style=\"width:{wide}\" title=\"{name}: {text}\"></i>");
    }
    html += "</div>";
    for (class, name, bytes, _) in marks {
        let (at, text) = (width(bytes, most), format_bytes(bytes));
        let _ = write!(html, "<b class=\"mark {class}\" style=\"left:{at}\" title=\"{name}: {text}\"></b>");
    }
    html += "</div><ul class=\"legend\">";
    for (name, bytes) in parts.into_iter().filter(|(_, bytes)| *bytes > 0) {
        let text = format_bytes(bytes);
        let _ = write!(html, "<li><i class=\"swatch {name}\"></i>{name} <span class=\"number\">{text}</span></li>");
    }
    html + "</ul>"
}

/// The figures of a plan as a list.
fn facts(story: &Story<'_>) -> String {
    let memory = &story.plan.memory;
    let mut html = String::new();
    let mut fact = |mark: &str, name: &str, value: String, note: &str| {
        html += &page::fact(mark, name, value, note);
    };
    let at = if memory.operation.is_empty() { "nothing runs".into() } else { format!("at {}", memory.operation) };
    fact("", "plan peak", format_bytes(memory.total()), &at);
    fact("", "predicted time", seconds(story.plan.time), &target(story.plan));
    if story.plan.budget.is_none() {
        fact("", "budget", "none".into(), "the fastest plan");
    }
    for (class, name, bytes, note) in marks(story) {
        fact(class, name, format_bytes(bytes), note);
    }
    fact("", "weights", format_bytes(memory.weights), "part of the peak");
    html
}

#[cfg(test)]
mod tests {
    use crease_core::builder::Builder;
    use crease_core::ir::{Extent, Sizes, Unary};
    use crease_core::plan::{InstructionSet, Planner, Target, naive};

    use super::*;

    #[test]
    fn the_skeleton_is_closed_and_stands_alone() {
        for part in [SKELETON, STYLE, SCRIPT, page::MEMORY, page::STYLE, page::SCRIPT] {
            assert!(!part.contains("://") && !part.contains("@import"));
        }
        assert!([SCRIPT, page::SCRIPT].iter().all(|part| !part.contains("</script")));
        assert!([STYLE, page::STYLE].iter().all(|part| !part.contains("</style")));
    }

    /// A program of so many operations, with a name that is markup.
    fn odd(operations: usize) -> (String, String, String) {
        let mut builder = Builder::new("<script>&\"</script>");
        let mut value = builder.input("<x>", vec![Extent::symbol("N")]);
        for _ in 0..operations {
            value = builder.unary(Unary::Exp, value);
            builder.name(value, "<y>");
        }
        if operations > 0 {
            builder.output("<out>", value);
        }
        let (graph, sizes) = (builder.finish(), Sizes::from([("N".to_string(), 1000)]));
        let planner = Planner::new(&graph, &sizes, &Target::shipped(InstructionSet::Portable, 1)).expect("a planner");
        let (plan, naive) = (planner.plan(None).expect("a plan"), naive(&graph, &sizes).expect("it runs"));
        assert!(naive.peak() > 0);
        let story = Story::new(&planner, &plan, &sizes, &naive).expect("a story");
        (story.page(), story.text(), serde_json::Value::Object(story.json()).to_string())
    }

    #[test]
    fn no_operation_or_one_with_a_name_like_markup_make_a_page() {
        for operations in 0..3 {
            let (page, text, json) = odd(operations);
            assert!(!page.contains("<y>") && !page.contains("<script>&"), "{page}");
            assert_eq!(page.matches("</script>").count(), 2);
            assert_eq!(page.contains("Nothing runs."), operations == 0);
            assert_eq!(text.contains("time by part"), operations > 0, "{text}");
            assert!(json.contains("moments"));
        }
    }
}
