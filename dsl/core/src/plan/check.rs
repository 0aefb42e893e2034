//! The law of plans, checked after emission and before a run.

use super::{ALIGNMENT, Base, Call, Length, Place, Plan, Step};
use crate::kernel::{Kernel, Strides};

/// Checks that no two buffers alive together overlap, that every call stays inside its buffers and
/// its buffers are alive, and that the memory figures are those of the slots.
///
/// # Errors
/// What is wrong, in one line; a bug of the planner or a tampered plan.
pub fn check_plan(plan: &Plan) -> Result<(), String> {
    let slots = &plan.slots;
    for (k, a) in slots.iter().enumerate() {
        if a.offset % ALIGNMENT != 0 || a.first > a.last {
            return Err(format!("buffer {k} (`{}`) is misplaced", a.name));
        }
        if a.offset.checked_add(a.bytes).is_none_or(|end| end > plan.memory.arena) {
            return Err(format!("buffer {k} (`{}`) ends beyond the arena of {} bytes", a.name, plan.memory.arena));
        }
        for (j, b) in slots.iter().enumerate().take(k) {
            let together = a.first <= b.last && b.first <= a.last;
            let overlap = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
            if together && overlap && a.bytes > 0 && b.bytes > 0 {
                return Err(format!("buffers {j} (`{}`) and {k} (`{}`) overlap while both are alive", b.name, a.name));
            }
        }
    }
    let weights = super::data::held(&plan.params);
    if weights != plan.memory.weights {
        return Err(format!("the weights are {weights} bytes and the plan says {}", plan.memory.weights));
    }
    if let Some(budget) = plan.budget.filter(|b| *b < plan.memory.total()) {
        return Err(format!("the plan holds {} bytes and its budget is {budget}", plan.memory.total()));
    }
    let time = plan.times.iter().fold(0u64, |sum, time| sum.saturating_add(*time));
    if time != plan.time {
        return Err(format!("its moments take {time} ns and the plan says {}", plan.time));
    }
    let ports = plan.inputs.iter().chain(&plan.outputs);
    for port in ports {
        let bytes = 4 * port.shape.iter().product::<u64>();
        if slots.get(port.slot).is_none_or(|s| s.bytes < bytes) {
            return Err(format!("`{}` needs {bytes} bytes and its buffer is smaller or missing", port.name));
        }
    }
    let mut loops = vec![None; plan.loops];
    steps(plan, &plan.steps, &mut loops)
}

fn steps(plan: &Plan, list: &[Step], loops: &mut Vec<Option<(u64, u64)>>) -> Result<(), String> {
    for step in list {
        match step {
            Step::Call(call) => check_call(plan, call, loops).map_err(|e| format!("`{}`: {e}", call.origin))?,
            Step::Chunk { id, total, chunk, body, .. } => {
                if *chunk == 0 || *id >= loops.len() {
                    return Err(format!("loop {id} has chunk {chunk}"));
                }
                loops[*id] = Some((*total, (*chunk).min(*total)));
                steps(plan, body, loops)?;
                loops[*id] = None;
            }
            Step::Layers { id, count, body } => {
                if *id >= loops.len() {
                    return Err(format!("there is no loop {id}"));
                }
                loops[*id] = Some((*count, 1));
                steps(plan, body, loops)?;
                loops[*id] = None;
            }
        }
    }
    Ok(())
}

fn check_call(plan: &Plan, call: &Call, loops: &[Option<(u64, u64)>]) -> Result<(), String> {
    let kernel = plan.kernels.get(call.kernel).ok_or("names no kernel")?;
    let mut lengths = Vec::new();
    for length in &call.lengths {
        lengths.push(match length {
            Length::Fixed(n) => (*n, None),
            Length::Chunk(id) => {
                let (total, chunk) = loops.get(*id).copied().flatten().ok_or("runs outside its loop")?;
                (chunk, Some((*id, total)))
            }
        });
    }
    let (loads, stores) = (kernel.operands(), kernel.results());
    let gathered = |k: usize| match kernel {
        Kernel::Nest(n) => n.gathers[k].map_or(0, |g| g.stride.unsigned_abs() * g.extent.saturating_sub(1)),
        Kernel::Contract(_) | Kernel::Attend(_) => 0,
    };
    let indices = loads.iter().chain(&stores).all(|s| s.len() == lengths.len());
    if loads.len() != call.operands.len() || stores.len() != call.results.len() || !indices {
        return Err("does not fit its kernel".into());
    }
    for (k, (strides, place)) in loads.into_iter().zip(&call.operands).enumerate() {
        check_place(plan, place, strides, gathered(k), &lengths)?;
        if matches!(place.base, Base::Param(_)) && !strides.format.is_single() {
            return Err(format!("reads a weight as {}", strides.format));
        }
    }
    for (strides, place) in stores.into_iter().zip(&call.results) {
        check_place(plan, place, strides, 0, &lengths)?;
        if matches!(place.base, Base::Param(_)) {
            return Err("writes a weight".into());
        }
    }
    let places = call.operands.iter().chain(&call.results).map(|p| p.base);
    let slots = places.filter_map(|b| if let Base::Slot(s) = b { Some(s) } else { None }).chain(call.scratch);
    for k in slots {
        let slot = plan.slots.get(k).ok_or("names no buffer")?;
        if !(slot.first..=slot.last).contains(&call.moment) {
            return Err(format!(
                "uses buffer {k} (`{}`) at {}, alive from {} to {}",
                slot.name, call.moment, slot.first, slot.last
            ));
        }
    }
    Ok(())
}

/// One kernel index: its longest length, and the loop it follows with that loop's extent.
type Reach = (u64, Option<(usize, u64)>);

fn check_place(plan: &Plan, place: &Place, strides: &Strides, more: u64, lengths: &[Reach]) -> Result<(), String> {
    let bytes = match place.base {
        Base::Slot(slot) => plan.slots.get(slot).ok_or("names no buffer")?.bytes,
        Base::Param(param) => 4 * plan.params.get(param).ok_or("names no weight")?.shape.iter().product::<u64>(),
    };
    if lengths.iter().any(|(n, _)| *n == 0) {
        return Ok(());
    }
    let mut last = place.offset + more;
    for ((length, followed), &stride) in lengths.iter().zip(strides.iter()) {
        let stride = u64::try_from(stride).map_err(|_| "has a negative stride")?;
        // With a loop that moves the place, the whole index is walked; else one chunk is.
        let moved = followed.filter(|(id, _)| place.moves.iter().any(|(m, _)| m == id));
        let extent = moved.map_or(*length, |(_, total)| total);
        last += stride * (extent - 1);
    }
    if strides.format.bytes() * (last + 1) > bytes {
        return Err(format!("reaches element {last} of a buffer of {bytes} bytes"));
    }
    Ok(())
}
