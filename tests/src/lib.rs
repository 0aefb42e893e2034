//! What the tests share: a model that other crates import.

/// Pooling of the pair representation.
#[crease::model]
pub mod pooling {
    /// Residues.
    pub type R = Axis;

    /// The mean over one side of each pair.
    pub fn pooled<const C: usize>(z: Tensor<R, R, C>) -> Tensor<R, C> {
        mean(z, over = 0)
    }
}
