//! Every schedule of a small program without loops in loops: all topological orders, all ways to cut an order
//! into groups, each group one node whole or one chunk loop over any index that the table allows, of any of
//! many sizes.
//!
//! What a group costs and holds depends on which nodes ran before it, not on their order. So the orders are
//! walked as paths through sets of nodes, and the front at each set is exact.

use std::rc::Rc;

use cranelift_entity::EntityRef;

use super::error::RivalError;
use super::schedule::{self, Program, Stretch, program};
use super::splits;
use crate::ir::{Graph, NodeId, Op, Sizes};
use crate::plan::data::Plan;
use crate::plan::machine::Target;
use crate::plan::tree::{Item, Life, Loop};

/// Most nodes, views among them, that are searched.
const MOST_NODES: usize = 7;

/// A group of nodes run from one set of finished nodes to another.
struct Group {
    from: usize,
    to: usize,
    nodes: Vec<NodeId>,
    items: Vec<Item>,
    peak: u64,
    time: u64,
}

/// A point of the front at a set: the only one at the empty set was reached by no group.
#[derive(Clone, Copy)]
struct Point {
    peak: u64,
    time: u64,
    group: usize,
    before: usize,
}

/// The front of all schedules of a program.
pub struct Exhaustive {
    program: Program,
    groups: Vec<Group>,
    /// The front at each set of finished nodes, from the leanest to the fastest.
    fronts: Vec<Vec<Point>>,
}

impl Exhaustive {
    /// Searches a graph; none where it has more nodes, when run, than can be searched.
    ///
    /// # Errors
    /// See [`RivalError`].
    pub fn new(graph: &Graph, sizes: &Sizes, target: &Target) -> Result<Option<Exhaustive>, RivalError> {
        let program = program(graph, sizes, target)?;
        let count = program.bound.graph.nodes.len();
        if count == 0 || count > MOST_NODES {
            return Ok(None);
        }
        let mut search = Exhaustive { program, groups: Vec::new(), fronts: vec![Vec::new(); 1 << count] };
        search.run(count);
        Ok(Some(search))
    }

    /// Operations of the program as run, views not counted.
    pub fn operations(&self) -> usize {
        self.program.bound.graph.nodes.values().filter(|n| n.op != Op::View).count()
    }

    /// The fastest plan found whose arena is within a limit in bytes.
    pub fn best(&self, arena: u64) -> Option<Plan> {
        let full = self.fronts.last()?;
        let fitting = full.iter().enumerate().rev().filter(|(_, p)| p.peak <= arena);
        // Live bytes may fit and addresses not.
        fitting.map(|(k, _)| self.plan(k)).find(|plan| plan.memory.arena <= arena)
    }

    /// The plan with the smallest arena found.
    pub fn leanest(&self) -> Option<Plan> {
        let full = self.fronts.last()?;
        (0..full.len().min(8)).map(|k| self.plan(k)).min_by_key(|p| p.memory.arena)
    }

    fn run(&mut self, count: usize) {
        self.fronts[0].push(Point { peak: 0, time: 0, group: 0, before: 0 });
        for from in 0..1usize << count {
            thin(&mut self.fronts[from]);
            if self.fronts[from].is_empty() {
                continue;
            }
            let first = self.groups.len();
            let mut nodes = Vec::new();
            self.sequences(from, &mut nodes, count);
            let (done, mut later) = (self.fronts[from].clone(), Vec::new());
            for (k, group) in self.groups.iter().enumerate().skip(first) {
                for (before, point) in done.iter().enumerate() {
                    let (peak, time) = (point.peak.max(group.peak), point.time.saturating_add(group.time));
                    later.push((group.to, Point { peak, time, group: k, before }));
                }
            }
            later.into_iter().for_each(|(to, point)| self.fronts[to].push(point));
        }
    }

    /// Adds every group that continues `nodes`, which run after the set `from`.
    fn sequences(&mut self, from: usize, nodes: &mut Vec<NodeId>, count: usize) {
        let done = with(from, nodes);
        for id in all(count).filter(|id| !has(done, *id)) {
            let bound = &self.program.bound;
            let mut before = bound.graph.nodes[id].operands.iter().filter_map(|o| bound.producers[o.value]);
            if before.any(|producer| !has(done, producer)) {
                continue;
            }
            nodes.push(id);
            // What has no loop over its beginning has none over the whole.
            if self.add(from, nodes, count) {
                self.sequences(from, nodes, count);
            }
            nodes.pop();
        }
    }

