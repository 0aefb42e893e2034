//! The program as a graph: extents, scalar expressions, operations, and the index table.

mod expr;
mod extent;
mod format;
mod graph;
mod op;
mod spec;
mod table;
mod text;

pub use expr::{Binary, Expr, Instr, Unary};
pub use extent::{Extent, ExtentError, Sizes};
pub use format::Format;
pub use graph::{Graph, NodeId, Port, Value, ValueId};
pub use op::{Access, AxisRef, Contraction, Index, Node, Norm, Op, Repeat};
pub use spec::{SpecError, check_graph};
pub use table::{Behaviour, Combine};
