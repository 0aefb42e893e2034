//! Buffers, inputs, outputs, weights, and the figures about them.

use std::collections::BTreeSet;

use super::{MOST, elements};
use crate::plan::data::{self, ALIGNMENT, Memory, Plan, PlanPort, Slot, SlotId};

/// The largest number of threads that a plan may have working memory for.
const MOST_THREADS: u64 = 1 << 16;

pub(super) fn check(plan: &Plan) -> Result<(), String> {
    check_slots(plan)?;
    check_params(plan)?;
    check_figures(plan)?;
    let last = (plan.times.len() as u64).saturating_sub(1);
    check_ports("input", &plan.inputs, plan, |slot| slot.first == 0)?;
    check_ports("output", &plan.outputs, plan, |slot| slot.last == last)?;
    let mut filled = BTreeSet::new();
    if let Some(port) = plan.inputs.iter().find(|port| !filled.insert(port.slot)) {
        return Err(format!("input `{}` is in the buffer of another input", port.name));
    }
    if !(1..=MOST_THREADS).contains(&plan.target.threads) || plan.target.contract_scratch > MOST {
        return Err(format!(
            "the plan has working memory of {} bytes for each of {} threads",
            plan.target.contract_scratch, plan.target.threads
        ));
    }
    Ok(())
}

fn check_slots(plan: &Plan) -> Result<(), String> {
    let (slots, arena) = (&plan.slots, plan.memory.arena);
    let moments = plan.times.len().max(1) as u64;
    for (k, slot) in slots {
        let name = &slot.name;
        if !slot.offset.is_multiple_of(ALIGNMENT) {
            return Err(format!("buffer {k} (`{name}`) begins at {}, not a multiple of {ALIGNMENT}", slot.offset));
        }
        if slot.first > slot.last || slot.last >= moments {
            return Err(format!(
                "buffer {k} (`{name}`) is alive from moment {} to {} of {moments}",
                slot.first, slot.last
            ));
        }
        if slot.offset.checked_add(slot.bytes).is_none_or(|end| end > arena) {
            return Err(format!("buffer {k} (`{name}`) ends beyond the arena of {arena} bytes"));
        }
    }
    if arena > 4 * MOST {
        return Err(format!("the arena has {arena} bytes, more than any machine can address"));
    }
    // By address: only those that begin before a buffer ends can overlap it.
    let mut by_offset: Vec<SlotId> = slots.keys().filter(|k| slots[*k].bytes > 0).collect();
    by_offset.sort_unstable_by_key(|k| slots[*k].offset);
    for (at, &k) in by_offset.iter().enumerate() {
        let a = &slots[k];
        let beside = by_offset[at + 1..].iter().take_while(|j| slots[**j].offset < a.offset + a.bytes);
        for &j in beside {
            let b = &slots[j];
            if a.first <= b.last && b.first <= a.last {
                return Err(format!("buffers {k} (`{}`) and {j} (`{}`) overlap while both are alive", a.name, b.name));
            }
        }
    }
    Ok(())
}

fn check_ports(kind: &str, ports: &[PlanPort], plan: &Plan, is_alive: impl Fn(&Slot) -> bool) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for port in ports {
        let name = &port.name;
        if !names.insert(name) {
            return Err(format!("{kind} `{name}` occurs twice"));
        }
        let slot = plan.slots.get(port.slot).ok_or_else(|| format!("{kind} `{name}` is in no buffer"))?;
        let bytes = elements(&port.shape).map(|n| 4 * n);
        if bytes.is_none_or(|bytes| bytes > slot.bytes) {
            return Err(format!("{kind} `{name}` {:?} is larger than its buffer of {} bytes", port.shape, slot.bytes));
        }
        if !is_alive(slot) {
            let when = if kind == "input" { "start" } else { "end" };
            return Err(format!("{kind} `{name}` is in a buffer that is not alive at the {when}"));
        }
    }
    Ok(())
}

fn check_params(plan: &Plan) -> Result<(), String> {
    for param in plan.params.values() {
        let layers: Vec<u64> = param.layers.iter().map(|(_, count)| *count).collect();
        if elements(&param.shape).and_then(|each| each.checked_mul(elements(&layers)?)).is_none_or(|all| all > MOST) {
            return Err(format!("weight `{}` {:?} is larger than any machine can address", param.name, param.shape));
        }
    }
    let held =
        plan.params.values().filter(|param| !param.streamed).map(|param| u128::from(param.bytes())).sum::<u128>();
    match held <= u128::from(4 * MOST) {
        true => Ok(()),
        false => Err("the weights are larger than any machine can address".into()),
    }
}

/// That the plan's figures of memory and time match its buffers, weights and moments.
fn check_figures(plan: &Plan) -> Result<(), String> {
    let weights = data::held(&plan.params);
    let found = &plan.memory;
    let expected = Memory {
        weights,
        arena: found.arena,
        operation: found.operation.clone(),
        ..Memory::fullest(plan.slots.as_values_slice())
    };
    let figures = |m: &Memory| {
        [
            ("weights", m.weights),
            ("inputs", m.inputs),
            ("outputs", m.outputs),
            ("temporaries", m.temporaries),
            ("scratch", m.scratch),
            ("moment", m.moment),
        ]
    };
    for ((name, found), (_, expected)) in figures(found).into_iter().zip(figures(&expected)) {
        if found != expected {
            return Err(format!(
                "the plan states {found} for its memory's {name}, but its buffers and weights need {expected}"
            ));
        }
    }
    let height =
        plan.slots.values().map(|slot| slot.offset + slot.bytes.next_multiple_of(ALIGNMENT)).max().unwrap_or(0);
    if height != found.arena {
        return Err(format!("the arena has {} bytes, but its buffers need {height}", found.arena));
    }
    if let Some(budget) = plan.budget.filter(|budget| *budget < found.total()) {
        return Err(format!("the plan holds {} bytes, but its budget is {budget}", found.total()));
    }
    let time = plan.times.iter().fold(0u64, |sum, time| sum.saturating_add(*time));
    if time != plan.time {
        return Err(format!("its moments take {time} ns, but the plan states {}", plan.time));
    }
    let moments = plan.times.len() as u64;
    match plan.pieces.iter().find(|piece| piece.first > piece.last || piece.last >= moments) {
        Some(piece) => Err(format!("a piece runs from moment {} to {} of {moments}", piece.first, piece.last)),
        None => Ok(()),
    }
}
