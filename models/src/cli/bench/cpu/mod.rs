//! `crease bench cpu`: how fast a block and its parts run here, against the machine's ceiling and against others.
//!
//! One file a job: `parts.rs` has the programs, `causal.rs` GPT-2's block and `igfold.rs` work of IgFold's size, `flops.rs` counts them, `programs.rs` plans them, `measure.rs` runs them
//! in turns, `peer.rs` runs other people's, `ceiling.rs` the machine's best, `parallel.rs` threads and stacks,
//! `quiet.rs` sees who else was busy, `promises.rs` says what is kept, `table.rs`, `machine.rs` and `roofline.rs` write it down.

mod causal;
mod ceiling;
mod flops;
mod igfold;
mod machine;
mod measure;
mod parallel;
mod parts;
mod peer;
mod programs;
mod promises;
mod quiet;
mod roofline;
mod table;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use crease_core::plan::Target;
use crease_runtime::Cpu;
use serde_json::json;

use super::super::choose::machine as this_machine;
use super::super::error::CliError;
use super::block::Size;
use super::report::{Report, write};
use ceiling::Ceiling;
use measure::{At, Figure, Found, Given, Session};
use parts::{BLOCK, PARTS};
use peer::{Peer, Variant, Whose};
use programs::{Kind, Plans};
use promises::Measured;

/// Threads that plans are made for and run on.
const THREADS: usize = 2;
/// The longest axis of the Evoformer's block that is measured, and of GPT-2's.
const LONGEST: u64 = 4096;
const MOST_POSITIONS: u64 = 65536;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Sequences and residues.
    #[arg(long, value_delimiter = ',', value_parser = size, value_name = "SxR",
          default_value = "128x64,128x256,128x384,128x512,512x384")]
    sizes: Vec<Size>,
    /// Positions of GPT-2's block.
    #[arg(long, value_delimiter = ',', value_parser = positions, value_name = "N", default_value = "2048,4096,8192")]
    positions: Vec<u64>,
    /// Whose block to run in turns with ours; once for each. `bench/README.md` says what they need.
    #[arg(long, value_enum)]
    against: Vec<Whose>,
    /// The folder of the scripts that run peers.
    #[arg(long, value_name = "FOLDER", default_value = "bench/peers")]
    peers: PathBuf,
    /// Timed runs of each plan, after one that is not.
    #[arg(long, default_value_t = NonZeroUsize::new(5).expect("not zero"))]
    runs: NonZeroUsize,
    /// Only the blocks, none of the Evoformer block's parts and nothing of IgFold's size.
    #[arg(long)]
    block: bool,
    /// Blocks of the stack that is run against as many times one block.
    #[arg(long, default_value_t = 48, value_parser = clap::value_parser!(u64).range(1..=1024))]
    blocks: u64,
    /// Where `cpu.json`, `cpu.md` and `roofline.svg` are written.
    #[arg(long, value_name = "FOLDER", default_value = "bench")]
    output: PathBuf,
    /// Two sizes of the Evoformer's block, one of GPT-2's, two runs and four blocks.
    #[arg(long, conflicts_with_all = ["sizes", "positions", "runs", "blocks"])]
    quick: bool,
    /// Rows of the squares whose product is the ceiling.
    #[arg(long, hide = true, default_value_t = 4096)]
    side: usize,
}

fn size(text: &str) -> Result<Size, String> {
    let read = |part: &str| part.trim().parse().ok().filter(|size| (1..=LONGEST).contains(size));
    let (s, r) = text.split_once('x').unwrap_or((text, ""));
    read(s).zip(read(r)).ok_or_else(|| format!("expected SEQUENCESxRESIDUES, each from 1 to {LONGEST}, found `{text}`"))
}

fn positions(text: &str) -> Result<u64, String> {
    let read = text.trim().parse().ok().filter(|n| (1..=MOST_POSITIONS).contains(n));
    read.ok_or_else(|| format!("expected positions, from 1 to {MOST_POSITIONS}, found `{text}`"))
}

