//! Numbers and choices in words, the same in a terminal and on a page.

use crease_core::plan::{Memory, Way, WayLoop};
use crease_core::units::format_bytes;

use super::story::Story;
use crate::terminal::seconds;

/// A share of a whole, as `12 %`; small shares get a digit more.
pub(super) fn percent(part: u64, whole: u64) -> String {
    let tenths = if whole == 0 { 0 } else { u128::from(part) * 1000 / u128::from(whole) };
    match tenths {
        0 if part > 0 => "<0.1 %".into(),
        0..100 => format!("{}.{} %", tenths / 10, tenths % 10),
        _ => format!("{} %", (tenths + 5) / 10),
    }
}

/// How much larger one number is than another, as `2.4 times`.
fn times(larger: u64, smaller: u64) -> String {
    let tenths = (u128::from(larger) * 10 + u128::from(smaller) / 2) / u128::from(smaller.max(1));
    if tenths >= 1000 { format!("{} times", tenths / 10) } else { format!("{}.{} times", tenths / 10, tenths % 10) }
}

/// How a number of nanoseconds compares with another: `+12.0 ms`, `−3 µs`, `the same time`.
pub(super) fn longer(time: u64, than: u64) -> String {
    match time.cmp(&than) {
        std::cmp::Ordering::Equal => "the same time".into(),
        std::cmp::Ordering::Greater => format!("+{}", seconds(time - than)),
        std::cmp::Ordering::Less => format!("−{}", seconds(than - time)),
    }
}

/// A loop in words.
pub(super) fn one_loop(each: &WayLoop) -> String {
    let over = if each.from == each.to { each.from.clone() } else { format!("{} … {}", each.from, each.to) };
    let operations =
        if each.operations == 1 { "1 operation".into() } else { format!("{} operations", each.operations) };
    format!("{}: {} in chunks of {}, {operations}: {over}", each.label, each.total, each.chunk)
}

/// The loops of a way in a few words.
pub(super) fn loops(way: &Way) -> String {
    let inner = way.loops.iter().filter(|l| l.depth > 0).count();
    match (way.loops.len() - inner, inner) {
        (0, _) => "nothing split".into(),
        (1, 0) => "1 loop".into(),
        (outer, 0) => format!("{outer} loops"),
        (1, inner) => format!("1 loop, {inner} inside"),
        (outer, inner) => format!("{outer} loops, {inner} inside"),
    }
}

/// Whether it fits and how that compares with the program as written.
pub(super) fn verdict(story: &Story<'_>) -> String {
    let (peak, naive) = (story.plan.memory.total(), story.timeline.naive_peak());
    let against = match (naive, peak) {
        (naive, peak) if naive > peak + peak / 20 => format!("{} less than as written", times(naive, peak)),
        (naive, peak) if peak > naive + naive / 20 => format!("{} what it holds as written", times(peak, naive)),
        _ => "about what it holds as written".into(),
    };
    match story.plan.budget {
        Some(budget) if budget == peak => format!("Fits in {} to the byte: {against}.", format_bytes(budget)),
        Some(budget) => {
            format!("Fits in {} with {} to spare: {against}.", format_bytes(budget), format_bytes(budget - peak))
        }
        None => format!("Needs {} at its fastest: {against}.", format_bytes(peak)),
    }
}

/// What dominates, and what other budgets would change.
pub(super) fn consequence(story: &Story<'_>) -> String {
    let mut text = format!("It takes {} (predicted)", seconds(story.plan.time));
    if let Some(slowest) = story.timeline.slowest().filter(|m| m.time > 0 && story.timeline.modules.len() > 1) {
        text += &format!(", {} of it in {}", percent(slowest.time, story.plan.time), slowest.name);
    }
    let (leanest, peak) = (story.leanest, story.plan.memory.total());
    if leanest.memory.total() < peak {
        let cost = match leanest.time.saturating_sub(story.plan.time) {
            0 => "no more time".into(),
            more => format!("{} more time", percent(more, story.plan.time)),
        };
        text += &format!("; as little as {} would do, for {cost}", format_bytes(leanest.memory.total()));
    } else {
        text += "; no smaller budget is met";
    }
    text + "."
}

/// The parts of a peak, in the order people ask for them.
pub(crate) fn memory_parts(memory: &Memory) -> [(&'static str, u64); 6] {
    [
        ("weights", memory.weights),
        ("inputs", memory.inputs),
        ("outputs", memory.outputs),
        ("activations", memory.temporaries),
        ("scratch", memory.scratch),
        ("gaps", memory.gaps()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_differences_are_short() {
        assert_eq!(percent(1, 8), "13 %");
        assert_eq!(percent(1, 80), "1.2 %");
        assert_eq!(percent(1, 10_000), "<0.1 %");
        assert_eq!(percent(0, 0), "0.0 %");
        assert_eq!(times(649, 392), "1.7 times");
        assert_eq!(longer(1_000_000, 2_000_000), "−1.0 ms");
        assert_eq!(longer(5, 5), "the same time");
    }
}
