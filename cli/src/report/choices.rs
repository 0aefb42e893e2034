//! The choices of a plan on the page: for each piece the way taken, the runner-up, the leanest, and the next
//! faster one.

use std::fmt::Write;

use crease_core::plan::{Choice, Way};
use crease_core::units::format_bytes;

use super::story::{Piece, Story};
use super::words::{longer, loops, one_loop};
use crate::page::escape;
use crate::terminal::seconds;

/// Width and height of a piece's front.
const FRONT: (u64, u64) = (112, 36);

/// All pieces.
pub(super) fn choices(story: &Story<'_>) -> String {
    if story.pieces.is_empty() {
        return "<p class=\"none\">There was nothing to choose.</p>".into();
    }
    let mut html = String::from(
        "<div class=\"choice head\" aria-hidden=\"true\"><span>piece</span><span>its front</span><span>taken</span>\
         <span>runner-up that fits</span><span>leanest</span><span>faster, with more</span></div>",
    );
    story.pieces.iter().for_each(|piece| show(&mut html, piece, story.plan.memory.weights));
    html
}

fn show(html: &mut String, piece: &Piece, weights: u64) {
    let choice = &piece.choice;
    let taken = &choice.ways[choice.taken];
    let layers =
        if choice.layers > 1 { format!(" <span class=\"of\">× {}</span>", choice.layers) } else { String::new() };
    let name = escape(&piece.name);
    let _ = write!(html, "<details><summary class=\"choice\"><span class=\"name\">{name}{layers}</span>");
    html.push_str(&front(choice));
    let cell = |name: &str, way: Option<&Way>, time: &dyn Fn(&Way) -> String| match way {
        None => format!("<span class=\"cell\" data-name=\"{name}\"><i class=\"nothing\">none</i></span>"),
        Some(way) => {
            let (peak, time, words) = (format_bytes(weights + way.peak), time(way), loops(way));
            format!(
                "<span class=\"cell\" data-name=\"{name}\"><span class=\"number\">{peak}</span> \
                 <span class=\"number\">{time}</span><small>{words}</small></span>"
            )
        }
    };
    let against = |way: &Way| longer(way.time, taken.time);
    let others = Others::of(choice);
    html.push_str(&cell("taken", Some(taken), &|way| seconds(way.time)));
    html.push_str(&cell("runner-up", others.leaner, &against));
    html.push_str(&cell("leanest", others.leanest, &against));
    html.push_str(&cell("faster", others.faster, &against));
    html.push_str("</summary><div class=\"ways\">");
    words(html, "Taken", taken);
    for (name, way) in [("Runner-up", others.leaner), ("Leanest", others.leanest), ("Faster, with more", others.faster)]
    {
        if let Some(way) = way {
            words(html, name, way);
        }
    }
    html.push_str("</div></details>");
}

/// The ways beside the one taken.
struct Others<'a> {
    leaner: Option<&'a Way>,
    leanest: Option<&'a Way>,
    faster: Option<&'a Way>,
}

impl Others<'_> {
    fn of(choice: &Choice) -> Others<'_> {
        Others {
            leaner: choice.taken.checked_sub(1).map(|k| &choice.ways[k]),
            leanest: (choice.taken > 0).then(|| &choice.ways[0]),
            faster: choice.ways.get(choice.taken + 1),
        }
    }
}

fn words(html: &mut String, name: &str, way: &Way) {
    let _ = write!(html, "<div><h4>{name}</h4><ul>");
    if way.loops.is_empty() {
        html.push_str("<li>nothing is split</li>");
    }
    for each in &way.loops {
        let _ = write!(html, "<li style=\"--depth:{}\">{}</li>", each.depth, escape(&one_loop(each)));
    }
    html.push_str("</ul></div>");
}

/// The front as a small picture: memory to the right, time upward, in their own ranges.
fn front(choice: &Choice) -> String {
    let (wide, high) = FRONT;
    let range = |of: &dyn Fn(&Way) -> u64| {
        let values = choice.ways.iter().map(of);
        (values.clone().min().unwrap_or(0), values.max().unwrap_or(0))
    };
    let (peaks, times) = (range(&|w| w.peak), range(&|w| w.time));
    let place = |value: u64, (low, high): (u64, u64), size: u64| {
        let room = u128::from(size - 12);
        6 + (u128::from(value - low) * room / u128::from((high - low).max(1))) as u64
    };
    let at = |way: &Way| (place(way.peak, peaks, wide), high - place(way.time, times, high));
    let points: Vec<String> = choice.ways.iter().map(|way| format!("{},{}", at(way).0, at(way).1)).collect();
    let (x, y) = at(&choice.ways[choice.taken]);
    let mut svg = format!("<svg class=\"front\" viewBox=\"0 0 {wide} {high}\" aria-hidden=\"true\">");
    let _ = write!(svg, "<polyline points=\"{}\"/>", points.join(" "));
    for way in &choice.ways {
        let (x, y) = at(way);
        let _ = write!(svg, "<circle class=\"way\" cx=\"{x}\" cy=\"{y}\" r=\"1.5\"/>");
    }
    let _ = write!(svg, "<circle class=\"taken\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/></svg>");
    svg
}
