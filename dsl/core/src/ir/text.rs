//! Graphs as readable text, used by golden tests.

use std::fmt;

use super::access::{Access, AxisRef};
use super::contraction::Contraction;
use super::extent::{Extent, shape_text};
use super::format::Format;
use super::graph::{Graph, Node, Op};
use super::row::RowOp;
use super::scalar::{Binary, Expr, Instr};

/// A letter for each index: i, j, k, … then x26, x27, ….
pub(crate) fn letter(index: usize) -> String {
    const LETTERS: &[u8] = b"ijklmnopqrstuvwxyzabcdefgh";
    LETTERS.get(index).map_or_else(|| format!("x{index}"), |&c| char::from(c).to_string())
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "")
    }
}

impl Graph {
    fn write(&self, f: &mut fmt::Formatter<'_>, margin: &str) -> fmt::Result {
        writeln!(f, "{margin}graph {}", self.name)?;
        for (kind, ports) in [("input", &self.inputs), ("param", &self.params)] {
            for port in ports {
                let value = &self.values[port.value];
                let shape = shape_text(&value.shape);
                writeln!(f, "{margin}  {kind} {} = %{}{} {shape}", port.name, port.value, suffix(value.format))?;
            }
        }
        for node in self.nodes.values() {
            self.write_node(f, node, margin)?;
        }
        for port in &self.outputs {
            writeln!(f, "{margin}  output {} = %{}", port.name, port.value)?;
        }
        Ok(())
    }

    fn write_node(&self, f: &mut fmt::Formatter<'_>, node: &Node, margin: &str) -> fmt::Result {
        let access = |a: &Access| format!("%{}{}{}", a.value, suffix(self.values[a.value].format), axes_text(a));
        let list = |accesses: &[Access]| accesses.iter().map(access).collect::<Vec<_>>().join(", ");
        write!(f, "{margin}  {} = {}", list(&node.results), node.op.name())?;
        match &node.op {
            Op::Pointwise(expr) => write!(f, " {expr}")?,
            Op::Rows { before, row, over, after } => {
                let over: Vec<String> = over.iter().map(|&i| letter(i)).collect();
                if let RowOp::Normalize { epsilon } = row {
                    write!(f, " ε {epsilon}")?;
                }
                write!(f, " over {} of {before} then {after}", over.join(""))?;
            }
            Op::Concat { along } => write!(f, " along {}", letter(*along))?,
            Op::Attend { factor, key, inner, channel, causal } => {
                let [key, inner, channel] = [key, inner, channel].map(|i| letter(*i));
                write!(f, " over {key} of {factor} times sums over {inner}, channel {channel}")?;
                if let Some(query) = causal {
                    write!(f, ", keys up to {}", letter(*query))?;
                }
            }
            Op::Repeat(repeat) => write!(f, " {} times", repeat.count)?,
            Op::View => {}
            Op::Contract(c) => contraction_text(f, c)?,
        }
        write!(f, " ({})", list(&node.operands))?;
        let named = |(i, extent): (usize, &Extent)| format!("{}={extent}", letter(i));
        let indices: Vec<String> = node.indices.iter().enumerate().map(named).collect();
        // Every axis of a loop over layers has a separate index, so only the body is informative.
        if !matches!(node.op, Op::Repeat(_)) {
            write!(f, " for {}", indices.join(" "))?;
        }
        writeln!(f, "  # {}", node.origin)?;
        match &node.op {
            Op::Repeat(repeat) => repeat.body.write(f, &format!("{margin}    ")),
            _ => Ok(()),
        }
    }
}

/// What a contraction does beyond its products.
fn contraction_text(f: &mut fmt::Formatter<'_>, contraction: &Contraction) -> fmt::Result {
    if let Some(norm) = &contraction.norm {
        write!(f, " of norm ε {}", norm.epsilon)?;
        for (has, name) in [(norm.scale, "scale"), (norm.offset, "offset")] {
            if has {
                write!(f, " {name}")?;
            }
        }
    }
    match contraction.only_sums() {
        true => Ok(()),
        false => write!(f, " {} then {}", contraction.sums, contraction.after),
    }
}

/// The format of a value's numbers, where it is not single precision.
fn suffix(format: Format) -> String {
    if format.is_single() { String::new() } else { format!(":{format}") }
}

fn axes_text(access: &Access) -> String {
    let axes: Vec<String> = access
        .axes
        .iter()
        .map(|axis| match axis {
            AxisRef::Index(i) => letter(*i),
            AxisRef::Unit => "1".into(),
            AxisRef::Joined(o, i) => format!("({} {})", letter(*o), letter(*i)),
            AxisRef::Shifted(i, start) => format!("{}+{start}", letter(*i)),
        })
        .collect();
    format!("[{}]", axes.join(" "))
}

/// In infix form; values read by several instructions get a name first: `t2 = exp($0); (t2 / (1 + t2))`.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uses = |place: usize| self.0.iter().flat_map(Instr::arguments).flatten().filter(|at| *at == place).count();
        let mut texts: Vec<String> = Vec::new();
        for (place, instr) in self.0.iter().enumerate() {
            let text = infix(instr, &texts);
            let leaf = instr.arguments() == [None; 3];
            texts.push(match !leaf && uses(place) > 1 {
                true => {
                    write!(f, "t{place} = {text}; ")?;
                    format!("t{place}")
                }
                false => text,
            });
        }
        f.write_str(texts.last().map_or("", String::as_str))
    }
}

/// An instruction, given the texts of those before it.
fn infix(instr: &Instr, texts: &[String]) -> String {
    match instr {
        Instr::Load(k) => format!("${k}"),
        Instr::Const(x) => format!("{x}"),
        Instr::Size(extent) => format!("|{extent}|"),
        Instr::Position(i) => format!("#{}", letter(*i)),
        Instr::Gather { source, at } => format!("${source}@{}", texts[*at]),
        Instr::Row(0) => "row".into(),
        Instr::Row(k) => format!("row{k}"),
        Instr::Unary(g, a) => format!("{}({})", format!("{g:?}").to_lowercase(), texts[*a]),
        Instr::Binary(g, a, b) => format!("({} {} {})", texts[*a], symbol(*g), texts[*b]),
        Instr::Select(c, a, b) => format!("({} ? {} : {})", texts[*c], texts[*a], texts[*b]),
    }
}

fn symbol(function: Binary) -> &'static str {
    match function {
        Binary::Add => "+",
        Binary::Sub => "-",
        Binary::Mul => "*",
        Binary::Div => "/",
        Binary::Max => "max",
        Binary::Min => "min",
        Binary::Lt => "<",
        Binary::Le => "<=",
        Binary::Eq => "==",
        Binary::Ne => "!=",
    }
}
