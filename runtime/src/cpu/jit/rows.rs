//! Row operations: passes over a row and the folds that they keep in registers.
//!
//! Folds are never divided among tasks. A sum is kept in blocks, a partial sum each, so its error
//! grows with the block and the number of blocks, not with the row.

use cranelift_codegen::ir::types::{F32, F32X4, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use cranelift_frontend::Variable;
use crease_core::kernel::RowOp;

use super::emit::{At, Emitter, Shape, Val, Which, unroll};
use crate::cpu::numbers::arithmetic::Arithmetic;
use crate::cpu::numbers::functions;

/// Steps of the innermost row loop that go into one partial sum.
const BLOCK: i64 = 64;

#[derive(Clone, Copy, PartialEq)]
enum Combine {
    Sum,
    /// NaN if any is.
    Max,
    /// NaN may be lost: what follows a softmax's maximum finds it again.
    RoughMax,
}

/// A fold in progress.
struct Fold {
    how: Combine,
    /// One register for each that a step computes, and one for the lanes left over.
    parts: Vec<Variable>,
    rest: Option<Variable>,
    /// Sums of the finished blocks, likewise.
    totals: Vec<Variable>,
    total_rest: Option<Variable>,
}

type Body<'b, 'a> = &'b mut dyn FnMut(&mut Emitter<'a>, &mut At, Shape);

type FoldBody<'b, 'a, const N: usize> = &'b mut dyn FnMut(&mut Emitter<'a>, &mut At, Shape, &[Fold; N]);

/// How a row is passed over.
#[derive(Clone, Copy)]
struct Pass {
    /// The expression evaluated at each element.
    which: Which,
    /// Registers a step, where the lanes are the row's.
    unroll: usize,
}

impl<'a> Emitter<'a> {
    /// Computes the row at a point of the result and stores what follows from it.
    pub(super) fn row(&mut self, at: &mut At, shape: Shape, op: RowOp) {
        match op {
            RowOp::Sum | RowOp::Max => self.consume(at, shape, op == RowOp::Sum),
            RowOp::Softmax => self.softmax(at, shape),
            RowOp::Normalize { epsilon } => self.normalize(at, shape, epsilon as f32),
        }
    }

    fn consume(&mut self, at: &mut At, shape: Shape, sum: bool) {
        let pass = Pass { which: Which::Before, unroll: unroll(self.order.before.weight) };
        let how = if sum { Combine::Sum } else { Combine::Max };
        let [fold] = self.pass(at, shape, pass, [how], &mut |e, at, shape, [fold]| {
            let x = e.element(at, shape, Which::Before);
            e.add(fold, shape, x);
        });
        at.row = Some(fold);
        at.entered |= super::order::ROW;
        self.finish(at, shape);
    }

    fn softmax(&mut self, at: &mut At, shape: Shape) {
        // What is cheap is evaluated again; anything else waits, mostly in the result's own memory.
        let (first, again) = self.passes();
        let [max] = self.pass(at, shape, first, [Combine::RoughMax], &mut |e, at, shape, [fold]| {
            let x = e.element(at, shape, Which::Before);
            if again.which == Which::Neither {
                e.keep(at, shape, x);
            }
            e.add(fold, shape, x);
        });
        let second = Pass { unroll: 2, ..again };
        let [sum] = self.pass(at, shape, second, [Combine::Sum], &mut |e, at, shape, [fold]| {
            let x = e.element(at, shape, again.which);
            let y = e.map(shape, [x, max], |e, [x, max]| {
                let below = e.b.ins().fsub(x, max);
                functions::exp_of_negative(e, below)
            });
            e.keep(at, shape, y);
            e.add(fold, shape, y);
        });
        let scale = self.map(shape, [sum], |e, [sum]| {
            let one = e.number(sum, 1.0);
            e.b.ins().fdiv(one, sum)
        });
        let last = Pass { which: Which::After, unroll: unroll(self.order.after.weight) };
        let [] = self.pass(at, shape, last, [], &mut |e, at, shape, []| {
            let y = e.reload(at, shape);
            at.row = Some(e.map(shape, [y, scale], |e, [y, scale]| e.b.ins().fmul(y, scale)));
            at.entered |= super::order::ROW;
            e.finish(at, shape);
        });
    }

