//! Refusals of the planner's baselines as a command's errors.

use crease_cli::terminal::{CliError, usage};
use crease_core::plan::baselines::RivalError;

/// What a rival's refusal is in a command.
pub(crate) fn rival<T>(made: Result<T, RivalError>) -> Result<T, CliError> {
    made.map_err(|error| match error {
        RivalError::Plan(error) => CliError::Plan(error),
        other => usage(other.to_string()),
    })
}
