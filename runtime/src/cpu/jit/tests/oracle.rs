//! What a nest means, element by element in f64, and nests to try it on.

use crease_core::ir::{Binary, Instr, Unary};
use crease_core::kernel::{Nest, RowOp};

/// A nest with memory to run it on.
pub(super) struct Case {
    pub(super) nest: Nest,
    pub(super) extents: Vec<u64>,
    pub(super) starts: Vec<u64>,
    pub(super) operands: Vec<Vec<f32>>,
    pub(super) store_len: usize,
}

/// A result element: its place, its value, the largest number met on the way.
pub(super) type Expected = (usize, f64, f64);

struct Point<'a> {
    case: &'a Case,
    at: Vec<u64>,
    scale: f64,
}

impl Point<'_> {
    fn offset(&self, strides: &[i64]) -> i64 {
        strides.iter().zip(&self.at).map(|(s, i)| s * *i as i64).sum()
    }

    fn eval(&mut self, instrs: &[Instr], row: f64) -> f64 {
        let mut values: Vec<f64> = Vec::new();
        for instr in instrs {
            let load = |k: usize, extra: i64| {
                let place = self.offset(&self.case.nest.loads[k]) + extra;
                f64::from(self.case.operands[k][usize::try_from(place).unwrap()])
            };
            let value = match *instr {
                Instr::Load(k) => load(k, 0),
                Instr::Const(x) => x,
                Instr::Size(_) => unreachable!(),
                Instr::Position(i) => (self.case.starts[i] + self.at[i]) as f64,
                Instr::Gather { source, at } => {
                    let axis = self.case.nest.gathers[source].unwrap();
                    let place = values[at].round();
                    let inside = place >= 0.0 && place < axis.extent as f64;
                    if inside { load(source, place as i64 * axis.stride) } else { f64::NAN }
                }
                Instr::Row(_) => row,
                Instr::Unary(f, a) => unary(f, values[a]),
                Instr::Binary(f, a, b) => binary(f, values[a], values[b]),
                Instr::Select(c, a, b) => {
                    if values[c] != 0.0 {
                        values[a]
                    } else {
                        values[b]
                    }
                }
            };
            if value.is_finite() {
                self.scale = self.scale.max(value.abs());
            }
            values.push(value);
        }
        values[values.len() - 1]
    }
}

/// A function of one number, in f64.
pub(super) fn unary(function: Unary, x: f64) -> f64 {
    match function {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Exp => x.exp(),
        Unary::Log => x.ln(),
        Unary::Sqrt => x.sqrt(),
        Unary::Recip => 1.0 / x,
        Unary::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Unary::Relu => {
            if x < 0.0 {
                0.0
            } else {
                x
            }
        }
        Unary::Gelu => 0.5 * x * libm::erfc(-x / std::f64::consts::SQRT_2),
        Unary::Tanh => x.tanh(),
        Unary::Erf => libm::erf(x),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Floor => x.floor(),
        Unary::Not => f64::from(u8::from(x == 0.0)),
    }
}

fn binary(function: Binary, a: f64, b: f64) -> f64 {
    let truth = |yes: bool| f64::from(u8::from(yes));
    let nan = a.is_nan() || b.is_nan();
    match function {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Max => {
            if nan {
                f64::NAN
            } else {
                a.max(b)
            }
        }
        Binary::Min => {
            if nan {
                f64::NAN
            } else {
                a.min(b)
            }
        }
        Binary::Lt => truth(a < b),
        Binary::Le => truth(a <= b),
        Binary::Eq => truth(a == b),
        Binary::Ne => truth(a != b),
    }
}

/// Calls `body` with every position of the indices.
fn every(extents: &[u64], indices: &[usize], at: &mut Vec<u64>, body: &mut dyn FnMut(&mut Vec<u64>)) {
    let Some((first, rest)) = indices.split_first() else { return body(at) };
    for i in 0..extents[*first] {
        at[*first] = i;
        every(extents, rest, at, body);
    }
    at[*first] = 0;
}

/// Every element of the result.
pub(super) fn expected(case: &Case) -> Vec<Expected> {
    let nest = &case.nest;
    let over = nest.row.as_ref().map_or(Vec::new(), |row| row.over.clone());
    let map: Vec<usize> = (0..nest.indices).filter(|i| !over.contains(i)).collect();
    let mut result = Vec::new();
    every(&case.extents, &map, &mut vec![0; nest.indices], &mut |at| {
        let mut point = Point { case, at: at.clone(), scale: 1.0 };
        let mut emit = |point: &mut Point<'_>, row: f64| {
            let value = point.eval(&nest.after.0, row);
            result.push((point.offset(&nest.store) as usize, value, point.scale));
        };
        let Some(row) = &nest.row else { return emit(&mut point, f64::NAN) };
        let mut xs = Vec::new();
        every(&case.extents, &over, at, &mut |at| {
            point.at.clone_from(at);
            let x = point.eval(&nest.before.0, f64::NAN);
            xs.push((at.clone(), x));
        });
        point.at.clone_from(at);
        let sum = |f: &dyn Fn(f64) -> f64| xs.iter().map(|(_, x)| f(*x)).sum::<f64>();
        let max = xs.iter().fold(f64::NEG_INFINITY, |m, (_, x)| binary(Binary::Max, m, *x));
        point.scale = point.scale.max(sum(&f64::abs));
        match row.op {
            RowOp::Sum => emit(&mut point, sum(&|x| x)),
            RowOp::Max => emit(&mut point, max),
            RowOp::Softmax => {
                let total = sum(&|x| (x - max).exp());
                for (at, x) in &xs {
                    point.at.clone_from(at);
                    emit(&mut point, (x - max).exp() / total);
                }
            }
            RowOp::Normalize { epsilon } => {
                let n = xs.len() as f64;
                let mean = sum(&|x| x) / n;
                let variance = sum(&|x| (x - mean) * (x - mean)) / n;
                for (at, x) in &xs {
                    point.at.clone_from(at);
                    emit(&mut point, (x - mean) / (variance + epsilon).sqrt());
                }
            }
        }
    });
    result
}
