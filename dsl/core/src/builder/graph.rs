//! The graph under construction: inputs, parameters, outputs, loops over layers, and the source names of operations.

use super::fault::{Fault, FaultKind};
use crate::ir::{Access, Extent, Graph, Node, Op, Port, Repeat, Value, ValueId, shape_text};

/// Builds a graph, one operation per call.
#[derive(Debug, Default)]
pub struct Builder {
    pub(super) graph: Graph,
    pub(super) scopes: Vec<String>,
}

impl Builder {
    /// An empty graph.
    pub fn new(name: impl Into<String>) -> Builder {
        Builder { graph: Graph { name: name.into(), ..Graph::default() }, scopes: Vec::new() }
    }

    /// The finished graph.
    pub fn finish(self) -> Graph {
        self.graph
    }

    /// The graph so far.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The shape of a value.
    pub fn shape(&self, value: ValueId) -> &[Extent] {
        &self.graph.values[value].shape
    }

    /// An input.
    pub fn input(&mut self, name: impl Into<String>, shape: Vec<Extent>) -> ValueId {
        let name = name.into();
        let value = self.value(name.clone(), shape);
        self.graph.inputs.push(Port { name, value });
        value
    }

    /// A weight, by checkpoint name. The same name gives the same value.
    pub fn param(&mut self, name: impl Into<String>, shape: Vec<Extent>) -> ValueId {
        let name = name.into();
        if let Some(known) = self.graph.params.iter().find(|p| p.name == name) {
            return known.value;
        }
        let value = self.value(name.clone(), shape);
        self.graph.params.push(Port { name, value });
        value
    }

    /// Declares a value as an output under a name.
    pub fn output(&mut self, name: impl Into<String>, value: ValueId) {
        self.graph.outputs.push(Port { name: name.into(), value });
    }

    /// Names a value for display (a `let`).
    pub fn name(&mut self, value: ValueId, name: &str) {
        let outside = self.graph.inputs.iter().chain(&self.graph.params).any(|p| p.value == value);
        if outside {
            return;
        }
        self.graph.values[value].name = name.to_string();
        let origin = self.origin(name);
        if let Some(node) = self.graph.nodes.values_mut().rev().find(|n| n.results.iter().any(|r| r.value == value)) {
            node.origin = origin;
        }
    }

    /// Opens a scope: operations built inside carry the name of this function or sub-module.
    pub fn enter(&mut self, scope: impl Into<String>) {
        self.scopes.push(scope.into());
    }

    /// Ends the innermost scope.
    pub fn leave(&mut self) {
        self.scopes.pop();
    }

    pub(super) fn origin(&self, last: &str) -> String {
        let mut origin = self.scopes.join(".");
        if !origin.is_empty() {
            origin.push('.');
        }
        origin + last
    }

    pub(super) fn value(&mut self, name: String, shape: Vec<Extent>) -> ValueId {
        self.graph.values.push(Value::single(name, shape))
    }

    /// Adds a node with one result whose axes are `axes`.
    pub(super) fn node(
        &mut self,
        op: Op,
        operands: Vec<Access>,
        indices: Vec<Extent>,
        axes: Vec<crate::ir::AxisRef>,
    ) -> ValueId {
        let name = op.name();
        let mut node = Node { op, operands, results: Vec::new(), indices, origin: self.origin(name) };
        let shape = axes.iter().map(|a| node.axis_extent(a).expect("a result is no slice")).collect();
        let value = self.value(name.to_string(), shape);
        node.results.push(Access { value, axes });
        self.graph.nodes.push(node);
        value
    }

    /// A loop over `count` layers. `build` makes one layer from the carried values and the others it
    /// reads, and returns the next carried values. `{}` in a parameter's name is the layer's number.
    ///
    /// # Errors
    /// A fault inside the body, or a carried value whose shape a layer changes.
    pub fn repeat<E: From<Fault>>(
        &mut self,
        count: Extent,
        carried: &[ValueId],
        others: &[ValueId],
        build: impl FnOnce(&mut Builder, &[ValueId], &[ValueId]) -> Result<Vec<ValueId>, E>,
    ) -> Result<Vec<ValueId>, E> {
        let mut inner =
            Builder { graph: Graph { name: self.origin("layer"), ..Graph::default() }, scopes: self.scopes.clone() };
        let mut port = |value: &ValueId| {
            let outer = &self.graph.values[*value];
            inner.input(outer.name.clone(), outer.shape.clone())
        };
        let inner_carried: Vec<ValueId> = carried.iter().map(&mut port).collect();
        let inner_others: Vec<ValueId> = others.iter().map(&mut port).collect();
        let successors = build(&mut inner, &inner_carried, &inner_others)?;
        if successors.len() != carried.len() {
            let text = format!("the loop body returns {} values, but {} are carried", successors.len(), carried.len());
            return Err(Fault::new(FaultKind::Malformed, text).into());
        }
        for (position, (&before, &after)) in carried.iter().zip(&successors).enumerate() {
            let (old, new) = (self.shape(before), inner.shape(after));
            if old != new {
                let name = &self.graph.values[before].name;
                let text = format!(
                    "the loop body changes `{name}` from {} to {}: a carried value must keep its shape",
                    shape_text(old),
                    shape_text(new)
                );
                return Err(Fault::new(FaultKind::Malformed, text).at(position).into());
            }
            let name = inner.graph.values[inner_carried[position]].name.clone();
            inner.output(name, after);
        }
        let body = inner.finish();
        Ok(self.repeat_node(count, carried, others, body))
    }

    pub(super) fn repeat_node(
        &mut self,
        count: Extent,
        carried: &[ValueId],
        others: &[ValueId],
        body: Graph,
    ) -> Vec<ValueId> {
        // Each axis has an index of its own: a repeat needs everything whole.
        let mut indices = Vec::new();
        let mut access = |builder: &Builder, value: ValueId| {
            let axes = builder
                .shape(value)
                .iter()
                .map(|extent| {
                    indices.push(extent.clone());
                    crate::ir::AxisRef::Index(indices.len() - 1)
                })
                .collect();
            Access { value, axes }
        };
        let operands: Vec<Access> = carried.iter().chain(others).map(|&v| access(self, v)).collect();
        let mut results = Vec::new();
        for &value in carried {
            let (name, shape) = (self.graph.values[value].name.clone(), self.shape(value).to_vec());
            let result = self.value(name, shape);
            results.push(access(self, result));
        }
        let values = results.iter().map(|r| r.value).collect();
        let repeat = Repeat { count, carried: carried.len(), body };
        let origin = self.origin("layers");
        self.graph.nodes.push(Node { op: Op::Repeat(Box::new(repeat)), operands, results, indices, origin });
        values
    }
}
