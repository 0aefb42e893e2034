//! Where a plan reaches, found by walking it turn by turn: nothing of the check is used.

use std::collections::BTreeMap;

use crease_core::kernel::{Kernel, Strides};
use crease_core::plan::{Base, Call, Length, LoopId, Place, Plan, Step};

/// Whether a plan stays in its buffers and weights.
///
/// # Errors
/// The first place that does not.
pub(super) fn audit(plan: &Plan) -> Result<(), String> {
    Audit { plan, counters: BTreeMap::new() }.steps(&plan.steps)
}

struct Audit<'p> {
    plan: &'p Plan,
    /// For each loop around, where its turn starts and how many positions it has.
    counters: BTreeMap<LoopId, (u64, u64)>,
}

impl Audit<'_> {
    fn steps(&mut self, steps: &[Step]) -> Result<(), String> {
        for step in steps {
            match step {
                Step::Call(call) => self.call(call)?,
                Step::Chunk { id, total, chunk, body, .. } => {
                    let mut position = 0;
                    while position < *total {
                        self.counters.insert(*id, (position, (*chunk).min(total - position)));
                        self.steps(body)?;
                        position += chunk;
                    }
                    self.counters.remove(id);
                }
                Step::Layers { id, count, body } => {
                    for layer in 0..*count {
                        self.counters.insert(*id, (layer, 1));
                        self.steps(body)?;
                    }
                    self.counters.remove(id);
                }
            }
        }
        Ok(())
    }

    fn call(&self, call: &Call) -> Result<(), String> {
        let kernel = &self.plan.kernels[call.kernel];
        let lengths: Vec<u64> = call
            .lengths
            .iter()
            .map(|length| match length {
                Length::Fixed(n) => *n,
                Length::Chunk(id) => self.counters[id].1,
            })
            .collect();
        for (k, (place, strides)) in call.operands.iter().zip(kernel.operands()).enumerate() {
            let axis = match kernel {
                Kernel::Nest(nest) => nest.gathers[k],
                Kernel::Contract(_) | Kernel::Attend(_) => None,
            };
            if axis.is_some_and(|axis| axis.extent == 0) {
                continue;
            }
            let more = axis.map_or(0, |axis| axis.stride.unsigned_abs() * (axis.extent - 1));
            self.place(place, strides, more, &lengths).map_err(|e| format!("`{}` {e}", call.origin))?;
        }
        for (place, strides) in call.results.iter().zip(kernel.results()) {
            self.place(place, strides, 0, &lengths).map_err(|e| format!("`{}` {e}", call.origin))?;
        }
        Ok(())
    }

    fn place(&self, place: &Place, strides: &Strides, more: u64, lengths: &[u64]) -> Result<(), String> {
        if strides.iter().zip(lengths).any(|(stride, length)| *stride != 0 && *length == 0) {
            return Ok(());
        }
        let moved: u64 = place.moves.iter().map(|(id, stride)| self.counters[id].0 * stride).sum();
        let steps =
            strides.iter().zip(lengths).map(|(stride, length)| stride.unsigned_abs() * length.saturating_sub(1));
        let last = place.offset + moved + more + steps.sum::<u64>();
        let bytes = match place.base {
            Base::Slot(slot) => self.plan.slots[slot].bytes,
            Base::Param(param) => 4 * self.plan.params[param].shape.iter().product::<u64>(),
        };
        match (last + 1) * strides.format.bytes() <= bytes {
            true => Ok(()),
            false => Err(format!("reaches element {last} of {bytes} bytes")),
        }
    }
}
