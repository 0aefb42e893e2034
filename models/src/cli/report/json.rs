//! The story of a plan as JSON: in words for programs, and packed for the page.

use serde_json::{Map, Value, json};

use super::story::{Kind, Module, SLOT_KINDS, Story, slot_kind};
use super::tree::around;
use crease_core::plan::{Way, WayLoop};

impl Story<'_> {
    /// What `--json` adds.
    pub(in crate::cli) fn json(&self) -> Map<String, Value> {
        let weights = self.plan.memory.weights;
        let moments = self.moments.iter().map(|moment| {
            json!({
                "operation": moment.operation, "module": self.modules[moment.module].name,
                "kernel": moment.kind.name(), "nanoseconds": moment.time, "result": moment.result,
                "bytes": weights + moment.live.iter().sum::<u64>(),
            })
        });
        let modules = self.modules.iter().map(module);
        let kinds = Kind::ALL.iter().zip(self.kinds()).map(|(kind, time)| (kind.name().to_string(), json!(time)));
        let pieces = self.pieces.iter().map(|piece| {
            let choice = &piece.choice;
            json!({
                "name": piece.name, "first": choice.first, "last": choice.last, "layers": choice.layers,
                "taken": choice.taken, "ways": choice.ways.iter().map(|w| way(w, weights)).collect::<Vec<_>>(),
            })
        });
        let curve = self.curve.iter().map(|point| json!({ "budget": point.budget, "nanoseconds": point.time }));
        let naive = self.naive.operations.iter().zip(self.naive.timeline());
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
        let memory = &self.plan.memory;
        let nests = around(self.plan);
        let mut texts: Vec<&str> = Vec::new();
        let nests: Vec<Vec<usize>> =
            nests.iter().map(|nest| nest.iter().map(|t| number(&mut texts, t)).collect()).collect();
        let moments = self.moments.iter().zip(&nests);
        let moments = moments.map(|(m, nest)| json!([m.operation, m.module, m.kind as usize, m.time, m.result, nest]));
        let slots = self.plan.slots.iter().zip(&self.writers);
        let slots = slots.map(|(s, at)| json!([s.name, slot_kind(s.kind), s.offset, s.bytes, s.first, s.last, at]));
        let values = self.naive.values.iter().map(|v| json!([v.name, slot_kind(v.kind), v.bytes, v.first, v.last]));
        json!({
            "weights": memory.weights, "arena": memory.arena, "budget": self.plan.budget, "peak": memory.moment,
            "time": self.plan.time, "smallest": self.leanest.memory.total(), "least": self.least,
            "kinds": SLOT_KINDS.map(|(_, name)| name), "kernels": Kind::ALL.map(Kind::name),
            "modules": self.modules.iter().map(|m| &m.name).collect::<Vec<_>>(),
            "loops": texts, "moments": moments.collect::<Vec<_>>(), "slots": slots.collect::<Vec<_>>(),
            "naive": { "operations": self.naive.operations, "values": values.collect::<Vec<_>>() },
            "curve": self.curve.iter().map(|p| [p.budget, p.time]).collect::<Vec<_>>(),
        })
    }
}

fn number<'a>(texts: &mut Vec<&'a str>, text: &'a str) -> usize {
    texts.iter().position(|known| *known == text).unwrap_or_else(|| {
        texts.push(text);
        texts.len() - 1
    })
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
