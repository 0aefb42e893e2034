//! Graphs equal to a graph, to choose among by cost: what is cheap computed anew for a reader far away
//! instead of kept for it, chains of products in another order, norms and pointwise nodes as part of products.

mod every;
mod products;
mod reassociate;

pub use every::variants;
