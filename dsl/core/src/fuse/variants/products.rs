//! Prologue and epilogue fusion of contractions: `Σ norm(x)·w = (Σ ∘ norm)(x, w)` for a norm over the summed indices,
//! and `f(Σ x·w, Σ x·v, y) = (f ∘ Σ)(x, w, v, y)` for a pointwise f that is the only reader of the sums.

use crate::fuse::attend::moved;
use crate::fuse::unread::{readers, remove_dead};
use crate::ir::{
    Access, AxisRef, Binary, Contraction, Expr, Extent, Graph, Index, Instr, Node, NodeId, Norm, Op, PerValue, RowOp,
    ValueId,
};
use crate::kernel::Contract;

/// Which pointwise nodes are fused into the contractions they read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Every one that can.
    All,
    /// Those whose other operands are all smaller than their result: a fold followed by a residual stays a fold.
    Small,
}

/// The graph with norms (prologues) and pointwise nodes (epilogues) fused into contractions.
pub(super) fn with_products(graph: &Graph, after: After, size: &dyn Fn(&Extent) -> u64) -> Graph {
    let mut changed = with_norms(graph, size);
    let roots = changed.roots();
    let (producers, readers) = (changed.producers(), readers(&changed));
    for id in changed.nodes.keys() {
        let found = Join { graph: &changed, roots: &roots, size }.best(id, after, &producers, &readers);
        if let Some(joined) = found {
            changed.nodes[id] = joined;
        }
    }
    remove_dead(&mut changed);
    changed
}

/// The graph with each contraction over the rows of a norm reading the norm's own operand.
pub(super) fn with_norms(graph: &Graph, size: &dyn Fn(&Extent) -> u64) -> Graph {
    let (mut changed, producers) = (graph.clone(), graph.producers());
    for (id, node) in graph.nodes.iter() {
        let Op::Contract(contraction) = &node.op else { continue };
        if !contraction.is_plain() {
            continue;
        }
        let normed = (0..2).find_map(|side| {
            let rows = &graph.nodes[producers[node.operands[side].value]?];
            normed(node, side, rows, size)
        });
        if let Some(normed) = normed {
            changed.nodes[id] = normed;
        }
    }
    remove_dead(&mut changed);
    changed
}

/// A plain contraction whose operand `side` is the result of `rows`, reading the operand of `rows` instead.
fn normed(node: &Node, side: usize, rows: &Node, size: &dyn Fn(&Extent) -> u64) -> Option<Node> {
    let Op::Rows { before, row: RowOp::Normalize { epsilon }, over, after } = &rows.op else { return None };
    let ([Instr::Load(source)], [over]) = (before.0.as_slice(), over.as_slice()) else { return None };
    let (scale, offset) = affine(after, after.0.len() - 1)?;
    let read = &node.operands[side];
    let mut seen = |i: Index| match read.axes.get(rows.result().axis_of(i)?)? {
        AxisRef::Index(own) => Some(*own),
        _ => None,
    };
    let gone: Vec<Index> = (0..node.indices.len()).filter(|&i| !node.result().mentions(i)).collect();
    let place = seen(*over)?;
    if gone != [place] || size(&node.indices[place]) > Contract::TERMS {
        return None;
    }
    // Every reader of the norm reads axes of extent 1 at position 0.
    let units = rows.operands[*source].axes.iter().map(|axis| match axis {
        AxisRef::Index(i) => match read.axes.get(rows.result().axis_of(*i)?)? {
            own @ (AxisRef::Index(_) | AxisRef::Unit) => Some(own.clone()),
            AxisRef::Joined(..) | AxisRef::Shifted(..) => None,
        },
        AxisRef::Unit => Some(AxisRef::Unit),
        AxisRef::Joined(..) | AxisRef::Shifted(..) => None,
    });
    let own = Access { value: rows.operands[*source].value, axes: units.collect::<Option<_>>()? };
    let mut operands = vec![own, node.operands[1 - side].clone()];
    for k in [scale, offset].into_iter().flatten() {
        let along = &rows.operands[k];
        if (0..rows.indices.len()).any(|i| i != *over && along.mentions(i)) {
            return None;
        }
        operands.push(moved(along, &mut seen)?);
    }
    let norm = Norm { epsilon: *epsilon, scale: scale.is_some(), offset: offset.is_some() };
    let op = Op::Contract(Contraction { norm: Some(norm), ..Contraction::plain() });
    Some(Node { op, operands, ..node.clone() })
}

