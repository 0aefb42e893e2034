//! What this machine does at most: the best of several products of large squares, and a copy.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crease_cli::terminal::CliError;
use crease_core::builder::{Builder, EinsumSpec};
use crease_core::ir::{Extent, Graph, Sizes};
use crease_core::plan::{Planner, Target};
use crease_runtime::cpu::speed::{Speed, speed};
use crease_runtime::{Checks, Cpu, Executable, Weights};
use serde_json::json;

use super::quiet::{Since, undisturbed};
use crate::peer::{Said, Script};
use crate::report::Report;

/// Of multiply-adds alone, the least that a tile in the nearest cache reaches.
const TILE: f64 = 0.90;
/// Runs of each.
const RUNS: usize = 5;
/// Longest wait for another program's product to be ready.
const LOADING: Duration = Duration::from_secs(120);

/// The most that was seen.
pub(crate) struct Ceiling {
    /// Floating-point operations per nanosecond of each product, by whose it is.
    pub(crate) products: Vec<(String, f64)>,
    /// Bytes read and written per nanosecond by a copy.
    pub(crate) bandwidth: f64,
    /// Whether others left the machine alone meanwhile.
    pub(crate) clean: bool,
}

impl Ceiling {
    /// Measures with squares of so many rows.
    pub(crate) fn new(
        report: &mut Report,
        cpu: &Cpu,
        target: &Target,
        side: usize,
        scripts: &Path,
    ) -> Result<Ceiling, CliError> {
        let flops = 2.0 * (side as f64).powi(3);
        let threads = cpu.threads();
        report.doing("the machine's ceiling");
        let since = Since::now(&[]);
        let mut ceiling = Ceiling { products: Vec::new(), bandwidth: copy(side * side * 4, threads), clean: true };
        ceiling.add(report, "Crease", flops / own(cpu, target, side)?, side)?;
        #[cfg(feature = "gemm")]
        ceiling.add(report, "gemm crates", flops / published(side, threads), side)?;
        match openblas(scripts, side, threads) {
            Some(Ok((versions, time))) => ceiling.add(report, &versions, flops / time, side)?,
            Some(Err(why)) => report.line("ceiling", &format!("numpy: {why}"), None, json!({ "numpy": why }))?,
            None => {}
        }
        if let Some(Speed { tile: (rows, columns), in_cache, peak }) = speed() {
            let share = in_cache / peak;
            let text = format!(
                "tile of {rows} x {columns} in cache, one thread: {in_cache:.1} GFLOP/s = {:.1} % of {peak:.1} of multiply-adds alone, promised {:.0} %",
                100.0 * share,
                100.0 * TILE,
            );
            let data = json!({ "tile": [rows, columns], "in_cache": in_cache, "peak": peak, "share": share });
            report.line("ceiling", &text, Some(share >= TILE), data)?;
        }
        let text = format!("copy: {:.1} GB/s read and written with {threads} threads", ceiling.bandwidth);
        report.line("ceiling", &text, None, json!({ "copy": ceiling.bandwidth }))?;
        ceiling.clean = undisturbed(report, "ceiling", since.as_ref())?;
        Ok(ceiling)
    }

    fn add(&mut self, report: &mut Report, whose: &str, gflops: f64, side: usize) -> Result<(), CliError> {
        self.products.push((whose.to_string(), gflops));
        let text = format!("product {side}^3, {whose}: {gflops:.1} GFLOP/s");
        report.line("ceiling", &text, None, json!({ "product": whose, "side": side, "gflops": gflops }))
    }

    /// The best product.
    pub(crate) fn gflops(&self) -> f64 {
        self.products.iter().map(|(_, gflops)| *gflops).fold(0.0, f64::max)
    }
}

/// Nanoseconds of the fastest of some runs.
fn fastest(mut run: impl FnMut() -> Result<f64, CliError>) -> Result<f64, CliError> {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        best = best.min(run()?);
    }
    Ok(best * 1e9)
}

/// The product of two squares.
fn square(side: u64) -> Graph {
    let mut builder = Builder::new("square");
    let mut input = |name: &str| builder.input(name, vec![Extent::literal(side); 2]);
    let (x, y) = (input("x"), input("y"));
    let spec = EinsumSpec::parse("mk,nk->mn").expect("a valid specification");
    let output = builder.einsum(&spec, &[x, y]).expect("squares of one size");
    builder.output("output", output);
    builder.finish()
}

/// Our own contraction.
fn own(cpu: &Cpu, target: &Target, side: usize) -> Result<f64, CliError> {
    let n = side as u64;
    let plan = Planner::new(&square(n), &Sizes::new(), target)?.plan(None)?.check()?;
    let weights = Weights::new("none");
    let mut executable = Executable::new(&plan, &weights, cpu, Checks::default())?;
    for port in &plan.inputs {
        executable.input(&port.name)?.iter_mut().enumerate().for_each(|(k, x)| *x = number(k));
    }
    fastest(|| {
        let start = Instant::now();
        executable.run()?;
        Ok(start.elapsed().as_secs_f64())
    })
}

fn number(k: usize) -> f32 {
    (k % 97) as f32 / 97.0 - 0.5
}

/// The gemm crates' product.
#[cfg(feature = "gemm")]
fn published(side: usize, threads: usize) -> f64 {
    let a: Vec<f32> = (0..side * side).map(number).collect();
    let mut c = vec![0.0; side * side];
    let run = || {
        let start = Instant::now();
        crease_runtime::gemm::product(side, threads, &a, &a, &mut c);
        Ok(start.elapsed().as_secs_f64())
    };
    fastest(run).unwrap_or(f64::INFINITY)
}

/// The product of a peer's numpy, if a peer's Python is named.
fn openblas(scripts: &Path, side: usize, threads: usize) -> Option<Result<(String, f64), String>> {
    let python = ["PY", "JPY"].iter().find_map(std::env::var_os).filter(|python| !python.is_empty())?;
    let measured = || {
        let arguments = [side.to_string(), threads.to_string()];
        let mut script = Script::start(&PathBuf::from(&python), &scripts.join("product.py"), &arguments)?;
        let Said::Ready { versions, .. } = script.hear(LOADING)? else { return Err("it did not begin".to_string()) };
        let mut best = f64::INFINITY;
        for _ in 0..RUNS {
            if let Said::Ran(seconds) = script.ask()? {
                best = best.min(seconds * 1e9);
            }
        }
        Ok((versions, best))
    };
    Some(measured())
}

/// Bytes per nanosecond of a copy by some threads, each its own part; read and written bytes count.
fn copy(elements: usize, threads: usize) -> f64 {
    let (from, mut into) = (vec![1.0f32; elements], vec![0.0f32; elements]);
    let part = elements.div_ceil(threads).max(1);
    let run = || {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for (from, into) in from.chunks(part).zip(into.chunks_mut(part)) {
                scope.spawn(move || into.copy_from_slice(from));
            }
        });
        Ok(start.elapsed().as_secs_f64())
    };
    8.0 * elements as f64 / fastest(run).unwrap_or(f64::INFINITY)
}
