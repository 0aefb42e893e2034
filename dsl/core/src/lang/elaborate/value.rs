//! Values of expressions during elaboration, and numbers known when a plan is made.

use crate::ir::{Binary, Expr, Extent, Instr, Sizes, Unary, ValueId, number};
use crate::lang::program::StructId;
use crate::lang::types::Ty;

/// The value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::lang) enum Val {
    /// A tensor of the graph.
    Tensor(ValueId),
    /// A parameter struct, by its place among the checkpoint's names.
    Struct { of: StructId, sizes: Vec<Extent>, path: String },
    /// An array of parameters.
    Array { of: Box<Ty>, count: Extent, path: String },
    /// An optional value, only while checking, where its presence is unknown.
    Maybe(Box<Val>),
    /// An optional value that is present.
    Present(Box<Val>),
    /// An optional value that is absent.
    Nothing,
    /// A size.
    Size(Extent),
    /// A number known when the plan is made.
    Number(Scalar),
    /// A flag; while checking, settings have no value.
    Flag(Option<bool>),
    /// Several values.
    Tuple(Vec<Val>),
    /// Several values in brackets.
    List(Vec<Val>),
    /// A text.
    Text(String),
    /// The result of a mistake already reported.
    Poison,
}

/// A number known when the plan is made: a formula of sizes and constants, folded where they have values.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::lang) struct Scalar(pub(super) Expr);

impl Scalar {
    pub(in crate::lang) fn new(value: f64) -> Scalar {
        Scalar(Expr(vec![Instr::Const(value)]))
    }

    pub(in crate::lang) fn size(extent: &Extent) -> Scalar {
        match extent.as_literal() {
            #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
            Some(n) => Scalar::new(n as f64),
            None => Scalar(Expr(vec![Instr::Size(extent.clone())])),
        }
    }

    /// The value, where every size has one.
    pub(in crate::lang) fn value(&self, sizes: &Sizes) -> Option<f64> {
        number(&self.0, sizes)
    }

    fn folded(self, sizes: &Sizes) -> Scalar {
        match self.value(sizes) {
            Some(value) => Scalar::new(value),
            None => self,
        }
    }

    pub(in crate::lang) fn unary(self, f: Unary, sizes: &Sizes) -> Scalar {
        let mut expr = self.0;
        let last = expr.0.len() - 1;
        expr.push(Instr::Unary(f, last));
        Scalar(expr).folded(sizes)
    }

    pub(in crate::lang) fn binary(self, f: Binary, other: &Scalar, sizes: &Sizes) -> Scalar {
        let mut expr = self.0;
        let left = expr.0.len() - 1;
        let right = other.append_to(&mut expr);
        expr.push(Instr::Binary(f, left, right));
        Scalar(expr).folded(sizes)
    }

    /// Appends the formula to an expression and returns the position of its result.
    pub(in crate::lang) fn append_to(&self, expr: &mut Expr) -> usize {
        expr.append(&self.0, &mut |e, leaf| e.push(leaf.clone()))
    }

    pub(in crate::lang) fn substitute(&self, meaning: &dyn Fn(&str) -> Option<Extent>) -> Scalar {
        let instr = |instr: &Instr| match instr {
            Instr::Size(extent) => Instr::Size(extent.substitute(meaning)),
            instr => instr.clone(),
        };
        Scalar(Expr(self.0.0.iter().map(instr).collect()))
    }
}

impl Val {
    /// Nothing of value: the result of a statement.
    pub(in crate::lang) fn unit() -> Val {
        Val::Tuple(Vec::new())
    }

    /// Every tensor in it, in order.
    pub(in crate::lang) fn tensors(&self, found: &mut Vec<ValueId>) {
        match self {
            Val::Tensor(id) => found.push(*id),
            Val::Tuple(parts) | Val::List(parts) => parts.iter().for_each(|p| p.tensors(found)),
            Val::Maybe(inner) | Val::Present(inner) => inner.tensors(found),
            _ => {}
        }
    }

    /// The same value in another graph, with tensors and symbols replaced. None where a tensor does not exist there.
    pub(in crate::lang) fn moved(
        &self,
        place: &dyn Fn(ValueId) -> Option<ValueId>,
        meaning: &dyn Fn(&str) -> Option<Extent>,
    ) -> Option<Val> {
        let all = |parts: &[Val]| parts.iter().map(|p| p.moved(place, meaning)).collect::<Option<Vec<Val>>>();
        Some(match self {
            Val::Tensor(id) => Val::Tensor(place(*id)?),
            Val::Struct { of, sizes, path } => Val::Struct {
                of: *of,
                sizes: sizes.iter().map(|e| e.substitute(meaning)).collect(),
                path: path.clone(),
            },
            Val::Array { of, count, path } => Val::Array {
                of: Box::new(of.substitute(meaning)),
                count: count.substitute(meaning),
                path: path.clone(),
            },
            Val::Maybe(inner) => Val::Maybe(Box::new(inner.moved(place, meaning)?)),
            Val::Present(inner) => Val::Present(Box::new(inner.moved(place, meaning)?)),
            Val::Size(extent) => Val::Size(extent.substitute(meaning)),
            Val::Number(scalar) => Val::Number(scalar.substitute(meaning)),
            Val::Tuple(parts) => Val::Tuple(all(parts)?),
            Val::List(parts) => Val::List(all(parts)?),
            Val::Nothing | Val::Flag(_) | Val::Text(_) | Val::Poison => self.clone(),
        })
    }

    /// Whether a mistake already reported is in it.
    pub(in crate::lang) fn poisoned(&self) -> bool {
        match self {
            Val::Poison => true,
            Val::Tuple(parts) | Val::List(parts) => parts.iter().any(Val::poisoned),
            Val::Maybe(inner) | Val::Present(inner) => inner.poisoned(),
            _ => false,
        }
    }
}
