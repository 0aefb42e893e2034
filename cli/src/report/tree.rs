//! The loops of a plan nested over its operations, with sub-modules around them.

use crease_core::plan::Step;

use super::story::Story;
use crate::page::short;

/// A node of the tree.
pub(super) struct Branch {
    pub(super) what: What,
    pub(super) label: String,
    /// Predicted nanoseconds, over all turns.
    pub(super) time: u64,
    /// Bytes of an operation's result.
    pub(super) bytes: u64,
    pub(super) inside: Vec<Branch>,
    module: usize,
}

/// What a node of the tree is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Module,
    Layers { count: u64 },
    Chunk { total: u64, chunk: u64 },
    Operation { kernel: &'static str },
}

/// The tree of a plan.
pub(super) fn tree(story: &Story<'_>) -> Vec<Branch> {
    modules(story, branches(story, &story.plan.steps))
}

fn branches(story: &Story<'_>, steps: &[Step]) -> Vec<Branch> {
    let mut list: Vec<Branch> = Vec::new();
    let mut last = None;
    for step in steps {
        let (what, label, inside) = match step {
            // The calls of one moment are one operation.
            Step::Call(call) if last == Some(call.moment) => continue,
            Step::Call(call) => {
                last = Some(call.moment);
                let Some(moment) = story.timeline.moments.get(call.moment as usize) else { continue };
                let label = short(&call.origin, &story.timeline.modules[moment.module].name).to_string();
                let (what, module) = (What::Operation { kernel: moment.kind.name() }, moment.module);
                let (time, bytes) = (moment.time, moment.result);
                list.push(Branch { what, label, time, bytes, inside: vec![], module });
                continue;
            }
            Step::Layers { count, body, .. } => {
                (What::Layers { count: *count }, String::new(), modules(story, branches(story, body)))
            }
            Step::Chunk { total, chunk, label, body, .. } => {
                (What::Chunk { total: *total, chunk: *chunk }, label.clone(), branches(story, body))
            }
        };
        let (time, module) = (sum(&inside), inside.first().map_or(0, |b| b.module));
        list.push(Branch { what, label, time, bytes: 0, inside, module });
    }
    list
}

/// Neighbours of one sub-module under its name; loops over layers hold sub-modules themselves.
fn modules(story: &Story<'_>, list: Vec<Branch>) -> Vec<Branch> {
    let mut grouped: Vec<Branch> = Vec::new();
    for branch in list {
        let alone = matches!(branch.what, What::Layers { .. });
        match grouped.last_mut() {
            Some(last) if !alone && last.what == What::Module && last.module == branch.module => {
                last.time = last.time.saturating_add(branch.time);
                last.inside.push(branch);
            }
            _ if alone => grouped.push(branch),
            _ => grouped.push(Branch {
                what: What::Module,
                label: story.timeline.modules[branch.module].name.clone(),
                time: branch.time,
                bytes: 0,
                module: branch.module,
                inside: vec![branch],
            }),
        }
    }
    grouped
}

fn sum(list: &[Branch]) -> u64 {
    list.iter().fold(0, |sum, branch| sum.saturating_add(branch.time))
}
