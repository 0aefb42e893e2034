//! The error of every function, over a sweep and at its special values.

use crease_core::ir::{Expr, Instr, Unary};
use crease_core::kernel::Nest;

use super::oracle::{Case, unary};
use super::run;
use crate::cpu::jit::Jit;
use crate::cpu::numbers::arithmetic::Plain;
use crate::cpu::numbers::functions::tests::SAME;
use crate::cpu::pool::Pool;

fn apply(jit: &Jit, function: Unary, xs: Vec<f32>) -> Vec<f32> {
    let nest = Nest {
        indices: 1,
        loads: vec![vec![1].into()],
        gathers: vec![None],
        store: vec![1].into(),
        before: Expr::default(),
        row: None,
        after: Expr(vec![Instr::Load(0), Instr::Unary(function, 0)]),
    };
    let store_len = xs.len();
    let case = Case { nest, extents: vec![store_len as u64], starts: vec![0], operands: vec![xs], store_len };
    run(jit, &Pool::new(1), &case)
}

/// Largest error over a sweep, relative to the value or to `floor` where the value is smaller.
fn error(jit: &Jit, function: Unary, from: f32, to: f32, floor: f64) -> f64 {
    let n = 200_003;
    let xs: Vec<f32> = (0..n).map(|i| from + (to - from) * (i as f32 / n as f32)).collect();
    let ys = apply(jit, function, xs.clone());
    let errors = xs.iter().zip(ys).map(|(x, y)| {
        let value = unary(function, f64::from(*x));
        (f64::from(y) - value).abs() / value.abs().max(floor)
    });
    errors.fold(0.0, f64::max)
}

#[test]
fn functions_are_exact_to_two_units_or_so() {
    let least = f64::from(f32::MIN_POSITIVE);
    for fuses in [true, false] {
        let mut jit = Jit::new().unwrap();
        jit.fuse_only_if(fuses);
        for (function, from, to, floor, limit) in [
            (Unary::Neg, -9.0, 9.0, least, 0.0),
            (Unary::Abs, -9.0, 9.0, least, 0.0),
            (Unary::Relu, -9.0, 9.0, least, 0.0),
            (Unary::Floor, -9.0, 9.0, least, 0.0),
            (Unary::Not, -9.0, 9.0, least, 0.0),
            (Unary::Sqrt, 0.0, 1e6, least, 6e-8),
            (Unary::Recip, 0.01, 100.0, least, 6e-8),
            (Unary::Exp, -87.0, 88.7, least, 2e-7),
            (Unary::Exp, -1.0, 1.0, least, 2e-7),
            (Unary::Exp, -104.0, -87.0, least, 2e-7),
            (Unary::Sigmoid, -87.0, 30.0, least, 2.5e-7),
            (Unary::Sigmoid, -1.0, 1.0, least, 2e-7),
            (Unary::Tanh, -10.0, 10.0, least, 2e-7),
            (Unary::Tanh, -0.01, 0.01, least, 2e-7),
            (Unary::Log, 1e-6, 10.0, 1e-2, 2e-7),
            (Unary::Log, 0.9, 1.1, 1e-9, 2e-7),
            (Unary::Log, 1e-39, 1e-37, least, 2e-7),
            (Unary::Log, 1.0, 3e38, least, 2e-7),
            (Unary::Erf, -5.0, 5.0, least, 2e-7),
            (Unary::Erf, -1e-3, 1e-3, least, 2e-7),
            (Unary::Gelu, -1.0, 8.0, least, 4e-7),
            (Unary::Gelu, -13.0, -1.0, least, 5e-7),
            (Unary::Sin, -30.0, 30.0, 1e-2, 2e-7),
            (Unary::Cos, -30.0, 30.0, 1e-2, 2e-7),
        ] {
            let error = error(&jit, function, from, to, floor);
            println!("{function:?} on {from:e}..{to:e}: {error:.2e}");
            assert!(error <= limit, "{function:?} on {from}..{to}: {error:e}");
        }
    }
}

#[test]
fn where_rounding_is_the_same_nests_give_the_bits_of_plain_code() {
    let jit = Jit::new().unwrap();
    if !jit.fuses() {
        return;
    }
    // All exponents and signs, infinities among them.
    let xs: Vec<f32> = (0..u32::MAX).step_by(40_009).map(f32::from_bits).filter(|x| !x.is_nan()).collect();
    for (function, plain) in SAME {
        for (x, y) in xs.iter().zip(apply(&jit, function, xs.clone())) {
            let expected = plain(&mut Plain, *x);
            let same = y.to_bits() == expected.to_bits() || (y.is_nan() && expected.is_nan());
            assert!(same, "{function:?}({x:e}) is {y:e}, not {expected:e}");
        }
    }
}

#[test]
fn special_values() {
    let jit = Jit::new().unwrap();
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    for (function, x, y) in [
        (Unary::Exp, inf, inf),
        (Unary::Exp, -inf, 0.0),
        (Unary::Exp, 88.73, inf),
        (Unary::Exp, 1e30, inf),
        (Unary::Exp, -1e30, 0.0),
        (Unary::Exp, 0.0, 1.0),
        (Unary::Log, 0.0, -inf),
        (Unary::Log, -0.0, -inf),
        (Unary::Log, inf, inf),
        (Unary::Log, -1.0, nan),
        (Unary::Log, 1.0, 0.0),
        (Unary::Sigmoid, inf, 1.0),
        (Unary::Sigmoid, -inf, 0.0),
        (Unary::Sigmoid, -1e30, 0.0),
        (Unary::Sigmoid, 0.0, 0.5),
        (Unary::Tanh, inf, 1.0),
        (Unary::Tanh, -inf, -1.0),
        (Unary::Tanh, 1e-40, 1e-40),
        (Unary::Sqrt, -1.0, nan),
        (Unary::Recip, 0.0, inf),
        (Unary::Relu, -inf, 0.0),
        (Unary::Erf, inf, 1.0),
        (Unary::Erf, -inf, -1.0),
        (Unary::Gelu, inf, inf),
        (Unary::Gelu, -inf, 0.0),
        (Unary::Not, 0.0, 1.0),
    ] {
        // Five elements: four lanes and a scalar.
        for got in apply(&jit, function, vec![x; 5]) {
            assert!(got == y || (got.is_nan() && y.is_nan()), "{function:?}({x}) is {got}");
        }
    }
    for function in [Unary::Exp, Unary::Log, Unary::Sigmoid, Unary::Tanh, Unary::Relu, Unary::Gelu, Unary::Erf] {
        assert!(apply(&jit, function, vec![nan; 5]).iter().all(|y| y.is_nan()), "{function:?}(NaN)");
    }
}
