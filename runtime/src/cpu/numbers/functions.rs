//! Functions of one number as straight-line code: what compiled nests and tile programs compute, each written once.
//!
//! How far each may be from the true value stands in `functions_tests.rs`.

use super::arithmetic::{Arithmetic, Compare};

/// Added to a float, rounds it to an integer that then stands in its low bits.
const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³
/// ln 2 in two parts; the first has trailing zeros, so its small multiples are exact.
const LN2_HIGH: f32 = 0.693_359_4;
/// See [`LN2_HIGH`].
const LN2_LOW: f32 = -2.121_944_4e-4;
/// (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2, highest power first (Cephes, S. Moshier).
const EXP: [f32; 6] = [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5];
/// Beyond these `eˣ` is 0 or ∞ in the short form.
const EXP_ZERO: f32 = -88.1;
const EXP_INFINITE: f32 = 88.5;
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
/// erf x / x − 1 in x² for |x| < [`ERF_SMALL`], to 1.2e-8 of erf; fitted by Remez' exchange.
const ERF: [f32; 6] = [-6.090_35e-4, 5.011_961e-3, -2.677_890_8e-2, 0.112_821_41, -0.376_125_25, 0.128_379_15];
const ERF_SMALL: f32 = 0.9;
/// ln(1 − erf t) for [`ERF_SMALL`] ≤ t ≤ [`ERF_ONE`], so that erf is right to 1.7e-9; fitted likewise.
const ERFC: [f32; 7] =
    [1.982_170_7e-4, -3.065_470_1e-3, 2.231_515_2e-2, -0.104_113_586, -0.636_976_2, -1.127_797_2, -1.664_515_4e-4];
/// From here on erf rounds to 1.
const ERF_ONE: f32 = 4.0;
/// The normal distribution's tail beyond t times e^{t²/2}, divided by u, in 1 − u for u = 1 / (1 + [`MILLS_SCALE`]·t),
/// 0 ≤ t ≤ [`TAIL_END`], to 2e-8 of itself; fitted likewise. The substitution is that of Abramowitz and Stegun 7.1.26.
const MILLS: [f32; 9] = [
    -2.842_718_4e-2,
    8.192_963e-2,
    -4.911_589_2e-2,
    -2.152_213_6e-2,
    -7.115_517e-2,
    9.464_054_6e-2,
    0.287_621_77,
    -0.656_352_46,
    0.5,
];
const MILLS_SCALE: f32 = 0.345;
/// e^{−t²/2} is below the normal numbers from here on, and computed as 0.
const TAIL_END: f32 = 13.28;

/// `e^{x + rest} = p · 2ⁿ`: the fraction `p` and the bits of `ROUND + n`, for x within ±105 and a rest that is no more
/// than what x was rounded by.
#[inline(always)]
fn exp_parts<A: Arithmetic>(a: &mut A, x: A::Number, rest: Option<A::Number>) -> (A::Number, A::Bits) {
    let (log2e, round) = (a.number(x, std::f32::consts::LOG2_E), a.number(x, ROUND));
    let shifted = a.multiply_add(x, log2e, round);
    let n = a.subtract(shifted, round);
    let (high, low) = (a.number(x, -LN2_HIGH), a.number(x, -LN2_LOW));
    let mut r = a.multiply_add(n, high, x);
    r = a.multiply_add(n, low, r);
    if let Some(rest) = rest {
        r = a.add(r, rest);
    }
    let tail = a.polynomial(r, &EXP);
    let square = a.multiply(r, r);
    let p = a.multiply_add(tail, square, r);
    let one = a.number(x, 1.0);
    (a.add(p, one), a.bits(shifted))
}

/// `2ⁿ` from the bits of `n` with any multiple of 512 added.
#[inline(always)]
fn power_of_two<A: Arithmetic>(a: &mut A, n: A::Bits) -> A::Number {
    let bias = a.integer(n, 127);
    let biased = a.add_bits(n, bias);
    let bits = a.shift_left(biased, 23);
    a.number_of(bits)
}

