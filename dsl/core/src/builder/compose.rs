//! Inlining of graphs, values without operands, and removal of what is not read.

use super::graph::Builder;
use crate::ir::{Access, AxisRef, Contraction, Expr, Extent, Graph, Instr, Node, Op, PerValue, Repeat, Value, ValueId};

/// What a symbol of an inlined graph means; none where it keeps its meaning.
pub type Meaning<'a> = &'a dyn Fn(&str) -> Option<Extent>;

impl Builder {
    /// The numbers `0, 1, …` along one axis.
    pub fn iota(&mut self, extent: Extent) -> ValueId {
        let expr = Expr(vec![Instr::Position(0)]);
        self.node(Op::Pointwise(expr), Vec::new(), vec![extent], vec![AxisRef::Index(0)])
    }

    /// One number (an expression without operands) everywhere.
    pub fn full(&mut self, shape: Vec<Extent>, number: Expr) -> ValueId {
        let axes = (0..shape.len()).map(AxisRef::Index).collect();
        self.node(Op::Pointwise(number), Vec::new(), shape, axes)
    }

    /// Inlines a finished graph: its inputs are `inputs`, its symbols are replaced by
    /// `meaning`. Returns the id that each of its values has here.
    pub fn inline(&mut self, graph: &Graph, inputs: &[ValueId], meaning: Meaning) -> PerValue<ValueId> {
        let mut places: PerValue<Option<ValueId>> = graph.per_value(None);
        for (port, &value) in graph.inputs.iter().zip(inputs) {
            places[port.value] = Some(value);
        }
        for port in &graph.params {
            let shape = graph.values[port.value].shape.iter().map(|e| e.substitute(meaning)).collect();
            places[port.value] = Some(self.param(port.name.clone(), shape));
        }
        let places: PerValue<ValueId> = places
            .values()
            .zip(graph.values.values())
            .map(|(place, value)| {
                place.unwrap_or_else(|| {
                    let shape = value.shape.iter().map(|e| e.substitute(meaning)).collect();
                    self.value(value.name.clone(), shape)
                })
            })
            .collect();
        for node in graph.nodes.values() {
            self.graph.nodes.push(moved(node, &|v| places[v], meaning));
        }
        places
    }

    /// Removes every operation whose result is not read, and every weight that is then unread.
    pub fn prune(&mut self) {
        prune(&mut self.graph);
    }
}

/// A node with other values and with its symbols replaced.
fn moved(node: &Node, place: &dyn Fn(ValueId) -> ValueId, meaning: Meaning) -> Node {
    let access = |access: &Access| Access {
        value: place(access.value),
        axes: access
            .axes
            .iter()
            .map(|axis| match axis {
                AxisRef::Shifted(index, start) => AxisRef::Shifted(*index, start.substitute(meaning)),
                axis => axis.clone(),
            })
            .collect(),
    };
    Node {
        op: moved_op(&node.op, meaning),
        operands: node.operands.iter().map(access).collect(),
        results: node.results.iter().map(access).collect(),
        indices: node.indices.iter().map(|e| e.substitute(meaning)).collect(),
        origin: node.origin.clone(),
    }
}

fn moved_op(op: &Op, meaning: Meaning) -> Op {
    let expr = |expr: &Expr| {
        Expr(
            expr.0
                .iter()
                .map(|instr| match instr {
                    Instr::Size(extent) => {
                        let extent = extent.substitute(meaning);
                        #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
                        extent.as_literal().map_or(Instr::Size(extent), |n| Instr::Const(n as f64))
                    }
                    instr => instr.clone(),
                })
                .collect(),
        )
    };
    match op {
        Op::Pointwise(e) => Op::Pointwise(expr(e)),
        Op::Rows { before, row, over, after } => {
            Op::Rows { before: expr(before), row: *row, over: over.clone(), after: expr(after) }
        }
        Op::Repeat(repeat) => {
            let mut body = repeat.body.clone();
            for value in body.values.values_mut() {
                value.shape.iter_mut().for_each(|e| *e = e.substitute(meaning));
            }
            body.nodes = repeat.body.nodes.values().map(|n| moved(n, &|v| v, meaning)).collect();
            Op::Repeat(Box::new(Repeat { count: repeat.count.substitute(meaning), carried: repeat.carried, body }))
        }
        Op::Contract(c) => Op::Contract(Contraction { after: expr(&c.after), ..c.clone() }),
        &Op::Attend { ref factor, key, inner, channel, causal } => {
            Op::Attend { factor: expr(factor), key, inner, channel, causal }
        }
        Op::View | Op::Concat { .. } => op.clone(),
    }
}

