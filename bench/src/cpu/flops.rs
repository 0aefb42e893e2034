//! Useful floating-point operations of a block's parts: two a multiply-add of the products that the formulas ask
//! for, whatever a plan computes anew or pads. Softmax, norms and gates are not counted.

/// Channels: of the MSA and pair representations, of the outer product mean's sides; widths of all heads together are
/// those of what they update.
const C_M: u64 = 256;
const C_Z: u64 = 128;
const C_OPM: u64 = 32;
/// Heads of MSA and of triangle attention.
const HEADS_M: u64 = 8;
const HEADS_Z: u64 = 4;
/// Hidden width of a transition, in multiples.
const N: u64 = 4;

pub(super) fn row_attention(s: u64, r: u64) -> u64 {
    10 * s * r * C_M * C_M + 4 * s * r * r * C_M + 2 * r * r * C_Z * HEADS_M
}

pub(super) fn column_attention(s: u64, r: u64) -> u64 {
    10 * s * r * C_M * C_M + 4 * s * s * r * C_M
}

pub(super) fn msa_transition(s: u64, r: u64) -> u64 {
    4 * N * s * r * C_M * C_M
}

pub(super) fn outer_product_mean(s: u64, r: u64) -> u64 {
    let outer = C_OPM * C_OPM;
    4 * s * r * C_M * C_OPM + 2 * s * r * r * outer + 2 * r * r * outer * C_Z + 2 * s * r * r
}

pub(super) fn triangle_multiplication(_: u64, r: u64) -> u64 {
    12 * r * r * C_Z * C_Z + 2 * r * r * r * C_Z
}

pub(super) fn triangle_attention(_: u64, r: u64) -> u64 {
    10 * r * r * C_Z * C_Z + 4 * r * r * r * C_Z + 2 * r * r * C_Z * HEADS_Z
}

pub(super) fn pair_transition(_: u64, r: u64) -> u64 {
    4 * N * r * r * C_Z * C_Z
}

pub(super) fn block(s: u64, r: u64) -> u64 {
    let msa = row_attention(s, r) + column_attention(s, r) + msa_transition(s, r) + outer_product_mean(s, r);
    msa + 2 * triangle_multiplication(s, r) + 2 * triangle_attention(s, r) + pair_transition(s, r)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Teraflops as they were counted by hand, give or take so many units of the last digit written.
    fn check(counted: u64, written: &str, units: f64) {
        let digits = written.split_once('.').map_or(0, |(_, digits)| digits.len());
        let expected: f64 = written.parse().expect("a number");
        let off = (counted as f64 / 1e12 - expected).abs() * 10f64.powi(digits as i32);
        assert!(off <= units, "{counted} is not {written}");
    }

    #[test]
    fn counts_are_those_made_by_hand() {
        for (s, r, parts, whole) in [
            (128, 256, ["0.030", "0.026", "0.034", "0.035", "0.034", "0.039", "0.017"], "0.216"),
            (512, 384, ["0.206", "0.232", "0.206", "0.200", "0.087", "0.107", "0.039"], "1.077"),
            (512, 1024, ["0.90", "0.62", "0.55", "1.39", "0.96", "1.45", "0.28"], "6.14"),
            (512, 2048, ["2.90", "1.24", "1.10", "5.54", "6.05", "10.2", "1.10"], "28.1"),
            (512, 4096, ["10.2", "2.47", "2.20", "22.1", "41.8", "75.9", "4.40"], "159"),
        ] {
            let counted = [
                row_attention(s, r),
                column_attention(s, r),
                msa_transition(s, r),
                outer_product_mean(s, r),
                2 * triangle_multiplication(s, r),
                2 * triangle_attention(s, r),
                pair_transition(s, r),
            ];
            // Parts were rounded twice where they were written down; their sums were not.
            counted.into_iter().zip(parts).for_each(|(counted, written)| check(counted, written, 0.55));
            check(block(s, r), whole, 0.5);
        }
    }
}
