//! Functions of one number as straight-line code, for one lane or four alike.
//!
//! A scalar tail runs the very same instructions as the lanes before it, so a value does not depend
//! on where in a loop it stands. `fma` is used in polynomials only, and only where the host has it.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F32, F32X4, I32, I32X4};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use crease_core::ir::{Binary, Unary};

use super::super::exponential::{EXP, LN2_HIGH, LN2_LOW, ROUND};
use super::call::Helper;
use super::emit::Emitter;

/// (tanh x / x − 1) / x² in x² for |x| < 0.625 (Cephes).
const TANH: [f32; 5] = [-5.704_988_7e-3, 2.063_909e-2, -5.373_971_6e-2, 0.133_314_42, -0.333_332_8];
/// (ln(1+r) − r + r²/2) / r³ for √½ − 1 ≤ r < √2 − 1 (Cephes).
const LOG: [f32; 9] = [
    7.037_683_6e-2,
    -0.115_146_1,
    0.116_769_99,
    -0.124_201_41,
    0.142_493_23,
    -0.166_680_58,
    0.200_007_14,
    -0.249_999_94,
    0.333_333_3,
];
/// Beyond these `eˣ` is 0 or ∞ in the short form of [`Emitter::exp_short`].
const EXP_ZERO: f32 = -88.1;
const EXP_INFINITE: f32 = 88.5;

