//! Sums of products with one operand in common, with a fused norm (prologue) and epilogue.

use serde::{Deserialize, Serialize};

use super::scalar::Expr;

/// `after(Σ f(a)·b₀, Σ f(a)·b₁, …)`: products with one operand in common, and an epilogue on the sums.
///
/// Operands in order: a, the sums' own ones, the norm's scale and offset, then what `after` loads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contraction {
    /// The norm applied to the rows of a first; none for f(a) = a. A row spans all summed indices.
    pub norm: Option<Norm>,
    /// How many sums there are, each with an operand of its own.
    pub sums: usize,
    /// The epilogue, in which [`crate::ir::Instr::Row`] is a sum; it loads only the operands after all others.
    pub after: Expr,
}

/// `(x − mean) / √(variance + ε) · scale + offset` for each element of a row, biased variance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Norm {
    /// Added to the variance.
    pub epsilon: f64,
    /// Whether there is a scale, one number for each place of a row.
    pub scale: bool,
    /// Whether there is an offset, one number for each place of a row.
    pub offset: bool,
}

impl Contraction {
    /// A plain sum of products.
    pub fn plain() -> Contraction {
        Contraction { norm: None, sums: 1, after: Expr::row() }
    }

    /// Whether it is a plain sum of products.
    pub fn is_plain(&self) -> bool {
        self.norm.is_none() && self.only_sums()
    }

    /// Whether it has no epilogue.
    pub fn only_sums(&self) -> bool {
        self.sums == 1 && self.after.is_row()
    }

    /// The operand that is the norm's scale, and the one that is its offset.
    pub fn affine(&self) -> [Option<usize>; 2] {
        let norm = self.norm.filter(|n| n.scale || n.offset);
        let first = 1 + self.sums;
        norm.map_or([None; 2], |n| [n.scale.then_some(first), n.offset.then_some(first + usize::from(n.scale))])
    }

    /// The first operand that only `after` loads.
    pub fn loads(&self) -> usize {
        1 + self.sums + self.affine().into_iter().flatten().count()
    }
}
