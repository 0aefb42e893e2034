//! The arithmetic of one kernel call in nanoseconds of all threads together, without memory traffic.

use super::target::Target;
use crate::ir::{Access, AxisRef, Contraction, Expr, Index, Instr, Node, Op, RowOp, Unary};
use crate::kernel::Attend;

/// The overhead of a tile, in contracted positions.
const TILE_ENDS: u128 = 4;
/// Rows and columns of a tile; a side that is not a multiple wastes the rest.
pub(in crate::plan) const TILE: u128 = 8;
/// Simple instructions of a term added to a logit, of an element that is read across the vectors, and of an
/// element that is summed or compared.
const TERM: u128 = 6;
const STRIDED: u128 = 8;
const FOLDED: u128 = 2;
/// Simple instructions of an element that is normalized where it was packed.
const NORMALIZED: u128 = 6;

/// Nanoseconds of an amount at a rate by the microsecond.
pub(in crate::plan) fn per_microsecond(amount: u128, rate: u64) -> u128 {
    let (scaled, rate) = (amount.saturating_mul(1000), rate.max(1));
    // Division in 64 bits is ten times as fast, and most values fit.
    u64::try_from(scaled).map_or_else(|_| scaled / u128::from(rate), |scaled| u128::from(scaled / rate))
}

/// Nanoseconds of a node's arithmetic at given extents, of its whole ones, shared by all threads. A contraction that
/// is not the first of its call finds the common operand already packed.
pub(in crate::plan) fn work(
    node: &Node,
    target: &Target,
    (extent, whole): (&dyn Fn(Index) -> u128, &dyn Fn(Index) -> u128),
    first: bool,
) -> u128 {
    let points = || (0..node.indices.len()).map(extent).fold(1, u128::saturating_mul);
    match &node.op {
        Op::View | Op::Repeat(_) | Op::Concat { .. } => 0,
        Op::Pointwise(expr) => scalar(target, points(), &[expr], node.operands.len() as u128 + STRIDED * strided(node)),
        Op::Rows { before, row, over, after } => rows(node, target, points(), (before, *row, over, after), extent),
        Op::Contract(c) => contract(node, c, target, extent, first),
        Op::Attend { key, inner, channel, causal, .. } => {
            // An iteration's part of a causal attention is longer or shorter as its queries come late or early: the
            // mean counts.
            let (computed, points) = node.computed(whole);
            let all = attend(node, target, ([*key, *inner, *channel], *causal), extent);
            all.saturating_mul(computed) / points.max(1)
        }
    }
}

/// Expressions evaluated at each point, and more instructions beside them.
fn scalar(target: &Target, points: u128, expressions: &[&Expr], more: u128) -> u128 {
    let (mut simple, mut exponentials) = (more, 0);
    for expr in expressions {
        simple += 1 + expr.functions() as u128;
        exponentials += expr.0.iter().map(in_exponentials).sum::<u128>();
    }
    per_microsecond(points.saturating_mul(simple), target.scalar_rate)
        .saturating_add(per_microsecond(points.saturating_mul(exponentials), target.exponential_rate))
}

/// The cost of an instruction in a compiled nest, in exponentials; sines are called one by one.
fn in_exponentials(instr: &Instr) -> u128 {
    match instr {
        Instr::Unary(Unary::Exp | Unary::Sigmoid, _) => 1,
        Instr::Unary(Unary::Log | Unary::Tanh | Unary::Erf | Unary::Gelu, _) => 2,
        Instr::Unary(Unary::Sin | Unary::Cos, _) => 3,
        _ => 0,
    }
}

/// Operands whose last axis is not the result's, though they have that one too: they are read across the vectors.
fn strided(node: &Node) -> u128 {
    let Some(AxisRef::Index(last)) = node.result().axes.last() else { return 0 };
    let across = |a: &&Access| a.mentions(*last) && a.axes.last() != Some(&AxisRef::Index(*last));
    node.operands.iter().filter(across).count() as u128
}

