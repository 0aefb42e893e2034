//! Compiled nests against the meaning of a nest in f64.

#![allow(unsafe_code)] // Runs compiled code on buffers of the length that the nest reaches.

mod functions;
mod oracle;
mod random;

use crease_core::ir::{Binary, Expr, Extent, Format, Instr, Unary};
use crease_core::kernel::{Nest, Row, RowOp};

use super::{Jit, JitError};
use crate::cpu::pool::Pool;
use crate::cpu::testing::dice::Dice;
use crate::cpu::testing::held::{Held, rounding};
use oracle::{Case, expected};

/// In few bits too.
const UNTOUCHED: f32 = 12_352.0;

fn run(jit: &Jit, pool: &Pool, case: &Case) -> Vec<f32> {
    let compiled = jit.compile(&case.nest).unwrap();
    let mut store = Held::new(&vec![UNTOUCHED; case.store_len], case.nest.store.format);
    let operands = case.operands.iter().zip(&case.nest.loads);
    let mut operands: Vec<Held> = operands.map(|(numbers, strides)| Held::new(numbers, strides.format)).collect();
    let loads: Vec<*const f32> = operands.iter_mut().map(|held| held.address().cast_const()).collect();
    // SAFETY: operands and result have the lengths that `layout` found for these extents.
    unsafe { compiled.run(pool, &loads, store.address(), &case.extents, &case.starts) };
    store.numbers()
}

fn check(jit: &Jit, pool: &Pool, case: &Case) {
    let mut rest = run(jit, pool, case);
    for (place, value, scale) in expected(case) {
        let got = f64::from(rest[place]);
        rest[place] = UNTOUCHED;
        let off = 2e-5 * scale + rounding(case.nest.store.format, value);
        let close = (got - value).abs() <= off || got == value || (got.is_nan() && value.is_nan());
        assert!(close, "{got} for {value} at {place}, extents {:?}: {:#?}", case.extents, case.nest);
    }
    assert!(rest.iter().all(|x| *x == UNTOUCHED), "wrote outside, extents {:?}: {:#?}", case.extents, case.nest);
}

fn any_op(dice: &mut Dice) -> Option<RowOp> {
    let normalize = RowOp::Normalize { epsilon: 0.1 };
    [None, Some(RowOp::Sum), Some(RowOp::Max), Some(RowOp::Softmax), Some(normalize)][dice.below(5)]
}

