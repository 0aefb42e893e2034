//! What straight-line functions are written in: operations on a number, or on as many as a vector has.
//!
//! Two do these: [`Plain`] computes, and loops over it become vector instructions where the caller enables them; the
//! emitter of compiled nests writes each as an instruction. So a function is written once, and both give the same bits
//! wherever they multiply and add in one rounding.

/// How two numbers are compared; none holds for NaN.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::cpu) enum Compare {
    Less,
    AtMost,
    Equal,
}

/// Operations on numbers in single precision and on their bits.
pub(in crate::cpu) trait Arithmetic {
    type Number: Copy;
    type Bits: Copy;

    /// A constant, as wide as another number.
    fn number(&mut self, like: Self::Number, value: f32) -> Self::Number;
    fn negate(&mut self, x: Self::Number) -> Self::Number;
    fn abs(&mut self, x: Self::Number) -> Self::Number;
    fn add(&mut self, a: Self::Number, b: Self::Number) -> Self::Number;
    fn subtract(&mut self, a: Self::Number, b: Self::Number) -> Self::Number;
    fn multiply(&mut self, a: Self::Number, b: Self::Number) -> Self::Number;
    fn divide(&mut self, a: Self::Number, b: Self::Number) -> Self::Number;
    /// `a·b + c`, in one rounding where [`Self::fuses`].
    fn multiply_add(&mut self, a: Self::Number, b: Self::Number, c: Self::Number) -> Self::Number;
    /// Whether [`Self::multiply_add`] rounds once.
    fn fuses(&self) -> bool;
    /// `if a ⋛ b { x } else { y }`
    fn choose(&mut self, how: Compare, of: [Self::Number; 2], x: Self::Number, y: Self::Number) -> Self::Number;

    fn bits(&mut self, x: Self::Number) -> Self::Bits;
    fn number_of(&mut self, bits: Self::Bits) -> Self::Number;
    /// The number whose value, not whose bits, an integer is.
    fn to_number(&mut self, n: Self::Bits) -> Self::Number;
    /// A constant, as wide as other bits.
    fn integer(&mut self, like: Self::Bits, value: i32) -> Self::Bits;
    /// Integers wrap around.
    fn add_bits(&mut self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn subtract_bits(&mut self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn and(&mut self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn or(&mut self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn shift_left(&mut self, bits: Self::Bits, by: u8) -> Self::Bits;
    /// The sign fills what gets free.
    fn shift_right(&mut self, bits: Self::Bits, by: u8) -> Self::Bits;

    /// `factor · x`
    #[inline(always)]
    fn times(&mut self, factor: f32, x: Self::Number) -> Self::Number {
        let factor = self.number(x, factor);
        self.multiply(factor, x)
    }

    /// The smaller; `y` where either is NaN. One instruction.
    #[inline(always)]
    fn smaller_or(&mut self, x: Self::Number, y: Self::Number) -> Self::Number {
        self.choose(Compare::Less, [x, y], x, y)
    }

    /// The larger; `y` where either is NaN. One instruction.
    #[inline(always)]
    fn larger_or(&mut self, x: Self::Number, y: Self::Number) -> Self::Number {
        self.choose(Compare::Less, [y, x], x, y)
    }

    /// A polynomial, highest power first.
    #[inline(always)]
    fn polynomial(&mut self, x: Self::Number, coefficients: &[f32]) -> Self::Number {
        let mut sum = self.number(x, coefficients[0]);
        for &coefficient in &coefficients[1..] {
            let next = self.number(x, coefficient);
            sum = self.multiply_add(sum, x, next);
        }
        sum
    }

    /// A number without a sign, with the sign of another.
    #[inline(always)]
    fn signed(&mut self, size: Self::Number, like: Self::Number) -> Self::Number {
        let (size, like) = (self.bits(size), self.bits(like));
        let mask = self.integer(like, i32::MIN);
        let sign = self.and(like, mask);
        let bits = self.or(size, sign);
        self.number_of(bits)
    }

    /// The square of a number, and what its rounding left out.
    #[inline(always)]
    fn square(&mut self, x: Self::Number) -> (Self::Number, Self::Number) {
        let square = self.multiply(x, x);
        if self.fuses() {
            let minus = self.negate(square);
            return (square, self.multiply_add(x, x, minus));
        }
        // The first half of the digits has an exact square (Dekker).
        let bits = self.bits(x);
        let mask = self.integer(bits, !0xfff);
        let bits = self.and(bits, mask);
        let front = self.number_of(bits);
        let back = self.subtract(x, front);
        let exact = self.multiply(front, front);
        let twice = self.times(2.0, front);
        let (middle, last) = (self.multiply(twice, back), self.multiply(back, back));
        let rest = self.subtract(exact, square);
        let rest = self.add(rest, middle);
        (square, self.add(rest, last))
    }
}

/// Computes with single numbers, always with one rounding in [`Arithmetic::multiply_add`]: slow where the instructions
/// in use have none, but the same.
pub(in crate::cpu) struct Plain;

impl Arithmetic for Plain {
    type Number = f32;
    type Bits = i32;

    #[inline(always)]
    fn number(&mut self, _: f32, value: f32) -> f32 {
        value
    }

    #[inline(always)]
    fn negate(&mut self, x: f32) -> f32 {
        -x
    }

    #[inline(always)]
    fn abs(&mut self, x: f32) -> f32 {
        x.abs()
    }

    #[inline(always)]
    fn add(&mut self, a: f32, b: f32) -> f32 {
        a + b
    }

    #[inline(always)]
    fn subtract(&mut self, a: f32, b: f32) -> f32 {
        a - b
    }

    #[inline(always)]
    fn multiply(&mut self, a: f32, b: f32) -> f32 {
        a * b
    }

    #[inline(always)]
    fn divide(&mut self, a: f32, b: f32) -> f32 {
        a / b
    }

    #[inline(always)]
    fn multiply_add(&mut self, a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    #[inline(always)]
    fn fuses(&self) -> bool {
        true
    }

    #[inline(always)]
    fn choose(&mut self, how: Compare, [a, b]: [f32; 2], x: f32, y: f32) -> f32 {
        let holds = match how {
            Compare::Less => a < b,
            Compare::AtMost => a <= b,
            Compare::Equal => a == b,
        };
        if holds { x } else { y }
    }

    #[inline(always)]
    fn bits(&mut self, x: f32) -> i32 {
        x.to_bits().cast_signed()
    }

    #[inline(always)]
    fn number_of(&mut self, bits: i32) -> f32 {
        f32::from_bits(bits.cast_unsigned())
    }

    #[inline(always)]
    fn to_number(&mut self, n: i32) -> f32 {
        n as f32
    }

    #[inline(always)]
    fn integer(&mut self, _: i32, value: i32) -> i32 {
        value
    }

    #[inline(always)]
    fn add_bits(&mut self, a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    #[inline(always)]
    fn subtract_bits(&mut self, a: i32, b: i32) -> i32 {
        a.wrapping_sub(b)
    }

    #[inline(always)]
    fn and(&mut self, a: i32, b: i32) -> i32 {
        a & b
    }

    #[inline(always)]
    fn or(&mut self, a: i32, b: i32) -> i32 {
        a | b
    }

    #[inline(always)]
    fn shift_left(&mut self, bits: i32, by: u8) -> i32 {
        bits << by
    }

    #[inline(always)]
    fn shift_right(&mut self, bits: i32, by: u8) -> i32 {
        bits >> by
    }
}
