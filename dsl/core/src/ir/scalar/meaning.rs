//! What expressions and functions of numbers mean, in 64-bit floats.

use super::expr::{Binary, Expr, Instr, Unary};
use crate::ir::extent::Sizes;

impl Expr {
    /// Evaluates the expression. `leaf` gives the value of its leaves (everything that is not a function), given
    /// the values of the instructions before it. None where a leaf has no value.
    ///
    /// # Panics
    /// On an expression without instructions.
    pub fn value(&self, leaf: &mut dyn FnMut(&Instr, &[f64]) -> Option<f64>) -> Option<f64> {
        let mut values: Vec<f64> = Vec::with_capacity(self.0.len());
        for instr in &self.0 {
            let value = match instr {
                Instr::Unary(f, a) => unary(*f, values[*a]),
                Instr::Binary(f, a, b) => binary(*f, values[*a], values[*b]),
                Instr::Select(c, a, b) => values[if values[*c] == 0.0 { *b } else { *a }],
                other => leaf(other, &values)?,
            };
            values.push(value);
        }
        Some(values.pop().expect("an expression has a result"))
    }
}

/// The value of a constant expression; none where it depends on an element or on an unknown size.
pub fn number(expr: &Expr, sizes: &Sizes) -> Option<f64> {
    let mut known = |leaf: &Instr, _: &[f64]| match leaf {
        Instr::Const(x) => Some(*x),
        Instr::Size(extent) => Some(extent.eval(sizes).ok()? as f64),
        _ => None,
    };
    if expr.0.is_empty() { None } else { expr.value(&mut known) }
}

/// A function of one number.
pub fn unary(f: Unary, x: f64) -> f64 {
    match f {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Exp => libm::exp(x),
        Unary::Log => libm::log(x),
        Unary::Sqrt => x.sqrt(),
        Unary::Recip => 1.0 / x,
        Unary::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
        Unary::Relu => {
            if x > 0.0 || x.is_nan() {
                x
            } else {
                0.0
            }
        }
        Unary::Gelu => 0.5 * x * (1.0 + libm::erf(x / std::f64::consts::SQRT_2)),
        Unary::Tanh => libm::tanh(x),
        Unary::Erf => libm::erf(x),
        Unary::Sin => libm::sin(x),
        Unary::Cos => libm::cos(x),
        Unary::Floor => x.floor(),
        Unary::Not => f64::from(x == 0.0),
    }
}

/// A function of two numbers.
pub fn binary(f: Binary, a: f64, b: f64) -> f64 {
    let either = a.is_nan() || b.is_nan();
    match f {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Max if either => f64::NAN,
        Binary::Max => a.max(b),
        Binary::Min if either => f64::NAN,
        Binary::Min => a.min(b),
        Binary::Lt => f64::from(a < b),
        Binary::Le => f64::from(a <= b),
        Binary::Eq => f64::from(a == b),
        Binary::Ne => f64::from(a != b),
    }
}
