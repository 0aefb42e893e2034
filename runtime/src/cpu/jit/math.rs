//! Functions of numbers as instructions, for one lane or four alike.
//!
//! A scalar tail runs the very same instructions as the lanes before it, so a value does not depend
//! on where in a loop it stands. What has no branch comes from `functions`, written over these instructions.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F32, F32X4, I32, I32X4};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use crease_core::ir::{Binary, Unary};

use super::emit::Emitter;
use super::helper::Helper;
use crate::cpu::numbers::arithmetic::{Arithmetic, Compare};
use crate::cpu::numbers::functions;

impl Arithmetic for Emitter<'_> {
    type Number = Value;
    type Bits = Value;

    fn number(&mut self, like: Value, value: f32) -> Value {
        let ty = self.type_of(like);
        self.constant(ty, value)
    }

    fn negate(&mut self, x: Value) -> Value {
        self.b.ins().fneg(x)
    }

    fn abs(&mut self, x: Value) -> Value {
        self.b.ins().fabs(x)
    }

    fn add(&mut self, a: Value, b: Value) -> Value {
        self.b.ins().fadd(a, b)
    }

    fn subtract(&mut self, a: Value, b: Value) -> Value {
        self.b.ins().fsub(a, b)
    }

    fn multiply(&mut self, a: Value, b: Value) -> Value {
        self.b.ins().fmul(a, b)
    }

    fn divide(&mut self, a: Value, b: Value) -> Value {
        self.b.ins().fdiv(a, b)
    }

    fn multiply_add(&mut self, a: Value, b: Value, c: Value) -> Value {
        if self.fma {
            return self.b.ins().fma(a, b, c);
        }
        let product = self.b.ins().fmul(a, b);
        self.b.ins().fadd(product, c)
    }

    fn fuses(&self) -> bool {
        self.fma
    }

    fn choose(&mut self, how: Compare, of: [Value; 2], x: Value, y: Value) -> Value {
        let how = match how {
            Compare::Less => FloatCC::LessThan,
            Compare::AtMost => FloatCC::LessThanOrEqual,
            Compare::Equal => FloatCC::Equal,
        };
        self.pick(how, of, x, y)
    }

    fn bits(&mut self, x: Value) -> Value {
        let to = if self.type_of(x) == F32 { I32 } else { I32X4 };
        self.b.ins().bitcast(to, MemFlagsData::new(), x)
    }

    fn number_of(&mut self, bits: Value) -> Value {
        let to = if self.type_of(bits) == I32 { F32 } else { F32X4 };
        self.b.ins().bitcast(to, MemFlagsData::new(), bits)
    }

    fn to_number(&mut self, n: Value) -> Value {
        let to = if self.type_of(n) == I32 { F32 } else { F32X4 };
        self.b.ins().fcvt_from_sint(to, n)
    }

    fn integer(&mut self, like: Value, value: i32) -> Value {
        if self.type_of(like) == I32 {
            return self.b.ins().iconst(I32, i64::from(value));
        }
        self.lanes_of(I32X4, value.to_le_bytes())
    }

    fn add_bits(&mut self, a: Value, b: Value) -> Value {
        self.b.ins().iadd(a, b)
    }

    fn subtract_bits(&mut self, a: Value, b: Value) -> Value {
        self.b.ins().isub(a, b)
    }

    fn and(&mut self, a: Value, b: Value) -> Value {
        self.b.ins().band(a, b)
    }

    fn or(&mut self, a: Value, b: Value) -> Value {
        self.b.ins().bor(a, b)
    }

    fn shift_left(&mut self, bits: Value, by: u8) -> Value {
        self.b.ins().ishl_imm_u(bits, i64::from(by))
    }

    fn shift_right(&mut self, bits: Value, by: u8) -> Value {
        self.b.ins().sshr_imm_u(bits, i64::from(by))
    }
}

