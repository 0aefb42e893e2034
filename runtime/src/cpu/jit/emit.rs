//! The loop nest around a point: units of work, lanes, places in memory.
//!
//! A unit is one position of the outer indices, and one block of the lane index where that belongs to
//! the result. Units are numbered in a row, so a task is a range of units whatever the extents are.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F32X4, I64};
use cranelift_codegen::ir::{FuncRef, InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::{FunctionBuilder, Variable};
use crease_core::kernel::{Nest, RowOp, Strides};

use super::helper::Helper;
use super::order::{Code, Order, SCRATCH};

/// What one step along the lane index computes at once.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Shape {
    /// Four lanes in a register, or one.
    pub(super) vector: bool,
    /// How many registers.
    pub(super) count: usize,
}

impl Shape {
    pub(super) const SCALAR: Shape = Shape { vector: false, count: 1 };

    pub(super) fn vectors(count: usize) -> Shape {
        Shape { vector: true, count }
    }

    pub(super) fn ty(self) -> Type {
        if self.vector { F32X4 } else { F32 }
    }

    fn lanes(self) -> i64 {
        if self.vector { 4 * self.count as i64 } else { 1 }
    }
}

/// A value at a point.
#[derive(Clone, Copy)]
pub(super) enum Val {
    /// The same in every lane, held once.
    One(Value),
    /// One register for each of [`Shape::count`].
    Many([Value; REGISTERS]),
}

/// The most registers that one step computes.
pub(super) const REGISTERS: usize = 8;

/// Which expression a loop prepares: what does not change inside is computed outside.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Which {
    Before,
    After,
    Neither,
}

/// Where the loops stand.
#[derive(Clone)]
pub(super) struct At {
    /// Each operand's address, the lane index not counted.
    pub(super) loads: Vec<Value>,
    /// The result's address, likewise.
    pub(super) store: Value,
    /// Where a row that stays waits between passes, lanes counted.
    pub(super) kept: Value,
    /// Position of every index entered.
    pub(super) position: Vec<Option<Value>>,
    /// The indices entered, and [`super::order::ROW`] once the row's result is known.
    pub(super) entered: u64,
    /// The row's result.
    pub(super) row: Option<Val>,
    /// What has been computed of `before` and `after`.
    pub(super) known: [Vec<Option<Val>>; 2],
}

/// Emits one nest.
pub(super) struct Emitter<'a> {
    pub(super) b: FunctionBuilder<'a>,
    pub(super) nest: &'a Nest,
    pub(super) order: &'a Order,
    /// Whether the host multiplies and adds in one rounding.
    pub(super) fma: bool,
    /// Functions called lane by lane, where the nest uses them.
    pub(super) helpers: [Option<FuncRef>; Helper::COUNT],
    pub(super) extents: Vec<Value>,
    pub(super) starts: Vec<Option<Value>>,
    /// Where rows wait between passes, if not in the result's own memory.
    pub(super) stage: Option<Stage>,
}

/// Memory of one task for a few rows side by side: passes over rows whose elements stand far apart
/// touch far memory once to read and once to write.
#[derive(Clone)]
pub(super) struct Stage {
    scratch: Value,
    /// Whether a row has room; if not it waits in the result.
    fits: Value,
    /// Bytes from element to element along each index of the row.
    strides: Vec<(usize, Value)>,
}

/// Bytes from one element of a waiting row to the next.
const STAGE_STEP: i64 = 16 * REGISTERS as i64;

/// Bytes from one place to the next along an index.
pub(super) fn bytes(strides: &Strides, index: usize) -> i64 {
    strides[index].wrapping_mul(strides.format.bytes() as i64)
}

/// Memory that is there; any alignment.
pub(super) fn flags() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

/// One place of a unit's number.
struct Digit {
    /// The index; none for the block of lanes.
    index: Option<usize>,
    count: Value,
    position: Variable,
}

