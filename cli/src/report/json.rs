//! The story of a plan as JSON: in words for programs, and packed for the page.

use crease_core::plan::{Way, WayLoop};
use serde_json::{Map, Value, json};

use super::story::Story;
use crate::page::{Kind, Module};

impl Story<'_> {
    /// What `--json` adds.
    pub(crate) fn json(&self) -> Map<String, Value> {
        let weights = self.plan.memory.weights;
        let moments = self.timeline.moments.iter().map(|moment| {
            json!({
                "operation": moment.operation, "module": self.timeline.modules[moment.module].name,
                "kernel": moment.kind.name(), "nanoseconds": moment.time, "result": moment.result,
                "bytes": weights + moment.live.iter().sum::<u64>(),
            })
        });
        let modules = self.timeline.modules.iter().map(module);
        let kinds =
            Kind::ALL.iter().zip(self.timeline.kinds()).map(|(kind, time)| (kind.name().to_string(), json!(time)));
        let pieces = self.pieces.iter().map(|piece| {
            let choice = &piece.choice;
            json!({
                "name": piece.name, "first": choice.first, "last": choice.last, "layers": choice.layers,
                "taken": choice.taken, "ways": choice.ways.iter().map(|w| way(w, weights)).collect::<Vec<_>>(),
            })
        });
        let curve = self.curve.iter().map(|point| json!({ "budget": point.budget, "nanoseconds": point.time }));
        let naive = self.timeline.naive.operations.iter().zip(self.timeline.naive.timeline());
        let naive = naive.map(|(operation, bytes)| json!({ "operation": operation, "bytes": weights + bytes }));
        let mut map = Map::new();
        map.insert("modules".into(), modules.collect());
        map.insert("kernels".into(), Value::Object(kinds.collect()));
        map.insert("moments".into(), moments.collect());
        map.insert("pieces".into(), pieces.collect());
        map.insert("curve".into(), curve.collect());
        map.insert("naive".into(), naive.collect());
        map
    }

    /// What the page's pictures are drawn from.
    pub(super) fn packed(&self) -> Value {
        let mut map = self.timeline.packed();
        map.insert("smallest".into(), json!(self.leanest.memory.total()));
        map.insert("least".into(), json!(self.least));
        map.insert("curve".into(), self.curve.iter().map(|p| json!([p.budget, p.time])).collect());
        Value::Object(map)
    }
}

fn module(module: &Module) -> Value {
    let kinds = Kind::ALL.iter().zip(module.by_kind).filter(|(_, time)| *time > 0);
    let kinds: Map<String, Value> = kinds.map(|(kind, time)| (kind.name().to_string(), json!(time))).collect();
    json!({ "name": module.name, "nanoseconds": module.time, "kernels": kinds, "peak": module.peak })
}

fn way(way: &Way, weights: u64) -> Value {
    let one = |each: &WayLoop| {
        json!({
            "depth": each.depth, "over": each.label, "extent": each.total, "chunk": each.chunk,
            "operations": each.operations, "first": each.from, "last": each.to,
        })
    };
    json!({
        "bytes": weights + way.peak, "nanoseconds": way.time, "loops": way.loops.iter().map(one).collect::<Vec<_>>(),
    })
}
