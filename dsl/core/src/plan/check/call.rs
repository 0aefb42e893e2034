//! One kernel call: where it reads and writes in any iteration of the loops around it.

use std::ops::Range;

use cranelift_entity::PrimaryMap;

use super::walk::{Open, Walk};
use super::{MOST, elements};
use crate::ir::Instr;
use crate::kernel::{Attend, Contract, Kernel, Strides};
use crate::plan::data::{Base, Call, Length, LoopId, Place, Slot, SlotId, SlotKind};

/// The largest number of elements from a buffer's start that an address is computed for.
const FARTHEST: u64 = 1 << 56;

/// An index of a call.
#[derive(Clone, Copy)]
struct Extent {
    /// The most positions it has in one iteration.
    longest: u64,
    /// The chunk loop it follows and all of that loop's positions.
    follows: Option<(LoopId, u64)>,
}

/// What an operand or result touches in one buffer.
struct Touched<'p> {
    slot: SlotId,
    place: &'p Place,
    /// Bytes of the buffer in the first iteration, and in any iteration.
    turn: Range<u64>,
    ever: Range<u64>,
    role: Role,
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    /// Operand number, and whether the kernel writes it too.
    Operand(usize, bool),
    Result(usize),
}

impl Role {
    fn writes(self) -> bool {
        matches!(self, Role::Result(_) | Role::Operand(_, true))
    }
}

pub(super) fn check(walk: &Walk<'_>, call: &Call) -> Result<(), String> {
    let kernel = walk.plan.kernels.get(call.kernel).ok_or_else(|| format!("names kernel {}", call.kernel))?;
    let extents = extents(walk, call)?;
    let (operands, results) = (kernel.operands(), kernel.results());
    let expected = [operands.len(), results.len(), kernel.indices()];
    let found = [call.operands.len(), call.results.len(), call.lengths.len()];
    if found != expected {
        return Err(format!("has {found:?} operands, results and indices, but its kernel has {expected:?}"));
    }
    check_extents(kernel, &extents)?;
    let mut touched = Vec::new();
    let read = call.operands.iter().zip(operands).enumerate();
    let read = read.map(|(k, at)| (at, gathered(kernel, k), Role::Operand(k, is_running(kernel, k))));
    let written = call.results.iter().zip(results).enumerate();
    let written = written.map(|(k, at)| (at, Some(0), Role::Result(k)));
    for ((place, strides), more, role) in read.chain(written) {
        let touches = touch(walk, (place, strides), more, &extents, role)?;
        if role.writes() && touches.is_some() {
            check_written_once((kernel, role), strides, &extents)?;
        }
        touched.extend(touches);
    }
    for k in touched.iter().map(|touched| touched.slot).chain(call.scratch) {
        check_alive(&walk.plan.slots, k, call.moment)?;
    }
    check_scratch(walk, call, kernel, &extents)?;
    check_overlaps((kernel, &extents), &touched, call.scratch)
}

fn extents(walk: &Walk<'_>, call: &Call) -> Result<Vec<Extent>, String> {
    let mut extents: Vec<Extent> = Vec::with_capacity(call.lengths.len());
    for length in &call.lengths {
        extents.push(match length {
            Length::Fixed(n) if *n <= MOST => Extent { longest: *n, follows: None },
            Length::Fixed(n) => return Err(format!("has an index of {n} positions")),
            Length::Chunk(id) => match walk.open.get(*id) {
                Some(Some(Open::Chunk { total, turn })) => {
                    if extents.iter().any(|other| other.follows.is_some_and(|(known, _)| known == *id)) {
                        return Err(format!("has two indices that follow loop {id}"));
                    }
                    Extent { longest: *turn, follows: Some((*id, *total)) }
                }
                _ => return Err(format!("has an index that follows loop {id}, which is not around it")),
            },
        });
    }
    Ok(extents)
}

