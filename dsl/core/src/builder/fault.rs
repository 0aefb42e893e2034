//! Broken shape rules.

/// What kind of rule a call broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Two operands disagree on an axis.
    Mismatch,
    /// An operand's axes fit the other's in more than one way.
    Ambiguous,
    /// An axis number beyond the rank.
    NoSuchAxis,
    /// An einsum specification that cannot be read.
    EinsumSyntax,
    /// An einsum letter used wrongly: not in any operand, or twice in the result.
    EinsumLetter,
    /// An einsum operand has another number of axes than letters.
    EinsumRank,
    /// An einsum letter with two extents.
    EinsumExtent,
    /// A split or join where the product of the extents is wrong.
    Reshape,
    /// A slice that ends before it starts or beyond the axis.
    Slice,
    /// A call without operands, or a loop that changes the shape of a carried value.
    Malformed,
}

/// A broken rule: which operand, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// Which rule.
    pub kind: FaultKind,
    /// The operand at fault, by position.
    pub operand: Option<usize>,
    /// The letter at fault, in an einsum.
    pub letter: Option<String>,
    /// What was expected and what was found, in one line.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Fault {
    pub(super) fn new(kind: FaultKind, message: impl Into<String>) -> Fault {
        Fault { kind, operand: None, letter: None, message: message.into(), help: None }
    }

    pub(super) fn at(mut self, operand: usize) -> Fault {
        self.operand = Some(operand);
        self
    }

    pub(super) fn letter(mut self, letter: &str) -> Fault {
        self.letter = Some(letter.to_string());
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Fault {
        self.help = Some(help.into());
        self
    }
}
