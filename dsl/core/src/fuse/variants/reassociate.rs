//! `Σ (Σ a·b)·w = Σ (Σ a·w)·b`: a chain of two contractions in another order, where that is fewer
//! multiply-adds. An outer product mean over few sequences is cheaper projected first.

use cranelift_entity::EntityRef;

use crate::fuse::attend::renamed;
use crate::fuse::unread::readers;
use crate::ir::{Access, AxisRef, Extent, Graph, Index, Node, NodeId, Op, Value};

/// The graph with every such chain in the order with the fewest multiply-adds; none where each is already.
pub(super) fn cheaper(graph: &Graph, size: &dyn Fn(&Extent) -> u64) -> Option<Graph> {
    let mut changed = graph.clone();
    let mut any = false;
    // Each change lowers the multiply-adds of the whole, so this ends.
    while let Some(next) = changed.nodes.keys().find_map(|id| improved(&changed, id, size)) {
        changed = next;
        any = true;
    }
    any.then_some(changed)
}

/// The graph with the chain that ends in a node in a cheaper order, if there is one.
fn improved(graph: &Graph, last: NodeId, size: &dyn Fn(&Extent) -> u64) -> Option<Graph> {
    let (producers, readers) = (graph.producers(), readers(graph));
    let end = &graph.nodes[last];
    if end.op != Op::contract() {
        return None;
    }
    (0..2).find_map(|k| {
        let inner = producers[end.operands[k].value]?;
        let begin = &graph.nodes[inner];
        if begin.op != Op::contract() || readers[end.operands[k].value] != 1 {
            return None;
        }
        let chain = Chain::new(begin, end, k)?;
        let cost = |indices: &[Index]| indices.iter().fold(1u64, |n, i| n.saturating_mul(size(&chain.indices[*i])));
        let total = |c: &Chain, swap: usize| {
            let (first, second) = c.ranges(swap);
            cost(&first).saturating_add(cost(&second))
        };
        // Operand 2 belongs to the second contraction: as written it comes last.
        let best =
            (0..2).min_by_key(|&swap| total(&chain, swap)).filter(|&swap| total(&chain, swap) < total(&chain, 2))?;
        let mut changed = graph.clone();
        let (first, second) = chain.nodes(best, begin, end, &mut changed);
        changed.nodes[last] = second;
        changed.edit_nodes(|nodes| {
            nodes.insert(last.index(), first);
            nodes.remove(inner.index());
        });
        Some(changed)
    })
}

/// Three operands in one index space, and the indices of the result.
struct Chain {
    operands: [Access; 3],
    result: Access,
    indices: Vec<Extent>,
}

impl Chain {
    /// The operands of `begin`, then the other operand of `end`; operand `k` of `end` is the result of `begin`.
    fn new(begin: &Node, end: &Node, k: usize) -> Option<Chain> {
        let mut indices = end.indices.clone();
        let mut names = renamed(begin.result(), &end.operands[k], begin.indices.len(), &Some)?;
        for (own, name) in names.iter_mut().enumerate().filter(|(_, name)| name.is_none()) {
            indices.push(begin.indices[own].clone());
            *name = Some(indices.len() - 1);
        }
        let plain = |access: &Access, name: &dyn Fn(Index) -> Option<Index>| {
            let axes = access.axes.iter().map(|axis| match axis {
                AxisRef::Index(i) => name(*i).map(AxisRef::Index),
                AxisRef::Unit => Some(AxisRef::Unit),
                AxisRef::Joined(..) | AxisRef::Shifted(..) => None,
            });
            Some(Access { value: access.value, axes: axes.collect::<Option<_>>()? })
        };
        let own = |i: Index| names[i];
        let operands =
            [plain(&begin.operands[0], &own)?, plain(&begin.operands[1], &own)?, plain(&end.operands[1 - k], &Some)?];
        Some(Chain { operands, result: plain(end.result(), &Some)?, indices })
    }

    fn of(&self, accesses: &[&Access]) -> Vec<Index> {
        (0..self.indices.len()).filter(|i| accesses.iter().any(|a| a.mentions(*i))).collect()
    }

    /// The two operands multiplied first where operand `last` comes last, and what their product keeps.
    fn split(&self, last: usize) -> ([&Access; 2], &Access, Vec<Index>) {
        let [a, b, c] = &self.operands;
        let (pair, other) = match last {
            0 => ([b, c], a),
            1 => ([a, c], b),
            _ => ([a, b], c),
        };
        let kept = self.of(&pair).into_iter().filter(|i| other.mentions(*i) || self.result.mentions(*i)).collect();
        (pair, other, kept)
    }

