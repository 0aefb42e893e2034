//! The process that runs changed plans, and may end in any way: its last line tells which change it was at.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use crease_cli::terminal::CliError;
use crease_core::plan::Plan;
use crease_models::checkpoint::Written;
use crease_models::output::OutputFile;
use crease_runtime::{Checks, Cpu, Executable, Weights};
use serde::Deserialize;
use serde_json::Value;

use super::audit::audit;
use super::change::{changes, numbers};
use super::programs::Program;
use super::{END, OUTCOME, RAN, REFUSED};

/// Tries every so many changes from one on, two lines for each: what is changed, then what became of it.
pub(super) fn run(program: &Program, first: usize, every: usize) -> Result<ExitCode, CliError> {
    let cpu = Cpu::new(Some(2))?;
    let plan = program.plan(&cpu.target())?;
    let weights = in_file(&plan)?;
    let mut whole = serde_json::to_value(&plan).expect("plans are plain data");
    let mut paths = Vec::new();
    numbers(&whole, "", &mut paths);
    let (mut out, mut number) = (std::io::stdout(), 0);
    let mut tell = |line: String| writeln!(out, "{line}").and_then(|()| out.flush()).expect("somebody reads this");
    for path in paths {
        let old = whole.pointer(&path).cloned().expect("a path of the plan");
        let Value::Number(old_number) = &old else { continue };
        for new in changes(old_number) {
            number += 1;
            if number < first || number % every != 0 || new == old {
                continue;
            }
            tell(format!("{number} {path}: {old} becomes {new}"));
            *whole.pointer_mut(&path).expect("a path of the plan") = new;
            tell(format!("{OUTCOME}{}", outcome(Plan::deserialize(&whole), &weights, &cpu)));
        }
        *whole.pointer_mut(&path).expect("a path of the plan") = old;
    }
    tell(END.into());
    Ok(ExitCode::SUCCESS)
}

/// What became of a changed plan.
fn outcome(plan: Result<Plan, serde_json::Error>, weights: &Weights, cpu: &Cpu) -> String {
    let Ok(plan) = plan else { return REFUSED.into() };
    let Ok(plan) = plan.check() else { return REFUSED.into() };
    if let Err(escape) = audit(&plan) {
        return format!("escapes: {escape}");
    }
    let Ok(mut run) = Executable::new(&plan, weights, cpu, Checks { poison: true }) else { return REFUSED.into() };
    for port in &plan.inputs {
        let Ok(input) = run.input(&port.name) else { return format!("loses input `{}`", port.name) };
        input.iter_mut().enumerate().for_each(|(k, x)| *x = ((k * 7 % 23) as f32 - 11.0) / 16.0);
    }
    match run.run() {
        Ok(()) if plan.outputs.iter().all(|port| run.output(&port.name).is_ok()) => RAN.into(),
        Ok(()) => "loses an output".into(),
        Err(error) => format!("fails: {error}"),
    }
}

/// Weights in a file, from which plans may stream them. The file has no name any more.
fn in_file(plan: &Plan) -> Result<Weights, CliError> {
    let path = std::env::temp_dir().join(format!("crease-tamper-{}.safetensors", std::process::id()));
    let mut tensors: BTreeMap<String, (&[u64], Vec<f32>)> = BTreeMap::new();
    for param in plan.params.values() {
        let count = param.shape.iter().product::<u64>();
        let numbers = || (0..count).map(|k| ((k * 37 % 101) as f32 - 50.0) / 300.0).collect();
        tensors.extend(param.names().into_iter().map(|name| (name, (param.shape.as_slice(), numbers()))));
    }
    let written: Vec<Written<'_>> =
        tensors.iter().map(|(name, (shape, data))| (name.clone(), *shape, &data[..])).collect();
    OutputFile::new(&path)?.write_tensors(&written, &BTreeMap::new())?;
    let weights = Weights::open(&path)?;
    let _ = std::fs::remove_file(&path);
    Ok(weights)
}
