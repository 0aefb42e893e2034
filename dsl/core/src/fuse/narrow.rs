//! Mixed precision: which values between operations are kept in fewer bits where a program allows it. It is a choice of
//! storage, not an equality, so no rewrite rule makes it.
//!
//! Narrow are activations on their way from one product to the next: what a product with weights makes, and what is
//! made of that alone, if products, attention, norms or softmaxes read it. So each costs one rounding that the next
//! sum evens out. Everything else stays in single precision, above all outputs and geometry:
//!
//! - inputs, outputs and the state carried by layers, and everything that an output or a state is computed from
//!   behind the last product;
//! - a sum with a value in single precision, such as a point that is moved by a translation. (A product is as precise
//!   as its least precise factor; a sum must be as precise as its largest term, of which a later difference may leave
//!   little.)
//! - a product of two values in single precision, such as a rotation of a rotation;
//! - what is summed or compared along axes, such as the differences in a distance;
//! - positions of gathers; sums in several steps; results of row operations, which wait in their
//!   own memory between passes; and state passed through a program, which reuses its own memory.

use crate::ir::{Binary, Expr, Extent, Graph, Instr, Node, NodeId, Op, PerValue, ValueId};
use crate::kernel::{Contract, RowOp};

/// Gives the values between operations the format that the graph allows; see the module.
pub fn narrow(graph: &mut Graph, size: &dyn Fn(&Extent) -> u64) {
    if graph.precision.is_single() {
        return;
    }
    let mut choice = Choice::new(graph, size);
    while choice.demote() {}
    let chosen = choice.narrow;
    for (value, _) in chosen.iter().filter(|(_, chosen)| **chosen) {
        graph.values[value].format = graph.precision;
    }
    for node in graph.nodes.values_mut() {
        if let Op::Repeat(repeat) = &mut node.op {
            repeat.body.precision = graph.precision;
            narrow(&mut repeat.body, size);
        }
    }
}

/// How precise a number is, as far as its readers need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precision {
    /// Numbers and parameters: they decide nothing.
    Given,
    Narrow,
    Single,
}

use Precision::{Given, Narrow, Single};

impl Precision {
    /// Of a product: the least precise factor's.
    fn times(self, other: Precision) -> Precision {
        match (self, other) {
            (Narrow, _) | (_, Narrow) => Narrow,
            (Single, _) | (_, Single) => Single,
            (Given, Given) => Given,
        }
    }

    /// Of a sum: the most precise term's.
    fn plus(self, other: Precision) -> Precision {
        match (self, other) {
            (Single, _) | (_, Single) => Single,
            (Narrow, _) | (_, Narrow) => Narrow,
            (Given, Given) => Given,
        }
    }
}

/// What is narrow so far; it only ever gets less.
struct Choice<'g> {
    graph: &'g Graph,
    size: &'g dyn Fn(&Extent) -> u64,
    roots: PerValue<ValueId>,
    narrow: PerValue<bool>,
    /// Must not be narrow.
    single: PerValue<bool>,
    /// Parameters, and what is computed from constants only.
    given: PerValue<bool>,
    /// The last node that reads each value.
    last_reader: PerValue<Option<NodeId>>,
}

impl<'g> Choice<'g> {
    fn new(graph: &'g Graph, size: &'g dyn Fn(&Extent) -> u64) -> Self {
        let roots = graph.roots();
        let mut single = graph.per_value(false);
        let ports = graph.inputs.iter().chain(&graph.params).chain(&graph.outputs);
        ports.for_each(|port| single[roots[port.value]] = true);
        let mut given = graph.per_value(false);
        graph.params.iter().for_each(|port| given[port.value] = true);
        let mut last_reader = graph.per_value(None);
        for (id, node) in graph.nodes.iter().filter(|(_, node)| node.op != Op::View) {
            for (k, operand) in node.operands.iter().enumerate() {
                let root = roots[operand.value];
                last_reader[root] = Some(id);
                single[root] |= matches!(node.op, Op::Repeat(_)) || says_where(node, k);
            }
            if matches!(node.op, Op::Pointwise(_) | Op::Concat { .. }) {
                given[node.results[0].value] = node.operands.iter().all(|operand| given[roots[operand.value]]);
            }
        }
        Choice { graph, size, roots, narrow: graph.per_value(false), single, given, last_reader }
    }

