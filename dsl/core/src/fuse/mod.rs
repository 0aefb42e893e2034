//! From the graph as written to the graph as run: views absorbed, pointwise chains fused, memory
//! layouts assigned, copies inserted where needed. Each rewrite is an identity; the laws test them.

mod absorb;
mod attend;
mod compose;
mod narrow;
mod ones;
mod orders;
mod outputs;
mod passes;
mod unread;
mod variants;

pub use narrow::narrow;
pub use ones::assume_ones;
pub use orders::{Orders, storage_orders};
pub use passes::fuse;
pub use unread::remove_dead;
pub use variants::variants;