impl Emitter<'_> {
    pub(super) fn type_of(&self, x: Value) -> Type {
        self.b.func.dfg.value_type(x)
    }

    /// A number in every lane.
    pub(super) fn number(&mut self, ty: Type, value: f32) -> Value {
        if ty == F32 {
            return self.b.ins().f32const(value);
        }
        let bytes: Vec<u8> = [value; 4].iter().flat_map(|lane| lane.to_le_bytes()).collect();
        let constant = self.b.func.dfg.constants.insert(bytes.into());
        self.b.ins().vconst(F32X4, constant)
    }

    fn integer(&mut self, like: Value, value: i32) -> Value {
        if self.type_of(like) == I32 {
            return self.b.ins().iconst(I32, i64::from(value));
        }
        let bytes: Vec<u8> = [value; 4].iter().flat_map(|lane| lane.to_le_bytes()).collect();
        let constant = self.b.func.dfg.constants.insert(bytes.into());
        self.b.ins().vconst(I32X4, constant)
    }

    fn bits(&mut self, x: Value) -> Value {
        let to = if self.type_of(x) == F32 { I32 } else { I32X4 };
        self.b.ins().bitcast(to, MemFlagsData::new(), x)
    }

    fn floats(&mut self, x: Value) -> Value {
        let to = if self.type_of(x) == I32 { F32 } else { F32X4 };
        self.b.ins().bitcast(to, MemFlagsData::new(), x)
    }

    /// `if a ⋛ b { x } else { y }`, lane by lane.
    pub(super) fn choose(&mut self, how: FloatCC, (a, b): (Value, Value), x: Value, y: Value) -> Value {
        let mask = self.b.ins().fcmp(how, a, b);
        if self.type_of(a) == F32 {
            return self.b.ins().select(mask, x, y);
        }
        let mask = self.b.ins().bitcast(F32X4, MemFlagsData::new(), mask);
        self.b.ins().bitselect(mask, x, y)
    }

    /// The smaller; `y` where either is NaN. One instruction.
    fn min_or(&mut self, x: Value, y: Value) -> Value {
        self.choose(FloatCC::LessThan, (x, y), x, y)
    }

    /// The larger; `y` where either is NaN. One instruction.
    pub(super) fn max_or(&mut self, x: Value, y: Value) -> Value {
        self.choose(FloatCC::LessThan, (y, x), x, y)
    }

    /// The larger; NaN where either is.
    pub(super) fn max(&mut self, x: Value, y: Value) -> Value {
        let larger = self.max_or(x, y);
        self.choose(FloatCC::Unordered, (x, x), x, larger)
    }

    fn min(&mut self, x: Value, y: Value) -> Value {
        let smaller = self.min_or(x, y);
        self.choose(FloatCC::Unordered, (x, x), x, smaller)
    }

    fn multiply_add(&mut self, a: Value, b: Value, c: Value) -> Value {
        if self.fma {
            return self.b.ins().fma(a, b, c);
        }
        let product = self.b.ins().fmul(a, b);
        self.b.ins().fadd(product, c)
    }

    /// A polynomial, highest power first.
    fn polynomial(&mut self, x: Value, coefficients: &[f32]) -> Value {
        let ty = self.type_of(x);
        let mut sum = self.number(ty, coefficients[0]);
        for &coefficient in &coefficients[1..] {
            let next = self.number(ty, coefficient);
            sum = self.multiply_add(sum, x, next);
        }
        sum
    }

    /// `eˣ = p · 2ⁿ`: the fraction `p` and the bits of `ROUND + n`, for x within ±105.
    fn exp_parts(&mut self, x: Value) -> (Value, Value) {
        let ty = self.type_of(x);
        let round = self.number(ty, ROUND);
        let scaled = {
            let log2e = self.number(ty, std::f32::consts::LOG2_E);
            self.b.ins().fmul(x, log2e)
        };
        let shifted = self.b.ins().fadd(scaled, round);
        let n = self.b.ins().fsub(shifted, round);
        let mut r = x;
        for part in [-LN2_HIGH, -LN2_LOW] {
            let part = self.number(ty, part);
            r = self.multiply_add(n, part, r);
        }
        let tail = self.polynomial(r, &EXP);
        let square = self.b.ins().fmul(r, r);
        let p = self.multiply_add(tail, square, r);
        let one = self.number(ty, 1.0);
        (self.b.ins().fadd(p, one), self.bits(shifted))
    }

    /// `2ⁿ` from the bits of `n + bias` with any multiple of 512 added.
    fn power_of_two(&mut self, n: Value, bias: i32) -> Value {
        let bias = self.integer(n, bias);
        let biased = self.b.ins().iadd(n, bias);
        let bits = self.b.ins().ishl_imm_u(biased, 23);
        self.floats(bits)
    }

    /// `eˣ`, subnormal results included.
    fn exp(&mut self, x: Value) -> Value {
        let ty = self.type_of(x);
        let (low, high) = (self.number(ty, -104.0), self.number(ty, 89.0));
        let x = self.max_or(low, x);
        let x = self.min_or(high, x);
        let (p, n) = self.exp_parts(x);
        // Two factors: 2¹²⁸ is no float and neither is 2⁻¹⁵⁰.
        let zero = self.integer(n, ROUND.to_bits() as i32);
        let n = self.b.ins().isub(n, zero);
        let half = self.b.ins().sshr_imm_u(n, 1);
        let rest = self.b.ins().isub(n, half);
        let (first, second) = (self.power_of_two(half, 127), self.power_of_two(rest, 127));
        let p = self.b.ins().fmul(p, first);
        self.b.ins().fmul(p, second)
    }

    /// `eˣ` where subnormal results may be 0 and those above 2¹²⁷·√2 may be ∞.
    pub(super) fn exp_short(&mut self, x: Value, never_positive: bool) -> Value {
        let ty = self.type_of(x);
        let low = self.number(ty, EXP_ZERO);
        let mut x = self.max_or(low, x);
        if !never_positive {
            let high = self.number(ty, EXP_INFINITE);
            x = self.min_or(high, x);
        }
        let (p, n) = self.exp_parts(x);
        let scale = self.power_of_two(n, 127);
        self.b.ins().fmul(p, scale)
    }

    fn sigmoid(&mut self, x: Value) -> Value {
        let ty = self.type_of(x);
        let minus = self.b.ins().fneg(x);
        let e = self.exp_short(minus, false);
        let one = self.number(ty, 1.0);
        let sum = self.b.ins().fadd(one, e);
        self.b.ins().fdiv(one, sum)
    }

    fn tanh(&mut self, x: Value) -> Value {
        let ty = self.type_of(x);
        let square = self.b.ins().fmul(x, x);
        let small = self.polynomial(square, &TANH);
        let small = self.b.ins().fmul(small, square);
        let small = self.multiply_add(small, x, x);

        let size = self.b.ins().fabs(x);
        let doubled = self.b.ins().fadd(size, size);
        let e = self.exp_short(doubled, false);
        let (one, two) = (self.number(ty, 1.0), self.number(ty, 2.0));
        let sum = self.b.ins().fadd(e, one);
        let rest = self.b.ins().fdiv(two, sum);
        let large = self.b.ins().fsub(one, rest);
        let (bits, large) = (self.bits(x), self.bits(large));
        let mask = self.integer(bits, i32::MIN);
        let bits = self.b.ins().band(bits, mask);
        let bits = self.b.ins().bor(bits, large);
        let large = self.floats(bits);
        let limit = self.number(ty, 0.625);
        self.choose(FloatCC::LessThan, (size, limit), small, large)
    }

    fn log(&mut self, x: Value) -> Value {
        let ty = self.type_of(x);
        let one = self.number(ty, 1.0);
        let zero = self.number(ty, 0.0);
        // Subnormal numbers become normal: ln x = ln(2²³·x) − 23·ln 2.
        let (least, factor) = (self.number(ty, f32::MIN_POSITIVE), self.number(ty, 8_388_608.0));
        let grown = self.b.ins().fmul(x, factor);
        let normal = self.choose(FloatCC::LessThan, (x, least), grown, x);
        let lift = self.number(ty, -23.0);
        let lift = self.choose(FloatCC::LessThan, (x, least), lift, zero);

        // x = 2ᵉ·m with √½ ≤ m < √2: subtracting the bits of √½ leaves e above the fraction.
        let root = std::f32::consts::FRAC_1_SQRT_2;
        let bits = self.bits(normal);
        let offset = self.integer(bits, root.to_bits() as i32);
        let above = self.b.ins().isub(bits, offset);
        let e = self.b.ins().sshr_imm_u(above, 23);
        let whole = self.b.ins().ishl_imm_u(e, 23);
        let m = self.b.ins().isub(bits, whole);
        let m = self.floats(m);
        let e = self.b.ins().fcvt_from_sint(ty, e);
        let e = self.b.ins().fadd(e, lift);

        let r = self.b.ins().fsub(m, one);
        let tail = self.polynomial(r, &LOG);
        let square = self.b.ins().fmul(r, r);
        let cube = self.b.ins().fmul(square, r);
        let (low, high) = (self.number(ty, LN2_LOW), self.number(ty, LN2_HIGH));
        let mut y = self.b.ins().fmul(tail, cube);
        y = self.multiply_add(e, low, y);
        let minus_half = self.number(ty, -0.5);
        y = self.multiply_add(square, minus_half, y);
        y = self.b.ins().fadd(y, r);
        y = self.multiply_add(e, high, y);

        let (infinite, nan) = (self.number(ty, f32::INFINITY), self.number(ty, f32::NAN));
        let least = self.number(ty, f32::NEG_INFINITY);
        y = self.choose(FloatCC::Equal, (x, infinite), infinite, y);
        y = self.choose(FloatCC::Equal, (x, zero), least, y);
        self.choose(FloatCC::UnorderedOrLessThan, (x, zero), nan, y)
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
        let ty = self.type_of(x);
        if let Some(helper) = Helper::of(function) {
            return self.lanewise(helper, x);
        }
        match function {
            Unary::Neg => self.b.ins().fneg(x),
            Unary::Abs => self.b.ins().fabs(x),
            Unary::Sqrt => self.b.ins().sqrt(x),
            Unary::Floor => self.b.ins().floor(x),
            Unary::Exp => self.exp(x),
            Unary::Log => self.log(x),
            Unary::Sigmoid => self.sigmoid(x),
            Unary::Tanh => self.tanh(x),
            Unary::Recip => {
                let one = self.number(ty, 1.0);
                self.b.ins().fdiv(one, x)
            }
            Unary::Relu => {
                let zero = self.number(ty, 0.0);
                self.max_or(zero, x)
            }
            Unary::Not => {
                let zero = self.number(ty, 0.0);
                self.truth(FloatCC::Equal, x, zero)
            }
            Unary::Gelu | Unary::Erf | Unary::Sin | Unary::Cos => unreachable!("a helper computes it"),
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
        let ty = self.type_of(a);
        let (yes, no) = (self.number(ty, 1.0), self.number(ty, 0.0));
        self.choose(how, (a, b), yes, no)
    }

    /// `if c ≠ 0 { a } else { b }`
    pub(super) fn select(&mut self, c: Value, a: Value, b: Value) -> Value {
        let ty = self.type_of(c);
        let zero = self.number(ty, 0.0);
        self.choose(FloatCC::NotEqual, (c, zero), a, b)
    }
}
