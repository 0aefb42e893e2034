//! How far every function may be from the true value, over its whole range, and what it gives at the range's ends.

use crease_core::ir::Unary;

use super::super::arithmetic::Plain;
use super::*;

pub(in crate::cpu) type Function = fn(&mut Plain, f32) -> f32;
type Truth = fn(f64) -> f64;
/// A name, the function, its true value, from where to where, and the units that it may be off.
type Bound = (&'static str, Function, Truth, f32, f32, f64);

/// What is the same in nests, in tile programs and in plain code.
pub(in crate::cpu) const SAME: [(Unary, Function); 8] = [
    (Unary::Exp, exp),
    (Unary::Log, log),
    (Unary::Sigmoid, sigmoid),
    (Unary::Tanh, tanh),
    (Unary::Erf, erf),
    (Unary::Gelu, gelu),
    (Unary::Sin, |_, x| x.sin()),
    (Unary::Cos, |_, x| x.cos()),
];

/// Every 1009th number from one to another, both of one sign; and the second.
fn sweep(from: f32, to: f32) -> impl Iterator<Item = f32> {
    let (low, high) = (from.abs().min(to.abs()).to_bits(), from.abs().max(to.abs()).to_bits());
    let sign = (from + to).signum();
    (low..high).step_by(1009).chain([high]).map(move |bits| sign * f32::from_bits(bits))
}

/// The largest error over a sweep, in units of the true value's last place, and where it is.
fn error(f: Function, truth: Truth, from: f32, to: f32) -> (f64, f32) {
    let mut worst = (0.0, from);
    for x in sweep(from, to) {
        let (found, truth) = (f64::from(f(&mut Plain, x)), truth(f64::from(x)));
        let unit = 2_f64.powi(truth.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor() as i32 - 23);
        let error = (found - truth).abs() / unit;
        if error.is_nan() || error > worst.0 {
            worst = (error, x);
        }
    }
    worst
}

fn true_gelu(x: f64) -> f64 {
    0.5 * x * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

fn true_sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

#[test]
fn errors_are_a_few_units_in_the_last_place() {
    let cases: [Bound; 15] = [
        ("exp of negative", exp_of_negative, libm::exp, -87.3, -1e-9, 1.0),
        ("exp", exp, libm::exp, -103.9, -1e-9, 1.0),
        ("exp", exp, libm::exp, 1e-9, 88.72, 1.0),
        ("log", log, libm::log, 1e-45, f32::MAX, 1.0),
        ("sigmoid", sigmoid, true_sigmoid, -87.0, -1e-9, 3.0),
        ("sigmoid", sigmoid, true_sigmoid, 1e-9, 100.0, 1.5),
        ("tanh", tanh, libm::tanh, -100.0, -1e-45, 1.5),
        ("tanh", tanh, libm::tanh, 1e-45, 100.0, 1.5),
        ("erf", erf, libm::erf, -100.0, -1e-45, 1.5),
        ("erf", erf, libm::erf, 1e-45, 100.0, 1.5),
        ("gelu", gelu, true_gelu, 1e-30, 100.0, 3.5),
        ("gelu", gelu, true_gelu, -1.0, -1e-30, 4.0),
        ("gelu", gelu, true_gelu, -5.0, -1.0, 4.5),
        ("gelu", gelu, true_gelu, -13.0, -5.0, 5.0),
        // So many units are the least normal number: what is below it may be 0.
        ("gelu", gelu, true_gelu, -100.0, -13.0, 8_388_608.0),
    ];
    for (name, f, truth, from, to, limit) in cases {
        let (error, at) = error(f, truth, from, to);
        println!("{name} on {from:e}..{to:e}: {error:.3} units at {at:e}");
        assert!(error <= limit, "{name} on {from:e}..{to:e}: {error} units at {at:e}");
    }
}

#[test]
fn ends_and_nothings() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let cases: [(&str, Function, f32, f32); 31] = [
        ("exp of negative", exp_of_negative, 0.0, 1.0),
        ("exp of negative", exp_of_negative, -1e9, 0.0),
        ("exp of negative", exp_of_negative, -inf, 0.0),
        ("exp of negative", exp_of_negative, nan, nan),
        ("exp", exp, 0.0, 1.0),
        ("exp", exp, 88.73, inf),
        ("exp", exp, inf, inf),
        ("exp", exp, -inf, 0.0),
        ("exp", exp, nan, nan),
        ("log", log, 1.0, 0.0),
        ("log", log, 0.0, -inf),
        ("log", log, -0.0, -inf),
        ("log", log, inf, inf),
        ("log", log, -1.0, nan),
        ("log", log, nan, nan),
        ("sigmoid", sigmoid, 0.0, 0.5),
        ("sigmoid", sigmoid, inf, 1.0),
        ("sigmoid", sigmoid, -inf, 0.0),
        ("sigmoid", sigmoid, nan, nan),
        ("tanh", tanh, 0.0, 0.0),
        ("tanh", tanh, inf, 1.0),
        ("tanh", tanh, -inf, -1.0),
        ("tanh", tanh, nan, nan),
        ("erf", erf, 0.0, 0.0),
        ("erf", erf, inf, 1.0),
        ("erf", erf, -inf, -1.0),
        ("erf", erf, nan, nan),
        ("gelu", gelu, 0.0, 0.0),
        ("gelu", gelu, inf, inf),
        ("gelu", gelu, -inf, 0.0),
        ("gelu", gelu, nan, nan),
    ];
    for (name, f, x, y) in cases {
        let found = f(&mut Plain, x);
        assert!(found == y || (found.is_nan() && y.is_nan()), "{name}({x}) is {found}");
    }
}