    /// The indices that each of the two products ranges over.
    fn ranges(&self, last: usize) -> (Vec<Index>, Vec<Index>) {
        let (pair, other, kept) = self.split(last);
        let second = (0..self.indices.len()).filter(|i| kept.contains(i) || other.mentions(*i)).collect();
        (self.of(&pair), second)
    }

    /// The two products where operand `last` comes last.
    fn nodes(&self, last: usize, begin: &Node, end: &Node, graph: &mut Graph) -> (Node, Node) {
        let (pair, other, kept) = self.split(last);
        let (first, second) = self.ranges(last);
        let shape = kept.iter().map(|i| self.indices[*i].clone()).collect();
        let Value { name, format, .. } = graph.values[begin.results[0].value].clone();
        let value = graph.values.push(Value { name, shape, format });
        let made = Access { value, axes: kept.iter().map(|i| AxisRef::Index(*i)).collect() };
        let node = |range: &[Index], operands: Vec<&Access>, result: &Access, origin: &str| {
            let own = |access: &Access| {
                let axis = |a: &AxisRef| match a {
                    AxisRef::Index(i) => AxisRef::Index(range.iter().position(|r| r == i).expect("in its range")),
                    other => other.clone(),
                };
                Access { value: access.value, axes: access.axes.iter().map(axis).collect() }
            };
            Node {
                op: Op::contract(),
                operands: operands.into_iter().map(own).collect(),
                results: vec![own(result)],
                indices: range.iter().map(|i| self.indices[*i].clone()).collect(),
                origin: origin.to_string(),
            }
        };
        let before = node(&first, pair.to_vec(), &made, &begin.origin);
        (before, node(&second, vec![&made, other], &self.result, &end.origin))
    }
}

#[cfg(test)]
mod tests {
    use crate::builder::{Builder, EinsumSpec};
    use crate::ir::{Graph, Sizes, ValueId};
    use crate::oracle::{Tensor, Tensors, evaluate};
    use crate::random::Choices;

    use super::*;

    /// The outer product mean's two contractions.
    fn outer_product() -> Graph {
        let mut b = Builder::new("sample");
        let shape = |names: &[&str]| names.iter().map(|n| (*n).into()).collect::<Vec<_>>();
        let a = b.input("a", shape(&["S", "I", "C"]));
        let c = b.input("b", shape(&["S", "J", "D"]));
        let w = b.input("w", shape(&["Z", "C", "D"]));
        let einsum =
            |b: &mut Builder, text: &str, x: &[ValueId]| b.einsum(&EinsumSpec::parse(text).unwrap(), x).unwrap();
        let outer = einsum(&mut b, "sic,sjd->ijcd", &[a, c]);
        let out = einsum(&mut b, "zcd,ijcd->ijz", &[w, outer]);
        b.output("out", out);
        b.finish()
    }

    /// Whether the chain is reordered at these sizes; if so, checks that it is equal.
    fn check(s: u64, r: u64, c: u64, z: u64, reordered: bool) {
        let graph = outer_product();
        let sizes: Sizes =
            [("S", s), ("I", r), ("J", r + 1), ("C", c), ("D", c), ("Z", z)].map(|(n, e)| (n.to_string(), e)).into();
        let changed = cheaper(&graph, &|e| e.eval(&sizes).unwrap());
        assert_eq!(changed.is_some(), reordered, "s={s} r={r} c={c} z={z}");
        let Some(changed) = changed else { return };
        crate::ir::check_graph(&changed).unwrap();
        let mut choices = Choices::new(3);
        let given: Tensors = (graph.inputs.iter())
            .map(|p| {
                let mut tensor = Tensor::filled(graph.shape(p.value, &sizes).unwrap(), 0.0);
                tensor.data.iter_mut().for_each(|x| *x = choices.next(16) as f64 - 8.0);
                (p.name.clone(), tensor)
            })
            .collect();
        assert_eq!(evaluate(&changed, &sizes, &given).unwrap(), evaluate(&graph, &sizes, &given).unwrap());
    }

    #[test]
    fn a_chain_takes_the_order_with_fewer_multiply_adds() {
        check(2, 5, 3, 4, true);
        check(1, 3, 2, 2, true);
        check(40, 5, 3, 4, false);
        check(0, 5, 3, 4, true);
    }
}