/// Checks that a kernel can take indices of these extents.
fn check_extents(kernel: &Kernel, extents: &[Extent]) -> Result<(), String> {
    let several = |i: &usize| extents[*i].longest > 1;
    let steps = |i: usize| kernel.operands().into_iter().chain(kernel.results()).any(|strides| strides[i] != 0);
    // A row may be longer than anything it reads: a sum of ones. Any other index without a stride would only repeat
    // work.
    let is_row =
        |i: &usize| matches!(kernel, Kernel::Nest(nest) if nest.row.as_ref().is_some_and(|row| row.over.contains(i)));
    if let Some(i) = (0..extents.len()).find(|i| several(i) && !is_row(i) && !steps(*i)) {
        return Err(format!("has an index {i} of {} positions that nothing steps along", extents[i].longest));
    }
    // So that a product of extents does not overflow.
    let points = extents.iter().try_fold(1u64, |points, extent| points.checked_mul(extent.longest.max(1)));
    if points.is_none_or(|points| points > FARTHEST) {
        return Err("has more points than can be counted".into());
    }
    let Kernel::Contract(contract) = kernel else { return Ok(()) };
    if contract.norm.is_some() && contract.contracted.iter().filter(|i| several(i)).count() > 1 {
        return Err("normalizes rows along several indices".into());
    }
    let sums: u64 = contract.parts.iter().map(|part| part.sums.len() as u64).sum();
    let terms: u64 = contract.contracted.iter().map(|i| extents[*i].longest).product();
    let plain =
        contract.norm.is_none() && contract.parts.iter().all(|part| part.sums.len() == 1 && part.after.is_row());
    if (sums > 1 || !plain) && terms * sums > Contract::TERMS {
        return Err(format!("sums {terms} terms for {sums} sums at once, at most {} are possible", Contract::TERMS));
    }
    Ok(())
}

/// Whether an operand is also written: the running logarithm of attention.
fn is_running(kernel: &Kernel, operand: usize) -> bool {
    matches!(kernel, Kernel::Attend(attend) if attend.running.is_some() && operand == 3 + attend.added.len())
}

/// Elements beyond the first that an expression may reach along an operand's gathered axis; none where it reads
/// nothing, since the axis is empty.
fn gathered(kernel: &Kernel, operand: usize) -> Option<u64> {
    let Kernel::Nest(nest) = kernel else { return Some(0) };
    let Some(axis) = nest.gathers[operand] else { return Some(0) };
    let is_loaded = nest.before.0.iter().chain(&nest.after.0).any(|instr| *instr == Instr::Load(operand));
    match axis.extent {
        0 if !is_loaded => None,
        extent => Some(axis.stride.unsigned_abs().saturating_mul(extent.saturating_sub(1))),
    }
}

/// Checks that every element is inside its buffer or weight, in every iteration; none where nothing is accessed
/// or a weight is.
fn touch<'p>(
    walk: &Walk<'_>,
    (place, strides): (&'p Place, &'p Strides),
    more: Option<u64>,
    extents: &[Extent],
    role: Role,
) -> Result<Option<Touched<'p>>, String> {
    for (at, (id, stride)) in place.moves.iter().enumerate() {
        let again = place.moves[..at].iter().any(|(other, _)| other == id);
        let index = (0..extents.len()).find(|i| extents[*i].follows.is_some_and(|(loop_id, _)| loop_id == *id));
        let steps = index.map(|i| strides[i].unsigned_abs());
        if again || *stride == 0 || steps != Some(*stride) {
            return Err(format!("moves by {stride} with loop {id}, but its index steps by {}", steps.unwrap_or(0)));
        }
    }
    let moves = |extent: &Extent| extent.follows.filter(|(id, _)| place.moves.iter().any(|(moved, _)| moved == id));
    let far = |last: Option<u64>| last.filter(|last| *last <= FARTHEST).ok_or("reaches beyond all memory");
    let first = far(place.offset.checked_add(more.unwrap_or(0)))?;
    let (mut turn, mut ever, mut nothing) = (first, first, more.is_none());
    for (extent, stride) in extents.iter().zip(strides.iter().map(|stride| stride.unsigned_abs())) {
        nothing |= stride > 0 && extent.longest == 0;
        let step = |last: u64, positions: u64| {
            far(stride.checked_mul(positions.saturating_sub(1)).and_then(|more| last.checked_add(more)))
        };
        turn = step(turn, extent.longest)?;
        ever = step(ever, moves(extent).map_or(extent.longest, |(_, total)| total))?;
    }
    let width = strides.format.bytes();
    let bytes = match place.base {
        Base::Slot(slot) => walk.plan.slots.get(slot).ok_or_else(|| format!("names buffer {slot}"))?.bytes,
        Base::Param(param) => {
            let param = walk.plan.params.get(param).ok_or_else(|| format!("names weight {param}"))?;
            if param.layers != walk.layers {
                return Err(format!("reads weight `{}` outside its layers", param.name));
            }
            if role.writes() || !strides.format.is_single() {
                return Err(format!("reads weight `{}` as {}, or writes it", param.name, strides.format));
            }
            4 * elements(&param.shape).unwrap_or(0)
        }
    };
    if nothing {
        return Ok(None);
    }
    if width * (ever + 1) > bytes {
        return Err(format!("reaches element {ever} of a buffer of {bytes} bytes"));
    }
    let Base::Slot(slot) = place.base else { return Ok(None) };
    let from = width * place.offset;
    Ok(Some(Touched { slot, place, turn: from..width * (turn + 1), ever: from..width * (ever + 1), role }))
}

