//! Until when something is needed.

/// Until when a value or buffer is needed, counted in positions of an order or moments of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) enum Until {
    /// Until this one, itself included.
    At(usize),
    /// Beyond the end of the order or tree.
    End,
}
