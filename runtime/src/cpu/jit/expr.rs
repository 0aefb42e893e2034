//! Scalar expressions at a point: memory in, memory out, functions between.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32, F32X4, I32, I32X4, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use crease_core::ir::Instr;

use super::emit::{At, Emitter, REGISTERS, Shape, Val, Which, flags};

impl Emitter<'_> {
    /// Evaluates all that the indices entered so far determine.
    pub(super) fn settle(&mut self, which: Which, at: &mut At, shape: Shape) {
        let slot = usize::from(which == Which::After);
        let todo: Vec<(usize, Instr)> = match self.code(which) {
            Some(code) => (0..code.instrs.len())
                .filter(|&i| code.live[i] && code.needs[i] & !at.entered == 0 && at.known[slot][i].is_none())
                .map(|i| (i, code.instrs[i].clone()))
                .collect(),
            None => return,
        };
        for (i, instr) in todo {
            let value = self.instr(&instr, slot, at, shape);
            at.known[slot][i] = Some(value);
        }
    }

    fn instr(&mut self, instr: &Instr, slot: usize, at: &At, shape: Shape) -> Val {
        let known = |i: usize| at.known[slot][i].expect("arguments come earlier and need no more");
        match *instr {
            Instr::Load(k) => self.load(at, at.loads[k], &self.nest.loads[k].clone(), shape),
            Instr::Const(number) => Val::One(self.constant(F32, number as f32)),
            Instr::Size(_) => unreachable!("refused when the nest was ordered"),
            Instr::Position(index) => self.position(at, index, shape),
            Instr::Gather { source, at: place } => self.gather(at, source, known(place), shape),
            Instr::Row(_) => at.row.expect("needed only after the row"),
            Instr::Unary(function, a) => self.map(shape, [known(a)], |e, [a]| e.unary(function, a)),
            Instr::Binary(function, a, b) => {
                self.map(shape, [known(a), known(b)], |e, [a, b]| e.binary(function, a, b))
            }
            Instr::Select(c, a, b) => self.map(shape, [known(c), known(a), known(b)], |e, [c, a, b]| e.select(c, a, b)),
        }
    }

    /// Applies a function to each register; once only where no argument differs between lanes.
    pub(super) fn map<const N: usize>(
        &mut self,
        shape: Shape,
        arguments: [Val; N],
        mut function: impl FnMut(&mut Self, [Value; N]) -> Value,
    ) -> Val {
        let mut ones = [None; N];
        for (one, argument) in ones.iter_mut().zip(arguments) {
            *one = match argument {
                Val::One(x) => Some(x),
                Val::Many(_) => None,
            };
        }
        if ones.iter().all(Option::is_some) {
            return Val::One(function(self, ones.map(|one| one.expect("each is one"))));
        }
        let spread = arguments.map(|argument| self.spread(argument, shape));
        self.many(shape, |e, u| function(e, spread.each_ref().map(|registers| registers[u])))
    }

    /// Fills one register after the other.
    pub(super) fn many(&mut self, shape: Shape, mut register: impl FnMut(&mut Self, usize) -> Value) -> Val {
        let first = register(self, 0);
        let mut registers = [first; REGISTERS];
        for (u, place) in registers.iter_mut().enumerate().take(shape.count).skip(1) {
            *place = register(self, u);
        }
        Val::Many(registers)
    }

    /// The value in every register of a shape.
    pub(super) fn spread(&mut self, value: Val, shape: Shape) -> [Value; REGISTERS] {
        match value {
            Val::One(x) if shape.vector => [self.b.ins().splat(F32X4, x); REGISTERS],
            Val::One(x) => [x; REGISTERS],
            Val::Many(registers) => registers,
        }
    }

    /// Reads an operand at `address` plus the lanes.
    fn load(&mut self, at: &At, address: Value, strides: &[i64], shape: Shape) -> Val {
        let lane = self.order.lanes.map(|v| (at.position[v], strides[v]));
        match lane {
            Some((Some(lane), stride)) if stride != 0 => self.load_lanes(address, lane, stride, shape),
            _ => Val::One(self.b.ins().load(F32, flags(), address, 0)),
        }
    }

    /// Reads what [`Emitter::keep`] left here.
    pub(super) fn reload(&mut self, at: &At, shape: Shape) -> Val {
        if self.stage.is_some() {
            return self.many(shape, |e, u| e.b.ins().load(shape.ty(), flags(), at.kept, 16 * u as i32));
        }
        let strides = self.nest.store.clone();
        self.load(at, at.store, &strides, shape)
    }

    /// Leaves an element of a row for the next pass.
    pub(super) fn keep(&mut self, at: &At, shape: Shape, value: Val) {
        if self.stage.is_none() {
            return self.put(at, shape, value);
        }
        let registers = self.spread(value, shape);
        for (u, register) in registers.into_iter().enumerate().take(shape.count) {
            self.b.ins().store(flags(), register, at.kept, 16 * u as i32);
        }
    }

    fn load_lanes(&mut self, address: Value, lane: Value, stride: i64, shape: Shape) -> Val {
        let address = self.step(address, lane, stride);
        self.many(shape, |e, u| match (shape.vector, stride) {
            (false, _) => e.b.ins().load(F32, flags(), address, 0),
            (true, 1) => e.b.ins().load(F32X4, flags(), address, 16 * u as i32),
            (true, _) => {
                let mut register = None;
                for lane in 0..4 {
                    let (address, offset) = e.within(address, (4 * u + lane) as i64, stride);
                    let x = e.b.ins().load(F32, flags(), address, offset);
                    register = Some(match register {
                        None => e.b.ins().scalar_to_vector(F32X4, x),
                        Some(others) => e.b.ins().insertlane(others, x, lane as u8),
                    });
                }
                register.expect("there are four lanes")
            }
        })
    }

    /// `address` moved by a fixed number of strides, as an address and a short offset.
    fn within(&mut self, address: Value, steps: i64, stride: i64) -> (Value, i32) {
        let bytes = stride.wrapping_mul(4 * steps);
        match i32::try_from(bytes) {
            Ok(offset) => (address, offset),
            Err(_) => (self.b.ins().iadd_imm_s(address, bytes), 0),
        }
    }

    /// Writes the result.
    pub(super) fn put(&mut self, at: &At, shape: Shape, value: Val) {
        let lane = self.order.lanes.and_then(|v| Some((at.position[v]?, self.nest.store[v])));
        let Some((lane, stride)) = lane else {
            let [x, ..] = self.spread(value, Shape::SCALAR);
            self.b.ins().store(flags(), x, at.store, 0);
            return;
        };
        let address = self.step(at.store, lane, stride);
        let registers = self.spread(value, shape);
        for (u, register) in registers.into_iter().enumerate().take(shape.count) {
            if !shape.vector {
                self.b.ins().store(flags(), register, address, 0);
            } else if stride == 1 {
                self.b.ins().store(flags(), register, address, 16 * u as i32);
            } else {
                for lane in 0..4_u8 {
                    let x = self.b.ins().extractlane(register, lane);
                    let (address, offset) = self.within(address, 4 * u as i64 + i64::from(lane), stride);
                    self.b.ins().store(flags(), x, address, offset);
                }
            }
        }
    }

    fn position(&mut self, at: &At, index: usize, shape: Shape) -> Val {
        let here = at.position[index].expect("needed only where entered");
        let start = self.starts[index].expect("positions read were loaded");
        let here = self.b.ins().iadd(start, here);
        if Some(index) != self.order.lanes || !shape.vector {
            let x = self.b.ins().fcvt_from_sint(F32, here);
            return if Some(index) == self.order.lanes { Val::Many([x; REGISTERS]) } else { Val::One(x) };
        }
        let here = self.b.ins().ireduce(I32, here);
        let here = self.b.ins().splat(I32X4, here);
        self.many(shape, |e, u| {
            let lanes: Vec<u8> = (0..4).flat_map(|lane| (4 * u as i32 + lane).to_le_bytes()).collect();
            let constant = e.b.func.dfg.constants.insert(lanes.into());
            let lanes = e.b.ins().vconst(I32X4, constant);
            let here = e.b.ins().iadd(here, lanes);
            e.b.ins().fcvt_from_sint(F32X4, here)
        })
    }

    /// Reads `source` where its gathered axis stands at `place`; NaN outside the axis.
    fn gather(&mut self, at: &At, source: usize, place: Val, shape: Shape) -> Val {
        let axis = self.nest.gathers[source].expect("checked when the nest was ordered");
        if axis.extent == 0 {
            return Val::One(self.constant(F32, f32::NAN));
        }
        let strides = self.nest.loads[source].clone();
        let places = match place {
            Val::One(place) => {
                let (address, factor) = self.gathered(at.loads[source], place, axis.stride, axis.extent);
                let value = self.load(at, address, &strides, shape);
                return self.map(shape, [value, Val::One(factor)], |e, [x, factor]| e.b.ins().fmul(x, factor));
            }
            Val::Many(places) => places,
        };
        let v = self.order.lanes.expect("values differ along lanes only");
        let lane = at.position[v].expect("values differ inside the lane loop only");
        let start = self.step(at.loads[source], lane, strides[v]);
        self.many(shape, |e, u| {
            if !shape.vector {
                return e.gathered_one(start, places[u], axis.stride, axis.extent);
            }
            let mut register = places[u];
            for lane in 0..4_u8 {
                let place = e.b.ins().extractlane(places[u], lane);
                let step = strides[v].wrapping_mul(4 * (4 * u as i64 + i64::from(lane)));
                let address = if step == 0 { start } else { e.b.ins().iadd_imm_s(start, step) };
                let x = e.gathered_one(address, place, axis.stride, axis.extent);
                register = e.b.ins().insertlane(register, x, lane);
            }
            register
        })
    }

    fn gathered_one(&mut self, address: Value, place: Value, stride: i64, extent: u64) -> Value {
        let (address, factor) = self.gathered(address, place, stride, extent);
        let x = self.b.ins().load(F32, flags(), address, 0);
        self.b.ins().fmul(x, factor)
    }

    /// The address for a place, and the factor that makes NaN of what lies outside.
    fn gathered(&mut self, address: Value, place: Value, stride: i64, extent: u64) -> (Value, Value) {
        let rounded = self.b.ins().nearest(place);
        let index = self.b.ins().fcvt_to_sint_sat(I64, rounded);
        let extent = self.b.ins().iconst(I64, i64::try_from(extent).unwrap_or(i64::MAX));
        let inside = self.b.ins().icmp(IntCC::UnsignedLessThan, index, extent);
        let number = self.b.ins().fcmp(FloatCC::Ordered, place, place);
        let good = self.b.ins().band(inside, number);
        let zero = self.b.ins().iconst(I64, 0);
        let index = self.b.ins().select(good, index, zero);
        let (one, nan) = (self.constant(F32, 1.0), self.constant(F32, f32::NAN));
        let factor = self.b.ins().select(good, one, nan);
        (self.step(address, index, stride), factor)
    }
}
