//! A path through the search becomes a plan: steps, buffers, addresses, the peak.

use std::collections::BTreeMap;

use super::emitter::Emitter;
use super::layout;
use crate::ir::Sizes;
use crate::plan::data::{self, ALIGNMENT, Memory, Plan, PlanPort, Slot, SlotKind};
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
    let arena = layout::place(&mut emitter.slots);
    let mut memory = fullest(&emitter.slots, &emitter.origins);
    memory.arena = arena;
    memory.weights = data::held(&emitter.params);
    // An operation of the program itself has no name that tells where it stands.
    if !memory.operation.is_empty() && !memory.operation.contains('.') {
        memory.operation = format!("{name}.{}", memory.operation);
    }
    Plan {
        name: name.to_string(),
        sizes: sizes.clone(),
        budget,
        target: target.clone(),
        slots: emitter.slots,
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

/// The moment with the most live bytes, and what they are.
fn fullest(slots: &[Slot], origins: &[String]) -> Memory {
    let mut best = Memory::default();
    for moment in 0..origins.len().max(1) {
        let live = |kind: SlotKind| -> u64 {
            let alive = slots.iter().filter(|s| s.kind == kind && (s.first..=s.last).contains(&(moment as u64)));
            alive.map(|s| s.bytes.next_multiple_of(ALIGNMENT)).sum()
        };
        let memory = Memory {
            inputs: live(SlotKind::Input),
            outputs: live(SlotKind::Output),
            temporaries: live(SlotKind::Temporary),
            scratch: live(SlotKind::Scratch),
            moment: moment as u64,
            operation: origins.get(moment).cloned().unwrap_or_default(),
            ..Memory::default()
        };
        let total = |m: &Memory| m.inputs + m.outputs + m.temporaries + m.scratch;
        if moment == 0 || total(&memory) > total(&best) {
            best = memory;
        }
    }
    best
}