/// The bits of the nearest bfloat16 number, ties to even: the upper half of one in single precision.
#[inline(always)]
pub(in crate::cpu) fn bf16<A: Arithmetic>(a: &mut A, x: A::Number) -> A::Bits {
    let bits = a.bits(x);
    let (one, half) = (a.integer(bits, 1), a.integer(bits, 0x7fff));
    let upper = a.shift_right(bits, 16);
    let odd = a.and(upper, one);
    let up = a.add_bits(half, odd);
    let rounded = a.add_bits(bits, up);
    // Rounding could make a number of what is none: such keeps its upper half and is quiet.
    let quiet = a.integer(bits, 0x40_0000);
    let none = a.or(bits, quiet);
    let (rounded, none) = (a.number_of(rounded), a.number_of(none));
    let nearest = a.choose(Compare::Equal, [x, x], rounded, none);
    let bits = a.bits(nearest);
    let (upper, mask) = (a.shift_right(bits, 16), a.integer(bits, 0xffff));
    a.and(upper, mask)
}

/// `eˣ`, subnormal results included.
#[inline(always)]
pub(in crate::cpu) fn exp<A: Arithmetic>(a: &mut A, x: A::Number) -> A::Number {
    let (low, high) = (a.number(x, -104.0), a.number(x, 89.0));
    let x = a.larger_or(low, x);
    let x = a.smaller_or(high, x);
    let (p, n) = exp_parts(a, x, None);
    // Two factors: 2¹²⁸ is no float and neither is 2⁻¹⁵⁰.
    let zero = a.integer(n, ROUND.to_bits().cast_signed());
    let n = a.subtract_bits(n, zero);
    let half = a.shift_right(n, 1);
    let rest = a.subtract_bits(n, half);
    let (first, second) = (power_of_two(a, half), power_of_two(a, rest));
    let p = a.multiply(p, first);
    a.multiply(p, second)
}

/// `eˣ` where subnormal results may be 0 and those above 2¹²⁷·√2 may be ∞.
#[inline(always)]
fn exp_short<A: Arithmetic>(a: &mut A, x: A::Number) -> A::Number {
    let high = a.number(x, EXP_INFINITE);
    let x = a.smaller_or(high, x);
    exp_of_negative(a, x)
}

/// `eˣ` for x ≤ 0 (or NaN); subnormal results may be 0.
#[inline(always)]
pub(in crate::cpu) fn exp_of_negative<A: Arithmetic>(a: &mut A, x: A::Number) -> A::Number {
    let low = a.number(x, EXP_ZERO);
    let x = a.larger_or(low, x);
    let (p, n) = exp_parts(a, x, None);
    let scale = power_of_two(a, n);
    a.multiply(p, scale)
}

/// `1 / (1 + e⁻ˣ)`
#[inline(always)]
pub(in crate::cpu) fn sigmoid<A: Arithmetic>(a: &mut A, x: A::Number) -> A::Number {
    let minus = a.negate(x);
    let e = exp_short(a, minus);
    let one = a.number(x, 1.0);
    let sum = a.add(one, e);
    a.divide(one, sum)
}

/// Hyperbolic tangent: near 0 by its series, else by the exponential.
#[inline(always)]
pub(in crate::cpu) fn tanh<A: Arithmetic>(a: &mut A, x: A::Number) -> A::Number {
    let square = a.multiply(x, x);
    let small = a.polynomial(square, &TANH);
    let small = a.multiply(small, square);
    let small = a.multiply_add(small, x, x);

    let size = a.abs(x);
    let doubled = a.add(size, size);
    let e = exp_short(a, doubled);
    let (one, two) = (a.number(x, 1.0), a.number(x, 2.0));
    let sum = a.add(e, one);
    let rest = a.divide(two, sum);
    let large = a.subtract(one, rest);
    let large = a.signed(large, x);
    let limit = a.number(x, 0.625);
    a.choose(Compare::Less, [size, limit], small, large)
}

