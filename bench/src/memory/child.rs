//! A run in a process of its own, whose peak the system tells when it is over.

use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};

use crease_cli::terminal::{CliError, usage};
use crease_core::ir::Sizes;
use crease_core::lang::{Options, Settings};
use crease_core::plan::Planner;
use crease_core::units::parse_bytes;
use crease_models::checkpoint::random_weights;
use crease_runtime::{Checks, Cpu, Executable, peak_resident_bytes};

/// Before the bytes that the process held at most, on its last line of errors.
const PEAK: &str = "peak of the process: ";

/// What a process held, beside what its plan says.
pub(super) struct Measured {
    /// Bytes of the plan; of a command that refused to run, none.
    pub(super) plan: u64,
    /// Most bytes that the process held.
    pub(super) peak: u64,
}

impl Measured {
    /// Bytes beyond the plan's.
    pub(super) fn excess(&self) -> u64 {
        self.peak.saturating_sub(self.plan)
    }
}

/// Runs a command in a process of its own, which must do what is asked or refuse to.
pub(super) fn command(words: &[String], refused: bool) -> Result<Measured, CliError> {
    let said = process("--command", words, if refused { 2 } else { 0 })?;
    let plan = match refused {
        true => 0,
        false => peak_said(&said.output).ok_or_else(|| usage(format!("`{}` says no peak", words.join(" "))))?,
    };
    Ok(Measured { plan, peak: said.peak })
}

/// Plans and runs a program at so many lengths in one process.
pub(super) fn lengths(lengths: u64) -> Result<Measured, CliError> {
    let said = process("--lengths", &[lengths.to_string()], 0)?;
    let plan = peak_said(&said.output).ok_or_else(|| usage("the process of all lengths says no peak"))?;
    Ok(Measured { plan, peak: said.peak })
}

/// What a process said and held.
struct Said {
    output: String,
    peak: u64,
}

fn process(kind: &str, words: &[String], expected: i32) -> Result<Said, CliError> {
    let failed = |error: std::io::Error| usage(format!("a process to be measured cannot be started: {error}"));
    let own = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(own);
    command.args(["memory", kind]).args(words).stdin(Stdio::null());
    let done = command.output().map_err(failed)?;
    let [output, errors] = [done.stdout, done.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    let peak = errors.lines().last().and_then(|line| line.strip_prefix(PEAK)?.parse().ok());
    match peak {
        Some(peak) if done.status.code() == Some(expected) => Ok(Said { output, peak }),
        _ => {
            let said = errors.lines().next().unwrap_or("nothing");
            Err(usage(format!("`{}` ended with {}, and said: {said}", words.join(" "), done.status)))
        }
    }
}

/// The first peak of a text, as a command says its plan's.
fn peak_said(output: &str) -> Option<u64> {
    let after = output.split_once("peak ")?.1;
    let end = after.find('B')? + 1;
    parse_bytes(&after[..end].replace(' ', "")).ok()
}

/// In the process that is measured: does what a command does, and says what that held.
pub(super) fn obey(words: &[OsString]) -> ExitCode {
    let done = crease_cli::command(words);
    tell();
    done
}

/// In the process that is measured: plans and runs a program at so many lengths.
pub(super) fn run_lengths(lengths: u64) -> Result<ExitCode, CliError> {
    let cpu = Cpu::new(None)?;
    let target = cpu.target();
    let settings: Settings =
        [("C_M", 16_u64), ("C_Z", 16), ("C_HIDDEN_MSA", 4), ("HEADS_MSA", 2), ("C_HIDDEN_OPM", 4), ("C_HIDDEN_MUL", 8)]
            .into_iter()
            .chain([("C_HIDDEN_PAIR", 4), ("HEADS_PAIR", 2), ("TRANSITION_N", 2)])
            .map(|(name, width)| (name.to_string(), width.into()))
            .collect();
    let mut most = 0;
    for length in 1..=lengths {
        let model = crease_models::evoformer::evoformer::evoformer_block().elaborate(&settings, &Options::default())?;
        let mut sizes: Sizes = model.sizes.clone();
        sizes.extend([("S".to_string(), 3), ("R".to_string(), length)]);
        let plan = Planner::new(&model.graph, &sizes, &target)?.holding_weights().leanest().clone();
        let plan = plan.check().map_err(crease_runtime::RunError::from)?;
        let weights = random_weights(&plan, length);
        let mut run = Executable::new(&plan, &weights, &cpu, Checks::default())?;
        for port in &plan.inputs {
            run.input(&port.name)?.fill(1.0);
        }
        run.run()?;
        most = most.max(plan.memory.total());
    }
    crease_cli::terminal::print(&format!("peak {most}B\n"))?;
    tell();
    Ok(ExitCode::SUCCESS)
}

fn tell() {
    eprintln!("{PEAK}{}", peak_resident_bytes().unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_a_plan_is_found_in_what_a_command_says() {
        assert_eq!(peak_said("out: 2 tensors, peak 12.50 MiB, 0.1 s\n"), Some(25 << 19));
        assert_eq!(peak_said("budget none\nplan       peak 1.00 KiB (a of b)\nmeasured   peak 3 MiB\n"), Some(1024));
        assert_eq!(peak_said("peak 77B\n"), Some(77));
        assert_eq!(peak_said("nothing"), None);
    }
}
