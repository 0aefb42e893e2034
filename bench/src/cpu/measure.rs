//! A part's plans, run in turns with each other and with peers: what else the machine does falls on all alike.

use std::time::{Duration, Instant};

use crease_cli::terminal::CliError;
use crease_core::plan::{Checked, Plan, PlanPort};
use crease_core::random::Choices;
use crease_models::checkpoint::random_weights;
use crease_runtime::{
    Checks, Cpu, Event, Executable, Weights, forget_peak_resident, peak_resident_bytes, resident_bytes,
};

use super::programs::{Kind, Plans, input_bytes};
use crate::block::Size;
use crate::machine::quiet::{DISTURBED, Since};
use crate::peer::Peer;
use crate::times::{At, Times};

/// Peers' threads spin for a while after a run: nothing is timed meanwhile.
const REST: Duration = Duration::from_millis(300);

/// How many times the rounds wanted are tried: those that others disturb do not count.
const MOST_ROUNDS: usize = 3;

/// What was measured of a plan.
pub(super) struct Figure {
    pub(super) part: &'static str,
    pub(super) at: At,
    pub(super) kind: Kind,
    pub(super) times: Times,
    /// Useful floating-point operations.
    pub(super) flops: u64,
    /// Bytes of all kernel calls' operands and results.
    pub(super) moved: u64,
    /// Bytes of the arena above the inputs.
    pub(super) planned: u64,
    /// What the resident set grew by above weights and inputs, where the system tells.
    pub(super) resident: Option<u64>,
    /// Predicted seconds.
    pub(super) predicted: f64,
}

impl Figure {
    /// Useful operations per nanosecond.
    pub(super) fn gflops(&self) -> f64 {
        self.flops as f64 / self.times.median() / 1e9
    }
}

/// Inputs by name: near-normal, masks with a tenth of zeros.
pub(super) struct Given(Vec<(String, Vec<f32>)>);

impl Given {
    pub(super) fn new((s, r): Size) -> Given {
        let mut choices = Choices::new(7);
        let mut draw = |name: &str, count: u64| {
            let number = |noise: f64| if name.ends_with("mask") { f64::from(noise > -0.8) } else { noise };
            (name.to_string(), (0..count).map(|_| number(choices.noise()) as f32).collect())
        };
        let (m, z) = (draw("m", s * r * 256), draw("z", r * r * 128));
        Given(vec![m, z, draw("msa_mask", s * r), draw("pair_mask", r * r)])
    }

    /// Numbers for every input of a plan.
    pub(super) fn of(plan: &Plan) -> Given {
        let mut choices = Choices::new(7);
        let mut draw = |port: &PlanPort| {
            let count = port.shape.iter().product::<u64>();
            let number = |noise: f64| if port.name.ends_with("mask") { f64::from(noise > -0.8) } else { noise };
            (port.name.clone(), (0..count).map(|_| number(choices.noise()) as f32).collect())
        };
        Given(plan.inputs.iter().map(&mut draw).collect())
    }

    /// Fills every input of a plan, as each run needs it: inputs are updated in their places.
    pub(super) fn fill(&self, executable: &mut Executable<'_, Cpu>) -> Result<(), CliError> {
        for port in &executable.plan().inputs.clone() {
            let (_, data) =
                self.0.iter().find(|(name, _)| *name == port.name).expect("every input of a block is given");
            executable.set_input(&port.name, data)?;
        }
        Ok(())
    }
}

/// Seconds of a run.
pub(super) fn timed(executable: &mut Executable<'_, Cpu>, given: &Given) -> Result<f64, CliError> {
    given.fill(executable)?;
    let start = Instant::now();
    executable.run()?;
    Ok(start.elapsed().as_secs_f64())
}

