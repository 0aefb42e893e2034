//! Forms as text: which node may be split along which of its indices, and how its slices are combined.

use std::fmt::Write;

use super::forms::Forms;
use super::slice::{Join, Operand, Slice};
use crate::ir::{Combine, Graph, letter};

impl Forms {
    /// A line for each node of the graph and, below it, one for each legal split: the index, how the results of
    /// slices come together, and the axis along which each operand is split (`-` where every slice reads all of it).
    pub fn text(&self, graph: &Graph) -> String {
        let mut text = String::new();
        for (id, node) in graph.nodes.iter() {
            let results: Vec<String> = node.results.iter().map(|r| format!("%{}", r.value)).collect();
            let _ = writeln!(text, "{} {}  # {}", results.join(", "), node.op.name(), node.origin);
            for slice in self.slices(id) {
                let extent = &node.indices[slice.index];
                let _ = writeln!(text, "  {}={extent}: {}", letter(slice.index), slice_text(slice));
            }
        }
        text
    }
}

fn slice_text(slice: &Slice) -> String {
    let operand = |operand: &Operand| match operand {
        Operand::Whole => "-".to_string(),
        Operand::Split(axis) => axis.to_string(),
    };
    let operands: Vec<String> = slice.operands.iter().map(operand).collect();
    let join = match slice.join {
        Join::Merge(axis) => format!("merge axis {axis}"),
        Join::Combine(Combine::Sum) => "add".into(),
        Join::Combine(Combine::Max) => "larger".into(),
        Join::Combine(Combine::Softmax) => "average by sums of exponentials".into(),
    };
    format!("{join}, operands split along ({})", operands.join(" "))
}
