//! Equivalent graphs, to choose among by cost: cheap values recomputed for a distant reader
//! instead of kept alive, chains of products in another order, norms and pointwise nodes fused into products.

mod every;
mod products;
mod reassociate;

pub use every::variants;