fn prune(graph: &mut Graph) {
    let mut read = graph.per_value(false);
    graph.outputs.iter().for_each(|port| read[port.value] = true);
    let mut kept = Vec::new();
    for mut node in Vec::from(std::mem::take(&mut graph.nodes)).into_iter().rev() {
        if !node.results.iter().any(|r| read[r.value]) {
            continue;
        }
        if let Op::Repeat(repeat) = &mut node.op {
            prune(&mut repeat.body);
            if drop_unread(repeat, &mut node.operands) {
                number_axes(&mut node);
            }
        }
        node.operands.iter().for_each(|o| read[o.value] = true);
        kept.push(node);
    }
    kept.reverse();
    graph.nodes = kept.into();
    graph.params.retain(|port| read[port.value]);
    drop_values(graph);
}

/// Removes the inputs of a loop's body that it never reads, except carried ones.
fn drop_unread(repeat: &mut Repeat, operands: &mut Vec<Access>) -> bool {
    let body = &mut repeat.body;
    let read = |value: ValueId| {
        body.nodes.values().any(|n| n.operands.iter().any(|o| o.value == value))
            || body.outputs.iter().any(|o| o.value == value)
    };
    let keep: Vec<bool> =
        body.inputs.iter().enumerate().map(|(k, port)| k < repeat.carried || read(port.value)).collect();
    let mut flags = keep.iter();
    operands.retain(|_| *flags.next().unwrap_or(&true));
    let mut flags = keep.iter();
    body.inputs.retain(|_| *flags.next().unwrap_or(&true));
    drop_values(body);
    keep.contains(&false)
}

/// Renumbers the indices of a repeat: one for each axis, none unused.
fn number_axes(node: &mut Node) {
    let mut indices = Vec::new();
    for axis in node.operands.iter_mut().chain(&mut node.results).flat_map(|a| &mut a.axes) {
        if let AxisRef::Index(index) = axis {
            indices.push(node.indices[*index].clone());
            *index = indices.len() - 1;
        }
    }
    node.indices = indices;
}

/// Removes values that are no longer used and renumbers the others.
fn drop_values(graph: &mut Graph) {
    let mut used = graph.per_value(false);
    let ports = graph.inputs.iter().chain(&graph.params).chain(&graph.outputs);
    ports.for_each(|port| used[port.value] = true);
    for node in graph.nodes.values() {
        node.operands.iter().chain(&node.results).for_each(|a| used[a.value] = true);
    }
    let mut kept: PerValue<Value> = PerValue::new();
    let values = Vec::from(std::mem::take(&mut graph.values));
    let places = values.into_iter().zip(used.values()).map(|(value, used)| used.then(|| kept.push(value)));
    let places: PerValue<Option<ValueId>> = places.collect();
    graph.values = kept;
    let place = |value: ValueId| places[value].expect("whatever is named is used");
    let ports = graph.inputs.iter_mut().chain(&mut graph.params).chain(&mut graph.outputs);
    ports.for_each(|port| port.value = place(port.value));
    for node in graph.nodes.values_mut() {
        node.operands.iter_mut().chain(&mut node.results).for_each(|a| a.value = place(a.value));
    }
}
