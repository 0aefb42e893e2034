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

fn steps(f: &mut fmt::Formatter<'_>, list: &[Step], depth: usize) -> fmt::Result {
    let margin = "  ".repeat(depth);
    let mut at = 0;
    while at < list.len() {
        match &list[at] {
            Step::Call(_) => {
                let calls = list[at..].iter().take_while(|s| matches!(s, Step::Call(_))).count();
                let name = |step: &Step| if let Step::Call(c) = step { c.origin.clone() } else { String::new() };
                match calls {
                    1 => writeln!(f, "{margin}{}", name(&list[at]))?,
                    _ => {
                        writeln!(f, "{margin}{} … {} ({calls} kernels)", name(&list[at]), name(&list[at + calls - 1]))?
                    }
                }
                at += calls;
                continue;
            }
            Step::Chunk { total, chunk, label, body, .. } => {
                writeln!(f, "{margin}for {label}: {total} in chunks of {chunk}")?;
                steps(f, body, depth + 1)?;
            }
            Step::Layers { count, body, .. } => {
                writeln!(f, "{margin}for {count} layers")?;
                steps(f, body, depth + 1)?;
            }
        }
        at += 1;
    }
    Ok(())
}
