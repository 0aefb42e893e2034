//! A full listing of a plan as text, for debugging and golden tests.
//!
//! Buffers are `s0, s1, …`, weights `p0, …`, kernels `k0, …`, counters of loops `L0, …`. Indices of a kernel are
//! letters, and how an operand lies in memory is the element that indices name: `[12i+k]`.

use std::fmt::{self, Write};

use super::param::PlanParam;
use super::plan::{Plan, PlanPort};
use super::slot::Slot;
use super::step::{Base, Call, Length, Place, Step};
use crate::ir::letter;
use crate::kernel::{Attend, Contract, Kernel, Nest, RowOp, Strides};

impl Plan {
    /// Every buffer, weight, kernel and step, with addresses, strides and times.
    pub fn listing(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.list(&mut text);
        text
    }

    fn list(&self, f: &mut String) -> fmt::Result {
        let sizes: Vec<String> = self.sizes.iter().map(|(k, v)| format!("{k}={v}")).collect();
        writeln!(f, "plan {} for {}", self.name, sizes.join(" "))?;
        let budget = self.budget.map_or("none".into(), |b| b.to_string());
        writeln!(f, "budget {budget}, {} with {} threads", self.target.instructions.name(), self.target.threads)?;
        let m = &self.memory;
        writeln!(f, "holds {} = {} of weights + {} of arena, {} ns", m.total(), m.weights, m.arena, self.time)?;
        let [inputs, outputs, temporaries, scratch] = [m.inputs, m.outputs, m.temporaries, m.scratch];
        writeln!(
            f,
            "fullest at {} ({}): inputs {inputs}, outputs {outputs}, temporaries {temporaries}, scratch {scratch}",
            m.moment, m.operation
        )?;
        for port in &self.inputs {
            writeln!(f, "input {}", port_text(port))?;
        }
        for port in &self.outputs {
            writeln!(f, "output {}", port_text(port))?;
        }
        for (k, param) in self.params.iter() {
            writeln!(f, "p{k} {}", param_text(param))?;
        }
        for (k, slot) in self.slots.iter() {
            writeln!(f, "s{k} {}", slot_text(slot))?;
        }
        for (k, kernel) in self.kernels.iter() {
            writeln!(f, "k{k} {}", kernel_text(kernel)?)?;
        }
        for piece in &self.pieces {
            let way: Vec<String> = piece.chosen.iter().map(|(part, way)| format!("part {part} way {way}")).collect();
            writeln!(f, "piece {}..={}: {}", piece.first, piece.last, way.join(", "))?;
        }
        writeln!(f, "steps, {} loops", self.loops)?;
        self.steps(f, &self.steps, 1)
    }

    fn steps(&self, f: &mut String, list: &[Step], depth: usize) -> fmt::Result {
        let margin = "  ".repeat(depth);
        for step in list {
            match step {
                Step::Call(call) => {
                    let time = usize::try_from(call.moment).ok().and_then(|at| self.times.get(at));
                    let time = time.map_or("no time".into(), |time| format!("{time} ns"));
                    writeln!(f, "{margin}{}, {time}  # {}", call_text(call), call.origin)?;
                }
                Step::Chunk { id, total, chunk, label, body } => {
                    writeln!(f, "{margin}for L{id} in 0..{total} by {chunk}  # {label}")?;
                    self.steps(f, body, depth + 1)?;
                }
                Step::Layers { id, count, body } => {
                    writeln!(f, "{margin}for L{id} in 0..{count} layers")?;
                    self.steps(f, body, depth + 1)?;
                }
            }
        }
        Ok(())
    }
}

fn port_text(port: &PlanPort) -> String {
    format!("{} {:?} in s{}", port.name, port.shape, port.slot)
}

fn param_text(param: &PlanParam) -> String {
    let layers: String = param.layers.iter().map(|(id, count)| format!(", {count} layers of L{id}")).collect();
    let streamed = if param.streamed { ", streamed" } else { "" };
    format!("{} {:?}{layers}{streamed}", param.name, param.shape)
}

fn slot_text(slot: &Slot) -> String {
    let kind = format!("{:?}", slot.kind).to_lowercase();
    format!("{kind} {} bytes at {}, alive {}..={}  # {}", slot.bytes, slot.offset, slot.first, slot.last, slot.name)
}