impl Emitter<'_> {
    pub(super) fn code(&self, which: Which) -> Option<&Code> {
        match which {
            Which::Before => Some(&self.order.before),
            Which::After => Some(&self.order.after),
            Which::Neither => None,
        }
    }

    /// The whole function: units `lo..hi`.
    pub(super) fn nest(&mut self) {
        let entry = self.b.create_block();
        self.b.append_block_params_for_function_params(entry);
        self.b.switch_to_block(entry);
        self.b.seal_block(entry);
        let &[loads, store, extents, starts, scratch, lo, hi, block] = self.b.block_params(entry) else {
            unreachable!("the signature has eight parameters")
        };
        let word = |e: &mut Self, base: Value, i: usize| e.b.ins().load(I64, flags(), base, 8 * i as i32);
        self.extents = (0..self.nest.indices).map(|i| word(self, extents, i)).collect();
        let positions = self.order.positions;
        self.starts =
            (0..self.nest.indices).map(|i| (positions >> i & 1 == 1).then(|| word(self, starts, i))).collect();
        let start = At {
            loads: (0..self.nest.loads.len()).map(|k| word(self, loads, k)).collect(),
            store,
            kept: store,
            position: vec![None; self.nest.indices],
            entered: 0,
            row: None,
            known: [vec![None; self.order.before.instrs.len()], vec![None; self.order.after.instrs.len()]],
        };

        self.stage = self.order.staged.then(|| self.stage(scratch));

        let (some, done) = (self.b.create_block(), self.b.create_block());
        let any = self.b.ins().icmp(IntCC::UnsignedLessThan, lo, hi);
        self.b.ins().brif(any, some, &[], done, &[]);
        self.b.switch_to_block(some);
        self.b.seal_block(some);
        let digits = self.digits(lo, block);
        let last = self.b.ins().iadd_imm_s(hi, -1);
        self.count(lo, last, 1, &mut |e, _| {
            e.unit(&start, &digits, block);
            e.advance(&digits);
        });
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(done);
        self.b.seal_block(done);
        self.b.ins().return_(&[]);
    }

    fn stage(&mut self, scratch: Value) -> Stage {
        let mut size = self.b.ins().iconst(I64, STAGE_STEP);
        let mut strides: Vec<(usize, Value)> = Vec::new();
        for &index in self.order.rows.iter().rev() {
            strides.push((index, size));
            size = self.b.ins().imul(size, self.extents[index]);
        }
        let room = self.b.ins().iconst(I64, 4 * SCRATCH as i64);
        let fits = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, size, room);
        for (index, stride) in &mut strides {
            let own = self.b.ins().iconst(I64, bytes(&self.nest.store, *index));
            *stride = self.b.ins().select(fits, *stride, own);
        }
        Stage { scratch, fits, strides }
    }

    /// Splits the first unit's number into positions, the innermost first.
    fn digits(&mut self, lo: Value, block: Value) -> Vec<Digit> {
        let mut indices: Vec<Option<usize>> = self.order.outer.iter().rev().copied().map(Some).collect();
        if self.order.lanes.is_some() && !self.order.folds_lanes {
            indices.insert(usize::from(self.order.tiled), None);
        }
        let mut rest = lo;
        let outermost = indices.len().saturating_sub(1);
        let mut digits = Vec::new();
        for (place, index) in indices.into_iter().enumerate() {
            let count = match (index, self.order.lanes) {
                (Some(i), _) => self.extents[i],
                (None, lanes) => {
                    let extent = self.extents[lanes.unwrap_or_default()];
                    let up = self.b.ins().iadd(extent, block);
                    let up = self.b.ins().iadd_imm_s(up, -1);
                    self.b.ins().udiv(up, block)
                }
            };
            let position = self.b.declare_var(I64);
            let at = if place == outermost { rest } else { self.b.ins().urem(rest, count) };
            self.b.def_var(position, at);
            if place != outermost {
                rest = self.b.ins().udiv(rest, count);
            }
            digits.push(Digit { index, count, position });
        }
        digits
    }

    /// Counts one unit on.
    fn advance(&mut self, digits: &[Digit]) {
        let zero = self.b.ins().iconst(I64, 0);
        let mut carry = self.b.ins().iconst(I64, 1);
        for digit in digits {
            let position = self.b.use_var(digit.position);
            let next = self.b.ins().iadd(position, carry);
            let full = self.b.ins().icmp(IntCC::Equal, next, digit.count);
            let wrapped = self.b.ins().select(full, zero, next);
            self.b.def_var(digit.position, wrapped);
            carry = self.b.ins().uextend(I64, full);
        }
    }

    fn unit(&mut self, start: &At, digits: &[Digit], block: Value) {
        let mut at = start.clone();
        let mut lanes_from = None;
        for digit in digits {
            let position = self.b.use_var(digit.position);
            match digit.index {
                Some(index) => at = self.enter(&at, index, position),
                None => lanes_from = Some(self.b.ins().imul(position, block)),
            }
        }
        match (self.order.lanes, lanes_from) {
            (Some(v), Some(from)) => {
                let to = self.b.ins().iadd(from, block);
                let to = self.b.ins().smin(to, self.extents[v]);
                let unroll = self.unroll();
                self.settle(Which::Before, &mut at, Shape::SCALAR);
                self.settle(Which::After, &mut at, Shape::SCALAR);
                self.lanes(from, to, unroll, &mut |e, lane, shape| {
                    let mut at = e.enter(&at, v, lane);
                    if let Some(stage) = e.stage.clone() {
                        let own = e.step(at.store, lane, bytes(&e.nest.store, v));
                        at.kept = e.b.ins().select(stage.fits, stage.scratch, own);
                    }
                    e.point(at, shape);
                });
            }
            _ => self.point(at, Shape::SCALAR),
        }
    }

    /// One point of the result, or as many as the shape has lanes.
    fn point(&mut self, mut at: At, shape: Shape) {
        match &self.nest.row {
            Some(row) => self.row(&mut at, shape, row.op),
            None => self.finish(&mut at, shape),
        }
    }

    /// Evaluates `after` and stores it.
    pub(super) fn finish(&mut self, at: &mut At, shape: Shape) {
        self.settle(Which::After, at, shape);
        let result = at.known[1].last().copied().flatten().expect("the result was settled");
        self.put(at, shape, result);
    }

    /// Registers per step that keep loads in flight without running out of registers.
    fn unroll(&self) -> usize {
        let weight = self.order.before.weight + self.order.after.weight;
        match self.nest.row.as_ref().map(|row| row.op) {
            // Two cache lines of each element of a row: rows across the lanes stride from page to page.
            Some(RowOp::Sum | RowOp::Max | RowOp::Normalize { .. }) if weight <= 8 => REGISTERS,
            Some(RowOp::Softmax) if weight <= 6 => REGISTERS,
            Some(RowOp::Softmax) => unroll(weight + 12),
            _ => unroll(weight),
        }
    }

    /// Enters the loop of an index at a position.
    pub(super) fn enter(&mut self, at: &At, index: usize, position: Value) -> At {
        let mut at = at.clone();
        at.position[index] = Some(position);
        at.entered |= 1 << index;
        if Some(index) != self.order.lanes {
            for k in 0..at.loads.len() {
                at.loads[k] = self.step(at.loads[k], position, bytes(&self.nest.loads[k], index));
            }
            at.store = self.step(at.store, position, bytes(&self.nest.store, index));
        }
        let staged = self.stage.iter().flat_map(|stage| &stage.strides).find(|(row, _)| *row == index);
        if let Some(&(_, stride)) = staged {
            let offset = self.b.ins().imul(position, stride);
            at.kept = self.b.ins().iadd(at.kept, offset);
        }
        at
    }

    /// `address + position · bytes`
    pub(super) fn step(&mut self, address: Value, position: Value, bytes: i64) -> Value {
        if bytes == 0 {
            return address;
        }
        let offset = self.b.ins().imul_imm_s(position, bytes);
        self.b.ins().iadd(address, offset)
    }

    /// `while i ≤ last { body; i += step }` from `from`; gives where it stopped.
    pub(super) fn count(
        &mut self,
        from: Value,
        last: Value,
        step: i64,
        body: &mut dyn FnMut(&mut Self, Value),
    ) -> Value {
        let (inside, after) = (self.b.create_block(), self.b.create_block());
        let i = self.b.declare_var(I64);
        self.b.def_var(i, from);
        let more = self.b.ins().icmp(IntCC::SignedLessThanOrEqual, from, last);
        self.b.ins().brif(more, inside, &[], after, &[]);
        self.b.switch_to_block(inside);
        let here = self.b.use_var(i);
        body(self, here);
        let next = self.b.ins().iadd_imm_s(here, step);
        self.b.def_var(i, next);
        let more = self.b.ins().icmp(IntCC::SignedLessThanOrEqual, next, last);
        self.b.ins().brif(more, inside, &[], after, &[]);
        self.b.seal_block(inside);
        self.b.seal_block(after);
        self.b.switch_to_block(after);
        self.b.use_var(i)
    }

    /// Walks the lane index: several registers at once, then one, then lane by lane.
    pub(super) fn lanes(
        &mut self,
        from: Value,
        to: Value,
        unroll: usize,
        body: &mut dyn FnMut(&mut Self, Value, Shape),
    ) {
        let mut i = from;
        let wide = (unroll > 1).then(|| Shape::vectors(unroll));
        for shape in wide.into_iter().chain([Shape::vectors(1), Shape::SCALAR]) {
            let last = self.b.ins().iadd_imm_s(to, -shape.lanes());
            i = self.count(i, last, shape.lanes(), &mut |e, lane| body(e, lane, shape));
        }
    }
}

/// How many registers to compute at once for an expression of this weight.
pub(super) fn unroll(weight: usize) -> usize {
    match weight {
        0..=24 => 4,
        25..=60 => 2,
        _ => 1,
    }
}
