//! Lists of the page that need no script: time by sub-module and kernel, loops over operations.

use std::fmt::Write;

use crease_core::units::format_bytes;

use super::story::Story;
use super::tree::{Branch, What, tree};
use super::words::percent;
use crate::page::{Kind, escape, short, width};
use crate::terminal::seconds;

/// A bar for each sub-module, in parts by kind of kernel.
pub(super) fn time(story: &Story<'_>) -> String {
    if story.plan.time == 0 {
        return "<p class=\"none\">Nothing takes time.</p>".into();
    }
    let mut html = String::from("<ul class=\"legend\">");
    for (kind, time) in Kind::ALL.iter().zip(story.timeline.kinds()).filter(|(_, time)| *time > 0) {
        let (name, share, time) = (kind.name(), escape(&percent(time, story.plan.time)), seconds(time));
        let swatch = format!("<i class=\"swatch kernel {name}\"></i>");
        let _ = write!(html, "<li title=\"{time}\">{swatch}{name} <span class=\"number\">{share}</span></li>");
    }
    html += "</ul><ol class=\"bars\">";
    let most = story.timeline.modules.iter().map(|m| m.time).max().unwrap_or(0);
    for module in &story.timeline.modules {
        let _ = write!(html, "<li><span class=\"name\">{}</span><span class=\"bar\">", escape(&module.name));
        for (kind, time) in Kind::ALL.iter().zip(module.by_kind).filter(|(_, time)| *time > 0) {
            let (name, wide, text) = (kind.name(), width(time, most), seconds(time));
            let _ = write!(html, "<i class=\"kernel {name}\" style=\"width:{wide}\" title=\"{name}: {text}\"></i>");
        }
        let (time, share) = (seconds(module.time), escape(&percent(module.time, story.plan.time)));
        let _ = write!(html, "</span><span class=\"number\">{time}</span><span class=\"number share\">{share}</span>");
        let peak = format_bytes(module.peak);
        let _ = write!(html, "<span class=\"number high\" title=\"most bytes alive while it runs\">{peak}</span></li>");
    }
    html + "</ol>"
}

/// The tree of loops and operations.
pub(super) fn loops(story: &Story<'_>) -> String {
    let branches = tree(story);
    if branches.is_empty() {
        return "<p class=\"none\">Nothing runs.</p>".into();
    }
    let mut html = String::new();
    // Bars are against the slowest sub-module, which stands open.
    let slowest = story.timeline.slowest().map_or(("", 1), |module| (module.name.as_str(), module.time));
    branches.iter().for_each(|branch| show(&mut html, branch, story.plan.time, slowest));
    html
}

fn show(html: &mut String, branch: &Branch, whole: u64, slowest: (&str, u64)) {
    let label = escape(&branch.label);
    let (name, open) = match branch.what {
        What::Operation { kernel } => {
            let kind = format!("<i class=\"swatch kernel {kernel}\" title=\"{kernel}\"></i>");
            let bytes = format_bytes(branch.bytes);
            let _ = write!(html, "<div class=\"row\"><span class=\"name\">{kind}{label}</span>");
            figures(html, &bytes, branch.time, (whole, slowest.1));
            *html += "</div>";
            return;
        }
        What::Module => (format!("<b>{label}</b>{}", inside(branch)), branch.label == slowest.0),
        What::Layers { count } => (format!("<em>for</em> {count} layers"), true),
        What::Chunk { total, chunk } => {
            let turns = total.div_ceil(chunk.max(1));
            let turns = if turns == 1 { "1 turn".into() } else { format!("{turns} turns") };
            let (index, of) = branch.label.split_once(" of ").unwrap_or((&branch.label, ""));
            let (index, of) = (escape(index), escape(short(of, "")));
            let split = format!("{total} in chunks of {chunk}, {turns}");
            (format!("<em>for</em> <b>{index}</b> <span class=\"of\">of {of}:</span> {split}"), true)
        }
    };
    let class = match branch.what {
        What::Module => "module",
        _ => "loop",
    };
    let open = if open { " open" } else { "" };
    let _ = write!(html, "<details class=\"{class}\"{open}><summary class=\"row\"><span class=\"name\">{name}</span>");
    figures(html, "", branch.time, (whole, slowest.1));
    *html += "</summary><div class=\"inside\">";
    branch.inside.iter().for_each(|inner| show(html, inner, whole, slowest));
    *html += "</div></details>";
}

/// How much a sub-module holds, in words.
fn inside(branch: &Branch) -> String {
    let (mut loops, mut operations) = (0, 0);
    count(&branch.inside, &mut loops, &mut operations);
    let operations = if operations == 1 { "1 operation".into() } else { format!("{operations} operations") };
    let loops = match loops {
        0 => String::new(),
        1 => ", 1 loop".into(),
        loops => format!(", {loops} loops"),
    };
    format!(" <span class=\"of\">{operations}{loops}</span>")
}

fn count(list: &[Branch], loops: &mut usize, operations: &mut usize) {
    for branch in list {
        match branch.what {
            What::Operation { .. } => *operations += 1,
            What::Chunk { .. } | What::Layers { .. } => *loops += 1,
            What::Module => {}
        }
        count(&branch.inside, loops, operations);
    }
}

fn figures(html: &mut String, bytes: &str, time: u64, (whole, most): (u64, u64)) {
    let (wide, text, share) = (width(time.min(most), most), seconds(time), escape(&percent(time, whole)));
    let _ = write!(html, "<span class=\"number bytes\">{bytes}</span><span class=\"number time\">{text}</span>");
    let _ = write!(html, "<span class=\"number share\">{share}</span>");
    let _ = write!(html, "<span class=\"bar\"><i style=\"width:{wide}\"></i></span>");
}
