//! Nests by chance: any rank, extents, strides, expressions, row operations.

use crease_core::ir::{Binary, Expr, Format, Instr, Unary};
use crease_core::kernel::{Gathered, Nest, Row, RowOp, Strides};

use super::oracle::Case;
use crate::cpu::testing::dice::Dice;

/// Strides of a tensor that has `indices` in some order, perhaps with gaps; and its length.
fn layout(dice: &mut Dice, extents: &[u64], indices: Vec<usize>) -> (Strides, usize) {
    let format = if dice.chance(30) { Format::Bf16 } else { Format::Single };
    let mut strides = vec![0; extents.len()];
    let mut step = if dice.chance(15) { 2 } else { 1 };
    // In order more often than not, so that neighbours can merge.
    let order = if dice.chance(50) { dice.shuffled(indices) } else { indices };
    for i in order.into_iter().rev() {
        strides[i] = step;
        step *= extents[i].max(1) as i64 + i64::from(dice.chance(10));
    }
    let last: i64 = strides.iter().zip(extents).map(|(s, e)| s * (*e as i64 - 1).max(0)).sum();
    let empty = strides.iter().zip(extents).any(|(s, e)| *s != 0 && *e == 0);
    (Strides { steps: strides, format }, if empty { 0 } else { last as usize + 1 })
}

/// Numbers of a random expression over the operands, exact ones marked.
fn expression(dice: &mut Dice, case: &Case, operands: &[usize], positions: &[usize], row: bool) -> Expr {
    let mut expr = Expr::default();
    let mut exact: Vec<usize> = Vec::new();
    if row {
        expr.push(Instr::Row(0));
    }
    for &k in operands {
        exact.push(match case.nest.gathers[k] {
            None => expr.push(Instr::Load(k)),
            Some(_) => {
                let at = match positions.first() {
                    Some(i) if dice.chance(50) => expr.push(Instr::Position(*i)),
                    _ => match operands.iter().find(|k| case.nest.gathers[**k].is_none()) {
                        Some(k) => expr.push(Instr::Load(*k)),
                        None => expr.push(Instr::Const(1.0)),
                    },
                };
                let at = expr.push(Instr::Unary(Unary::Floor, at));
                expr.push(Instr::Gather { source: k, at })
            }
        });
    }
    if exact.is_empty() || dice.chance(30) {
        exact.push(expr.push(Instr::Const(f64::from(dice.eighth()))));
    }
    if let (Some(i), true) = (positions.first(), dice.chance(30)) {
        exact.push(expr.push(Instr::Position(*i)));
    }
    for _ in 0..dice.below(6) {
        let (a, b) = (dice.below(expr.0.len()), dice.below(expr.0.len()));
        let e = exact[dice.below(exact.len())];
        let f = exact[dice.below(exact.len())];
        match dice.below(16) {
            0 => expr.push(Instr::Binary(Binary::Add, a, b)),
            1 => expr.push(Instr::Binary(Binary::Sub, a, b)),
            2 => expr.push(Instr::Binary(Binary::Mul, a, e)),
            3 => expr.push(Instr::Binary(Binary::Max, a, b)),
            4 => expr.push(Instr::Binary(Binary::Min, a, b)),
            5 => {
                let how = [Binary::Lt, Binary::Le, Binary::Eq, Binary::Ne][dice.below(4)];
                expr.push(Instr::Binary(how, e, f))
            }
            6 => expr.push(Instr::Select(e, a, b)),
            7 => expr.push(Instr::Unary([Unary::Floor, Unary::Not][dice.below(2)], e)),
            8 => {
                let list = [Unary::Neg, Unary::Abs, Unary::Relu, Unary::Gelu, Unary::Erf, Unary::Cos, Unary::Sin];
                expr.push(Instr::Unary(list[dice.below(list.len())], a))
            }
            9 | 10 => expr.push(Instr::Unary([Unary::Sigmoid, Unary::Tanh][dice.below(2)], a)),
            11 => {
                let small = expr.push(Instr::Unary(Unary::Tanh, a));
                expr.push(Instr::Unary(Unary::Exp, small))
            }
            what => {
                let size = expr.push(Instr::Unary(Unary::Abs, a));
                let half = expr.push(Instr::Const(0.5));
                let above = expr.push(Instr::Binary(Binary::Add, size, half));
                match what {
                    12 => expr.push(Instr::Unary(Unary::Log, above)),
                    13 => expr.push(Instr::Unary(Unary::Sqrt, above)),
                    14 => expr.push(Instr::Unary(Unary::Recip, above)),
                    _ => expr.push(Instr::Binary(Binary::Div, e, above)),
                }
            }
        };
    }
    expr
}

/// A random nest over the given extents; `row_size` indices in its row if it has one.
pub(super) fn case(dice: &mut Dice, extents: Vec<u64>, op: Option<RowOp>, row_size: usize) -> Case {
    let n = extents.len();
    let all = dice.shuffled((0..n).collect());
    let over: Vec<usize> = if op.is_some() { all[..row_size.min(n)].to_vec() } else { Vec::new() };
    let map: Vec<usize> = (0..n).filter(|i| !over.contains(i)).collect();
    let consumes = op.is_some_and(RowOp::consumes);
    let result: Vec<usize> = if consumes { map.clone() } else { (0..n).collect() };
    let (mut store, store_len) = layout(dice, &extents, result);
    if op.is_some() && !consumes {
        store.format = Format::Single;
    }
    let nest = Nest {
        indices: n,
        loads: Vec::new(),
        gathers: Vec::new(),
        store,
        before: Expr::default(),
        row: op.map(|op| Row { op, over }),
        after: Expr::default(),
    };
    let starts = (0..n).map(|_| dice.below(50) as u64).collect();
    let mut case = Case { nest, extents, starts, operands: Vec::new(), store_len };
    let operands = |dice: &mut Dice, case: &mut Case, allowed: &[usize]| -> Vec<usize> {
        let first = case.operands.len();
        for _ in 0..dice.below(4) {
            let mine: Vec<usize> = allowed.iter().copied().filter(|_| dice.chance(75)).collect();
            let mut extents = case.extents.clone();
            let gathered = dice.chance(15);
            let mut axes = mine;
            if gathered {
                extents.push([0, 1, 3, 9][dice.below(4)]);
                axes.push(n);
            }
            let (mut strides, len) = layout(dice, &extents, axes);
            let axis = gathered.then(|| Gathered { stride: strides.steps.pop().unwrap(), extent: extents[n] });
            case.nest.loads.push(strides);
            case.nest.gathers.push(axis);
            case.operands.push((0..len).map(|_| dice.eighth()).collect());
        }
        (first..case.operands.len()).collect()
    };
    if op.is_some() {
        let every: Vec<usize> = (0..n).collect();
        let list = operands(dice, &mut case, &every);
        case.nest.before = expression(dice, &case, &list, &every, false);
    }
    let allowed = if consumes { map } else { (0..n).collect() };
    let list = operands(dice, &mut case, &allowed);
    case.nest.after = expression(dice, &case, &list, &allowed, op.is_some());
    if op.is_some() && dice.chance(30) {
        case.nest.after = Expr::row();
    }
    case
}
