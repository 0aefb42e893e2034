//! Scalar expressions: what a pointwise operation computes for one element.

use serde::{Deserialize, Serialize};

use crate::ir::extent::Extent;

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Unary {
    /// `-x`
    Neg,
    /// `|x|`
    Abs,
    /// `eˣ`
    Exp,
    /// natural logarithm
    Log,
    /// square root
    Sqrt,
    /// `1/x`
    Recip,
    /// logistic function `1/(1+e⁻ˣ)`
    Sigmoid,
    /// `max(x, 0)`
    Relu,
    /// Gaussian error linear unit, exact: `x·Φ(x)` with the error function
    Gelu,
    /// hyperbolic tangent
    Tanh,
    /// Gauss error function
    Erf,
    /// sine
    Sin,
    /// cosine
    Cos,
    /// largest integer not above x
    Floor,
    /// 1 where x is 0, else 0
    Not,
}

/// A function of two numbers. Comparisons give 1 or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Binary {
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a · b`
    Mul,
    /// `a / b`
    Div,
    /// the larger (NaN if either is)
    Max,
    /// the smaller (NaN if either is)
    Min,
    /// `a < b`
    Lt,
    /// `a ≤ b`
    Le,
    /// `a = b`
    Eq,
    /// `a ≠ b`
    Ne,
}

/// One instruction; its value is named by its position in the expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Instr {
    /// The element of operand `k` at the current indices.
    Load(usize),
    /// A number.
    Const(#[serde(with = "number")] f64),
    /// An extent as a number (a mean divides by it).
    Size(Extent),
    /// The current value of an index of the operation, as a number.
    Position(usize),
    /// The element of operand `source` at position `at` of its gathered axis; NaN outside.
    Gather {
        /// Operand read; exactly one of its axes carries an index that is not in the result.
        source: usize,
        /// Instruction that computes the position, an integer in float form.
        at: usize,
    },
    /// The result of the row operation, or sum number `k` of a contraction (only in an epilogue).
    Row(usize),
    /// A function of one earlier instruction.
    Unary(Unary, usize),
    /// A function of two earlier instructions.
    Binary(Binary, usize, usize),
    /// `if c ≠ 0 { a } else { b }`
    Select(usize, usize, usize),
}

impl Instr {
    /// The instructions that this one needs.
    pub fn arguments(&self) -> [Option<usize>; 3] {
        match *self {
            Instr::Unary(_, a) | Instr::Gather { at: a, .. } => [Some(a), None, None],
            Instr::Binary(_, a, b) => [Some(a), Some(b), None],
            Instr::Select(c, a, b) => [Some(c), Some(a), Some(b)],
            Instr::Load(_) | Instr::Const(_) | Instr::Size(_) | Instr::Position(_) | Instr::Row(_) => [None; 3],
        }
    }
}

/// Numbers as JSON, where numbers that are not finite are strings.
mod number {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Number(f64),
        Text(String),
    }

    pub(super) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        match number.is_finite() {
            true => number.serialize(serializer),
            false => number.to_string().serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::Number(number) => Ok(number),
            Form::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

/// A list of instructions; the last one is the result.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Expr(pub Vec<Instr>);

impl Expr {
    /// The expression that returns operand `k` unchanged.
    pub fn load(operand: usize) -> Expr {
        Expr(vec![Instr::Load(operand)])
    }

    /// The expression that returns the row operation's result unchanged.
    pub fn row() -> Expr {
        Expr(vec![Instr::Row(0)])
    }

    /// Whether it is a number that depends on no element.
    pub fn is_number(&self) -> bool {
        use Instr::{Binary, Const, Select, Size, Unary};
        !self.0.is_empty()
            && self.0.iter().all(|i| matches!(i, Const(_) | Size(_) | Unary(..) | Binary(..) | Select(..)))
    }

    /// Whether it returns the row operation's result unchanged.
    pub fn is_row(&self) -> bool {
        matches!(self.0.as_slice(), [Instr::Row(0)])
    }

    /// Appends an instruction and returns its position.
    pub fn push(&mut self, instr: Instr) -> usize {
        self.0.push(instr);
        self.0.len() - 1
    }

    /// Appends another expression, each of its leaves (everything that is not a function) replaced by
    /// what `leaf` appends for it; returns the position of its result.
    pub fn append(&mut self, other: &Expr, leaf: &mut dyn FnMut(&mut Expr, &Instr) -> usize) -> usize {
        let mut places: Vec<usize> = Vec::with_capacity(other.0.len());
        for instr in &other.0 {
            let place = match instr {
                Instr::Unary(f, a) => self.push(Instr::Unary(*f, places[*a])),
                Instr::Binary(f, a, b) => self.push(Instr::Binary(*f, places[*a], places[*b])),
                Instr::Select(c, a, b) => self.push(Instr::Select(places[*c], places[*a], places[*b])),
                Instr::Gather { source, at } => {
                    let at = places[*at];
                    let place = leaf(self, &Instr::Gather { source: *source, at });
                    debug_assert!(matches!(self.0[place], Instr::Gather { .. }));
                    place
                }
                Instr::Load(_) | Instr::Const(_) | Instr::Size(_) | Instr::Position(_) | Instr::Row(_) => {
                    leaf(self, instr)
                }
            };
            places.push(place);
        }
        *places.last().expect("an expression has a result")
    }

    /// One instruction and its transitive operands, as a separate expression.
    #[must_use]
    pub fn part(&self, at: usize) -> Expr {
        let mut needed = vec![false; at + 1];
        needed[at] = true;
        for place in (0..=at).rev() {
            if needed[place] {
                self.0[place].arguments().into_iter().flatten().for_each(|argument| needed[argument] = true);
            }
        }
        let mut places = vec![0; at + 1];
        let mut part = Expr::default();
        for place in (0..=at).filter(|p| needed[*p]) {
            let instr = match &self.0[place] {
                Instr::Unary(f, a) => Instr::Unary(*f, places[*a]),
                Instr::Binary(f, a, b) => Instr::Binary(*f, places[*a], places[*b]),
                Instr::Select(c, a, b) => Instr::Select(places[*c], places[*a], places[*b]),
                Instr::Gather { source, at } => Instr::Gather { source: *source, at: places[*at] },
                leaf => leaf.clone(),
            };
            places[place] = part.push(instr);
        }
        part
    }

    /// Scalar functions evaluated per element (its arithmetic, a cost).
    pub fn functions(&self) -> usize {
        self.0.iter().filter(|i| matches!(i, Instr::Unary(..) | Instr::Binary(..) | Instr::Select(..))).count()
    }

    /// Functions that cost more than a few arithmetic instructions.
    pub fn transcendentals(&self) -> usize {
        use Unary::{Cos, Erf, Exp, Gelu, Log, Sigmoid, Sin, Tanh};
        let costly = |i: &&Instr| matches!(i, Instr::Unary(Exp | Log | Sigmoid | Gelu | Tanh | Erf | Sin | Cos, _));
        self.0.iter().filter(costly).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back_from_json() {
        for number in [0.0, -1.5, 1e300, f64::INFINITY, f64::NEG_INFINITY] {
            let text = serde_json::to_string(&Instr::Const(number)).unwrap();
            assert_eq!(serde_json::from_str::<Instr>(&text).unwrap(), Instr::Const(number), "{text}");
        }
    }
}
