//! Names and their places in the source.

use serde::{Deserialize, Serialize};

/// A place in the source: a position in the macro's own list; 0 for none (imported definitions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Span(pub u32);

/// A name as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ident {
    /// The name; a path keeps its `::`.
    pub text: String,
    /// Where.
    pub span: Span,
}
