//! The story of a plan in a terminal of 80 columns.

use std::collections::BTreeSet;
use std::fmt::Write;

use crease_core::plan::{CurvePoint, Way};
use crease_core::units::format_bytes;

use super::story::Story;
use super::words::{longer, loops, percent};
use crate::terminal::seconds;

/// Columns and rows of the picture of memory.
const COLUMNS: usize = 64;
const ROWS: usize = 5;
/// Lines of the table of budgets.
const BUDGETS: usize = 8;
/// Eighths of a row.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Story<'_> {
    /// Memory over the steps, time by sub-module, choices, other budgets.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.memory(&mut text);
        self.time(&mut text);
        self.choices(&mut text);
        self.budgets(&mut text);
        text
    }

    fn memory(&self, text: &mut String) {
        let weights = self.plan.memory.weights;
        let live: Vec<u64> = self.timeline.moments.iter().map(|m| weights + m.live.iter().sum::<u64>()).collect();
        let most = live.iter().copied().max().unwrap_or(0);
        if live.len() < 2 || most == 0 {
            return;
        }
        let _ = writeln!(text, "memory        alive at each of {} steps, loop bodies once", live.len());
        for (row, line) in picture(&live, most).iter().enumerate() {
            let label = match row {
                0 => format_bytes(most),
                _ if row + 1 == ROWS => "0 B".into(),
                _ => String::new(),
            };
            let _ = writeln!(text, "  {label:>11} │{line}");
        }
    }

    fn time(&self, text: &mut String) {
        if self.plan.time == 0 {
            return;
        }
        let kinds = crate::page::Kind::ALL.iter().zip(self.timeline.kinds()).filter(|(_, time)| *time > 0);
        let mut kinds: Vec<(u64, String)> =
            kinds.map(|(kind, time)| (time, format!("{} {}", kind.name(), percent(time, self.plan.time)))).collect();
        kinds.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        let kinds: Vec<String> = kinds.into_iter().map(|(_, words)| words).collect();
        let _ = writeln!(text, "time by part  {}", kinds.join(", "));
        let width = self.name_width(self.timeline.modules.iter().map(|m| m.name.as_str()));
        let most = self.timeline.modules.iter().map(|m| m.time).max().unwrap_or(1).max(1);
        for module in &self.timeline.modules {
            let eighths = (u128::from(module.time) * 160 / u128::from(most)) as usize;
            let bar: String = std::iter::repeat_n('█', eighths / 8).chain([bar_end(eighths % 8)]).collect();
            let (time, share) = (seconds(module.time), percent(module.time, self.plan.time));
            let line = format!("  {:<width$} {time:>9} {share:>7}  {bar}", module.name);
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }

    fn choices(&self, text: &mut String) {
        let chosen = self.pieces.iter().filter(|p| p.choice.ways.len() > 1);
        let pieces: Vec<_> = chosen.collect();
        if pieces.is_empty() {
            return;
        }
        let _ = writeln!(text, "{:<16}{:<23}{:<22}leanest", "choices", "takes", "runner-up that fits");
        for piece in pieces {
            let choice = &piece.choice;
            let taken = &choice.ways[choice.taken];
            let peak = |way: &Way| format_bytes(self.plan.memory.weights + way.peak);
            let _ = writeln!(text, "  {}: {}", piece.name, loops(taken));
            let mut line = format!("    {:>11} {:>9}", peak(taken), seconds(taken.time));
            if choice.taken > 0 {
                for way in [&choice.ways[choice.taken - 1], &choice.ways[0]] {
                    let _ = write!(line, "  {:>11} {:>9}", peak(way), longer(way.time, taken.time));
                }
            }
            let _ = writeln!(text, "{line}");
        }
    }

    fn budgets(&self, text: &mut String) {
        if self.curve.len() < 2 {
            return;
        }
        let _ = writeln!(text, "budgets       the fastest plan that fits each");
        let peak = self.plan.memory.total();
        for (k, point) in thinned(&self.curve, peak) {
            let (budget, time) = (format_bytes(point.budget), seconds(point.time));
            let note = match () {
                () if point.time == self.plan.time => "this plan".into(),
                () => longer(point.time, self.plan.time),
            };
            let name = match k {
                0 => "smallest",
                _ if k + 1 == self.curve.len() => "none needed",
                _ => "",
            };
            let _ = writeln!(text, "  {budget:>11} {time:>9}  {note:<14}{name}").map(|()| trim(text));
        }
    }

    fn name_width<'a>(&self, names: impl Iterator<Item = &'a str>) -> usize {
        names.map(|name| name.chars().count()).max().unwrap_or(0).clamp(11, 34)
    }
}

/// Takes blanks off the end of the last line.
fn trim(text: &mut String) {
    let kept = text.trim_end().len();
    text.truncate(kept);
    text.push('\n');
}

fn bar_end(eighths: usize) -> char {
    [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths]
}

/// Heights as rows of block characters, the fullest of the steps that share a column.
fn picture(live: &[u64], most: u64) -> Vec<String> {
    let columns = if live.len() < COLUMNS { COLUMNS / live.len() * live.len() } else { COLUMNS };
    let height = |column: usize| -> usize {
        let (from, to) = (column * live.len() / columns, ((column + 1) * live.len()).div_ceil(columns));
        let fullest = live[from..to.max(from + 1)].iter().copied().max().unwrap_or(0);
        (u128::from(fullest) * 8 * ROWS as u128).div_ceil(u128::from(most)) as usize
    };
    let heights: Vec<usize> = (0..columns).map(height).collect();
    let row = |row: usize| -> String {
        let below = 8 * (ROWS - 1 - row);
        let line: String = heights.iter().map(|height| BLOCKS[height.saturating_sub(below).min(8)]).collect();
        line.trim_end().to_string()
    };
    (0..ROWS).map(row).collect()
}

/// A few points of a curve: the ends, this plan's, and others evenly along the way, so that steep parts get more.
fn thinned(curve: &[CurvePoint], peak: u64) -> Vec<(usize, CurvePoint)> {
    let last = curve.len() - 1;
    let ratio = |k: usize| (curve[k].budget.max(1) as f64 / curve[0].budget.max(1) as f64).ln();
    let (wide, high) = (ratio(last), (curve[0].time - curve[last].time) as f64);
    let along = |k: usize| ratio(k) / wide + (curve[0].time - curve[k].time) as f64 / high;
    let wanted = (0..BUDGETS).map(|k| 2.0 * k as f64 / (BUDGETS - 1) as f64);
    let near = wanted.map(|place| (0..last).find(|&k| along(k) >= place - 0.01).unwrap_or(last));
    let own = (0..=last).rev().find(|&k| curve[k].budget <= peak);
    let kept: BTreeSet<usize> = near.chain(own).collect();
    kept.into_iter().map(|k| (k, curve[k])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_a_picture_of_its_heights() {
        let rows = picture(&[10, 5, 0], 10);
        assert_eq!(rows.len(), ROWS);
        assert_eq!(rows[0], "█".repeat(21));
        assert_eq!(rows[2].chars().filter(|c| *c == '▄').count(), 21);
        assert_eq!(rows[4].chars().count(), 42);
        assert!(picture(&[7; 1000], 7).iter().all(|row| row.chars().count() == COLUMNS));
    }
}
