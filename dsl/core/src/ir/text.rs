//! Graphs as text that a person can read and a golden test can hold.

use std::fmt;

use super::access::{Access, AxisRef};
use super::contraction::Contraction;
use super::extent::shape_text;
use super::graph::{Graph, Node, Op};
use super::scalar::{Expr, Instr};

/// A letter for each index: i, j, k, … then x26, x27, ….
fn letter(index: usize) -> String {
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
                writeln!(
                    f,
                    "{margin}  {kind} {} = %{} {}",
                    port.name,
                    port.value,
                    shape_text(&self.values[port.value].shape)
                )?;
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
        let list = |accesses: &[Access]| accesses.iter().map(access_text).collect::<Vec<_>>().join(", ");
        write!(f, "{margin}  {} = {}", list(&node.results), node.op.name())?;
        match &node.op {
            Op::Pointwise(expr) => write!(f, " {}", expr_text(expr))?,
            Op::Rows { before, over, after, .. } => {
                let over: Vec<String> = over.iter().map(|&i| letter(i)).collect();
                write!(f, " over {} of {} then {}", over.join(""), expr_text(before), expr_text(after))?;
            }
            Op::Concat { along } => write!(f, " along {}", letter(*along))?,
            Op::Attend { key, causal, .. } => {
                write!(f, " over {}", letter(*key))?;
                if let Some(query) = causal {
                    write!(f, " up to {}", letter(*query))?;
                }
            }
            Op::Repeat(repeat) => write!(f, " {} times", repeat.count)?,
            Op::View => {}
            Op::Contract(c) => contraction_text(f, c)?,
        }
        writeln!(f, " ({})  # {}", list(&node.operands), node.origin)?;
        match &node.op {
            Op::Repeat(repeat) => repeat.body.write(f, &format!("{margin}    ")),
            _ => Ok(()),
        }
    }
}

/// What a contraction does beyond its products.
fn contraction_text(f: &mut fmt::Formatter<'_>, contraction: &Contraction) -> fmt::Result {
    if contraction.norm.is_some() {
        write!(f, " norm")?;
    }
    match contraction.only_sums() {
        true => Ok(()),
        false => write!(f, " {} then {}", contraction.sums, expr_text(&contraction.after)),
    }
}

fn access_text(access: &Access) -> String {
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
    format!("%{}[{}]", access.value, axes.join(" "))
}

/// An expression in infix form.
fn expr_text(expr: &Expr) -> String {
    let mut texts: Vec<String> = Vec::new();
    for instr in &expr.0 {
        let text = match instr {
            Instr::Load(k) => format!("${k}"),
            Instr::Const(x) => format!("{x}"),
            Instr::Size(extent) => format!("|{extent}|"),
            Instr::Position(i) => format!("#{}", letter(*i)),
            Instr::Gather { source, at } => format!("${source}@{}", texts[*at]),
            Instr::Row(0) => "row".into(),
            Instr::Row(k) => format!("row{k}"),
            Instr::Unary(g, a) => format!("{}({})", format!("{g:?}").to_lowercase(), texts[*a]),
            Instr::Binary(g, a, b) => {
                use super::Binary::{Add, Div, Eq, Le, Lt, Max, Min, Mul, Ne, Sub};
                let symbol = match g {
                    Add => "+",
                    Sub => "-",
                    Mul => "*",
                    Div => "/",
                    Max => "max",
                    Min => "min",
                    Lt => "<",
                    Le => "<=",
                    Eq => "==",
                    Ne => "!=",
                };
                format!("({} {symbol} {})", texts[*a], texts[*b])
            }
            Instr::Select(c, a, b) => format!("({} ? {} : {})", texts[*c], texts[*a], texts[*b]),
        };
        texts.push(text);
    }
    texts.pop().unwrap_or_default()
}
