//! Plans of given schedules. Only the choice of loops comes from elsewhere: live ranges,
//! costs, addresses and steps are computed by the planner, so the plans can be compared and run.

use std::rc::Rc;

use super::error::RivalError;
use crate::ir::{Graph, NodeId, Op, Sizes};
use crate::plan::data::{ALIGNMENT, Plan, PlanError};
use crate::plan::emit::emit;
use crate::plan::machine::Target;
use crate::plan::search::{Candidate, Part, Path, Search, Way, Weights};
use crate::plan::tree::{Bound, Costs, Item, Life, Loop, Piece, Slices, Until};
use crate::rules::Forms;

/// A program ready to be scheduled by hand.
pub(super) struct Program {
    pub bound: Rc<Bound>,
    forms: Rc<Forms>,
    target: Rc<Target>,
    costs: Rc<Costs>,
    name: String,
    sizes: Sizes,
}

/// Nodes of an order, one after another, and how they run.
#[derive(Clone)]
pub(super) struct Stretch {
    pub l: usize,
    pub r: usize,
    pub items: Vec<Item>,
}

impl Program {
    /// The first of the planner's variants: fused, with norms and pointwise nodes not yet fused into products.
    pub(super) fn new(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<Program, PlanError> {
        crate::ir::check_graph(graph)?;
        Program::as_is(&crate::fuse::fuse(graph), sizes, target)
    }

    /// The graph without fusion.
    pub(super) fn as_is(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<Program, PlanError> {
        crate::ir::check_graph(graph)?;
        let bound = Rc::new(Bound::new(graph, sizes)?);
        let (name, sizes, target) = (graph.name.clone(), sizes.clone(), Rc::new(target.clone()));
        let costs = Rc::new(Costs::new(Rc::clone(&bound), Rc::clone(&target)));
        Ok(Program { bound, forms: Rc::new(Forms::default()), target, costs, name, sizes })
    }

    /// With the legal splits explored, for baselines that grow regions.
    pub(super) fn explored(mut self) -> Program {
        self.forms = Rc::new(Forms::explore(&self.bound.graph));
        self
    }

    /// The program as one piece in an order.
    pub(super) fn piece(&self, order: Vec<NodeId>) -> Piece {
        let stays = self.bound.graph.per_value(false);
        Piece::new(&self.costs, Rc::clone(&self.forms), order, &stays)
    }

    /// The nodes as written.
    pub(super) fn written(&self) -> Vec<NodeId> {
        self.bound.graph.nodes.keys().collect()
    }

    /// Nanoseconds of some items.
    pub(super) fn time(&self, items: &[Item]) -> u64 {
        self.costs.time(items, None)
    }

    /// Bytes of all weights.
    pub(super) fn weights(&self) -> u64 {
        self.bound.graph.params.iter().map(|p| self.bound.bytes(p.value)).sum()
    }

    /// The plan that runs the stretches of an order; together they are the whole order.
    pub(super) fn plan(&self, order: Vec<NodeId>, stretches: &[Stretch]) -> Plan {
        let piece = self.piece(order);
        let candidate = |s: &Stretch| {
            let peak = live(&piece, s).into_iter().map(|at| at.bytes).max().unwrap_or(0);
            Rc::new(Candidate { l: s.l, r: s.r, items: s.items.clone(), peak, time: self.time(&s.items) })
        };
        let stretches: Vec<Rc<Candidate>> = stretches.iter().map(candidate).collect();
        let peak = stretches.iter().map(|c| c.peak).max().unwrap_or(0);
        let time = stretches.iter().fold(0u64, |sum, c| sum.saturating_add(c.time));
        let ways = vec![Way { variant: 0, stretches, peak, time }];
        let parts = vec![Part::Nodes { variants: vec![piece], ways, flat: None, around: 0 }];
        let search = Search { bound: Rc::clone(&self.bound), parts };
        let path = Path { picks: vec![0], peak, time, weights: Weights::Held };
        emit(&search, &path, &self.name, &self.sizes, &self.target, None)
    }
}

/// One moment of a stretch.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// The node that runs.
    pub node: NodeId,
    /// Bytes alive.
    pub bytes: u64,
}

/// What is alive at each moment of a stretch.
pub(super) fn live(piece: &Piece, stretch: &Stretch) -> Vec<Moment> {
    let life = Life::of(piece, &stretch.items, (stretch.l, stretch.r));
    let moment = |(at, node): (usize, NodeId)| {
        let alive = life.buffers.iter().filter(|b| b.alias.is_none() && b.first <= at && Until::At(at) <= b.last);
        Moment { node, bytes: alive.map(|b| b.bytes.next_multiple_of(ALIGNMENT)).sum() }
    };
    life.moments.leaves.iter().map(|leaf| leaf.node).enumerate().map(moment).collect()
}

/// Every node of an order whole.
pub(super) fn whole(piece: &Piece) -> Vec<Stretch> {
    (0..piece.order.len()).map(|l| Stretch { l, r: l + 1, items: vec![Item::Node(piece.order[l])] }).collect()
}

/// A stretch as one loop; nodes that the loop does not split run before it.
pub(super) fn looped(piece: &Piece, (l, r): (usize, usize), slices: &Slices, chunk: u64) -> Stretch {
    let (body, before): (Vec<NodeId>, Vec<NodeId>) = piece.order[l..r].iter().partition(|id| slices.splits(**id));
    let items = |nodes: Vec<NodeId>| nodes.into_iter().map(Item::Node);
    let total = total(&piece.bound, slices);
    let each = Loop::new(slices, total, chunk.clamp(1, total), items(body).collect());
    Stretch { l, r, items: items(before).chain([Item::Loop(Rc::new(each))]).collect() }
}

/// The extent that a loop splits.
pub(super) fn total(bound: &Bound, slices: &Slices) -> u64 {
    slices.iter().next().map_or(1, |(id, slice)| bound.extents[id][slice.index])
}

pub(super) fn program(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<Program, RivalError> {
    single(graph)?;
    Ok(Program::new(graph, sizes, target)?)
}

/// Refuses loops over layers.
pub(super) fn single(graph: &Graph) -> Result<(), RivalError> {
    match graph.nodes.values().any(|n| matches!(n.op, Op::Repeat(_))) {
        true => Err(RivalError::Layers),
        false => Ok(()),
    }
}
