//! The weights of a plan while it runs: what it holds is in memory, what it streams is read when its turn comes.

use std::collections::BTreeMap;

use crease_core::entity::PrimaryMap;
use crease_core::kernel::{Kernel, Nest};
use crease_core::plan::{Base, Call, Length, ParamId, Place, Plan, PlanFault, SlotId, Step};

use super::{Source, Weights, WeightsError};
use crate::arena::{ALIGNMENT, Arena, ArenaError};

/// What a plan holds and streams of some weights.
pub(crate) struct PlanWeights<'w> {
    /// The tensors of files that the plan holds.
    held: Arena,
    /// For each weight, each of its layers, the innermost layer fastest.
    params: PrimaryMap<ParamId, Vec<Layer<'w>>>,
}

/// A weight in one layer.
enum Layer<'w> {
    /// Made in memory.
    Made(&'w [f32]),
    /// Held, from a byte of the arena on.
    Held(usize),
    /// Read when it is wanted.
    Streamed(Source<'w>),
}

impl<'w> PlanWeights<'w> {
    /// Finds the weights of a plan, then reads those that it holds. Every name, shape and type is looked at before
    /// anything is read.
    ///
    /// # Errors
    /// A tensor that is missing, has another shape, is not finite or cannot be read; one that is streamed though it is
    /// in memory; memory that is refused.
    pub(crate) fn new(plan: &Plan, weights: &'w Weights) -> Result<Self, WeightsError> {
        let sources = plan.params.values().map(|param| weights.resolve(param)).collect::<Result<Vec<_>, _>>()?;
        let mut to_hold: BTreeMap<(usize, usize), (usize, Source<'w>)> = BTreeMap::new();
        let mut bytes = 0;
        let mut params = PrimaryMap::new();
        for (param, sources) in plan.params.values().zip(sources) {
            if param.streamed && sources.iter().any(|source| source.in_memory().is_some()) {
                return Err(WeightsError::Held { name: param.name.clone() });
            }
            let layer = |source: Source<'w>| match source.in_memory() {
                _ if param.streamed => Layer::Streamed(source),
                Some(numbers) => Layer::Made(numbers),
                None => {
                    let (offset, _) = to_hold.entry(source.place()).or_insert_with(|| {
                        let offset = bytes;
                        bytes += (4 * source.count).next_multiple_of(ALIGNMENT);
                        (offset, source)
                    });
                    Layer::Held(*offset)
                }
            };
            // What is held is looked at as it is read.
            let mut looked = sources.iter().filter(|source| param.streamed || source.in_memory().is_some());
            looked.try_for_each(Source::look)?;
            params.push(sources.into_iter().map(layer).collect());
        }
        let refused = |error: ArenaError| WeightsError::Refused { bytes, reason: error.to_string() };
        let mut held = Arena::new(bytes).map_err(refused)?;
        for (offset, source) in to_hold.into_values() {
            source.read(held.slice_f32_mut(offset, source.count).map_err(refused)?)?;
        }
        Ok(PlanWeights { held, params })
    }

    /// Where the first element of a weight is, in one layer.
    pub(crate) fn address(&self, param: ParamId, layer: usize) -> *const f32 {
        match &self.params[param][layer] {
            Layer::Made(numbers) => numbers.as_ptr(),
            Layer::Held(offset) => self.held.base().wrapping_add(*offset).cast_const().cast(),
            Layer::Streamed(_) => unreachable!("weights that are streamed are only copied: `copies` was asked"),
        }
    }

    /// Reads a streamed weight of one layer to where the plan wants it.
    pub(crate) fn stream(&self, param: ParamId, layer: usize, into: &mut [f32]) -> Result<(), WeightsError> {
        match &self.params[param][layer] {
            Layer::Streamed(source) => source.read(into),
            Layer::Made(_) | Layer::Held(_) => unreachable!("the plan does not stream this weight"),
        }
    }
}

/// The streamed weight that a call copies, and the slot it copies it to; none if it reads none.
pub(crate) fn streamed(plan: &Plan, call: &Call) -> Option<(ParamId, SlotId)> {
    match (call.operands.as_slice(), call.results.as_slice()) {
        (&[Place { base: Base::Param(param), .. }], &[Place { base: Base::Slot(slot), .. }])
            if plan.params[param].streamed =>
        {
            Some((param, slot))
        }
        _ => None,
    }
}

/// Makes sure that streamed weights are read by nothing but calls that copy all of one to a slot, since only these are
/// done by reading the file.
pub(crate) fn only_copied(plan: &Plan, steps: &[Step]) -> Result<(), PlanFault> {
    for step in steps {
        match step {
            Step::Chunk { body, .. } | Step::Layers { body, .. } => only_copied(plan, body)?,
            Step::Call(call) => {
                let reads = |place: &Place| matches!(place.base, Base::Param(k) if plan.params[k].streamed);
                if call.operands.iter().any(reads) && !copies(plan, call) {
                    let problem = "reads a streamed weight, which can only be copied".to_string();
                    return Err(PlanFault { operation: Some(call.origin.clone()), problem });
                }
            }
        }
    }
    Ok(())
}

/// Whether a call copies all of a streamed weight to the beginning of a slot.
fn copies(plan: &Plan, call: &Call) -> bool {
    let Some((param, slot)) = streamed(plan, call) else { return false };
    let elements: u64 = plan.params[param].shape.iter().product();
    let first = |place: &Place| place.offset == 0 && place.moves.is_empty();
    plan.kernels[call.kernel] == Kernel::Nest(Nest::copy())
        && first(&call.operands[0])
        && first(&call.results[0])
        && call.lengths == [Length::Fixed(elements)]
        && 4 * elements <= plan.slots[slot].bytes
}
