//! Names of the things of a graph.

/// A value of a graph: a position in [`super::Graph::values`].
pub type ValueId = usize;
/// A node of a graph: a position in [`super::Graph::nodes`].
pub type NodeId = usize;