/// How much is measured.
struct Scope {
    sizes: Vec<Size>,
    positions: Vec<u64>,
    runs: usize,
    blocks: u64,
}

impl Scope {
    fn new(arguments: &Arguments) -> Scope {
        match arguments.quick {
            true => Scope { sizes: vec![(128, 64), (128, 256)], positions: vec![2048], runs: 2, blocks: 4 },
            false => Scope {
                sizes: arguments.sizes.clone(),
                positions: arguments.positions.clone(),
                runs: arguments.runs.get(),
                blocks: arguments.blocks,
            },
        }
    }

    /// The size of what is measured once: where it is promised, else the last.
    fn one(&self) -> Size {
        let last = self.sizes.last().copied().unwrap_or(parallel::AT);
        if self.sizes.contains(&parallel::AT) { parallel::AT } else { last }
    }
}

pub(super) fn cpu(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let scope = Scope::new(arguments);
    let cpu = this_machine(NonZeroUsize::new(THREADS))?;
    let target = cpu.target();
    let machine = machine::described(&target);
    let mut report = Report::new();
    for (name, value) in &machine {
        report.line("machine", &format!("{name}: {value}"), None, json!({ *name: value }))?;
    }
    let ceiling = Ceiling::new(&mut report, &cpu, &target, arguments.side, &arguments.peers)?;
    let mut figures = Vec::new();
    for &size in &scope.sizes {
        figures.extend(measure(&mut report, arguments, &scope, (&cpu, &target), size, &ceiling)?);
    }
    for &positions in &scope.positions {
        figures.extend(causal::measure(&mut report, arguments, scope.runs, (&cpu, &target), positions, &ceiling)?);
    }
    if !arguments.block {
        figures.extend(igfold::measure(&mut report, scope.runs, (&cpu, &target), &ceiling)?);
    }
    let size = scope.one();
    let given = Given::new(size);
    let alone = parallel::threads(&mut report, &cpu, &given, size, scope.runs)?;
    parallel::stack(&mut report, &cpu, &given, size, scope.blocks, &alone)?;
    parallel::bits(&mut report, &given, size)?;
    let drawn: Vec<&Figure> = figures.iter().filter(|f| f.at == At::from(size) && f.kind == Kind::Fastest).collect();
    write(&arguments.output.join("roofline.svg"), &roofline::roofline(&drawn, &ceiling, THREADS))?;
    write(&arguments.output.join("cpu.md"), &table::page(&report, &machine, &ceiling, &figures))?;
    let about = json!({
        "bench": "cpu", "quick": arguments.quick, "runs": scope.runs,
        "target": { "name": target.instructions.name(), "threads": target.threads },
    });
    report.finish(&arguments.output.join("cpu.json"), about)?;
    Ok(ExitCode::SUCCESS)
}

/// The block, in turns with peers, then its parts.
fn measure(
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

/// A program's lines: its plans' figures, how quiet it was if it was not, and the plans that there are none of.
fn told(
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

/// Those of some peers that are asked for and start; a line for each that does not.
fn peers(report: &mut Report, arguments: &Arguments, among: &[Whose], at: &At) -> Result<Vec<Peer>, CliError> {
    let mut peers = Vec::new();
    let asked = arguments.against.iter().filter(|whose| among.contains(whose));
    for variant in asked.flat_map(|whose| whose.variants()) {
        let name = Variant::name(*variant);
        report.doing(format!("{name} loads at {at}"));
        match variant.start(&arguments.peers, at, THREADS) {
            Ok(peer) => {
                let text = format!("{at} {name}: ready, {}", peer.versions);
                report.line("peer", &text, None, json!({ "peer": name, "versions": peer.versions }))?;
                peers.push(peer);
            }
            Err(why) => {
                let text = format!("{at} {name}: {why}");
                report.line("peer", &text, None, json!({ "peer": name, "failed": why }))?;
            }
        }
    }
    Ok(peers)
}
