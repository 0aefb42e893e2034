//! Why a nest has no machine code.

/// Why a nest has no machine code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JitError {
    /// The code generator does not know this machine.
    #[error("no code generator for this machine: {0}")]
    Host(String),
    /// The nest contradicts itself.
    #[error("malformed nest: {0}")]
    Malformed(&'static str),
    /// An extent in an expression was not bound to a number.
    #[error("malformed nest: an extent in an expression is not bound to a number")]
    UnboundSize,
    /// The code generator refused.
    #[error("code generation failed: {0}")]
    Generation(String),
}