/// Natural logarithm.
#[inline(always)]
pub(in crate::cpu) fn log<A: Arithmetic>(a: &mut A, x: A::Number) -> A::Number {
    let (zero, one) = (a.number(x, 0.0), a.number(x, 1.0));
    // Subnormal numbers become normal: ln x = ln(2²³·x) − 23·ln 2.
    let least = a.number(x, f32::MIN_POSITIVE);
    let grown = a.times(8_388_608.0, x);
    let normal = a.choose(Compare::Less, [x, least], grown, x);
    let lift = a.number(x, -23.0);
    let lift = a.choose(Compare::Less, [x, least], lift, zero);

    // x = 2ᵉ·m with √½ ≤ m < √2: subtracting the bits of √½ leaves e above the fraction.
    let bits = a.bits(normal);
    let root = a.integer(bits, std::f32::consts::FRAC_1_SQRT_2.to_bits().cast_signed());
    let above = a.subtract_bits(bits, root);
    let e = a.shift_right(above, 23);
    let whole = a.shift_left(e, 23);
    let m = a.subtract_bits(bits, whole);
    let m = a.number_of(m);
    let e = a.to_number(e);
    let e = a.add(e, lift);

    let r = a.subtract(m, one);
    let tail = a.polynomial(r, &LOG);
    let square = a.multiply(r, r);
    let cube = a.multiply(square, r);
    let (low, high) = (a.number(x, LN2_LOW), a.number(x, LN2_HIGH));
    let mut y = a.multiply(tail, cube);
    y = a.multiply_add(e, low, y);
    let minus_half = a.number(x, -0.5);
    y = a.multiply_add(square, minus_half, y);
    y = a.add(y, r);
    y = a.multiply_add(e, high, y);

    let (infinite, nan) = (a.number(x, f32::INFINITY), a.number(x, f32::NAN));
    let least = a.number(x, f32::NEG_INFINITY);
    y = a.choose(Compare::Equal, [x, infinite], infinite, y);
    y = a.choose(Compare::Equal, [x, zero], least, y);
    a.choose(Compare::AtMost, [zero, x], y, nan)
}

/// Error function: near 0 by its series, else 1 less an exponential.
#[inline(always)]
pub(in crate::cpu) fn erf<A: Arithmetic>(a: &mut A, x: A::Number) -> A::Number {
    let square = a.multiply(x, x);
    let small = a.polynomial(square, &ERF);
    let small = a.multiply_add(small, x, x);

    let size = a.abs(x);
    let end = a.number(x, ERF_ONE);
    let t = a.smaller_or(end, size);
    let exponent = a.polynomial(t, &ERFC);
    let (p, n) = exp_parts(a, exponent, None);
    let scale = power_of_two(a, n);
    let (one, minus) = (a.number(x, 1.0), a.negate(p));
    let large = a.multiply_add(minus, scale, one);
    let large = a.signed(large, x);
    let limit = a.number(x, ERF_SMALL);
    a.choose(Compare::Less, [size, limit], small, large)
}

/// Gaussian error linear unit: x less the share of |x| that the normal distribution's tail takes, or that share alone
/// where x is negative, so that what is nearly 0 keeps its digits.
#[inline(always)]
pub(in crate::cpu) fn gelu<A: Arithmetic>(a: &mut A, x: A::Number) -> A::Number {
    let size = a.abs(x);
    let end = a.number(x, TAIL_END);
    let t = a.smaller_or(end, size);
    let (square, rest) = a.square(t);
    let (exponent, rest) = (a.times(-0.5, square), a.times(-0.5, rest));
    let (p, n) = exp_parts(a, exponent, Some(rest));
    let scale = power_of_two(a, n);

    // 1 − u as u·(1/u − 1): near 0 its digits are those of t.
    let (one, more) = (a.number(x, 1.0), a.times(MILLS_SCALE, t));
    let below = a.add(more, one);
    let u = a.divide(one, below);
    let v = a.multiply(more, u);
    let mills = a.polynomial(v, &MILLS);
    let mills = a.multiply(mills, u);
    let share = a.multiply(t, mills);
    let share = a.multiply(share, p);

    let zero = a.number(x, 0.0);
    let positive = a.larger_or(zero, x);
    let minus = a.negate(share);
    a.multiply_add(minus, scale, positive)
}

#[cfg(test)]
#[path = "functions_tests.rs"]
pub(in crate::cpu) mod tests;