/// The operands that scale and offset a row's elements, if an expression does only that.
fn affine(expr: &Expr, at: usize) -> Option<(Option<usize>, Option<usize>)> {
    let load = |at: usize| if let Instr::Load(k) = expr.0[at] { Some(k) } else { None };
    match expr.0[at] {
        Instr::Row(0) => Some((None, None)),
        Instr::Binary(Binary::Mul, a, b) => {
            let (row, scale) = load(b).map(|k| (a, k)).or_else(|| load(a).map(|k| (b, k)))?;
            (expr.0[row] == Instr::Row(0)).then_some((Some(scale), None))
        }
        Instr::Binary(Binary::Add, a, b) => {
            let (rest, offset) = load(b).map(|k| (a, k)).or_else(|| load(a).map(|k| (b, k)))?;
            match affine(expr, rest)? {
                (scale, None) => Some((scale, Some(offset))),
                _ => None,
            }
        }
        _ => None,
    }
}

/// State while pointwise nodes are fused into contractions.
struct Join<'a> {
    graph: &'a Graph,
    roots: &'a PerValue<ValueId>,
    size: &'a dyn Fn(&Extent) -> u64,
}

/// A contraction in the indices of the pointwise node that reads it: its contracted ones come after that one's.
struct Read {
    /// Which operand of the pointwise node it is.
    operand: usize,
    norm: Option<Norm>,
    /// a, b, and the norm's own.
    operands: Vec<Access>,
    contracted: Vec<Extent>,
}

impl Join<'_> {
    /// The pointwise node fused with as many contractions as fit in one product.
    fn best(
        &self,
        id: NodeId,
        after: After,
        producers: &PerValue<Option<NodeId>>,
        readers: &PerValue<usize>,
    ) -> Option<Node> {
        let node = &self.graph.nodes[id];
        let Op::Pointwise(expr) = &node.op else { return None };
        let moves = expr.0.iter().any(|i| matches!(i, Instr::Gather { .. } | Instr::Position(_)));
        let plain = (0..node.indices.len()).all(|i| node.result().axis_of(i).is_some());
        if moves || !plain {
            return None;
        }
        let large = |o: &Access| o.axes == node.result().axes;
        let reads: Vec<Read> = (0..node.operands.len())
            .filter(|&k| readers[node.operands[k].value] == 1)
            .filter_map(|k| self.read(node, k, &self.graph.nodes[producers[node.operands[k].value]?]))
            .collect();
        let groups = reads.iter().map(|first| {
            let alike = |r: &&Read| {
                r.norm == first.norm
                    && r.contracted == first.contracted
                    && r.operands[0] == first.operands[0]
                    && r.operands[2..] == first.operands[2..]
                    && (0..node.indices.len() + first.contracted.len())
                        .all(|i| r.operands[1].mentions(i) == first.operands[1].mentions(i))
            };
            reads.iter().filter(alike).collect::<Vec<&Read>>()
        });
        // The result must not be written over an operand of the product.
        let fits = |group: &Vec<&Read>| {
            let multiplied = || group.iter().flat_map(|r| &r.operands).map(|o| self.roots[o.value]);
            let others = || node.operands.iter().enumerate().filter(|(k, _)| group.iter().all(|r| r.operand != *k));
            let apart = others().all(|(_, o)| multiplied().all(|root| root != self.roots[o.value]) || !large(o));
            let small = after == After::All || others().all(|(_, o)| !large(o));
            let terms = group[0].contracted.iter().map(self.size).fold(1, u64::saturating_mul);
            apart && small && terms.saturating_mul(group.len() as u64) <= Contract::TERMS
        };
        let most = groups.filter(fits).max_by_key(|group| (group.len(), std::cmp::Reverse(group[0].operand)))?;
        let joined = joined(node, expr, &most);
        let Op::Contract(contraction) = &joined.op else { unreachable!("made so") };
        let fits = contraction.after.0.len() <= Contract::INSTRUCTIONS && joined.operands.len() < Contract::OPERANDS;
        fits.then_some(joined)
    }

    /// The contraction that computes operand `k`, if its elements correspond one to one to the node's.
    fn read(&self, node: &Node, k: usize, made: &Node) -> Option<Read> {
        let Op::Contract(contraction) = &made.op else { return None };
        let access = &node.operands[k];
        let distinct = access.axes.iter().enumerate().all(|(at, axis)| match axis {
            AxisRef::Index(_) => !access.axes[..at].contains(axis),
            axis => *axis == AxisRef::Unit,
        });
        let covers = (0..node.indices.len()).all(|i| access.mentions(i));
        if !contraction.only_sums() || !distinct || !covers {
            return None;
        }
        let mut contracted = Vec::new();
        let mut places: Vec<AxisRef> = Vec::new();
        for (i, extent) in made.indices.iter().enumerate() {
            places.push(match made.result().axis_of(i) {
                Some(axis) => access.axes[axis].clone(),
                None if made.result().mentions(i) => return None,
                None => {
                    contracted.push(extent.clone());
                    AxisRef::Index(node.indices.len() + contracted.len() - 1)
                }
            });
        }
        let operands = made.operands.iter().map(|o| placed(o, &places)).collect::<Option<_>>()?;
        Some(Read { operand: k, norm: contraction.norm, operands, contracted })
    }
}

