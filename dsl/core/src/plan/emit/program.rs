//! A path through the search becomes a plan: steps, buffers, addresses, the peak.

use std::collections::BTreeMap;

use super::emitter::Emitter;
use super::layout;
use crate::ir::Sizes;
use crate::plan::data::{self, Memory, Plan, PlanPort, SlotKind};
use crate::plan::machine::Target;
use crate::plan::search::{Path, Search};

/// Emits the plan of a whole program.
pub(in crate::plan) fn emit(
    search: &Search,
    path: &Path,
    name: &str,
    sizes: &Sizes,
    target: &Target,
    budget: Option<u64>,
) -> Plan {
    let mut emitter = Emitter::default();
    let graph = &search.bound.graph;
    let mut places = BTreeMap::new();
    let mut inputs = Vec::new();
    for port in &graph.inputs {
        let slot = emitter.slot(&port.name, SlotKind::Input, search.bound.bytes(port.value), 0, 0);
        places.insert(port.value, slot);
        inputs.push(PlanPort { name: port.name.clone(), shape: search.bound.shapes[port.value].clone(), slot });
    }
    let steps = emitter.sequence(search, path, &mut places, &[]);
    let end = emitter.moment.saturating_sub(1);
    let mut outputs = Vec::new();
    for port in &graph.outputs {
        let slot = places[&port.value];
        emitter.slots[slot].last = end;
        if emitter.slots[slot].kind == SlotKind::Temporary {
            emitter.slots[slot].kind = SlotKind::Output;
        }
        outputs.push(PlanPort { name: port.name.clone(), shape: search.bound.shapes[port.value].clone(), slot });
    }
    let mut slots = Vec::from(emitter.slots);
    let arena = layout::place(&mut slots);
    let weights = data::held(&emitter.params);
    let mut memory = Memory { arena, weights, ..Memory::fullest(&slots) };
    memory.operation = emitter.origins.get(memory.moment as usize).cloned().unwrap_or_default();
    // An operation at the top level of the program has no scope in its name.
    if !memory.operation.is_empty() && !memory.operation.contains('.') {
        memory.operation = format!("{name}.{}", memory.operation);
    }
    Plan {
        name: name.to_string(),
        sizes: sizes.clone(),
        budget,
        target: target.clone(),
        slots: slots.into(),
        inputs,
        outputs,
        params: emitter.params,
        kernels: emitter.kernels,
        loops: emitter.loops,
        steps,
        memory,
        time: path.time,
        times: emitter.times,
        pieces: emitter.pieces,
    }
}