    /// Adds the ways to run nodes as one group; whether there is a loop over all of them.
    fn add(&mut self, from: usize, nodes: &[NodeId], count: usize) -> bool {
        let to = with(from, nodes);
        let before = all(count).filter(|id| has(from, *id));
        let after = all(count).filter(|id| !has(to, *id));
        let order: Vec<NodeId> = before.chain(nodes.iter().copied()).chain(after).collect();
        let piece = self.program.piece(order);
        let l = from.count_ones() as usize;
        let range = (l, l + nodes.len());
        let mut made = Vec::new();
        let mut add = |items: Vec<Item>, peak: u64| {
            let time = self.program.time(&items);
            made.push(Group { from, to, nodes: nodes.to_vec(), items, peak, time });
        };
        if let [id] = nodes {
            let items = vec![Item::Node(*id)];
            let peak = Life::of(&piece, &items, range).profile().iter().map(|p| p.at(1, 1)).max();
            add(items, peak.unwrap_or(0));
        }
        let loops = splits::loops(&self.program.bound, nodes);
        let has_work = nodes.iter().any(|id| self.program.bound.graph.nodes[*id].op != Op::View);
        for slices in loops.iter().filter(|_| has_work) {
            let total = schedule::total(&self.program.bound, slices);
            let with = |chunk: u64| {
                let body = nodes.iter().copied().map(Item::Node).collect();
                vec![Item::Loop(Rc::new(Loop::new(slices, total, chunk, body)))]
            };
            let profile = Life::of(&piece, &with(1), range).profile();
            for chunk in sizes(total) {
                add(with(chunk), profile.iter().map(|p| p.at(chunk, 1)).max().unwrap_or(0));
            }
        }
        made.sort_by_key(|g| (g.peak, g.time));
        let mut best = u64::MAX;
        made.retain(|g| {
            g.time < best && {
                best = g.time;
                true
            }
        });
        self.groups.append(&mut made);
        !loops.is_empty()
    }

    /// The plan of a point of the last front.
    fn plan(&self, point: usize) -> Plan {
        let mut set = self.fronts.len() - 1;
        let (mut point, mut path) = (self.fronts[set][point], Vec::new());
        while set != 0 {
            let group = &self.groups[point.group];
            path.push(group);
            set = group.from;
            point = self.fronts[set][point.before];
        }
        path.reverse();
        let order: Vec<NodeId> = path.iter().flat_map(|g| g.nodes.iter().copied()).collect();
        let mut l = 0;
        let stretches = path.iter().map(|group| {
            let r = l + group.nodes.len();
            Stretch { l: std::mem::replace(&mut l, r), r, items: group.items.clone() }
        });
        let stretches: Vec<Stretch> = stretches.collect();
        self.program.plan(order, &stretches)
    }
}

/// The set of all nodes.
fn all(count: usize) -> impl Iterator<Item = NodeId> {
    (0..count).map(NodeId::new)
}

/// Whether a node is in a set, which has a bit for each.
fn has(set: usize, id: NodeId) -> bool {
    set >> id.index() & 1 == 1
}

/// The union of two sets.
fn with(set: usize, nodes: &[NodeId]) -> usize {
    nodes.iter().fold(set, |set, id| set | 1 << id.index())
}

/// Keeps the Pareto-optimal points.
fn thin(points: &mut Vec<Point>) {
    points.sort_by_key(|p| (p.peak, p.time));
    let mut best = u64::MAX;
    points.retain(|p| {
        p.time < best && {
            best = p.time;
            true
        }
    });
}

/// Chunk sizes tried: the small ones, the equal parts, and steps of a seventh between.
fn sizes(total: u64) -> Vec<u64> {
    let small = 1..=12;
    let parts = (2..=24).map(|parts| total.div_ceil(parts));
    let steps = std::iter::successors(Some(12u64), |size| Some(size + size.div_ceil(7)));
    let steps = steps.take_while(|size| *size < total);
    let mut sizes: Vec<u64> = small.chain(parts).chain(steps).filter(|size| *size < total).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}
