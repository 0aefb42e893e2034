//! What is promised of the block on this machine, each promise a line.

use std::collections::BTreeSet;

use crease_cli::terminal::CliError;
use crease_core::units::format_bytes;
use serde_json::json;

use super::measure::Figure;
use super::programs::{BETWEEN, Kind, NAIVE, allowance};
use crate::block::Size;
use crate::machine::ceiling::Ceiling;
use crate::peer::{Peer, Whose};
use crate::report::Report;

/// Sequences of the sizes that something is promised at.
const S: u64 = 128;
/// Residues, and how many times the fastest peer's time is at least ours.
const FASTEST: [(u64, f64); 5] = [(64, 1.4), (256, 2.0), (384, 2.3), (512, 2.3), (768, 2.3)];
/// Residues, and how many times OpenFold's leanest way's time is at least ours.
const LEANEST: [(u64, f64); 2] = [(256, 2.7), (512, 3.5)];
/// Of the ceiling, and where.
const SHARE: (f64, [u64; 2]) = (0.70, [256, 384]);
/// Residues at which the peak above weights and inputs is promised, and the most times the fastest plan's time there.
const PEAKS: ([u64; 2], f64) = ([256, 512], 1.05);
/// Of the leanest peer's peak, the most at any of these sizes.
const HALF: f64 = 0.5;
/// The most times the fastest plan's time at each budget between the smallest peak and the fastest plan's.
const CHEAP: [f64; 3] = [1.30, 1.15, 1.05];
/// Farthest that a prediction is from what is measured, either way.
const PREDICTED: f64 = 0.20;

/// A block's figures at a size, and what to compare them with.
pub(super) struct Measured<'a> {
    pub(super) size: Size,
    pub(super) figures: &'a [Figure],
    pub(super) peers: &'a [Peer],
    pub(super) ceiling: &'a Ceiling,
    /// Whether others left the machine alone meanwhile: times are no verdict otherwise.
    pub(super) clean: bool,
}

