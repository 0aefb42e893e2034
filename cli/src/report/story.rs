//! What there is to tell about a plan: its moments, the ways that were not taken, other budgets.

use crease_core::ir::Sizes;
use crease_core::plan::{Choice, CurvePoint, Naive, Plan, PlanError, Planner};

use crate::page::Timeline;

/// Everything about a plan that a person may ask.
pub(crate) struct Story<'a> {
    pub(super) plan: &'a Plan,
    /// The sizes of its axes.
    pub(super) axes: &'a Sizes,
    /// The plan with the smallest peak.
    pub(super) leanest: &'a Plan,
    /// Bytes that no plan can do without.
    pub(super) least: u64,
    pub(super) timeline: Timeline<'a>,
    pub(super) pieces: Vec<Piece>,
    pub(super) curve: Vec<CurvePoint>,
}

/// A piece of the program that was planned by itself.
pub(super) struct Piece {
    pub(super) name: String,
    pub(super) choice: Choice,
}

impl<'a> Story<'a> {
    /// The story of a plan of a planner.
    pub(crate) fn new(
        planner: &'a Planner,
        plan: &'a Plan,
        axes: &'a Sizes,
        naive: &'a Naive,
    ) -> Result<Story<'a>, PlanError> {
        let timeline = Timeline::new(plan, naive);
        let choices = planner.choices(plan).into_iter();
        let pieces = choices.map(|choice| Piece { name: piece_name(&choice, &timeline), choice }).collect();
        let (leanest, least, curve) = (planner.leanest(), planner.lower_bound(), planner.curve()?);
        Ok(Story { plan, axes, leanest, least, timeline, pieces, curve })
    }
}

/// A piece is called after the sub-modules that it runs.
fn piece_name(choice: &Choice, Timeline { moments, modules, .. }: &Timeline<'_>) -> String {
    let mut names: Vec<usize> =
        moments[choice.first as usize..=choice.last as usize].iter().map(|m| m.module).collect();
    names.dedup();
    match names[..] {
        [] => String::new(),
        [one] => modules[one].name.clone(),
        [first, .., last] => format!("{} … {}", modules[first].name, modules[last].name),
    }
}
