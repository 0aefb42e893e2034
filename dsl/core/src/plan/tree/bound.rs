//! A graph with concrete sizes: extents, bytes, and the memory of each value.

use crate::fuse::{Orders, storage_orders};
use crate::ir::{Access, AxisRef, ExtentError, Format, Graph, NodeId, Op, PerNode, PerValue, Sizes, ValueId};
use crate::plan::data::PlanError;

/// The most elements of a tensor (the address space of a processor): sums of such sizes cannot overflow.
const MOST_ELEMENTS: u64 = 1 << 46;

/// A graph at concrete sizes.
pub(in crate::plan) struct Bound {
    pub graph: Graph,
    pub sizes: Sizes,
    /// The order in which each value's axes are stored.
    pub orders: Orders,
    /// The extent of each index of each node.
    pub extents: PerNode<Vec<u64>>,
    /// The extents of each value's axes.
    pub shapes: PerValue<Vec<u64>>,
    /// The value whose memory each value is in: itself, or the one it is a view of.
    pub roots: PerValue<ValueId>,
    /// The node that makes each value.
    pub producers: PerValue<Option<NodeId>>,
    /// The nodes (no views) that read each root, through views or not.
    pub readers: PerValue<Vec<NodeId>>,
    /// Whether each value is a weight.
    pub is_param: PerValue<bool>,
    /// Whether each value is an output.
    pub is_output: PerValue<bool>,
}

impl Bound {
    pub(in crate::plan) fn new(graph: &Graph, sizes: &Sizes) -> Result<Bound, PlanError> {
        let shapes = graph.values.keys().map(|v| graph.shape(v, sizes)).collect::<Result<PerValue<_>, _>>()?;
        for (value, shape) in graph.values.values().zip(shapes.values()) {
            let elements = shape.iter().try_fold(1u64, |n, &e| n.checked_mul(e));
            if elements.is_none_or(|n| n > MOST_ELEMENTS) {
                let product = shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("·");
                return Err(PlanError::TooLarge { name: value.name.clone(), elements: product });
            }
        }
        let extents = graph.nodes.values().map(|n| n.indices.iter().map(|e| e.eval(sizes)).collect());
        let extents = extents.collect::<Result<PerNode<Vec<u64>>, ExtentError>>()?;
        let roots = graph.roots();
        let (mut is_param, mut is_output) = (graph.per_value(false), graph.per_value(false));
        graph.params.iter().for_each(|p| is_param[p.value] = true);
        graph.outputs.iter().for_each(|p| is_output[p.value] = true);
        for (id, node) in graph.nodes.iter() {
            for access in &node.operands {
                for (axis, &size) in access.axes.iter().zip(&shapes[access.value]) {
                    if let AxisRef::Shifted(i, start) = axis
                        && start.eval(sizes)? + extents[id][*i] > size
                    {
                        let from = start.eval(sizes)?;
                        let (origin, end) = (node.origin.clone(), from + extents[id][*i]);
                        return Err(PlanError::Slice { origin, from, end, size });
                    }
                }
            }
        }
        let mut readers: PerValue<Vec<NodeId>> = graph.per_value(Vec::new());
        for (id, node) in graph.nodes.iter().filter(|(_, n)| n.op != Op::View) {
            for operand in &node.operands {
                let root = roots[operand.value];
                if readers[root].last() != Some(&id) {
                    readers[root].push(id);
                }
            }
        }
        let (orders, producers) = (storage_orders(graph), graph.producers());
        let (graph, sizes) = (graph.clone(), sizes.clone());
        Ok(Bound { graph, sizes, orders, extents, shapes, roots, producers, readers, is_param, is_output })
    }

    /// Elements of a value.
    pub(in crate::plan) fn elements(&self, value: ValueId) -> u64 {
        self.shapes[value].iter().product()
    }

    /// Bytes of a value stored whole.
    pub(in crate::plan) fn bytes(&self, value: ValueId) -> u64 {
        self.format(value).bytes() * self.elements(value)
    }

    /// What a value's memory holds.
    pub(in crate::plan) fn format(&self, value: ValueId) -> Format {
        self.graph.values[self.roots[value]].format
    }

    /// Offset and strides (in elements) of a value's axes in its root's memory, where the root holds
    /// so many positions only of some of its axes.
    pub(in crate::plan) fn locate(&self, value: ValueId, chunks: &[(usize, u64)]) -> (u64, Vec<u64>) {
        if self.roots[value] == value {
            let mut shape = self.shapes[value].clone();
            for &(axis, positions) in chunks {
                shape[axis] = positions;
            }
            let mut strides = vec![0; shape.len()];
            let mut stride = 1;
            for &axis in self.orders[value].iter().rev() {
                strides[axis] = stride;
                stride *= shape[axis].max(1);
            }
            return (0, strides);
        }
        let id = self.producers[value].expect("a view has a producer");
        let view = &self.graph.nodes[id];
        let (mut offset, source) = self.locate(view.operands[0].value, chunks);
        let (moved, by_index) = self.index_strides(id, &view.operands[0], &source);
        offset += moved;
        let strides = view.result().axes.iter().map(|axis| match axis {
            AxisRef::Index(i) | AxisRef::Joined(_, i) | AxisRef::Shifted(i, _) => by_index[*i],
            AxisRef::Unit => 0,
        });
        (offset, strides.collect())
    }

    /// Offset and stride for each index of a node, from the strides of an accessed value's axes.
    pub(in crate::plan) fn index_strides(&self, node: NodeId, access: &Access, axes: &[u64]) -> (u64, Vec<u64>) {
        let mut strides = vec![0; self.extents[node].len()];
        let mut offset = 0;
        for (axis, &stride) in access.axes.iter().zip(axes) {
            match axis {
                AxisRef::Index(i) => strides[*i] += stride,
                AxisRef::Unit => {}
                AxisRef::Joined(o, i) => {
                    strides[*o] += stride * self.extents[node][*i];
                    strides[*i] += stride;
                }
                AxisRef::Shifted(i, start) => {
                    strides[*i] += stride;
                    offset += stride * start.eval(&self.sizes).expect("checked when bound");
                }
            }
        }
        (offset, strides)
    }
}
