//! Ids of values and nodes.

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

/// A map from values.
pub type PerValue<T> = PrimaryMap<ValueId, T>;
/// A map from nodes.
pub type PerNode<T> = PrimaryMap<NodeId, T>;
