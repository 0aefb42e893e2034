//! How the predicted time falls as the budget grows.

use super::budget::Planner;
use crate::plan::data::PlanError;

/// The fastest plan found within some budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurvePoint {
    /// Its peak in bytes: the smallest budget that it fits.
    pub budget: u64,
    /// Its predicted nanoseconds.
    pub time: u64,
}

impl Planner {
    /// The fastest plans from the smallest budget that can be met to no limit, by rising budget and falling time.
    /// Budgets closer than a hundredth are treated as equal.
    ///
    /// # Errors
    /// See [`Planner::plan`]; a budget that is too small is none.
    pub fn curve(&self) -> Result<Vec<CurvePoint>, PlanError> {
        let leanest = self.leanest().memory.total();
        let mut points: Vec<CurvePoint> = Vec::new();
        let mut budget = None;
        loop {
            let plan = self.plan(budget)?;
            let point = CurvePoint { budget: plan.memory.total(), time: plan.time };
            // A leaner plan of the same time takes the place of the one before.
            points.pop_if(|last| last.time >= point.time);
            points.push(point);
            if point.budget <= leanest {
                break;
            }
            let less = point.budget - (point.budget / 100).max(1);
            budget = Some(less.max(leanest));
        }
        points.reverse();
        Ok(points)
    }
}