    fn normalize(&mut self, at: &mut At, shape: Shape, epsilon: f32) {
        let (first, again) = self.passes();
        let [sum] = self.pass(at, shape, first, [Combine::Sum], &mut |e, at, shape, [fold]| {
            let x = e.element(at, shape, Which::Before);
            if again.which == Which::Neither {
                e.keep(at, shape, x);
            }
            e.add(fold, shape, x);
        });
        let share = self.share();
        let mean = self.map(shape, [sum, share], |e, [sum, share]| e.b.ins().fmul(sum, share));
        // The second pass also finds how far off the rounded mean is.
        let sums = [Combine::Sum, Combine::Sum];
        let [squares, off] = self.pass(at, shape, again, sums, &mut |e, at, shape, [squares, off]| {
            let x = e.element(at, shape, again.which);
            let d = e.map(shape, [x, mean], |e, [x, mean]| e.b.ins().fsub(x, mean));
            let square = e.map(shape, [d, d], |e, [d, same]| e.b.ins().fmul(d, same));
            e.add(squares, shape, square);
            e.add(off, shape, d);
        });
        let off = self.map(shape, [off, share], |e, [off, share]| e.b.ins().fmul(off, share));
        let mean = self.map(shape, [mean, off], |e, [mean, off]| e.b.ins().fadd(mean, off));
        let scale = self.map(shape, [squares, share, off], |e, [squares, share, off]| {
            let raw = e.b.ins().fmul(squares, share);
            let excess = e.b.ins().fmul(off, off);
            let variance = e.b.ins().fsub(raw, excess);
            let epsilon = e.number(squares, epsilon);
            let sum = e.b.ins().fadd(variance, epsilon);
            let root = e.b.ins().sqrt(sum);
            let one = e.number(squares, 1.0);
            e.b.ins().fdiv(one, root)
        });
        let reads_again = again.which == Which::Before;
        let last = Pass { which: Which::After, unroll: unroll(self.order.after.weight) };
        let [] = self.pass(at, shape, last, [], &mut |e, at, shape, []| {
            let x = if reads_again { e.element(at, shape, Which::Before) } else { e.reload(at, shape) };
            let d = e.map(shape, [x, mean], |e, [x, mean]| e.b.ins().fsub(x, mean));
            at.row = Some(e.map(shape, [d, scale], |e, [d, scale]| e.b.ins().fmul(d, scale)));
            at.entered |= super::order::ROW;
            e.finish(at, shape);
        });
    }

    /// The first pass over a row that stays, and the one after it.
    fn passes(&self) -> (Pass, Pass) {
        let first = Pass { which: Which::Before, unroll: unroll(self.order.before.weight) };
        let again = Pass { which: Which::Neither, unroll: 4 };
        let evaluate = self.order.before.is_cheap() && !self.order.staged;
        (first, if evaluate { first } else { again })
    }

    /// The row's element here: evaluated, or read where the first pass left it.
    fn element(&mut self, at: &mut At, shape: Shape, which: Which) -> Val {
        if which == Which::Neither {
            return self.reload(at, shape);
        }
        self.settle(Which::Before, at, shape);
        at.known[0].last().copied().flatten().expect("the element was settled")
    }

    /// 1 / the number of elements in the row.
    fn share(&mut self) -> Val {
        let over = self.nest.row.as_ref().map(|row| row.over.clone()).unwrap_or_default();
        let mut count = self.b.ins().iconst(I64, 1);
        for index in over {
            count = self.b.ins().imul(count, self.extents[index]);
        }
        let count = self.b.ins().fcvt_from_sint(F32, count);
        let one = self.constant(F32, 1.0);
        Val::One(self.b.ins().fdiv(one, count))
    }

    /// Passes over the whole row, folding as asked.
    fn pass<const N: usize>(
        &mut self,
        at: &At,
        shape: Shape,
        pass: Pass,
        folds: [Combine; N],
        body: FoldBody<'_, 'a, N>,
    ) -> [Val; N] {
        let mut at = at.clone();
        self.settle(pass.which, &mut at, shape);
        let folds = folds.map(|how| self.fold(how, shape, pass.unroll));
        self.level(&at, 0, shape, pass, &folds, &mut |e, at, shape| body(e, at, shape, &folds));
        folds.map(|fold| self.folded(&fold, shape))
    }

    fn level(&mut self, at: &At, level: usize, shape: Shape, pass: Pass, folds: &[Fold], body: Body<'_, 'a>) {
        let zero = self.b.ins().iconst(I64, 0);
        let Some(&index) = self.order.rows.get(level) else {
            match self.order.lanes {
                Some(v) if self.order.folds_lanes => {
                    let to = self.extents[v];
                    self.blocks(zero, to, 4 * BLOCK * pass.unroll as i64, folds, &mut |e, from, to| {
                        e.lanes(from, to, pass.unroll, &mut |e, lane, shape| {
                            let mut at = e.enter(at, v, lane);
                            body(e, &mut at, shape);
                        });
                    });
                }
                _ => {
                    body(self, &mut at.clone(), shape);
                    self.flush(folds);
                }
            }
            return;
        };
        let innermost = level + 1 == self.order.rows.len() && !self.order.folds_lanes;
        let to = self.extents[index];
        let mut turn = |e: &mut Self, from: Value, to: Value| {
            let last = e.b.ins().iadd_imm_s(to, -1);
            e.count(from, last, 1, &mut |e, r| {
                let mut at = e.enter(at, index, r);
                e.settle(pass.which, &mut at, shape);
                if innermost {
                    body(e, &mut at, shape);
                } else {
                    e.level(&at, level + 1, shape, pass, folds, body);
                }
            });
        };
        if innermost {
            self.blocks(zero, to, BLOCK, folds, &mut turn);
        } else {
            turn(self, zero, to);
        }
    }

