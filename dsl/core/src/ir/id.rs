//! Names of the things of a graph.

use cranelift_entity::PrimaryMap;

use crate::id::id;

id!(
    /// A value of a graph: a position in [`super::Graph::values`].
    ValueId
);
id!(
    /// A node of a graph: a position in [`super::Graph::nodes`].
    NodeId
);

/// Something of each value of a graph.
pub type PerValue<T> = PrimaryMap<ValueId, T>;
/// Something of each node of a graph.
pub type PerNode<T> = PrimaryMap<NodeId, T>;
