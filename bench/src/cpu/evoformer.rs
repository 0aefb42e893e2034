//! The Evoformer's block and its parts.

use crease_cli::terminal::CliError;
use crease_core::plan::Target;
use crease_runtime::Cpu;

use super::arguments::{Arguments, Scope};
use super::figures::{table, told::told};
use super::measure::{Figure, Given, Session};
use super::parts::{BLOCK, PARTS};
use super::peers::peers;
use super::programs::Plans;
use super::promises::Measured;
use crate::block::Size;
use crate::machine::ceiling::Ceiling;
use crate::peer::Whose;
use crate::report::Report;
use crate::times::At;

/// The block, in turns with peers, then its parts.
pub(super) fn measure(
    report: &mut Report,
    arguments: &Arguments,
    scope: &Scope,
    (cpu, target): (&Cpu, &Target),
    size: Size,
    ceiling: &Ceiling,
) -> Result<Vec<Figure>, CliError> {
    let (given, at) = (Given::new(size), At::from(size));
    let session = Session { cpu, given: &given, at: &at, runs: scope.runs };
    let mut peers = peers(report, arguments, &Whose::EVOFORMERS, &at)?;
    table::head(report, &at)?;
    let mut figures = Vec::new();
    let parts = if arguments.block { &PARTS[..1] } else { &PARTS[..] };
    for part in parts {
        report.doing(format!("{} at {at}", part.name));
        let plans = Plans::new(part, size, target)?;
        let block = part.name == BLOCK.name;
        let job = (part.name, (part.flops)(size.0, size.1));
        let found = session.measure(job, &plans, if block { &mut peers } else { &mut [] })?;
        told(report, part.name, &plans, &found, scope.runs, ceiling)?;
        if block {
            let (figures, clean) = (&found.figures, found.clean > 0);
            Measured { size, figures, peers: &peers, ceiling, clean }.promises(report)?;
            // Their processes hold memory and, for a while, cores.
            peers.clear();
        }
        figures.extend(found.figures);
    }
    Ok(figures)
}
