//! Plans from files: what a check accepts can be said as text, and nothing else is done with it.

use crease_core::plan::Plan;

use super::{Target, seeds};
use crate::mutate::json;

pub(super) const TARGET: Target =
    Target { name: "plan", longest: 1 << 16, seeds: seeds::plans, change: json::change, run };

fn run(data: &[u8]) -> bool {
    let Ok(plan) = serde_json::from_slice::<Plan>(data) else {
        return false;
    };
    plan.verify().is_ok()
}