#[test]
fn random_nests_mean_what_they_say() {
    let (jit, pool) = (Jit::new().unwrap(), Pool::new(2));
    let mut dice = Dice::new(0x5eed);
    for _ in 0..2000 {
        let rank = dice.below(6);
        let sizes: &[u64] = if rank < 4 { &[0, 1, 2, 3, 4, 5, 17, 37] } else { &[0, 1, 2, 3, 5] };
        let extents: Vec<u64> =
            (0..rank).map(|_| sizes[if dice.chance(90) { 1 + dice.below(sizes.len() - 1) } else { 0 }]).collect();
        let (op, row_size) = (any_op(&mut dice), dice.below(4));
        let case = random::case(&mut dice, extents, op, row_size);
        check(&jit, &pool, &case);
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let jit = Jit::new().unwrap();
    let pools = [1, 2, 3, 7].map(Pool::new);
    let mut dice = Dice::new(0xb175);
    for extents in
        [vec![70_001], vec![3, 40_001], vec![301, 257], vec![257, 1, 301], vec![9, 130, 70], vec![1, 8, 9000]]
    {
        for _ in 0..12 {
            let (op, row_size) = (any_op(&mut dice), dice.below(3));
            let case = random::case(&mut dice, extents.clone(), op, row_size);
            let bits = |pool: &Pool| run(&jit, pool, &case).into_iter().map(f32::to_bits).collect::<Vec<_>>();
            let alone = bits(&pools[0]);
            for pool in &pools[1..] {
                assert!(bits(pool) == alone, "{} threads, {extents:?}: {:#?}", pool.threads(), case.nest);
            }
        }
    }
}

#[test]
fn large_nests_mean_what_they_say() {
    let (jit, pool) = (Jit::new().unwrap(), Pool::new(2));
    let mut dice = Dice::new(0x1a26e);
    for extents in [vec![20_003], vec![2, 5001], vec![101, 157], vec![9, 30, 70], vec![2000, 9], vec![1, 8, 900]] {
        for op in [None, Some(RowOp::Sum), Some(RowOp::Softmax), Some(RowOp::Normalize { epsilon: 1e-3 })] {
            for row_size in 1..3 {
                let mut case = random::case(&mut dice, extents.clone(), op, row_size);
                if op.is_some() {
                    case.nest.after = Expr::row();
                }
                check(&jit, &pool, &case);
            }
        }
    }
}

/// `x ← x·σ(y)` in place.
#[test]
fn a_result_may_take_the_place_of_an_operand() {
    let (jit, pool) = (Jit::new().unwrap(), Pool::new(2));
    for strides in [vec![1000, 1], vec![1, 50], vec![2100, 2]] {
        let mut after = Expr::load(0);
        let y = after.push(Instr::Load(1));
        let gate = after.push(Instr::Unary(Unary::Sigmoid, y));
        after.push(Instr::Binary(Binary::Mul, 0, gate));
        let nest = Nest {
            indices: 2,
            loads: vec![strides.clone().into(), vec![0, 1].into()],
            gathers: vec![None, None],
            store: strides.clone().into(),
            before: Expr::default(),
            row: None,
            after,
        };
        let mut x: Vec<f32> = (0..120_000).map(|i| i as f32).collect();
        let y: Vec<f32> = (0..1000).map(|i| i as f32 * 0.01 - 5.0).collect();
        let (loads, store) = ([x.as_ptr(), y.as_ptr()], x.as_mut_ptr());
        let compiled = jit.compile(&nest).unwrap();
        // SAFETY: 50 × 1000 elements with these strides lie inside `x`; both ends stand alike.
        unsafe { compiled.run(&pool, &loads, store, &[50, 1000], &[0, 0]) };
        for i in 0..50_i64 {
            for j in 0..1000_i64 {
                let place = (i * strides[0] + j * strides[1]) as usize;
                let value = place as f64 / (1.0 + (-f64::from(y[j as usize])).exp());
                assert!((f64::from(x[place]) - value).abs() <= 1e-6 * value.abs());
            }
        }
    }
}

fn row_nest(op: RowOp, rows: i64, lanes_in_row: bool) -> Nest {
    let strides = if lanes_in_row { vec![rows, 1] } else { vec![1, rows] };
    Nest {
        indices: 2,
        loads: vec![strides.clone().into()],
        gathers: vec![None],
        store: if op.consumes() { vec![1, 0] } else { strides }.into(),
        before: Expr::load(0),
        row: Some(Row { op, over: vec![1] }),
        after: Expr::row(),
    }
}

fn row_case(op: RowOp, n: usize, lanes_in_row: bool, value: impl Fn(usize) -> f32) -> Case {
    let size = if lanes_in_row { n as i64 } else { 5 };
    let nest = row_nest(op, size, lanes_in_row);
    let place = |i: usize| if lanes_in_row { i % n } else { i / 5 };
    let operands = vec![(0..5 * n).map(|i| value(place(i))).collect()];
    let store_len = if op.consumes() { 5 } else { 5 * n };
    Case { nest, extents: vec![5, n as u64], starts: vec![0, 0], operands, store_len }
}

#[test]
fn rows_of_one_value_are_uniform_and_infinite_ones_are_not_a_number() {
    let (jit, pool) = (Jit::new().unwrap(), Pool::new(1));
    for lanes_in_row in [true, false] {
        for n in [1, 3, 7, 16, 33] {
            for value in [-1e9, 0.0, 88.0, 3e38, -1e-40] {
                let case = row_case(RowOp::Softmax, n, lanes_in_row, |_| value);
                assert!(run(&jit, &pool, &case).iter().all(|x| *x == 1.0 / n as f32));
            }
            for value in [f32::NEG_INFINITY, f32::INFINITY, f32::NAN] {
                let case = row_case(RowOp::Softmax, n, lanes_in_row, |_| value);
                assert!(run(&jit, &pool, &case).iter().all(|x| x.is_nan()));
            }
            let case = row_case(RowOp::Softmax, n, lanes_in_row, |i| if i == 0 { 2.0 } else { -1e9 });
            assert!(run(&jit, &pool, &case).iter().filter(|x| **x == 1.0).count() == 5);
            for hidden in 0..n {
                for op in [RowOp::Max, RowOp::Softmax, RowOp::Sum, RowOp::Normalize { epsilon: 1e-5 }] {
                    let nan = |i| if i == hidden { f32::NAN } else { 1.0 };
                    let case = row_case(op, n, lanes_in_row, nan);
                    assert!(run(&jit, &pool, &case).iter().all(|x| x.is_nan()), "{op:?} {n} {hidden}");
                }
            }
        }
        for (op, value) in [(RowOp::Sum, 0.0), (RowOp::Max, f32::NEG_INFINITY)] {
            assert_eq!(run(&jit, &pool, &row_case(op, 0, lanes_in_row, |_| 0.0)), [value; 5]);
        }
    }
}

#[test]
fn long_rows_keep_their_digits() {
    let (jit, pool) = (Jit::new().unwrap(), Pool::new(1));
    for lanes_in_row in [true, false] {
        for op in [RowOp::Sum, RowOp::Softmax, RowOp::Normalize { epsilon: 1e-5 }] {
            // A sum about 0 has lost its digits to cancellation whatever is done.
            for centre in [0.0, 10.0, 100.0].into_iter().filter(|c| op != RowOp::Sum || *c > 0.0) {
                let noise = |i: usize| centre + ((i * 7919) % 2003) as f32 / 500.0 - 2.0;
                let case = row_case(op, 4096, lanes_in_row, noise);
                let got = run(&jit, &pool, &case);
                let (mut wrong, mut size, mut worst) = (0.0_f64, 0.0_f64, 0.0_f64);
                for (place, value, _) in expected(&case) {
                    let error = f64::from(got[place]) - value;
                    wrong += error * error;
                    size += value * value;
                    worst = worst.max(error.abs() / value.abs().max(1.0));
                }
                // Centre 100 leaves 1e-5 of resolution in the operands' spread already.
                let limit = 2e-7 * (1.0 + f64::from(centre) / 10.0);
                let rms = (wrong / size).sqrt();
                assert!(rms <= limit && worst <= 1e-6, "{op:?} about {centre}: rms {rms:e}, worst {worst:e}");
            }
        }
    }
}

#[test]
fn nonsense_is_refused() {
    let jit = Jit::new().unwrap();
    let refused = |change: &dyn Fn(&mut Nest)| {
        let mut nest = row_nest(RowOp::Sum, 4, true);
        change(&mut nest);
        jit.compile(&nest).unwrap_err()
    };
    assert_eq!(refused(&|n| n.after = Expr(vec![Instr::Size(Extent::symbol("R"))])), JitError::UnboundSize);
    let malformed = |change: &dyn Fn(&mut Nest)| assert!(matches!(refused(change), JitError::Malformed(_)));
    malformed(&|n| n.after = Expr::default());
    malformed(&|n| n.after = Expr::load(1));
    malformed(&|n| n.after = Expr::load(0));
    malformed(&|n| n.after = Expr(vec![Instr::Unary(Unary::Exp, 0)]));
    malformed(&|n| n.before = Expr::row());
    malformed(&|n| n.store = vec![1].into());
    malformed(&|n| {
        *n = row_nest(RowOp::Softmax, 4, true);
        n.store.format = Format::Bf16;
    });
    malformed(&|n| n.row.as_mut().unwrap().over = vec![1, 1]);
    malformed(&|n| n.after = Expr(vec![Instr::Const(0.0), Instr::Gather { source: 0, at: 0 }]));
}

#[test]
fn a_nest_is_compiled_once() {
    let jit = Jit::new().unwrap();
    let nest = row_nest(RowOp::Max, 9, true);
    let (one, two) = (jit.compile(&nest).unwrap(), jit.compile(&nest).unwrap());
    assert!(std::sync::Arc::ptr_eq(&one, &two));
}