/// What a first run shows: bytes moved, and the growth of the resident set above weights and inputs.
fn first_run(
    plan: &Checked<Plan>,
    weights: &Weights,
    given: &Given,
    cpu: &Cpu,
) -> Result<(u64, Option<u64>), CliError> {
    let before = forget_peak_resident().then(resident_bytes).flatten();
    let mut executable = Executable::new(plan, weights, cpu, Checks::default())?;
    given.fill(&mut executable)?;
    let mut moved = 0;
    executable.run_with(&mut |event| {
        if let Event::Call { call, lengths, .. } = event {
            moved += plan.kernels[call.kernel].bytes(lengths);
        }
    })?;
    let most = peak_resident_bytes();
    let above = before.zip(most).map(|(before, most)| most.saturating_sub(before + input_bytes(plan)));
    Ok((moved, above))
}

/// Seconds of every plan and every peer, one after another, and processors' worth of what others did meanwhile.
struct Round {
    own: Vec<f64>,
    peers: Vec<Option<f64>>,
    others: f64,
}

/// A part's figures, and how quiet the machine was.
pub(super) struct Found {
    pub(super) figures: Vec<Figure>,
    pub(super) rounds: usize,
    /// Rounds that nobody disturbed; where there is none, all count.
    pub(super) clean: usize,
    /// The most that others did in a round.
    pub(super) others: f64,
}

/// What a part is measured with.
pub(super) struct Session<'a> {
    pub(super) cpu: &'a Cpu,
    pub(super) given: &'a Given,
    pub(super) at: &'a At,
    pub(super) runs: usize,
}

impl Session<'_> {
    /// Every plan of a part of so many useful operations and every peer, so many times in turns.
    pub(super) fn measure(
        &self,
        (part, flops): (&'static str, u64),
        plans: &Plans,
        peers: &mut [Peer],
    ) -> Result<Found, CliError> {
        let any = &plans.made[0].1;
        let weights = random_weights(any, 0);
        let mut figures = Vec::new();
        for (kind, plan) in &plans.made {
            let (moved, resident) = first_run(plan, &weights, self.given, self.cpu)?;
            figures.push(Figure {
                part,
                at: self.at.clone(),
                kind: *kind,
                times: Times::default(),
                flops,
                moved,
                planned: plan.memory.arena.saturating_sub(input_bytes(plan)),
                resident,
                predicted: plan.time as f64 / 1e9,
            });
        }
        let mut executables = Vec::new();
        for (_, plan) in &plans.made {
            let mut executable = Executable::new(plan, &weights, self.cpu, Checks::default())?;
            // Touches the arena.
            timed(&mut executable, self.given)?;
            executables.push(executable);
        }
        let mut rounds = Vec::new();
        let undisturbed = |rounds: &[Round]| rounds.iter().filter(|round| round.others <= DISTURBED).count();
        while undisturbed(&rounds) < self.runs && rounds.len() < MOST_ROUNDS * self.runs {
            rounds.push(self.round(&mut executables, peers)?);
        }
        let others = rounds.iter().map(|round| round.others).fold(0.0, f64::max);
        let clean = undisturbed(&rounds);
        // Without a clean round every one counts.
        for round in rounds.iter().filter(|round| clean == 0 || round.others <= DISTURBED) {
            figures.iter_mut().zip(&round.own).for_each(|(figure, seconds)| figure.times.add(*seconds));
            for (peer, seconds) in peers.iter_mut().zip(&round.peers) {
                seconds.iter().for_each(|seconds| peer.times.add(*seconds));
            }
        }
        Ok(Found { figures, rounds: rounds.len(), clean, others })
    }

    /// Every plan once, then every peer.
    fn round(&self, executables: &mut [Executable<'_, Cpu>], peers: &mut [Peer]) -> Result<Round, CliError> {
        let children: Vec<u32> = peers.iter().filter_map(Peer::process).collect();
        let since = Since::now(&children);
        let own = executables.iter_mut().map(|executable| timed(executable, self.given));
        let own = own.collect::<Result<Vec<_>, _>>()?;
        let run = |peer: &mut Peer| {
            let seconds = peer.run();
            std::thread::sleep(REST);
            seconds
        };
        let peers = peers.iter_mut().map(run).collect();
        Ok(Round { own, peers, others: since.and_then(|since| since.others(&children)).unwrap_or(0.0) })
    }
}
