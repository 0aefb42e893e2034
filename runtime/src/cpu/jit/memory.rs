//! Memory at a point: operands in whatever they are kept in, numbers in single precision out, and back.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32, F32X4, I32, I64, I64X2};
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Value};
use crease_core::ir::Format;
use crease_core::kernel::{Gathered, Strides};

use super::emit::{At, Emitter, Shape, Val, bytes, flags};
use crate::cpu::numbers::arithmetic::Arithmetic;
use crate::cpu::numbers::functions;

/// Bytes of so many times four elements side by side.
fn four(format: Format, times: usize) -> i32 {
    4 * format.bytes() as i32 * times as i32
}

impl Emitter<'_> {
    fn load_one(&mut self, format: Format, address: Value, offset: i32) -> Value {
        match format {
            Format::Single => self.b.ins().load(F32, flags(), address, offset),
            Format::Bf16 => {
                let half = self.b.ins().uload16(I32, flags(), address, offset);
                let bits = self.shift_left(half, 16);
                self.number_of(bits)
            }
        }
    }

    fn load_four(&mut self, format: Format, address: Value, offset: i32) -> Value {
        match format {
            Format::Single => self.b.ins().load(F32X4, flags(), address, offset),
            Format::Bf16 => {
                let halves = self.b.ins().uload16x4(flags(), address, offset);
                let bits = self.shift_left(halves, 16);
                self.number_of(bits)
            }
        }
    }

    fn store_one(&mut self, format: Format, x: Value, address: Value, offset: i32) {
        match format {
            Format::Single => {
                self.b.ins().store(flags(), x, address, offset);
            }
            Format::Bf16 => {
                let half = functions::bf16(self, x);
                self.b.ins().istore16(flags(), half, address, offset);
            }
        }
    }

    fn store_four(&mut self, format: Format, x: Value, address: Value, offset: i32) {
        match format {
            Format::Single => {
                self.b.ins().store(flags(), x, address, offset);
            }
            Format::Bf16 => {
                let halves = functions::bf16(self, x);
                let halves = self.b.ins().unarrow(halves, halves);
                let order = MemFlagsData::new().with_endianness(Endianness::Little);
                let pairs = self.b.ins().bitcast(I64X2, order, halves);
                let all = self.b.ins().extractlane(pairs, 0);
                self.b.ins().store(flags(), all, address, offset);
            }
        }
    }

    /// Reads an operand at `address` plus the lanes.
    pub(super) fn load(&mut self, at: &At, address: Value, strides: &Strides, shape: Shape) -> Val {
        let lane = self.order.lanes.and_then(|v| Some((v, at.position[v]?)));
        match lane {
            Some((v, lane)) if strides[v] != 0 => self.load_lanes(address, lane, (strides, v), shape),
            _ => Val::One(self.load_one(strides.format, address, 0)),
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

    fn load_lanes(&mut self, address: Value, lane: Value, (strides, v): (&Strides, usize), shape: Shape) -> Val {
        let (format, stride) = (strides.format, bytes(strides, v));
        let address = self.step(address, lane, stride);
        self.many(shape, |e, u| match (shape.vector, strides[v]) {
            (false, _) => e.load_one(format, address, 0),
            (true, 1) => e.load_four(format, address, four(format, u)),
            (true, _) => {
                let mut register = None;
                for lane in 0..4 {
                    let (address, offset) = e.within(address, (4 * u + lane) as i64, stride);
                    let x = e.load_one(format, address, offset);
                    register = Some(match register {
                        None => e.b.ins().scalar_to_vector(F32X4, x),
                        Some(others) => e.b.ins().insertlane(others, x, lane as u8),
                    });
                }
                register.expect("there are four lanes")
            }
        })
    }

    /// `address` moved by a fixed number of steps of so many bytes, as an address and a short offset.
    fn within(&mut self, address: Value, steps: i64, step: i64) -> (Value, i32) {
        let bytes = step.wrapping_mul(steps);
        match i32::try_from(bytes) {
            Ok(offset) => (address, offset),
            Err(_) => (self.b.ins().iadd_imm_s(address, bytes), 0),
        }
    }

    /// Writes the result.
    pub(super) fn put(&mut self, at: &At, shape: Shape, value: Val) {
        let format = self.nest.store.format;
        let lane = self.order.lanes.and_then(|v| Some((at.position[v]?, v)));
        let Some((lane, v)) = lane else {
            let [x, ..] = self.spread(value, Shape::SCALAR);
            return self.store_one(format, x, at.store, 0);
        };
        let stride = bytes(&self.nest.store, v);
        let address = self.step(at.store, lane, stride);
        let registers = self.spread(value, shape);
        for (u, register) in registers.into_iter().enumerate().take(shape.count) {
            if !shape.vector {
                self.store_one(format, register, address, 0);
            } else if self.nest.store[v] == 1 {
                self.store_four(format, register, address, four(format, u));
            } else {
                for lane in 0..4_u8 {
                    let x = self.b.ins().extractlane(register, lane);
                    let (address, offset) = self.within(address, 4 * u as i64 + i64::from(lane), stride);
                    self.store_one(format, x, address, offset);
                }
            }
        }
    }

    /// Reads `source` where its gathered axis stands at `place`; NaN outside the axis.
    pub(super) fn gather(&mut self, at: &At, source: usize, place: Val, shape: Shape) -> Val {
        let axis = self.nest.gathers[source].expect("checked when the nest was ordered");
        if axis.extent == 0 {
            return Val::One(self.constant(F32, f32::NAN));
        }
        let strides = self.nest.loads[source].clone();
        let format = strides.format;
        let places = match place {
            Val::One(place) => {
                let (address, factor) = self.gathered(at.loads[source], place, (axis, format));
                let value = self.load(at, address, &strides, shape);
                return self.map(shape, [value, Val::One(factor)], |e, [x, factor]| e.b.ins().fmul(x, factor));
            }
            Val::Many(places) => places,
        };
        let v = self.order.lanes.expect("values differ along lanes only");
        let lane = at.position[v].expect("values differ inside the lane loop only");
        let start = self.step(at.loads[source], lane, bytes(&strides, v));
        self.many(shape, |e, u| {
            if !shape.vector {
                return e.gathered_one(start, places[u], (axis, format));
            }
            let mut register = places[u];
            for lane in 0..4_u8 {
                let place = e.b.ins().extractlane(places[u], lane);
                let step = bytes(&strides, v).wrapping_mul(4 * u as i64 + i64::from(lane));
                let address = if step == 0 { start } else { e.b.ins().iadd_imm_s(start, step) };
                let x = e.gathered_one(address, place, (axis, format));
                register = e.b.ins().insertlane(register, x, lane);
            }
            register
        })
    }

    fn gathered_one(&mut self, address: Value, place: Value, axis: (Gathered, Format)) -> Value {
        let (address, factor) = self.gathered(address, place, axis);
        let x = self.load_one(axis.1, address, 0);
        self.b.ins().fmul(x, factor)
    }

    /// The address for a place, and the factor that makes NaN of what lies outside.
    fn gathered(&mut self, address: Value, place: Value, (axis, format): (Gathered, Format)) -> (Value, Value) {
        let rounded = self.b.ins().nearest(place);
        let index = self.b.ins().fcvt_to_sint_sat(I64, rounded);
        let extent = self.b.ins().iconst(I64, i64::try_from(axis.extent).unwrap_or(i64::MAX));
        let inside = self.b.ins().icmp(IntCC::UnsignedLessThan, index, extent);
        let number = self.b.ins().fcmp(FloatCC::Ordered, place, place);
        let good = self.b.ins().band(inside, number);
        let zero = self.b.ins().iconst(I64, 0);
        let index = self.b.ins().select(good, index, zero);
        let (one, nan) = (self.constant(F32, 1.0), self.constant(F32, f32::NAN));
        let factor = self.b.ins().select(good, one, nan);
        (self.step(address, index, axis.stride.wrapping_mul(format.bytes() as i64)), factor)
    }
}
