//! What is said of a program that was measured.

use crease_cli::terminal::CliError;
use serde_json::json;

use super::table;
use crate::cpu::measure::Found;
use crate::cpu::programs::Plans;
use crate::machine::ceiling::Ceiling;
use crate::report::Report;

/// A program's lines: its plans' figures, how quiet it was if it was not, and the plans that there are none of.
pub(crate) fn told(
    report: &mut Report,
    part: &str,
    plans: &Plans,
    found: &Found,
    runs: usize,
    ceiling: &Ceiling,
) -> Result<(), CliError> {
    for figure in &found.figures {
        table::line(report, figure, ceiling)?;
    }
    if found.clean < runs {
        let text = format!(
            "{} of {} rounds were not disturbed by other processes, which used up to {:.2} processors{}",
            found.clean,
            found.rounds,
            found.others,
            if found.clean == 0 { ": all count, and give no verdict" } else { "" },
        );
        let data = json!({ "rounds": found.rounds, "clean": found.clean, "others": found.others });
        report.line("quiet", &text, None, data)?;
    }
    for (kind, error) in &plans.refused {
        let text = format!("{part} {}: {error}", kind.name());
        report.line("time", &text, None, json!({ "part": part, "plan": kind.name() }))?;
    }
    Ok(())
}
