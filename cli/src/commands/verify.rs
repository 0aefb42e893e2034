//! `crease verify`: reference files against this implementation, tensor by tensor.

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use crease_core::ir::Extent;
use crease_core::lang::Options;
use crease_core::plan::Target;
use crease_core::units::format_bytes;
use crease_models::checkpoint::TensorFile;
use crease_runtime::{Checks, Cpu, Executable};

use crate::choice::{Budget, Reference, machine, options, plan_within, planner, set_inputs, table};
use crate::terminal::{CliError, one_line, usage};

/// Largest error, and RMS error relative to the reference's RMS, against a reference in 64-bit floats.
const LARGEST: f64 = 1e-5;
const RELATIVE: f64 = 1e-6;
/// Where values are larger than about ten: largest error relative to the largest value.
const OF_LARGEST_VALUE: f64 = 1e-6;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Reference files: `weights.*`, `in.*`, `out.*` and perhaps `out64.*`, `mid.*`.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Bytes that the run for `out.*` may hold (`1MiB`), or `smallest`; without it the fastest plan.
    #[arg(long)]
    budget: Option<Budget>,
    /// Threads; all unless given.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    table: table::Chosen,
}

pub(super) fn verify(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let cpu = machine(arguments.threads)?;
    let target = arguments.table.machine(&cpu)?;
    let (mut checked, mut failed, mut broken) = (0, 0, 0);
    for path in &arguments.files {
        match check(path, arguments.budget, &cpu, &target) {
            Ok((text, verdicts)) => {
                checked += verdicts.len();
                failed += verdicts.iter().filter(|passed| !**passed).count();
                crate::terminal::print(&text)?;
            }
            Err(error) if arguments.files.len() == 1 => return Err(error),
            Err(error) => {
                broken += 1;
                eprintln!("crease: {}", one_line(&error.to_string()));
            }
        }
    }
    let files = arguments.files.len();
    let broken_text = if broken > 0 { format!(", {broken} files could not be checked") } else { String::new() };
    crate::terminal::print(&format!("{checked} tensors of {files} files: {failed} failed{broken_text}\n"))?;
    Ok(match (broken, failed) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(1),
        _ => ExitCode::from(2),
    })
}

/// The report on a file, and whether each tensor passed.
fn check(path: &Path, budget: Option<Budget>, cpu: &Cpu, target: &Target) -> Result<(String, Vec<bool>), CliError> {
    let reference = Reference::open(path, None, &[])?;
    let (mut text, mut verdicts) = (String::new(), Vec::new());
    let (outs, mids) = (reference.under("out."), reference.under("mid."));
    if outs.is_empty() {
        return Err(usage(format!("{}: has no `out.*` to compare with", path.display())));
    }
    let valid = Valid::of(&reference)?;
    let _ = writeln!(text, "{}: {}", path.display(), reference.chosen.name);
    for (kind, names) in [("out", outs), ("mid", mids)] {
        if names.is_empty() {
            continue;
        }
        let record = kind == "mid";
        let own = options(&reference.chosen, &reference.checkpoint, &reference.file, "in.");
        let options = Options { record, ..own };
        let (elaborated, planner) = planner(&reference.chosen, &reference.axes, &options, target)?;
        let plan = match plan_within(&planner, budget) {
            // Records are outputs that stay: where they do not fit, they are checked on the leanest plan.
            Err(CliError::Plan(_)) if record => planner.leanest().clone(),
            made => made?,
        };
        let plan = plan.check()?;
        let weights = reference.checkpoint.weights()?;
        // Poison: a read of memory that nothing wrote shows as a failure.
        let mut executable = Executable::new(&plan, &weights, cpu, Checks { poison: true })?;
        set_inputs(&mut executable, &reference.chosen, &reference.file, "in.")?;
        executable.run()?;
        let within = plan.budget.map_or("no budget".into(), |b| format!("budget {}", format_bytes(b)));
        let (peak, smallest) = (format_bytes(plan.memory.total()), planner.leanest().memory.total());
        let what = if record { "with records" } else { "plain run" };
        let _ = writeln!(text, "  {what}: {within}, peak {peak}, smallest {}", format_bytes(smallest));
        let _ = writeln!(text, "    {:<40} {:>9} {:>9}  {:>9} {:>9}", "tensor", "largest", "allowed", "RMS", "allowed");
        for name in names {
            let Some(port) = elaborated.graph.outputs.iter().find(|p| p.name == name) else {
                let given: Vec<&str> = elaborated.graph.outputs.iter().map(|p| p.name.as_str()).collect();
                let (file, model) = (path.display(), &reference.chosen.name);
                let given = given.join(", ");
                return Err(usage(format!("{file}: {model} gives no `{kind}.{name}`: it gives {given}")));
            };
            let full = format!("{kind}.{name}");
            let exact = format!("out64.{name}");
            let exact = (!record && reference.file.shape(&exact).is_some()).then_some(exact);
            let slack = if exact.is_some() { 1.0 } else { 2.0 };
            let expected = Expected::read(&reference.file, exact.as_deref().unwrap_or(&full))?;
            let shape = &plan.outputs.iter().find(|p| p.name == name).map(|p| p.shape.clone()).unwrap_or_default();
            expected.same_shape(&reference.file, shape)?;
            let keep = valid.filter(&elaborated.graph.values[port.value].shape, shape);
            let errors = Errors::of(executable.output(&name)?, &expected.numbers, &keep);
            let (line, passed) = errors.judge(exact.as_deref().unwrap_or(&full), slack);
            text += &line;
            verdicts.push(passed);
        }
    }
    Ok((text, verdicts))
}

