//! The proof that a plan may run: [`Checked`] is made only here, and the runtime's unsafe code relies on it.
//!
//! A plan may come from a file or from the data of a binary, so nothing in it is trusted. What is proved:
//! - `memory`: no two buffers alive at the same moment overlap; inputs, outputs, weights and the figures of
//!   [`crate::plan::Memory`] are those of the buffers;
//! - `kernel`: each kernel is well formed;
//! - `steps`: every loop has its own counter, bounded counts, and moments go forward;
//! - `call`: every address that a call can reach, in every iteration of the loops around it, is inside its buffer or
//!   weight; buffers are alive; working memory is large enough; a result overlaps an operand only where the kernel
//!   reads each element before it is replaced; no element of a result is written twice.
//!
//! It is not proved that the plan computes what a program says: digests are for that.

mod call;
mod kernel;
mod memory;
mod steps;
#[cfg(test)]
mod tests;
mod walk;

use std::ops::Deref;

use crate::plan::data::Plan;

/// A value that was checked: only the check makes one, and its contents cannot be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked<T>(T);

impl<T> Deref for Checked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Checked<T> {
    /// The value itself, which may be changed: it must be checked again before it can run.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// Why a plan must not run: it was changed after planning, or the planner has a bug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", .operation.as_ref().map(|name| format!("`{name}` ")).unwrap_or_default())]
pub struct PlanFault {
    /// The operation at fault, if one is.
    pub operation: Option<String>,
    /// What is wrong with it, or with the plan.
    pub problem: String,
}

impl From<String> for PlanFault {
    fn from(problem: String) -> PlanFault {
        PlanFault { operation: None, problem }
    }
}

impl Plan {
    /// Proves that the plan stays inside its memory when it runs.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(self) -> Result<Checked<Plan>, PlanFault> {
        self.verify()?;
        Ok(Checked(self))
    }

    /// As [`Plan::check`], for a plan that will not be run.
    ///
    /// # Errors
    /// The first fault.
    pub fn verify(&self) -> Result<(), PlanFault> {
        memory::check(self)?;
        for (number, kernel) in &self.kernels {
            kernel::check(kernel).map_err(|problem| format!("kernel {number} {problem}"))?;
        }
        steps::check(self)
    }
}

/// The largest extent, count, stride or offset in elements that a plan may have: sums and products of a few of them
/// cannot overflow, and no machine has as much memory.
const MOST: u64 = 1 << 40;

/// The product of extents, if it is no larger than [`MOST`].
fn elements(shape: &[u64]) -> Option<u64> {
    let product = shape.iter().try_fold(1u64, |product, extent| product.checked_mul(*extent))?;
    (product <= MOST).then_some(product)
}
