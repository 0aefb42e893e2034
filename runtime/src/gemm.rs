//! A published product, to measure a machine's ceiling with. No plan runs it.

use gemm_common::Parallelism;

/// `c = a · b` of square matrices with so many rows, by the gemm crates with a number of threads.
///
/// # Panics
/// If a slice is not as long as a matrix.
#[allow(unsafe_code)] // a kernel that takes addresses
pub fn product(side: usize, threads: usize, a: &[f32], b: &[f32], c: &mut [f32]) {
    let elements = side * side;
    assert!(a.len() == elements && b.len() == elements && c.len() == elements, "slices hold whole matrices");
    let row = side as isize;
    let kernel = gemm_f32::gemm::f32::get_gemm_fn();
    // SAFETY: each matrix is dense and row-major in a slice of its whole length; `c` is borrowed by nobody else.
    unsafe {
        let (a, b, c, threads) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr(), Parallelism::Rayon(threads));
        kernel(side, side, side, c, 1, row, false, a, 1, row, b, 1, row, 0.0, 1.0, false, false, false, threads);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_one() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]);
        let mut c = [0.0; 4];
        product(2, 2, &a, &b, &mut c);
        assert_eq!(c, [19.0, 22.0, 43.0, 50.0]);
    }
}
