//! What the language says about a library: the one door to `crease-core`'s checks.

use crease_core::lang::ast::Library;
use crease_core::lang::{Diagnostic, Promised};

use crate::keep::Folder;

/// Everything wrong with the last module of a library; those before it were checked where they stand.
/// A module without mistakes has its budgets planned.
pub(crate) fn library(library: &Library) -> Result<Vec<Promised>, Vec<Diagnostic>> {
    let mistakes = crease_core::lang::check(library);
    if mistakes.is_empty() { crease_core::lang::promises(library, &Folder::here()) } else { Err(mistakes) }
}
