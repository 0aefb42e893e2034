//! The way chosen for each piece of a plan, and the alternatives.

use super::budget::Planner;
use crate::ir::Op;
use crate::plan::data::{Plan, PlanPiece};
use crate::plan::search::{LayersWay, Part, Search, Way as Found, inner_inputs};
use crate::plan::tree::{Bound, Item};

/// A piece of a plan and its Pareto-optimal ways to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its first moment.
    pub first: u64,
    /// Its last moment.
    pub last: u64,
    /// How many layers run it.
    pub layers: u64,
    /// Which of its ways the plan takes.
    pub taken: usize,
    /// Its ways, from the leanest to the fastest.
    pub ways: Vec<Way>,
}

/// One way to run a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Bytes alive at its fullest moment, before they have addresses; weights are not counted.
    pub peak: u64,
    /// Predicted nanoseconds, over all layers.
    pub time: u64,
    /// Its loops, outermost first.
    pub loops: Vec<WayLoop>,
}

/// A chunk loop of a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayLoop {
    /// How many loops are around it.
    pub depth: usize,
    /// What is split, for display.
    pub label: String,
    /// The extent that is split.
    pub total: u64,
    /// Positions per iteration.
    pub chunk: u64,
    /// How many operations run in it.
    pub operations: usize,
    /// The first of them.
    pub from: String,
    /// The last of them.
    pub to: String,
}

impl Planner {
    /// The choice made for each piece of a plan of this planner, in order.
    pub fn choices(&self, plan: &Plan) -> Vec<Choice> {
        let of = |piece: &PlanPiece| {
            let (taken, layers, ways) = ways(&self.search, &piece.chosen)?;
            Some(Choice { first: piece.first, last: piece.last, layers, taken, ways })
        };
        plan.pieces.iter().filter_map(of).collect()
    }
}

/// The way taken, the layers and the ways of a piece; none where the search has no such piece.
fn ways(search: &Search, chosen: &[(usize, usize)]) -> Option<(usize, u64, Vec<Way>)> {
    let (&(part, way), inside) = chosen.split_first()?;
    match search.parts.get(part)? {
        Part::Nodes { variants, ways, .. } => {
            let outline = |found: &Found| {
                let mut loops = Vec::new();
                let bound = &variants[found.variant].bound;
                found.stretches.iter().for_each(|stretch| list(bound, &stretch.items, 0, &mut loops));
                Way { peak: found.peak, time: found.time, loops }
            };
            (way < ways.len()).then(|| (way, 1, ways.iter().map(outline).collect()))
        }
        Part::Layers { id, inner, ways: of_layer, .. } => {
            let (taken, layers, mut ways) = ways(inner, inside)?;
            let Op::Repeat(repeat) = &search.bound.graph.nodes[*id].op else { return None };
            let count = repeat.count.eval(&search.bound.sizes).ok()?;
            let around = around(of_layer.get(way)?, inner);
            for way in &mut ways {
                way.peak += around;
                way.time = way.time.saturating_mul(count);
            }
            Some((taken, layers.saturating_mul(count), ways))
        }
    }
}

/// Bytes outside the layer that live through a loop over layers.
fn around(way: &LayersWay, inner: &Search) -> u64 {
    way.peak.saturating_sub(way.path.peak.max(inner_inputs(inner)))
}

fn list(bound: &Bound, items: &[Item], depth: usize, into: &mut Vec<WayLoop>) {
    for item in items {
        let Item::Loop(each) = item else { continue };
        let mut runs = Vec::new();
        operations(bound, &each.body, &mut runs);
        let name = |origin: Option<&&str>| origin.map_or_else(String::new, ToString::to_string);
        into.push(WayLoop {
            depth,
            label: each.label(bound),
            total: each.total,
            chunk: each.chunk,
            operations: runs.len(),
            from: name(runs.first()),
            to: name(runs.last()),
        });
        list(bound, &each.body, depth + 1, into);
    }
}

/// The names of the operations in a tree.
fn operations<'a>(bound: &'a Bound, items: &[Item], into: &mut Vec<&'a str>) {
    for item in items {
        match item {
            Item::Node(id) if bound.graph.nodes[*id].op == Op::View => {}
            Item::Node(id) => into.push(&bound.graph.nodes[*id].origin),
            Item::Loop(each) => operations(bound, &each.body, into),
        }
    }
}
