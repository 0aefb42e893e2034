//! A plan's memory as its picture needs it.

use crease_core::plan::{Plan, Step};
use serde_json::{Map, Value, json};

use super::timeline::{Kind, SLOT_KINDS, Timeline, slot_kind};

impl Timeline<'_> {
    /// What `memory.js` draws from.
    pub(crate) fn packed(&self) -> Map<String, Value> {
        let memory = &self.plan.memory;
        let mut texts: Vec<&str> = Vec::new();
        let nests = around(self.plan);
        let nests: Vec<Vec<usize>> =
            nests.iter().map(|nest| nest.iter().map(|t| number(&mut texts, t)).collect()).collect();
        let moments = self.moments.iter().zip(&nests);
        let moments = moments.map(|(m, nest)| json!([m.operation, m.module, m.kind as usize, m.time, m.result, nest]));
        let slots = self.plan.slots.values().zip(self.writers.values());
        let slots = slots.map(|(s, at)| json!([s.name, slot_kind(s.kind), s.offset, s.bytes, s.first, s.last, at]));
        let values = self.naive.values.iter().map(|v| json!([v.name, slot_kind(v.kind), v.bytes, v.first, v.last]));
        let mut map = Map::new();
        let mut put = |name: &str, value: Value| map.insert(name.into(), value);
        put("weights", json!(memory.weights));
        put("arena", json!(memory.arena));
        put("budget", json!(self.plan.budget));
        put("peak", json!(memory.moment));
        put("time", json!(self.plan.time));
        put("kinds", json!(SLOT_KINDS.map(|(_, name)| name)));
        put("kernels", json!(Kind::ALL.map(Kind::name)));
        put("modules", self.modules.iter().map(|m| m.name.as_str()).collect());
        put("moments", moments.collect());
        put("loops", json!(texts));
        put("slots", slots.collect());
        put("naive", json!({ "operations": self.naive.operations, "values": values.collect::<Vec<_>>() }));
        map
    }
}

fn number<'a>(texts: &mut Vec<&'a str>, text: &'a str) -> usize {
    texts.iter().position(|known| *known == text).unwrap_or_else(|| {
        texts.push(text);
        texts.len() - 1
    })
}

/// The loops around each moment in words, outermost first.
fn around(plan: &Plan) -> Vec<Vec<String>> {
    let mut nests = vec![Vec::new(); plan.times.len()];
    for (call, around) in plan.calls() {
        if let Some(own) = nests.get_mut(call.moment as usize) {
            *own = around.into_iter().map(words).collect();
        }
    }
    nests
}

/// A loop in words.
fn words(each: &Step) -> String {
    match each {
        Step::Layers { count, .. } => format!("{count} layers"),
        Step::Chunk { total, chunk, label, .. } => format!("{label}: {total} in chunks of {chunk}"),
        Step::Call(call) => call.origin.clone(),
    }
}