/// An expected tensor.
struct Expected {
    name: String,
    shape: Vec<usize>,
    numbers: Vec<f32>,
}

impl Expected {
    fn read(file: &TensorFile, name: &str) -> Result<Expected, CliError> {
        let (shape, numbers) = (file.expect_shape(name)?.to_vec(), file.read(name)?);
        Ok(Expected { name: name.into(), shape, numbers })
    }

    fn same_shape(&self, file: &TensorFile, shape: &[u64]) -> Result<(), CliError> {
        if self.shape.iter().map(|e| *e as u64).eq(shape.iter().copied()) {
            return Ok(());
        }
        Err(CliError::Shape {
            file: file.path().to_path_buf(),
            name: self.name.clone(),
            expected: shape.to_vec(),
            symbols: "as the model gives it".into(),
            found: self.shape.clone(),
        })
    }
}

/// Which rows and which columns of a mask have anything in them.
type Sides = (Vec<bool>, Vec<bool>);

/// Which residues and sequences are more than padding. At a fully masked row attention averages noise, in 32 bits
/// another than in 64: there is nothing to compare.
struct Valid {
    residues: Option<Vec<bool>>,
    sequences: Option<Vec<bool>>,
}

impl Valid {
    fn of(reference: &Reference) -> Result<Valid, CliError> {
        let read = |name: &str| -> Result<Option<Sides>, CliError> {
            match reference.file.shape(name) {
                Some(&[rows, columns]) => {
                    let mask = reference.file.read(name)?;
                    let row = |r: usize| (0..columns).any(|c| mask[r * columns + c] != 0.0);
                    let column = |c: usize| (0..rows).any(|r| mask[r * columns + c] != 0.0);
                    Ok(Some(((0..rows).map(row).collect(), (0..columns).map(column).collect())))
                }
                _ => Ok(None),
            }
        };
        let (pair, msa) = (read("in.pair_mask")?, read("in.msa_mask")?);
        let both = |a: &[bool], b: &[bool]| a.iter().zip(b).map(|(a, b)| *a && *b).collect::<Vec<bool>>();
        let mut residues = pair.map(|(rows, columns)| both(&rows, &columns));
        let mut sequences = None;
        if let Some((rows, columns)) = msa {
            residues = Some(residues.map_or(columns.clone(), |r| both(&r, &columns)));
            sequences = Some(rows);
        }
        if let Some(&[_]) = reference.file.shape("in.mask") {
            let mask: Vec<bool> = reference.file.read("in.mask")?.iter().map(|m| *m != 0.0).collect();
            residues = Some(residues.map_or(mask.clone(), |r| both(&r, &mask)));
        }
        Ok(Valid { residues, sequences })
    }

    /// Whether each element of a tensor counts.
    fn filter(&self, extents: &[Extent], shape: &[u64]) -> Vec<bool> {
        let mut keep = vec![true; shape.iter().product::<u64>() as usize];
        for (axis, extent) in extents.iter().enumerate() {
            let valid = match extent.as_symbol() {
                Some("R") => &self.residues,
                Some("S") => &self.sequences,
                _ => &None,
            };
            let Some(valid) = valid else { continue };
            let stride: usize = shape[axis + 1..].iter().product::<u64>() as usize;
            for (element, keep) in keep.iter_mut().enumerate() {
                *keep &= valid.get(element / stride % shape[axis] as usize).copied().unwrap_or(true);
            }
        }
        keep
    }
}

/// How far a tensor is from its reference.
struct Errors {
    largest: f64,
    relative: f64,
    largest_value: f64,
    compared: usize,
}

impl Errors {
    fn of(found: &[f32], expected: &[f32], keep: &[bool]) -> Errors {
        let (mut largest, mut largest_value, mut compared) = (0f64, 0f64, 0);
        let (mut squares, mut reference) = (0f64, 0f64);
        for ((found, expected), keep) in found.iter().zip(expected).zip(keep) {
            if !keep {
                continue;
            }
            let error = (f64::from(*found) - f64::from(*expected)).abs();
            // Not a number is as far off as can be.
            let error = if error.is_nan() { f64::INFINITY } else { error };
            largest = largest.max(error);
            largest_value = largest_value.max(f64::from(expected.abs()));
            squares += error * error;
            reference += f64::from(*expected).powi(2);
            compared += 1;
        }
        let relative = if squares == 0.0 { 0.0 } else { (squares / reference).sqrt() };
        Errors { largest, relative, largest_value, compared }
    }

    /// A line of the table, and whether the errors are inside their limits.
    fn judge(&self, name: &str, slack: f64) -> (String, bool) {
        let allowed = slack * LARGEST.max(OF_LARGEST_VALUE * self.largest_value);
        let allowed_relative = slack * RELATIVE;
        let passed = self.largest <= allowed && self.relative <= allowed_relative;
        let verdict = match (passed, self.compared) {
            (_, 0) => "pass (all padding)",
            (true, _) => "pass",
            (false, _) => "FAIL",
        };
        let (largest, relative) = (self.largest, self.relative);
        let line = format!(
            "    {name:<40} {largest:>9.2e} {allowed:>9.2e}  {relative:>9.2e} {allowed_relative:>9.2e}  {verdict}\n"
        );
        (line, passed)
    }
}