impl Measured<'_> {
    /// Everything promised at this size.
    pub(super) fn promises(&self, report: &mut Report) -> Result<(), CliError> {
        let Some(fastest) = self.of(Kind::Fastest) else { return Ok(()) };
        self.against(report, fastest)?;
        self.share(report, fastest)?;
        self.peak(report, fastest)?;
        self.cheap(report, fastest)?;
        self.narrow(report, fastest)?;
        self.predicted(report)
    }

    fn of(&self, kind: Kind) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.kind == kind)
    }

    fn at(&self) -> String {
        format!("s={} r={}", self.size.0, self.size.1)
    }

    /// What a table promises at this size.
    fn promised(&self, table: &[(u64, f64)]) -> Option<f64> {
        table.iter().find(|(r, _)| (S, *r) == self.size).map(|(_, promised)| *promised)
    }

    /// Peers, in medians of runs that took turns with ours.
    fn against(&self, report: &mut Report, own: &Figure) -> Result<(), CliError> {
        let (at, ours) = (self.at(), own.times.median());
        let times = |peer: &Peer| peer.times.median() / ours;
        for peer in self.peers {
            let (name, theirs) = (peer.variant.name(), peer.times.median());
            let mut text = match peer.times.runs() {
                0 => format!("{at} {name}"),
                _ => format!(
                    "{at} {name}: {theirs:.3} s = {:.2} x Crease's {ours:.3} s; it holds {} above weights and inputs, Crease {}",
                    times(peer),
                    format_bytes(peer.peak),
                    format_bytes(own.resident.unwrap_or(own.planned)),
                ),
            };
            if let Some(why) = &peer.failed {
                text += &format!(": {why}");
            }
            let data = json!({
                "s": self.size.0, "r": self.size.1, "peer": name, "versions": peer.versions, "seconds": theirs,
                "min": peer.times.min(), "runs": peer.times.runs(), "crease": ours, "times": times(peer),
                "peak": peer.peak, "failed": peer.failed,
            });
            report.line("peer", &text, None, data)?;
        }
        let ran = || self.peers.iter().filter(|peer| peer.times.runs() > 0);
        // The fastest of some of the peers is no verdict on all of them.
        let whose: BTreeSet<Whose> = ran().map(|peer| peer.variant.whose).collect();
        let fastest = ran().filter(|_| whose.len() == Whose::EVOFORMERS.len());
        let fastest = fastest.min_by(|a, b| times(a).total_cmp(&times(b))).map(|peer| ("fastest", peer, &FASTEST[..]));
        let leanest = ran().filter(|peer| peer.variant.leanest).map(|peer| ("leanest", peer, &LEANEST[..]));
        for (what, peer, table) in fastest.into_iter().chain(leanest) {
            let Some(promised) = self.promised(table) else { continue };
            let (name, times) = (peer.variant.name(), times(peer));
            let text = format!("{at} {what} peer, {name}: {times:.2} x Crease's time, promised {promised:.1}");
            let data =
                json!({ "s": self.size.0, "r": self.size.1, "peer": name, "times": times, "promised": promised });
            report.line("peer", &text, self.clean.then_some(times >= promised), data)?;
        }
        Ok(())
    }

    fn share(&self, report: &mut Report, own: &Figure) -> Result<(), CliError> {
        let (promised, at) = SHARE;
        let share = own.gflops() / self.ceiling.gflops();
        let here = self.size.0 == S && at.contains(&self.size.1);
        let text = format!(
            "{}: {:.1} useful GFLOP/s = {:.1} % of the ceiling of {:.1}{}",
            self.at(),
            own.gflops(),
            100.0 * share,
            self.ceiling.gflops(),
            if here { format!(", promised {:.0} %", 100.0 * promised) } else { String::new() },
        );
        let data = json!({ "s": self.size.0, "r": self.size.1, "gflops": own.gflops(), "share": share });
        let counts = here && self.clean && self.ceiling.clean;
        report.line("share", &text, counts.then_some(share >= promised), data)
    }

    /// The peak where the state is updated in place, and the time it costs.
    fn peak(&self, report: &mut Report, fastest: &Figure) -> Result<(), CliError> {
        let (at, most) = PEAKS;
        let here = self.size.0 == S && at.contains(&self.size.1);
        let limit = allowance(self.size);
        let Some(own) = self.of(Kind::Above(limit)) else {
            let text = format!("{}: no plan within {} above weights and inputs", self.at(), format_bytes(limit));
            return report.line("peak", &text, here.then_some(false), json!({ "limit": limit }));
        };
        let times = own.times.median() / fastest.times.median();
        let text = format!(
            "{}: {} planned and {} measured above weights and inputs{}, at {times:.3} x the fastest plan's time{}",
            self.at(),
            format_bytes(own.planned),
            own.resident.map_or("nothing".into(), format_bytes),
            if here { format!(", promised {}", format_bytes(limit)) } else { String::new() },
            if here { format!(", promised {most:.2}") } else { String::new() },
        );
        let data = json!({
            "s": self.size.0, "r": self.size.1, "limit": limit, "planned": own.planned, "measured": own.resident,
            "times": times,
        });
        // Memory is a verdict however busy the machine.
        let fits = own.planned <= limit && own.resident.is_none_or(|bytes| bytes <= limit);
        let passed = if self.clean { Some(fits && times <= most) } else { (!fits).then_some(false) };
        report.line("peak", &text, passed.filter(|_| here), data)?;
        let leanest = self.peers.iter().find(|peer| peer.variant.leanest && peer.times.runs() > 0);
        let Some(peer) = leanest.filter(|_| self.promised(&FASTEST).is_some()) else { return Ok(()) };
        let share = own.resident.unwrap_or(own.planned) as f64 / peer.peak.max(1) as f64;
        let text = format!(
            "{} leanest peer, {}: Crease holds {share:.2} of its {} above weights and inputs, promised {HALF}",
            self.at(),
            peer.variant.name(),
            format_bytes(peer.peak),
        );
        let data = json!({ "s": self.size.0, "r": self.size.1, "peer": peer.variant.name(), "share": share });
        report.line("peak", &text, Some(share <= HALF), data)
    }

    /// Values between operations in fewer bits; nothing is promised of it.
    fn narrow(&self, report: &mut Report, fastest: &Figure) -> Result<(), CliError> {
        let Some(own) = self.of(Kind::Bf16) else { return Ok(()) };
        let times = own.times.median() / fastest.times.median();
        let held = |figure: &Figure| figure.resident.unwrap_or(figure.planned);
        let text = format!(
            "{} {}: {times:.3} x the fastest plan's time, {} above weights and inputs where that holds {}",
            self.at(),
            own.kind.name(),
            format_bytes(held(own)),
            format_bytes(held(fastest)),
        );
        let data = json!({
            "s": self.size.0, "r": self.size.1, "times": times, "bytes": held(own), "fastest": held(fastest),
        });
        report.line("bf16", &text, None, data)
    }

    /// The time at budgets between, against the fastest plan and the naive program.
    fn cheap(&self, report: &mut Report, fastest: &Figure) -> Result<(), CliError> {
        let naive = self.of(Kind::Naive);
        let here = NAIVE.contains(&self.size);
        for (thousandths, most) in BETWEEN.into_iter().zip(CHEAP) {
            let Some(own) = self.of(Kind::Between(thousandths)) else { continue };
            let times = own.times.median() / fastest.times.median();
            let mut text = format!("{} {}: {times:.3} x the fastest plan's time", self.at(), own.kind.name());
            if here {
                text += &format!(", promised {most:.2}");
            }
            let faster = naive.map(|naive| naive.times.median() / own.times.median());
            if let Some(faster) = faster {
                text += &format!("; the naive program takes {faster:.2} x its time");
            }
            let passed = times <= most && faster.is_none_or(|faster| faster > 1.0);
            let data = json!({
                "s": self.size.0, "r": self.size.1, "at": thousandths, "times": times, "promised": most,
                "naive_times": faster,
            });
            report.line("cheap", &text, (here && self.clean).then_some(passed), data)?;
        }
        Ok(())
    }

    /// How far predictions are from what was measured; the naive program is no plan of the planner's.
    fn predicted(&self, report: &mut Report) -> Result<(), CliError> {
        let plans = self.figures.iter().filter(|figure| figure.kind != Kind::Naive);
        let ratios: Vec<f64> = plans.map(|figure| figure.predicted / figure.times.median()).collect();
        let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ratios.iter().copied().fold(0.0, f64::max);
        let text = format!(
            "{}: predicted times are {low:.2} to {high:.2} x those measured over {} plans, promised {:.2} to {:.2}",
            self.at(),
            ratios.len(),
            1.0 - PREDICTED,
            1.0 + PREDICTED,
        );
        let here = self.size.0 == S && FASTEST.iter().any(|(r, _)| *r == self.size.1);
        let passed = low >= 1.0 - PREDICTED && high <= 1.0 + PREDICTED;
        let data = json!({ "s": self.size.0, "r": self.size.1, "ratios": ratios });
        report.line("predict", &text, (here && self.clean).then_some(passed), data)
    }
}