/// An access with each index replaced.
fn placed(access: &Access, places: &[AxisRef]) -> Option<Access> {
    let index = |i: Index| if let AxisRef::Index(own) = places[i] { Some(own) } else { None };
    let axes = access.axes.iter().map(|axis| match axis {
        AxisRef::Index(i) => Some(places[*i].clone()),
        AxisRef::Unit => Some(AxisRef::Unit),
        AxisRef::Joined(o, i) => Some(AxisRef::Joined(index(*o)?, index(*i)?)),
        AxisRef::Shifted(i, start) => Some(AxisRef::Shifted(index(*i)?, start.clone())),
    });
    Some(Access { value: access.value, axes: axes.collect::<Option<_>>()? })
}

/// The sums of `group` with the node as their epilogue.
fn joined(node: &Node, expr: &Expr, group: &[&Read]) -> Node {
    let first = group[0];
    let mut operands = vec![first.operands[0].clone()];
    operands.extend(group.iter().map(|r| r.operands[1].clone()));
    operands.extend(first.operands[2..].iter().cloned());
    let mut after = Expr::default();
    let mut loads: Vec<(usize, usize)> = Vec::new();
    after.append(expr, &mut |out, instr| match instr {
        Instr::Load(k) => match group.iter().position(|r| r.operand == *k) {
            Some(sum) => out.push(Instr::Row(sum)),
            None => {
                let known = loads.iter().find(|(own, _)| own == k).map(|(_, place)| *place);
                let place = known.unwrap_or_else(|| {
                    operands.push(node.operands[*k].clone());
                    loads.push((*k, operands.len() - 1));
                    operands.len() - 1
                });
                out.push(Instr::Load(place))
            }
        },
        other => out.push(other.clone()),
    });
    let indices = node.indices.iter().chain(&first.contracted).cloned().collect();
    let op = Op::Contract(Contraction { norm: first.norm, sums: group.len(), after });
    Node { op, operands, indices, ..node.clone() }
}

#[cfg(test)]
#[path = "products_tests.rs"]
mod tests;
