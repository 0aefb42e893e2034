//! The exponential: its constants, which compiled code shares, and a form that vectorizes.

/// Added to a float, rounds it to an integer that then stands in its low bits.
pub(super) const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³
/// ln 2 in two parts; the first has trailing zeros, so its small multiples are exact.
pub(super) const LN2_HIGH: f32 = 0.693_359_4;
/// See [`LN2_HIGH`].
pub(super) const LN2_LOW: f32 = -2.121_944_4e-4;
/// (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2, highest power first (Cephes, S. Moshier).
pub(super) const EXP: [f32; 6] = [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5];
/// Below this the result is 0: the smallest normal number is a little above its exponential.
const ZERO: f32 = -87.3;

/// `eˣ` for x ≤ 0 (or NaN) to two units in the last place; results below the normal range are 0.
///
/// Straight-line code: over an array it becomes vector instructions where the caller enables them.
#[inline(always)]
pub(super) fn exp_of_negative(x: f32) -> f32 {
    // What is below is computed as if it stood at the limit, and dropped: no lane takes another way.
    let inside = if x < ZERO { ZERO } else { x };
    let shifted = inside.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN2_LOW, n.mul_add(-LN2_HIGH, inside));
    let tail = EXP[1..].iter().fold(EXP[0], |sum, &c| sum.mul_add(r, c));
    let p = tail.mul_add(r * r, r) + 1.0;
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    if x < ZERO { 0.0 } else { p * scale }
}

/// Gaussian error linear unit, by erfc, so that what is nearly 0 keeps its digits.
pub(super) fn gelu(x: f32) -> f32 {
    0.5 * x * libm::erfcf(-x * std::f32::consts::FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_near_the_true_one() {
        let mut worst = 0.0_f64;
        for k in 0..=873_000 {
            let x = -(k as f32) * 1e-4;
            let (found, expected) = (f64::from(exp_of_negative(x)), f64::from(x).exp());
            worst = worst.max((found - expected).abs() / expected);
        }
        assert!(worst < 2.0 * f64::from(f32::EPSILON), "relative error {worst}");
        assert_eq!(exp_of_negative(0.0), 1.0);
        assert_eq!(exp_of_negative(-1e9), 0.0);
        assert_eq!(exp_of_negative(f32::NEG_INFINITY), 0.0);
        assert!(exp_of_negative(f32::NAN).is_nan());
    }
}
