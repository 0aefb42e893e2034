//! The planner: a graph, sizes and a budget become a plan, or the reason there is none.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::fuse;
use crate::ir::{Graph, Port, Sizes, check_graph};
use crate::plan::data::{Plan, PlanError};
use crate::plan::emit;
use crate::plan::machine::Target;
use crate::plan::search::{Path, Search, Weights};

/// What a plan is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// A size for every symbol.
    pub sizes: &'a Sizes,
    /// The bytes a run may hold: inputs, outputs, arena and weights; none for the fastest plan.
    pub budget: Option<u64>,
    /// The machine.
    pub target: &'a Target,
}

/// A graph prepared for planning at given sizes: it can be planned for any budget.
pub struct Planner {
    pub(super) search: Search,
    name: String,
    target: Target,
    sizes: Sizes,
    /// With the weights of layers held, and streamed.
    leanest: [OnceCell<Plan>; 2],
    /// Whether weights are in a file from which they can be streamed.
    in_file: bool,
}

impl Planner {
    /// Explores the forms of a graph at given sizes.
    ///
    /// # Errors
    /// A missing or overflowing size, or a malformed graph.
    pub fn new(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<Planner, PlanError> {
        check_graph(graph)?;
        let mut fused = fuse::fuse(graph);
        fuse::narrow(&mut fused, &|extent| extent.eval(sizes).unwrap_or(u64::MAX));
        check_graph(&fused)?;
        let stays = fused.per_value(false);
        let mut search = Search::new(&fused, sizes, &Rc::new(target.clone()), &stays)?;
        while search.nest() {}
        search.settle();
        let (name, target, sizes) = (graph.name.clone(), target.clone(), sizes.clone());
        Ok(Planner { search, name, target, sizes, leanest: Default::default(), in_file: true })
    }

    /// For weights that are not in a file: they are in memory anyway, so plans count them all as held.
    #[must_use]
    pub fn holding_weights(self) -> Planner {
        Planner { in_file: false, ..self }
    }

    fn can_stream(&self) -> bool {
        self.in_file && self.search.can_stream()
    }

    /// The fastest plan found inside a budget, or the leanest that is about as fast as without one: to a hundredth, as
    /// predicted. Its time never rises with the budget.
    ///
    /// # Errors
    /// The smallest budget that can be met, and the operation at its peak.
    pub fn plan(&self, budget: Option<u64>) -> Result<Plan, PlanError> {
        let Some(limit) = budget else {
            let most = self.search.limits(Weights::Held).last().copied();
            let path = self.search.best(most.unwrap_or(u64::MAX), Weights::Held);
            return Ok(self.emit(&path.expect("something always runs"), budget));
        };
        let leanest = self.leanest();
        if leanest.memory.total() > limit {
            return Err(PlanError::Budget {
                name: self.name.clone(),
                budget: limit,
                smallest: leanest.memory.total(),
                operation: leanest.memory.operation.clone(),
            });
        }
        let held = self.plan_with(Weights::Held, limit);
        let streamed = if self.can_stream() { self.plan_with(Weights::Streamed, limit) } else { None };
        let fastest = held.into_iter().chain(streamed).min_by_key(|plan| plan.time);
        Ok(Plan { budget, ..fastest.expect("the leanest plan is inside the budget") })
    }

    /// The same with the weights of layers held or streamed.
    fn plan_with(&self, weights: Weights, limit: u64) -> Option<Plan> {
        let leanest = self.leanest_with(weights);
        let arena = limit.checked_sub(leanest.memory.weights).filter(|arena| leanest.memory.arena <= *arena)?;
        // The search counts live bytes; the layout may need a little more. The limits passed to the search do
        // not depend on the budget, so what fits a budget fits every larger one.
        for limit in self.search.limits(weights).into_iter().rev().filter(|limit| *limit <= arena) {
            let Some(path) = self.search.best(limit, weights) else { break };
            if path.time >= leanest.time {
                break;
            }
            let plan = self.emit(&path, Some(limit));
            if plan.memory.arena <= arena {
                return Some(plan);
            }
        }
        Some(leanest.clone())
    }

    /// The plan with the smallest peak found.
    pub fn leanest(&self) -> &Plan {
        let held = self.leanest_with(Weights::Held);
        if !self.can_stream() {
            return held;
        }
        let streamed = self.leanest_with(Weights::Streamed);
        if streamed.memory.total() < held.memory.total() { streamed } else { held }
    }

    fn leanest_with(&self, weights: Weights) -> &Plan {
        self.leanest[usize::from(weights == Weights::Streamed)].get_or_init(|| {
            // The fewest live bytes do not always give the lowest arena: take the best layout of the paths near the
            // smallest, and of the whole front where programs are small.
            let smallest = self.search.smallest(weights);
            let near = (0..8).filter_map(|k| self.search.best(smallest + smallest / 200 * k, weights)).map(Rc::new);
            let mut paths: Vec<Rc<Path>> = near.chain(self.search.front(weights)).collect();
            paths.sort_by_key(|path| (path.peak, path.time));
            let mut best: Option<Plan> = None;
            for path in paths {
                // No layout is lower than the most live bytes.
                if best.as_ref().is_some_and(|plan| path.peak > plan.memory.arena) {
                    break;
                }
                let plan = self.emit(&path, None);
                let key = |p: &Plan| (p.memory.arena, p.time);
                if best.as_ref().is_none_or(|other| key(&plan) < key(other)) {
                    best = Some(plan);
                }
            }
            best.expect("something always runs")
        })
    }

    /// A lower bound of the bytes of any plan: the weights that are not streamed, and all inputs (which are whole
    /// at the start) or all outputs (which are whole at the end).
    pub fn lower_bound(&self) -> u64 {
        let bound = &self.search.bound;
        let whole = |ports: &[Port]| ports.iter().map(|p| bound.bytes(p.value)).sum::<u64>();
        self.leanest().memory.weights + whole(&bound.graph.inputs).max(whole(&bound.graph.outputs))
    }

    fn emit(&self, path: &Path, budget: Option<u64>) -> Plan {
        emit::emit(&self.search, path, &self.name, &self.sizes, &self.target, budget)
    }
}

/// Plans a graph.
///
/// # Errors
/// See [`PlanError`].
pub fn plan(graph: &Graph, request: &Request<'_>) -> Result<Plan, PlanError> {
    Planner::new(graph, request.sizes, request.target)?.plan(request.budget)
}
