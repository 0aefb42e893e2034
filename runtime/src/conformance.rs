//! Plans held against the oracle, as tests and benches do it.

use std::sync::atomic::{AtomicUsize, Ordering};

use crease_core::ir::{Graph, Sizes};
use crease_core::oracle::{Tensors, evaluate};
use crease_core::plan::Plan;
use safetensors::tensor::{Dtype, TensorView};

use crate::cpu::Cpu;
use crate::run::{Checks, Executable};
use crate::weights::Weights;

/// Largest error in single precision, relative to the largest number of a tensor.
const TOLERANCE: f64 = 2e-4;

/// A graph, what it is given, and what the oracle says comes out.
pub struct Expected {
    inputs: Vec<(String, Vec<f32>)>,
    weights: Weights,
    outputs: Tensors,
    tolerance: f64,
}

impl Expected {
    /// Asks the oracle.
    ///
    /// # Errors
    /// In one line: what the oracle cannot evaluate.
    pub fn new(graph: &Graph, sizes: &Sizes, given: &Tensors) -> Result<Expected, String> {
        let outputs = evaluate(graph, sizes, given).map_err(|e| e.to_string())?;
        let (mut weights, mut inputs) = (Vec::new(), Vec::new());
        for (name, tensor) in given {
            let data: Vec<f32> = tensor.data.iter().map(|x| *x as f32).collect();
            match graph.inputs.iter().any(|port| port.name == *name) {
                true => inputs.push((name.clone(), data)),
                false => weights.push((name.clone(), tensor.shape.iter().map(|e| *e as usize).collect(), data)),
            }
        }
        Ok(Expected { inputs, weights: in_file(&weights)?, outputs, tolerance: TOLERANCE })
    }

    /// With another largest error, relative to the largest number of a tensor.
    #[must_use]
    pub fn within(self, tolerance: f64) -> Expected {
        Expected { tolerance, ..self }
    }

    /// Runs a plan twice, every buffer poisoned when its life begins, and compares its outputs.
    ///
    /// # Errors
    /// In one line: what did not run, or which number is wrong.
    pub fn check(&self, plan: &Plan, cpu: &Cpu) -> Result<(), String> {
        let plan = plan.clone().check().map_err(|e| e.to_string())?;
        let mut run = Executable::new(&plan, &self.weights, cpu, Checks { poison: true }).map_err(|e| e.to_string())?;
        for _ in 0..2 {
            for (name, data) in &self.inputs {
                run.set_input(name, data).map_err(|e| e.to_string())?;
            }
            run.run().map_err(|e| e.to_string())?;
            for (name, tensor) in &self.outputs {
                let found = run.output(name).map_err(|e| e.to_string())?;
                close(found, &tensor.data, self.tolerance).map_err(|e| format!("{name}: {e}"))?;
            }
        }
        match run.high_water() as u64 <= plan.memory.arena {
            true => Ok(()),
            false => Err(format!("{} bytes of an arena of {} were written", run.high_water(), plan.memory.arena)),
        }
    }
}

/// Tensors as weights in a file, from which plans may stream them. The file has no name any more.
fn in_file(tensors: &[(String, Vec<usize>, Vec<f32>)]) -> Result<Weights, String> {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let views = tensors.iter().map(|(name, shape, data)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytemuck::cast_slice(data)).map_err(|e| e.to_string())?;
        Ok((name.as_str(), view))
    });
    let views = views.collect::<Result<Vec<_>, String>>()?;
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("crease-given-{}-{number}.safetensors", std::process::id()));
    let written = safetensors::serialize_to_file(views, None, &path).map_err(|e| e.to_string());
    let weights = written.and_then(|()| Weights::open(&path).map_err(|e| e.to_string()));
    let removed = std::fs::remove_file(&path).map_err(|e| e.to_string());
    removed.and(weights)
}

fn close(found: &[f32], expected: &[f64], tolerance: f64) -> Result<(), String> {
    let scale = expected.iter().fold(1.0f64, |m, x| m.max(x.abs()));
    for (k, (&f, &e)) in found.iter().zip(expected).enumerate() {
        let same = (f64::from(f) - e).abs() <= tolerance * scale || (f.is_nan() && e.is_nan()) || f64::from(f) == e;
        // Beyond what 32 bits hold the answer is infinite, and what follows from it anything.
        if !same && (e as f32).is_finite() {
            return Err(format!("element {k} is {f}, expected {e}"));
        }
    }
    match found.len() == expected.len() {
        true => Ok(()),
        false => Err(format!("{} elements, expected {}", found.len(), expected.len())),
    }
}
