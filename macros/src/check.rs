//! The checks of a library: the only use of `crease-core`'s checks.

use crease_core::lang::ast::Library;
use crease_core::lang::{Diagnostic, Promised};

use crate::keep::Folder;

/// All mistakes in the last module of a library; the others were checked where they are defined.
/// A module without mistakes has its budgets planned.
pub(crate) fn library(library: &Library) -> Result<Vec<Promised>, Vec<Diagnostic>> {
    let mistakes = crease_core::lang::check(library);
    if mistakes.is_empty() { crease_core::lang::promises(library, &Folder::here()) } else { Err(mistakes) }
}
