//! Plans as text.

use std::fmt;

use super::plan::Plan;
use super::step::Step;
use crate::units::format_bytes;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> = self.sizes.iter().map(|(k, v)| format!("{k}={v}")).collect();
        writeln!(f, "plan {} for {}", self.name, sizes.join(" "))?;
        let m = &self.memory;
        let budget = self.budget.map_or("none".into(), |b| format!("{} ({b} bytes)", format_bytes(b)));
        writeln!(f, "  budget       {budget}")?;
        writeln!(f, "  peak         {} ({} bytes)", format_bytes(m.total()), m.total())?;
        let parts = [
            ("weights", m.weights),
            ("inputs", m.inputs),
            ("outputs", m.outputs),
            ("activations", m.temporaries),
            ("scratch", m.scratch),
            ("gaps", m.gaps()),
        ];
        for (name, bytes) in parts.into_iter().filter(|(_, b)| *b > 0) {
            writeln!(f, "    {name:<11}{}", format_bytes(bytes))?;
        }
        writeln!(f, "  fullest at   {}", m.operation)?;
        writeln!(f, "  time         {:.3} s (predicted)", self.time as f64 * 1e-9)?;
        writeln!(f, "  steps")?;
        steps(f, &self.steps, 2)
    }
}

/// A line per loop, and one for the calls between two loops.
fn steps(f: &mut fmt::Formatter<'_>, list: &[Step], depth: usize) -> fmt::Result {
    let all: Vec<(&Step, usize)> = Step::walk(list).map(|(step, around)| (step, around.len())).collect();
    let name = |step: &Step| if let Step::Call(call) = step { call.origin.clone() } else { String::new() };
    // Calls that follow each other at one depth are in one body: another one would begin with a loop.
    let together =
        |a: &(&Step, usize), b: &(&Step, usize)| a.1 == b.1 && matches!((a.0, b.0), (Step::Call(_), Step::Call(_)));
    for run in all.chunk_by(together) {
        let ((first, around), (last, _)) = (run[0], run[run.len() - 1]);
        let margin = "  ".repeat(depth + around);
        match first {
            Step::Call(_) if run.len() == 1 => writeln!(f, "{margin}{}", name(first))?,
            Step::Call(_) => writeln!(f, "{margin}{} … {} ({} kernels)", name(first), name(last), run.len())?,
            Step::Chunk { total, chunk, label, .. } => {
                writeln!(f, "{margin}for {label}: {total} in chunks of {chunk}")?;
            }
            Step::Layers { count, .. } => writeln!(f, "{margin}for {count} layers")?,
        }
    }
    Ok(())
}