impl Emitter<'_> {
    pub(super) fn type_of(&self, x: Value) -> Type {
        self.b.func.dfg.value_type(x)
    }

    /// A number in every lane.
    pub(super) fn constant(&mut self, ty: Type, value: f32) -> Value {
        if ty == F32 {
            return self.b.ins().f32const(value);
        }
        self.lanes_of(F32X4, value.to_le_bytes())
    }

    fn lanes_of(&mut self, ty: Type, lane: [u8; 4]) -> Value {
        let constant = self.b.func.dfg.constants.insert(lane.repeat(4).into());
        self.b.ins().vconst(ty, constant)
    }

    /// `if a ⋛ b { x } else { y }`, lane by lane.
    fn pick(&mut self, how: FloatCC, [a, b]: [Value; 2], x: Value, y: Value) -> Value {
        let mask = self.b.ins().fcmp(how, a, b);
        if self.type_of(a) == F32 {
            return self.b.ins().select(mask, x, y);
        }
        let mask = self.b.ins().bitcast(F32X4, MemFlagsData::new(), mask);
        self.b.ins().bitselect(mask, x, y)
    }

    /// The larger; NaN where either is.
    pub(super) fn max(&mut self, x: Value, y: Value) -> Value {
        let larger = self.larger_or(x, y);
        self.pick(FloatCC::Unordered, [x, x], x, larger)
    }

    fn min(&mut self, x: Value, y: Value) -> Value {
        let smaller = self.smaller_or(x, y);
        self.pick(FloatCC::Unordered, [x, x], x, smaller)
    }

    /// Calls a function lane by lane.
    fn lanewise(&mut self, helper: Helper, x: Value) -> Value {
        let callee = self.helpers[helper as usize].expect("helpers in use were imported");
        if self.type_of(x) == F32 {
            let call = self.b.ins().call(callee, &[x]);
            return self.b.inst_results(call)[0];
        }
        let mut result = x;
        for lane in 0..4_u8 {
            let one = self.b.ins().extractlane(x, lane);
            let call = self.b.ins().call(callee, &[one]);
            let one = self.b.inst_results(call)[0];
            result = self.b.ins().insertlane(result, one, lane);
        }
        result
    }

    /// A function of one number.
    pub(super) fn unary(&mut self, function: Unary, x: Value) -> Value {
        if let Some(helper) = Helper::of(function) {
            return self.lanewise(helper, x);
        }
        match function {
            Unary::Neg => self.b.ins().fneg(x),
            Unary::Abs => self.b.ins().fabs(x),
            Unary::Sqrt => self.b.ins().sqrt(x),
            Unary::Floor => self.b.ins().floor(x),
            Unary::Exp => functions::exp(self, x),
            Unary::Log => functions::log(self, x),
            Unary::Sigmoid => functions::sigmoid(self, x),
            Unary::Tanh => functions::tanh(self, x),
            Unary::Erf => functions::erf(self, x),
            Unary::Gelu => functions::gelu(self, x),
            Unary::Recip => {
                let one = self.number(x, 1.0);
                self.b.ins().fdiv(one, x)
            }
            Unary::Relu => {
                let zero = self.number(x, 0.0);
                self.larger_or(zero, x)
            }
            Unary::Not => {
                let zero = self.number(x, 0.0);
                self.truth(FloatCC::Equal, x, zero)
            }
            Unary::Sin | Unary::Cos => unreachable!("a helper computes it"),
        }
    }

    /// A function of two numbers.
    pub(super) fn binary(&mut self, function: Binary, a: Value, b: Value) -> Value {
        match function {
            Binary::Add => self.b.ins().fadd(a, b),
            Binary::Sub => self.b.ins().fsub(a, b),
            Binary::Mul => self.b.ins().fmul(a, b),
            Binary::Div => self.b.ins().fdiv(a, b),
            Binary::Max => self.max(a, b),
            Binary::Min => self.min(a, b),
            Binary::Lt => self.truth(FloatCC::LessThan, a, b),
            Binary::Le => self.truth(FloatCC::LessThanOrEqual, a, b),
            Binary::Eq => self.truth(FloatCC::Equal, a, b),
            Binary::Ne => self.truth(FloatCC::NotEqual, a, b),
        }
    }

    fn truth(&mut self, how: FloatCC, a: Value, b: Value) -> Value {
        let (yes, no) = (self.number(a, 1.0), self.number(a, 0.0));
        self.pick(how, [a, b], yes, no)
    }

    /// `if c ≠ 0 { a } else { b }`
    pub(super) fn select(&mut self, c: Value, a: Value, b: Value) -> Value {
        let zero = self.number(c, 0.0);
        self.pick(FloatCC::NotEqual, [c, zero], a, b)
    }
}