    /// Walks `from..to` in blocks where a sum is kept, at once where none is.
    fn blocks(
        &mut self,
        from: Value,
        to: Value,
        size: i64,
        folds: &[Fold],
        turn: &mut dyn FnMut(&mut Self, Value, Value),
    ) {
        if folds.iter().all(|fold| fold.how != Combine::Sum) {
            return turn(self, from, to);
        }
        let last = self.b.ins().iadd_imm_s(to, -1);
        self.count(from, last, size, &mut |e, from| {
            let end = e.b.ins().iadd_imm_s(from, size);
            let end = e.b.ins().smin(end, to);
            turn(e, from, end);
            e.flush(folds);
        });
    }

    fn fold(&mut self, how: Combine, shape: Shape, unroll: usize) -> Fold {
        let wide = if self.order.folds_lanes { Shape::vectors(unroll) } else { shape };
        let sums = how == Combine::Sum;
        let neutral = if sums { 0.0 } else { f32::NEG_INFINITY };
        let start = |e: &mut Self, ty| {
            let var = e.b.declare_var(ty);
            let neutral = e.constant(ty, neutral);
            e.b.def_var(var, neutral);
            var
        };
        let list = |e: &mut Self, count: usize| (0..count).map(|_| start(e, wide.ty())).collect();
        let parts = list(self, wide.count);
        // Parts that are combined at the end of a row are combined at the end of a block.
        let totals = list(
            self,
            if !sums {
                0
            } else if self.order.folds_lanes {
                1
            } else {
                wide.count
            },
        );
        let rest = self.order.folds_lanes.then(|| start(self, F32));
        let total_rest = (sums && self.order.folds_lanes).then(|| start(self, F32));
        Fold { how, parts, rest, totals, total_rest }
    }

    fn combine(&mut self, how: Combine, so_far: Value, x: Value) -> Value {
        match how {
            Combine::Sum => self.b.ins().fadd(so_far, x),
            Combine::Max => self.max(so_far, x),
            Combine::RoughMax => self.larger_or(so_far, x),
        }
    }

    fn add(&mut self, fold: &Fold, shape: Shape, x: Val) {
        let registers = self.spread(x, shape);
        let vars = match fold.rest {
            Some(rest) if !shape.vector => vec![rest],
            _ => fold.parts.clone(),
        };
        for (var, x) in vars.into_iter().zip(registers).take(shape.count) {
            let so_far = self.b.use_var(var);
            let next = self.combine(fold.how, so_far, x);
            self.b.def_var(var, next);
        }
    }

    /// Adds the partial sums of a block to the totals.
    fn flush(&mut self, folds: &[Fold]) {
        for fold in folds.iter().filter(|fold| fold.how == Combine::Sum) {
            let mut parts: Vec<Value> = fold.parts.iter().map(|part| self.b.use_var(*part)).collect();
            if fold.totals.len() == 1 {
                parts = vec![self.tree(fold.how, parts)];
            }
            let rest = fold.rest.map(|rest| self.b.use_var(rest));
            for (total, part) in fold.totals.iter().zip(parts).chain(fold.total_rest.iter().zip(rest)) {
                let so_far = self.b.use_var(*total);
                let sum = self.b.ins().fadd(so_far, part);
                self.b.def_var(*total, sum);
            }
            for part in fold.parts.iter().chain(&fold.rest) {
                let total = self.b.use_var(*part);
                let zero = self.number(total, 0.0);
                self.b.def_var(*part, zero);
            }
        }
    }

    fn tree(&mut self, how: Combine, mut values: Vec<Value>) -> Value {
        while values.len() > 1 {
            values = values
                .chunks(2)
                .map(|pair| match *pair {
                    [a, b] => self.combine(how, a, b),
                    [a, ..] => a,
                    [] => unreachable!("chunks are not empty"),
                })
                .collect();
        }
        values[0]
    }

    /// What a fold came to.
    fn folded(&mut self, fold: &Fold, shape: Shape) -> Val {
        let (vars, rest) = match fold.how {
            Combine::Sum => (&fold.totals, fold.total_rest),
            Combine::Max | Combine::RoughMax => (&fold.parts, fold.rest),
        };
        let values: Vec<Value> = vars.iter().map(|var| self.b.use_var(*var)).collect();
        let Some(rest) = rest else {
            return self.many(shape, |_, u| values[u]);
        };
        let lanes = self.tree(fold.how, values);
        debug_assert_eq!(self.type_of(lanes), F32X4);
        let mut each: Vec<Value> = (0..4_u8).map(|lane| self.b.ins().extractlane(lanes, lane)).collect();
        each.push(self.b.use_var(rest));
        Val::One(self.tree(fold.how, each))
    }
}
