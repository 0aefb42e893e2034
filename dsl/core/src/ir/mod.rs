//! The program as a graph: extents, scalar expressions, operations, and the index table.

mod access;
mod contraction;
mod extent;
mod format;
mod graph;
mod id;
mod names;
mod row;
mod scalar;
mod spec;
mod table;
mod text;

pub use access::{Access, AxisRef, Index};
pub use contraction::{Contraction, Norm};
pub use extent::{Extent, ExtentError, Sizes, shape_text};
pub use format::Format;
pub use graph::{Graph, Node, Op, Port, Repeat, Value};
pub use id::{NodeId, PerNode, PerValue, ValueId};
pub use names::{layer_name, stacked_name};
pub use row::RowOp;
pub use scalar::{Binary, Expr, Instr, Unary, binary, number, unary};
pub use spec::{SpecError, check_graph};
pub use table::{Behaviour, Combine, causal_pairs};
pub(crate) use text::letter;