/// Checks that no two points of a call write the same element: each stride of the result, in rising order, is larger
/// than the reach of all smaller ones.
fn check_written_once((kernel, role): (&Kernel, Role), strides: &Strides, extents: &[Extent]) -> Result<(), String> {
    let consumed = |i: usize| match kernel {
        Kernel::Nest(nest) => nest.row.as_ref().is_some_and(|row| row.op.consumes() && row.over.contains(&i)),
        Kernel::Contract(contract) => contract.contracted.contains(&i),
        // The running logarithm has a number for each row, the result one for each channel too.
        Kernel::Attend(attend) => {
            let is_running = matches!(role, Role::Operand(..));
            i == attend.key || i == attend.inner || is_running && i == attend.channel
        }
    };
    let own = (0..extents.len()).filter(|i| extents[*i].longest > 1 && !consumed(*i));
    let mut steps: Vec<(u64, u64)> = own.map(|i| (strides[i].unsigned_abs(), extents[i].longest)).collect();
    steps.sort_unstable();
    let mut reach = 0;
    for (stride, positions) in steps {
        if stride <= reach {
            return Err(format!("writes elements of its result twice: a stride of {stride} after {reach} elements"));
        }
        reach += stride * (positions - 1);
    }
    Ok(())
}

fn check_alive(slots: &PrimaryMap<SlotId, Slot>, k: SlotId, moment: u64) -> Result<(), String> {
    let slot = slots.get(k).ok_or_else(|| format!("names buffer {k}"))?;
    match (slot.first..=slot.last).contains(&moment) {
        true => Ok(()),
        false => Err(format!(
            "uses buffer {k} (`{}`) at moment {moment}, alive from {} to {}",
            slot.name, slot.first, slot.last
        )),
    }
}

fn check_scratch(walk: &Walk<'_>, call: &Call, kernel: &Kernel, extents: &[Extent]) -> Result<(), String> {
    let target = &walk.plan.target;
    let each = match kernel {
        Kernel::Nest(_) => 0,
        Kernel::Contract(_) => target.contract_scratch,
        Kernel::Attend(attend) => Attend::scratch(extents[attend.inner].longest, extents[attend.channel].longest),
    };
    let Some(slot) = call.scratch else {
        return match each {
            0 => Ok(()),
            _ => Err("has no working memory".into()),
        };
    };
    let slot = &walk.plan.slots[slot];
    let needed = u128::from(each) * u128::from(target.threads);
    if each == 0 || slot.kind != SlotKind::Scratch || u128::from(slot.bytes) < needed {
        return Err(format!("has {} bytes of working memory, but needs {needed}", slot.bytes));
    }
    Ok(())
}

/// Checks that results overlap nothing else, except an operand whose elements are each read before they are replaced.
/// Buffers that are alive together do not overlap: only the same buffer counts.
fn check_overlaps(
    (kernel, extents): (&Kernel, &[Extent]),
    touched: &[Touched<'_>],
    scratch: Option<SlotId>,
) -> Result<(), String> {
    if touched.iter().any(|touched| Some(touched.slot) == scratch) {
        return Err("uses its working memory as an operand or result".into());
    }
    for (at, a) in touched.iter().enumerate() {
        for b in &touched[at + 1..] {
            if a.slot != b.slot || !(a.role.writes() || b.role.writes()) {
                continue;
            }
            let together = a.place.moves == b.place.moves;
            let (x, y) = if together { (&a.turn, &b.turn) } else { (&a.ever, &b.ever) };
            let in_place = match (a.role, b.role) {
                (Role::Operand(operand, false), Role::Result(result)) => {
                    let same = together && a.place.offset == b.place.offset;
                    same && kernel.may_overwrite(operand, result, &|i| extents[i].longest)
                }
                _ => false,
            };
            if x.start < y.end && y.start < x.end && !in_place {
                return Err("overwrites memory that it still reads".into());
            }
        }
    }
    Ok(())
}