fn call_text(call: &Call) -> String {
    let places = |places: &[Place]| places.iter().map(place_text).collect::<Vec<_>>().join(" ");
    let length = |(i, length): (usize, &Length)| match length {
        Length::Fixed(n) => format!("{}={n}", letter(i)),
        Length::Chunk(id) => format!("{}=L{id}", letter(i)),
    };
    let lengths: Vec<String> = call.lengths.iter().enumerate().map(length).collect();
    let scratch = call.scratch.map_or_else(String::new, |slot| format!(", scratch s{slot}"));
    let (operands, results, lengths) = (places(&call.operands), places(&call.results), lengths.join(" "));
    format!("{} k{}({operands}) -> {results} for {lengths}{scratch}", call.moment, call.kernel)
}

fn place_text(place: &Place) -> String {
    let mut text = match place.base {
        Base::Slot(slot) => format!("s{slot}"),
        Base::Param(param) => format!("p{param}"),
    };
    if place.offset > 0 {
        let _ = write!(text, "+{}", place.offset);
    }
    for (id, elements) in &place.moves {
        let _ = write!(text, "+{elements}L{id}");
    }
    text
}

fn strides_text(strides: &Strides) -> String {
    let term = |(i, stride): (usize, &i64)| match stride {
        0 => None,
        1 => Some(letter(i)),
        _ => Some(format!("{stride}{}", letter(i))),
    };
    let terms: Vec<String> = strides.iter().enumerate().filter_map(term).collect();
    let format = if strides.format.is_single() { String::new() } else { format!("{}", strides.format) };
    format!("{format}[{}]", if terms.is_empty() { "0".into() } else { terms.join("+") })
}

fn all_strides<'a>(strides: impl IntoIterator<Item = &'a Strides>) -> String {
    strides.into_iter().map(strides_text).collect::<Vec<_>>().join(" ")
}

fn letters(indices: &[usize]) -> String {
    indices.iter().map(|i| letter(*i)).collect()
}

fn kernel_text(kernel: &Kernel) -> Result<String, fmt::Error> {
    match kernel {
        Kernel::Nest(nest) => nest_text(nest),
        Kernel::Contract(contract) => contract_text(contract),
        Kernel::Attend(attend) => attend_text(attend),
    }
}

fn nest_text(nest: &Nest) -> Result<String, fmt::Error> {
    let mut text = format!("nest of {} indices:", nest.indices);
    for (k, load) in nest.loads.iter().enumerate() {
        write!(text, " {}", strides_text(load))?;
        if let Some(gathered) = nest.gathers.get(k).copied().flatten() {
            write!(text, "@{}<{}", gathered.stride, gathered.extent)?;
        }
    }
    write!(text, " -> {} =", strides_text(&nest.store))?;
    if let Some(row) = &nest.row {
        let name = match row.op {
            RowOp::Sum => "sum".to_string(),
            RowOp::Max => "max".to_string(),
            RowOp::Softmax => "softmax".to_string(),
            RowOp::Normalize { epsilon } => format!("normalize ε {epsilon}"),
        };
        write!(text, " {name} over {} of {} then", letters(&row.over), nest.before)?;
    }
    write!(text, " {}", nest.after)?;
    Ok(text)
}

fn contract_text(contract: &Contract) -> Result<String, fmt::Error> {
    let mut text = format!("contract of {} indices over {}", contract.indices, letters(&contract.contracted));
    write!(text, ": {}", strides_text(&contract.a))?;
    if let Some(norm) = &contract.norm {
        write!(text, " norm ε {}", norm.epsilon)?;
        for (name, strides) in [("scale", &norm.scale), ("offset", &norm.offset)] {
            if let Some(strides) = strides {
                write!(text, " {name} {}", strides_text(strides))?;
            }
        }
    }
    for part in &contract.parts {
        write!(text, "; by {}", all_strides(&part.sums))?;
        if !part.loads.is_empty() {
            write!(text, ", loads {}", all_strides(&part.loads))?;
        }
        let added = if part.accumulate { "+=" } else { "=" };
        write!(text, " -> {} {added} {}", strides_text(&part.store), part.after)?;
    }
    Ok(text)
}

fn attend_text(attend: &Attend) -> Result<String, fmt::Error> {
    let [key, inner, channel] = [attend.key, attend.inner, attend.channel].map(letter);
    let mut text = format!("attend of {} indices over {key}, inner {inner}, channel {channel}", attend.indices);
    write!(text, ", factor {}: {}", attend.factor, all_strides([&attend.q, &attend.k, &attend.v]))?;
    if !attend.added.is_empty() {
        write!(text, ", adds {}", all_strides(&attend.added))?;
    }
    if let Some(running) = &attend.running {
        write!(text, ", running {}", strides_text(running))?;
    }
    if let Some(query) = attend.causal {
        write!(text, ", keys up to {}", letter(query))?;
    }
    write!(text, " -> {}", strides_text(&attend.store))?;
    Ok(text)
}