    /// Finds what may be narrow, then what of that is read in a way that needs it in single precision; whether there
    /// was any.
    fn demote(&mut self) -> bool {
        for (id, node) in &self.graph.nodes {
            if let [result] = node.results.as_slice()
                && node.op != Op::View
            {
                let value = result.value;
                self.narrow[value] = !self.single[value] && self.made_by(node) == Narrow && !self.continues(id, node);
            }
        }
        let mut any = false;
        for node in self.graph.nodes.values().filter(|node| node.op != Op::View) {
            for (k, operand) in node.operands.iter().enumerate() {
                let root = self.roots[operand.value];
                if self.narrow[root] && !self.may_read_narrow(node, k) {
                    (self.single[root], any) = (true, true);
                }
            }
        }
        any
    }

    fn precision(&self, value: ValueId) -> Precision {
        match self.roots[value] {
            root if self.given[root] => Given,
            root if self.narrow[root] => Narrow,
            _ => Single,
        }
    }

    fn operand(&self, node: &Node, k: usize) -> Precision {
        self.precision(node.operands[k].value)
    }

    /// How precise a node's result need be.
    fn made_by(&self, node: &Node) -> Precision {
        match &node.op {
            Op::View | Op::Rows { .. } | Op::Repeat(_) => Single,
            Op::Contract(contraction) => {
                let contracted = (0..node.indices.len()).filter(|i| !node.result().mentions(*i));
                let terms = contracted.map(|i| (self.size)(&node.indices[i])).fold(1, u64::saturating_mul);
                let factors: Vec<Precision> = (0..=contraction.sums).map(|k| self.operand(node, k)).collect();
                let sum = if factors.iter().all(|factor| *factor == Single) { Single } else { Narrow };
                if terms > Contract::TERMS { Single } else { self.expression(&contraction.after, node, sum) }
            }
            Op::Attend { .. } => {
                let all_single = (0..3).all(|k| self.operand(node, k) == Single);
                if all_single { Single } else { Narrow }
            }
            Op::Pointwise(expr) => self.expression(expr, node, Single),
            Op::Concat { .. } => {
                let parts = (0..node.operands.len()).map(|k| self.operand(node, k));
                parts.fold(Given, Precision::plus)
            }
        }
    }

    /// Of an expression over a node's operands and, for one that follows a sum, over that.
    fn expression(&self, expr: &Expr, node: &Node, row: Precision) -> Precision {
        let mut found: Vec<Precision> = Vec::with_capacity(expr.0.len());
        for instr in &expr.0 {
            found.push(match *instr {
                Instr::Load(k) => self.operand(node, k),
                Instr::Gather { source, .. } => self.operand(node, source),
                Instr::Const(_) | Instr::Size(_) => Given,
                Instr::Position(_) => Single,
                Instr::Row(_) => row,
                Instr::Unary(_, a) => found[a],
                Instr::Binary(Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne, ..) => Given,
                Instr::Binary(Binary::Mul | Binary::Div, a, b) => found[a].times(found[b]),
                Instr::Binary(_, a, b) | Instr::Select(_, a, b) => found[a].plus(found[b]),
            });
        }
        found.last().copied().unwrap_or(Given)
    }

    /// Whether a result reuses the memory of state that ends here.
    fn continues(&self, id: NodeId, node: &Node) -> bool {
        node.operands.iter().enumerate().any(|(k, operand)| {
            let root = self.roots[operand.value];
            let is_param = self.graph.is_param(root);
            let ends = self.last_reader[root] == Some(id) && !is_param;
            ends && !self.narrow[root] && node.may_overwrite(k)
        })
    }

    /// Whether a node may read an operand that was rounded.
    fn may_read_narrow(&self, node: &Node, k: usize) -> bool {
        let made_narrow = || self.narrow[node.results[0].value];
        match &node.op {
            Op::Contract(contraction) => k < contraction.loads() || made_narrow(),
            Op::Attend { .. } => true,
            Op::Rows { row: RowOp::Softmax | RowOp::Normalize { .. }, after, .. } => !after
                .0
                .iter()
                .any(|instr| matches!(instr, Instr::Load(at) | Instr::Gather { source: at, .. } if *at == k)),
            Op::Pointwise(_) | Op::Concat { .. } => made_narrow(),
            Op::View | Op::Rows { .. } | Op::Repeat(_) => false,
        }
    }
}

/// Whether an operand of a node holds positions of a gather.
fn says_where(node: &Node, operand: usize) -> bool {
    let Op::Pointwise(expr) = &node.op else { return false };
    let is = |of: &dyn Fn(&Instr) -> bool| expr.0.iter().any(of);
    is(&|i| matches!(i, Instr::Gather { .. })) && is(&|i| matches!(i, Instr::Load(k) if *k == operand))
}

#[cfg(test)]
#[path = "narrow_tests.rs"]
mod tests;
