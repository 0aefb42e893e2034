//! Graphs: values, the nodes that make them, and what goes in and out.

use serde::{Deserialize, Serialize};

use super::{Extent, ExtentError, Format, Node, Op, Sizes};

/// A value of a graph: a position in [`Graph::values`].
pub type ValueId = usize;
/// A node of a graph: a position in [`Graph::nodes`].
pub type NodeId = usize;

/// A program: nodes in an order in which they can run.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Graph {
    /// The program's name.
    pub name: String,
    /// Every value: inputs, parameters, results.
    pub values: Vec<Value>,
    /// Every operation, each after those whose results it reads.
    pub nodes: Vec<Node>,
    /// What the caller gives. Inputs are donated: their memory is reused once they have been read.
    pub inputs: Vec<Port>,
    /// Weights, by checkpoint name.
    pub params: Vec<Port>,
    /// What the caller gets.
    pub outputs: Vec<Port>,
    /// What values between operations may be kept in.
    #[serde(default, skip_serializing_if = "Format::is_single")]
    pub precision: Format,
}

/// A tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// A name for people.
    pub name: String,
    /// The extent of each axis.
    pub shape: Vec<Extent>,
    /// What its numbers are kept in; computed with is always single precision.
    #[serde(default, skip_serializing_if = "Format::is_single")]
    pub format: Format,
}

impl Value {
    /// A tensor in single precision.
    pub fn single(name: impl Into<String>, shape: Vec<Extent>) -> Value {
        Value { name: name.into(), shape, format: Format::Single }
    }
}

/// A value with a name that the outside knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// The outside's name.
    pub name: String,
    /// The value.
    pub value: ValueId,
}

impl Graph {
    /// The node that makes a value; none for inputs and parameters.
    pub fn producers(&self) -> Vec<Option<NodeId>> {
        let mut producers = vec![None; self.values.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            for result in &node.results {
                producers[result.value] = Some(id);
            }
        }
        producers
    }

    /// The value in whose memory each value stands: itself, or what it is a view of.
    pub fn roots(&self) -> Vec<ValueId> {
        let mut roots: Vec<ValueId> = (0..self.values.len()).collect();
        for node in self.nodes.iter().filter(|n| n.op == Op::View) {
            roots[node.result().value] = roots[node.operands[0].value];
        }
        roots
    }

    /// The nodes that read each value, in order, once each.
    pub fn consumers(&self) -> Vec<Vec<NodeId>> {
        let mut consumers: Vec<Vec<NodeId>> = vec![Vec::new(); self.values.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            for operand in &node.operands {
                if consumers[operand.value].last() != Some(&id) {
                    consumers[operand.value].push(id);
                }
            }
        }
        consumers
    }

    /// Whether a value is a parameter.
    pub fn is_param(&self, value: ValueId) -> bool {
        self.params.iter().any(|p| p.value == value)
    }

    /// The concrete shape of a value.
    ///
    /// # Errors
    /// A symbol without a size, or a size that does not fit.
    pub fn shape(&self, value: ValueId, sizes: &Sizes) -> Result<Vec<u64>, ExtentError> {
        self.values[value].shape.iter().map(|e| e.eval(sizes)).collect()
    }

    /// Every symbol that must have a size before a plan can be made, sorted.
    pub fn symbols(&self) -> std::collections::BTreeSet<String> {
        let mut set = std::collections::BTreeSet::new();
        let mut add = |extent: &Extent| set.extend(extent.symbols().map(str::to_string));
        self.values.iter().flat_map(|v| &v.shape).for_each(&mut add);
        for node in &self.nodes {
            node.indices.iter().for_each(&mut add);
            if let super::Op::Repeat(repeat) = &node.op {
                add(&repeat.count);
                repeat.body.symbols().iter().for_each(|s| add(&Extent::symbol(s.clone())));
            }
        }
        set
    }
}
