//! How much other processes ran meanwhile: a busy neighbour makes every figure worth less.

use std::time::Instant;

use crease_cli::terminal::CliError;
use serde_json::json;

use crate::report::Report;

/// Others' work, in processors, from which on a figure is disturbed.
pub(crate) const DISTURBED: f64 = 0.15;

/// Processor time is told in hundredths of a second.
const TICKS: f64 = 100.0;

/// A moment to look back from.
pub(crate) struct Since {
    busy: u64,
    own: u64,
    at: Instant,
}

impl Since {
    /// Now; `children` are processes that count as our own. None where the system does not tell.
    pub(crate) fn now(children: &[u32]) -> Option<Since> {
        let read = |path: &str| std::fs::read_to_string(path).ok();
        let mut own = process(&read("/proc/self/stat")?)?;
        for child in children {
            // One that is gone has no time any more.
            own += read(&format!("/proc/{child}/stat")).and_then(|text| process(&text)).unwrap_or(0);
        }
        Some(Since { busy: machine(&read("/proc/stat")?)?, own, at: Instant::now() })
    }

    /// Processors' worth of work that others did since.
    pub(crate) fn others(&self, children: &[u32]) -> Option<f64> {
        let now = Since::now(children)?;
        let ticks = (now.busy - self.busy).saturating_sub(now.own.saturating_sub(self.own));
        Some(ticks as f64 / TICKS / self.at.elapsed().as_secs_f64())
    }
}

/// Whether nobody disturbed what was done since; a line if somebody did. A disturbed time is no verdict.
pub(crate) fn undisturbed(report: &mut Report, what: &str, since: Option<&Since>) -> Result<bool, CliError> {
    let others = since.and_then(|since| since.others(&[])).unwrap_or(0.0);
    if others > DISTURBED {
        let text = format!("{what}: disturbed by other processes, which used {others:.2} processors: no verdict");
        report.line("quiet", &text, None, json!({ "what": what, "others": others }))?;
    }
    Ok(others <= DISTURBED)
}

/// Ticks in which the machine's processors ran something; `iowait` and `idle` are none.
fn machine(stat: &str) -> Option<u64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<u64> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    (fields.len() >= 8).then(|| fields[..8].iter().enumerate().filter(|(k, _)| !matches!(k, 3 | 4)).map(|f| f.1).sum())
}

/// Ticks of a process, its threads and the children it has waited for.
fn process(stat: &str) -> Option<u64> {
    // The name, in parentheses, may hold anything.
    let fields = stat.rsplit_once(')')?.1.split_whitespace();
    let ticks: Vec<u64> = fields.skip(11).take(4).filter_map(|field| field.parse().ok()).collect();
    (ticks.len() == 4).then(|| ticks.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read() {
        assert_eq!(machine("cpu  10 1 5 1000 7 0 2 3 0 0\ncpu0 1 1 1 1"), Some(21));
        assert_eq!(machine("cpu  10 1"), None);
        let stat = "42 (a) b) S 1 42 42 0 -1 0 9 9 9 9 30 12 3 4 20 0 1";
        assert_eq!(process(stat), Some(49));
        assert_eq!(process("42 (a"), None);
    }
}
