//! A node becomes kernel calls: indices become strides, axes become places.

use super::bound::Bound;
use super::{Base, Call, Length, LoopId, Place};
use crate::ir::{Access, AxisRef, Expr, Index, Instr, NodeId, Op, ValueId};
use crate::kernel::{Contract, Gathered, Kernel, Nest, Row, Strides};

/// The loop a node runs in, if it does.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    /// The counter.
    pub id: LoopId,
    /// The node's index that the loop splits.
    pub index: Index,
}

/// Where the memory of a root is during a call.
pub(super) struct Home {
    /// The buffer or weight.
    pub base: Base,
    /// The axis of which it holds one chunk only, and that chunk's largest size.
    pub chunk: Option<(usize, u64)>,
}

/// The kernel calls of one node (several for a concatenation), each without its kernel's number.
pub(super) fn lower(
    bound: &Bound,
    id: NodeId,
    turn: Option<Turn>,
    home: &dyn Fn(ValueId) -> Home,
    scratch: Option<usize>,
) -> Vec<(Kernel, Call)> {
    let node = &bound.graph.nodes[id];
    let place = |access: &Access| -> (Place, Vec<u64>) {
        let home = home(bound.roots[access.value]);
        let (offset, axes) = bound.locate(access.value, home.chunk);
        let (moved, strides) = bound.index_strides(id, access, &axes);
        let moves = match turn {
            Some(turn) if home.chunk.is_none() && strides[turn.index] > 0 => vec![(turn.id, strides[turn.index])],
            _ => vec![],
        };
        (Place { base: home.base, offset: offset + moved, moves }, strides)
    };
    let length = |i: Index| match turn {
        Some(turn) if turn.index == i => Length::Chunk(turn.id),
        _ => Length::Fixed(bound.extents[id][i]),
    };
    let lengths: Vec<Length> = (0..bound.extents[id].len()).map(length).collect();
    let signed = |strides: &[u64]| -> Strides { strides.iter().map(|&s| s as i64).collect() };
    let (operands, strides): (Vec<Place>, Vec<Vec<u64>>) = node.operands.iter().map(&place).unzip();
    let (result, store) = place(node.result());
    let call = |operands: Vec<Place>, result: Place, lengths: Vec<Length>| Call {
        kernel: 0,
        operands,
        result,
        lengths,
        scratch,
        moment: 0,
        origin: node.origin.clone(),
    };
    let bind = |expr: &Expr| bind_sizes(expr, bound);
    match &node.op {
        Op::View | Op::Repeat(_) => vec![],
        Op::Contract => {
            let contracted = (0..lengths.len()).filter(|&i| !node.result().mentions(i)).collect();
            let (a, b, c) = (signed(&strides[0]), signed(&strides[1]), signed(&store));
            let kernel = Contract { indices: lengths.len(), a, b, c, contracted, accumulate: false };
            vec![(Kernel::Contract(kernel), call(operands, result, lengths))]
        }
        Op::Pointwise(expr) => {
            let (nest, lengths) = gathered_nest(bound, id, bind(expr), &strides, &store, lengths);
            vec![(Kernel::Nest(nest), call(operands, result, lengths))]
        }
        Op::Rows { before, row, over, after } => {
            let nest = Nest {
                indices: lengths.len(),
                loads: strides.iter().map(|s| signed(s)).collect(),
                gathers: vec![None; strides.len()],
                store: signed(&store),
                before: bind(before),
                row: Some(Row { op: *row, over: over.clone() }),
                after: bind(after),
            };
            vec![(Kernel::Nest(nest), call(operands, result, lengths))]
        }
        Op::Concat { along } => {
            let axis = node.result().axis_of(*along).expect("checked by the spec");
            let mut start = 0;
            let mut calls = Vec::new();
            for (k, operand) in node.operands.iter().enumerate() {
                let AxisRef::Index(own) = operand.axes[axis] else { unreachable!("checked by the spec") };
                // Only the part's own index runs along the axis.
                let (mut lengths, mut store) = (lengths.clone(), store.clone());
                store[own] = store[*along];
                for i in (0..lengths.len()).filter(|i| *i == *along || (!node.result().mentions(*i) && *i != own)) {
                    lengths[i] = Length::Fixed(1);
                    store[i] = 0;
                }
                let mut result = result.clone();
                result.offset += start * store[own];
                start += bound.extents[id][own];
                let nest = Nest {
                    indices: lengths.len(),
                    loads: vec![signed(&strides[k])],
                    gathers: vec![None],
                    store: signed(&store),
                    before: Expr::default(),
                    row: None,
                    after: Expr::load(0),
                };
                calls.push((Kernel::Nest(nest), call(vec![operands[k].clone()], result, lengths)));
            }
            calls
        }
    }
}

/// A pointwise nest; an index that only a gathered operand has becomes that operand's gathered axis.
fn gathered_nest(
    bound: &Bound,
    id: NodeId,
    after: Expr,
    strides: &[Vec<u64>],
    store: &[u64],
    mut lengths: Vec<Length>,
) -> (Nest, Vec<Length>) {
    let node = &bound.graph.nodes[id];
    let mut loads: Vec<Strides> = strides.iter().map(|s| s.iter().map(|&x| x as i64).collect()).collect();
    let mut gathers = vec![None; loads.len()];
    for i in (0..lengths.len()).filter(|&i| !node.result().mentions(i)) {
        for (k, load) in loads.iter_mut().enumerate().filter(|(k, _)| node.operands[*k].mentions(i)) {
            gathers[k] = Some(Gathered { stride: load[i], extent: bound.extents[id][i] });
            load[i] = 0;
        }
        lengths[i] = Length::Fixed(1);
    }
    let store = store.iter().map(|&x| x as i64).collect();
    (Nest { indices: lengths.len(), loads, gathers, store, before: Expr::default(), row: None, after }, lengths)
}

/// Extents as constants.
fn bind_sizes(expr: &Expr, bound: &Bound) -> Expr {
    let bind = |instr: &Instr| match instr {
        Instr::Size(extent) => Instr::Const(extent.eval(&bound.sizes).expect("checked when bound") as f64),
        other => other.clone(),
    };
    Expr(expr.0.iter().map(bind).collect())
}
