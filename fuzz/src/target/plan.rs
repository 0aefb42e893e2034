//! Plans from files: any text is refused, or is a plan that was proved to stay inside its memory.

use crease_core::plan::Plan;

use super::{Target, seeds};
use crate::mutate::json;

pub(super) const TARGET: Target =
    Target { name: "plan", longest: 1 << 16, seeds: seeds::plans, change: json::change, run };

fn run(data: &[u8]) -> bool {
    serde_json::from_slice::<Plan>(data).is_ok_and(|plan| plan.check().is_ok())
}
