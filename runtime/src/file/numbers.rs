//! The numbers of a tensor's bytes, in single precision.

use safetensors::Dtype;

/// Bytes of a number of a type that can be read as 32-bit floats; none for other types.
pub(super) fn width(dtype: Dtype) -> Option<usize> {
    match dtype {
        Dtype::F64 | Dtype::I64 => Some(8),
        Dtype::F32 | Dtype::I32 => Some(4),
        Dtype::F16 | Dtype::BF16 => Some(2),
        Dtype::U8 | Dtype::BOOL => Some(1),
        _ => None,
    }
}

/// The numbers of some bytes, or `None` where an integer is not exact in 32 bits or the type has no numbers.
pub(super) fn convert(dtype: Dtype, bytes: &[u8], into: &mut [f32]) -> Option<()> {
    fn each<const N: usize>(bytes: &[u8], into: &mut [f32], read: impl Fn([u8; N]) -> Option<f32>) -> Option<()> {
        for (number, bytes) in into.iter_mut().zip(bytes.as_chunks::<N>().0) {
            *number = read(*bytes)?;
        }
        Some(())
    }
    let exact = |x: i64| (x.unsigned_abs() <= 1 << 24).then_some(x as f32);
    match dtype {
        Dtype::F32 => each(bytes, into, |b| Some(f32::from_le_bytes(b))),
        Dtype::F64 => each(bytes, into, |b| Some(f64::from_le_bytes(b) as f32)),
        Dtype::F16 => each(bytes, into, |b| Some(half::f16::from_le_bytes(b).to_f32())),
        Dtype::BF16 => each(bytes, into, |b| Some(half::bf16::from_le_bytes(b).to_f32())),
        Dtype::I64 => each(bytes, into, |b| exact(i64::from_le_bytes(b))),
        Dtype::I32 => each(bytes, into, |b| exact(i32::from_le_bytes(b).into())),
        Dtype::U8 => each(bytes, into, |b: [u8; 1]| Some(b[0].into())),
        Dtype::BOOL => each(bytes, into, |b: [u8; 1]| Some(f32::from(b[0] != 0))),
        _ => None,
    }
}

/// The place of the first number that is not finite.
pub(crate) fn first_not_finite(numbers: &[f32]) -> Option<usize> {
    const BLOCK: usize = 1024;
    // A block without a branch is looked through as fast as it is read.
    let is_bad = |block: &[f32]| block.iter().fold(false, |bad, x| bad | !x.is_finite());
    let from = BLOCK * numbers.chunks(BLOCK).position(is_bad)?;
    Some(from + numbers[from..].iter().position(|x| !x.is_finite())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_found_wherever_it_stands() {
        let check = |bad: &[(usize, f32)], expected: Option<usize>| {
            let mut data = vec![1.0; 3000];
            bad.iter().for_each(|(at, value)| data[*at] = *value);
            assert_eq!(first_not_finite(&data), expected, "{bad:?}");
        };
        check(&[], None);
        check(&[(0, f32::MAX), (1, f32::MIN_POSITIVE / 2.0)], None);
        for at in [0, 1023, 1024, 2999] {
            check(&[(at, f32::NAN)], Some(at));
        }
        check(&[(2500, f32::NAN), (2047, f32::NEG_INFINITY)], Some(2047));
        assert_eq!(first_not_finite(&[]), None);
    }

    #[test]
    fn integers_are_read_only_where_that_is_exact() {
        let check = |x: i64, expected: Option<f32>| {
            let mut number = [0.0];
            assert_eq!(convert(Dtype::I64, &x.to_le_bytes(), &mut number).map(|()| number[0]), expected);
        };
        check(-(1 << 24), Some(-16_777_216.0));
        check((1 << 24) + 1, None);
        check(i64::MIN, None);
    }
}