/// A fold, softmax or norm over rows, which are the vectors where they are the operand's last axis.
fn rows(
    node: &Node,
    target: &Target,
    points: u128,
    (before, row, over, after): (&Expr, RowOp, &[Index], &Expr),
    extent: &dyn Fn(Index) -> u128,
) -> u128 {
    let along = node.operands.first().is_some_and(|a| {
        let last = a.axes.iter().rev().find(|axis| **axis != AxisRef::Unit);
        matches!(last, Some(AxisRef::Index(i)) if over.contains(i))
    });
    let length = over.iter().map(|i| extent(*i)).fold(1, u128::saturating_mul).max(1);
    let elements = if along { points } else { points.saturating_mul(2) };
    let own = match row {
        RowOp::Sum | RowOp::Max => per_microsecond(elements.saturating_mul(FOLDED), target.scalar_rate),
        RowOp::Softmax => per_microsecond(elements, target.softmax_rate),
        RowOp::Normalize { .. } => per_microsecond(elements, target.normalize_rate),
    };
    let ends = match along && !row.consumes() {
        true => (points / length).saturating_mul(u128::from(target.row)) / u128::from(target.threads.max(1)),
        false => 0,
    };
    // Three passes read a row that stays in the cache.
    let across = if row.consumes() { STRIDED } else { 3 * STRIDED } * strided(node);
    let (outside, inside) = if row.consumes() { (points / length, points) } else { (points, points) };
    let expressions = scalar(target, inside, &[before], across).saturating_add(scalar(target, outside, &[after], 0));
    own.saturating_add(ends).saturating_add(expressions)
}

/// `2·|all indices|` flop a sum; a side shorter than a tile wastes the rest of it, and all operands are packed.
fn contract(
    node: &Node,
    contraction: &Contraction,
    target: &Target,
    extent: &dyn Fn(Index) -> u128,
    first: bool,
) -> u128 {
    let (a, b, c) = (&node.operands[0], &node.operands[1], node.result());
    let mut sides = [1u128; 4]; // batch, rows, columns, contracted
    for i in 0..node.indices.len() {
        let side = match (c.mentions(i), a.mentions(i), b.mentions(i)) {
            (true, true, true) => 0,
            (true, true, false) => 1,
            (true, ..) => 2,
            (false, ..) => 3,
        };
        sides[side] = sides[side].saturating_mul(extent(i));
    }
    let [batch, rows, columns, contracted] = sides;
    let sums = contraction.sums as u128;
    let tiles = rows.next_multiple_of(TILE).saturating_mul(columns.next_multiple_of(TILE));
    let products = tiles.saturating_mul(contracted + TILE_ENDS).saturating_mul(batch).saturating_mul(sums);
    let own = batch.saturating_mul(rows).saturating_mul(contracted);
    let others = batch.saturating_mul(columns).saturating_mul(contracted).saturating_mul(sums);
    // Every thread packs the operand shared by all rows for itself.
    let others = others.saturating_mul((u128::from(target.threads) / batch.max(1)).max(1));
    let packed = if first { own.saturating_add(others) } else { others };
    let normalized = if first && contraction.norm.is_some() { own.saturating_mul(NORMALIZED) } else { 0 };
    let points = batch.saturating_mul(rows).saturating_mul(columns);
    let after = match contraction.only_sums() {
        true => 0,
        false => scalar(target, points, &[&contraction.after], (node.operands.len() - contraction.loads()) as u128),
    };
    per_microsecond(products.saturating_mul(2), target.contract_rate)
        .saturating_add(per_microsecond(packed, target.pack_rate))
        .saturating_add(per_microsecond(normalized, target.scalar_rate))
        .saturating_add(after)
}

/// Two products, the logits between them, and keys and values packed again for every block of queries.
fn attend(
    node: &Node,
    target: &Target,
    (own, causal): ([Index; 3], Option<Index>),
    extent: &dyn Fn(Index) -> u128,
) -> u128 {
    let [key, inner, channel] = own;
    let (k, v) = (&node.operands[1], &node.operands[2]);
    // As in the kernel: the causal index, or the longest index without keys and values, runs along a block of queries.
    let others = (0..node.indices.len()).filter(|i| !own.contains(i));
    let all = others.clone().map(extent).fold(1, u128::saturating_mul);
    let alike = others.filter(|&i| !k.mentions(i) && !v.mentions(i)).map(extent).max();
    let queries = causal.map(extent).or(alike).unwrap_or(1).max(1);
    let batches = all / queries;
    let (keys, inner, channels) = (extent(key), extent(inner), extent(channel));
    let logits = all.saturating_mul(keys);
    let tiles = batches.saturating_mul(queries.next_multiple_of(TILE)).saturating_mul(keys);
    let each = (inner + TILE_ENDS).saturating_add(channels.next_multiple_of(2 * TILE));
    let products = per_microsecond(tiles.saturating_mul(2 * each), target.contract_rate);
    let blocks = batches.saturating_mul(queries.div_ceil(u128::from(Attend::QUERIES)));
    let packed = blocks.saturating_mul(keys).saturating_mul(inner.saturating_add(channels));
    // Each term is stored key by key (`fuse/orders.rs`).
    let terms = TERM * (node.operands.len() - 3) as u128;
    products
        .saturating_add(per_microsecond(logits, target.logit_rate))
        .saturating_add(per_microsecond(logits.saturating_mul(terms), target.scalar_rate))
        .saturating_add(per_microsecond(packed, target.pack_rate))
}
