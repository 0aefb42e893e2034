//! GPT-2's block, causal, in turns with PyTorch's.

use crease_cli::terminal::CliError;
use crease_core::lang::Settings;
use crease_core::plan::Target;
use crease_core::units::format_bytes;
use crease_runtime::Cpu;
use serde_json::json;

use super::arguments::Arguments;
use super::figures::{table, told::told};
use super::measure::{Figure, Found, Given, Session};
use super::peers::peers;
use super::programs::{Kind, Plans};
use crate::block::Program;
use crate::machine::ceiling::Ceiling;
use crate::peer::{Peer, Whose};
use crate::report::Report;
use crate::times::At;

/// As the table calls it.
const NAME: &str = "causal block";
/// Width, and hidden width of the perceptron in multiples of it.
const C: u64 = 768;
const N: u64 = 4;
/// Positions at which something is promised, and how many times PyTorch's time is at least ours where no more memory is held.
const PROMISED: [u64; 3] = [2048, 4096, 8192];
const TIMES: f64 = 1.7;

/// Useful operations: of attention those of a query and the keys up to it.
fn flops(n: u64) -> u64 {
    (8 + 4 * N) * n * C * C + 2 * n * (n + 1) * C
}

/// The block at so many positions.
pub(super) fn measure(
    report: &mut Report,
    arguments: &Arguments,
    runs: usize,
    (cpu, target): (&Cpu, &Target),
    positions: u64,
    ceiling: &Ceiling,
) -> Result<Vec<Figure>, CliError> {
    let at = At(vec![("n", positions)]);
    let mut peers = peers(report, arguments, &[Whose::Torch], &at)?;
    report.doing(format!("{NAME} at {at}"));
    let program = Program::of(&crease_models::gpt::gpt::gpt_block(), &Settings::new(), &[("N", positions)])?;
    let mut plans = Plans::of(&program, target, peers.first().map(|peer| peer.peak))?;
    // The leanest plan takes its positions one by one: a run would last as long as all others together.
    plans.made.retain(|(kind, _)| *kind != Kind::Smallest);
    let given = Given::of(&plans.made[0].1);
    table::head(report, &at)?;
    let session = Session { cpu, given: &given, at: &at, runs };
    let found = session.measure((NAME, flops(positions)), &plans, &mut peers)?;
    told(report, NAME, &plans, &found, runs, ceiling)?;
    for peer in &peers {
        against(report, positions, &found, peer)?;
    }
    Ok(found.figures)
}

/// PyTorch's time against that of our fastest plan which holds no more.
fn against(report: &mut Report, positions: u64, found: &Found, peer: &Peer) -> Result<(), CliError> {
    let (name, theirs) = (peer.variant.name(), peer.times.median());
    let at = At(vec![("n", positions)]);
    if let Some(why) = &peer.failed {
        let data = at.with(json!({ "peer": name, "failed": why }));
        return report.line("peer", &format!("{at} {name}: {why}"), None, data);
    }
    let held = |figure: &Figure| figure.resident.unwrap_or(figure.planned).max(figure.planned);
    let fits = |figure: &&Figure| figure.kind != Kind::Naive && held(figure) <= peer.peak;
    let lean = found.figures.iter().filter(fits).min_by(|a, b| a.times.median().total_cmp(&b.times.median()));
    let promised = PROMISED.contains(&positions);
    let Some(own) = lean else {
        let text = format!("{at} {name}: no plan holds as little as its {}", format_bytes(peer.peak));
        return report.line("peer", &text, promised.then_some(false), at.with(json!({ "peak": peer.peak })));
    };
    let times = theirs / own.times.median();
    let text = format!(
        "{at} {name}: {theirs:.3} s = {times:.2} x Crease's {:.3} s{}; it holds {} above weights and inputs, Crease {}",
        own.times.median(),
        if promised { format!(", promised {TIMES:.1}") } else { String::new() },
        format_bytes(peer.peak),
        format_bytes(held(own)),
    );
    let data = at.with(json!({
        "peer": name, "versions": peer.versions, "seconds": theirs, "min": peer.times.min(),
        "runs": peer.times.runs(), "ours": own.kind.name(), "crease": own.times.median(), "times": times,
        "peak": peer.peak, "held": held(own), "promised": TIMES,
    }));
    report.line("peer", &text, (promised && found.clean > 0).then_some(times >= TIMES), data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_causal_pair_counts_once() {
        let pairs: u64 = (0..37).map(|query| query + 1).sum();
        assert_eq!(flops(37), 37 * (3 + 1 + 4 + 4) * 2 * C * C + pairs * 4 * C);
    }
}
