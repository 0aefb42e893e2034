//! Elementwise arithmetic, with broadcasting by axis.

use super::fault::{Fault, FaultKind};
use super::graph::Builder;
use crate::ir::{Access, AxisRef, Binary, Expr, Extent, Instr, Op, Unary, ValueId, shape_text};

/// An operand of arithmetic: a tensor, or a number known when the plan is made.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// A tensor.
    Value(ValueId),
    /// A number.
    Number(f64),
    /// An extent as a number.
    Size(Extent),
}

impl From<ValueId> for Arg {
    fn from(value: ValueId) -> Arg {
        Arg::Value(value)
    }
}

impl From<f64> for Arg {
    fn from(value: f64) -> Arg {
        Arg::Number(value)
    }
}

impl Builder {
    /// A function of each element.
    pub fn unary(&mut self, f: Unary, x: ValueId) -> ValueId {
        self.elementwise(&[x.into()], |e, a| e.push(Instr::Unary(f, a[0]))).expect("one operand always fits itself")
    }

    /// A function of two operands, broadcast by axis.
    ///
    /// # Errors
    /// Axes that do not fit, or fit in several ways.
    pub fn binary(&mut self, f: Binary, a: impl Into<Arg>, b: impl Into<Arg>) -> Result<ValueId, Fault> {
        self.elementwise(&[a.into(), b.into()], |e, x| e.push(Instr::Binary(f, x[0], x[1])))
    }

    /// `condition ≠ 0 ? a : b`, broadcast by axis.
    ///
    /// # Errors
    /// Axes that do not fit, or fit in several ways.
    pub fn select(
        &mut self,
        condition: impl Into<Arg>,
        a: impl Into<Arg>,
        b: impl Into<Arg>,
    ) -> Result<ValueId, Fault> {
        self.elementwise(&[condition.into(), a.into(), b.into()], |e, x| e.push(Instr::Select(x[0], x[1], x[2])))
    }

    /// One expression over broadcast operands, at least one of which is a tensor.
    ///
    /// Operands of equal rank align axis by axis, an axis of extent 1 with anything. A smaller rank
    /// aligns with the only place where its axes occur, in order, among the larger one's.
    ///
    /// # Errors
    /// Axes that do not fit, or fit in several ways.
    pub fn elementwise(
        &mut self,
        args: &[Arg],
        build: impl FnOnce(&mut Expr, &[usize]) -> usize,
    ) -> Result<ValueId, Fault> {
        let values: Vec<(usize, ValueId)> = args
            .iter()
            .enumerate()
            .filter_map(|(k, a)| if let Arg::Value(v) = a { Some((k, *v)) } else { None })
            .collect();
        let Some(&(widest, largest)) = values.iter().rev().max_by_key(|(_, v)| self.shape(*v).len()) else {
            return Err(Fault::new(FaultKind::Malformed, "arithmetic needs at least one tensor"));
        };
        let mut indices: Vec<Extent> = self.shape(largest).to_vec();
        let mut accesses = Vec::new();
        for &(position, value) in &values {
            let axes = align(self.shape(value), &mut indices).map_err(|problem| {
                let (small, large) = (shape_text(self.shape(value)), shape_text(self.shape(largest)));
                let name = &self.graph().values[value].name;
                match problem {
                    Misfit::None { axis } => {
                        let detail = axis.map_or(String::new(), |(k, a, b)| format!(": axis {k} is {a} and {b}"));
                        Fault::new(FaultKind::Mismatch, format!("`{name}` {small} does not fit {large}{detail}"))
                    }
                    Misfit::Many => Fault::new(
                        FaultKind::Ambiguous,
                        format!("`{name}` {small} fits {large} in more than one way"),
                    )
                    .help("add the missing axes: `unsqueeze(x, axis)` inserts one of size 1, which matches any size"),
                }
                .at(if position == widest {
                    values.iter().map(|v| v.0).find(|k| *k != widest).unwrap_or(position)
                } else {
                    position
                })
            })?;
            accesses.push((value, axes));
        }
        // An index that stayed 1 keeps its operands' axes plain; a widened one is read at position 0.
        let mut expr = Expr::default();
        let mut operands: Vec<Access> = Vec::new();
        let mut leaves = Vec::new();
        let mut tensors = accesses.into_iter();
        for arg in args {
            leaves.push(match arg {
                Arg::Number(x) => expr.push(Instr::Const(*x)),
                Arg::Size(extent) => expr.push(Instr::Size(extent.clone())),
                Arg::Value(_) => {
                    let (value, places) = tensors.next().expect("one access a tensor");
                    let axes = places
                        .iter()
                        .zip(self.shape(value))
                        .map(|(&i, extent)| if *extent == indices[i] { AxisRef::Index(i) } else { AxisRef::Unit })
                        .collect();
                    let access = Access { value, axes };
                    let known = operands.iter().position(|o| *o == access);
                    let operand = known.unwrap_or_else(|| {
                        operands.push(access);
                        operands.len() - 1
                    });
                    expr.push(Instr::Load(operand))
                }
            });
        }
        let last = build(&mut expr, &leaves);
        debug_assert_eq!(last, expr.0.len() - 1, "the result is the last instruction");
        let result = (0..indices.len()).map(AxisRef::Index).collect();
        Ok(self.node(Op::Pointwise(expr), operands, indices, result))
    }
}

/// Why a shape does not align.
enum Misfit {
    /// An axis has no match; for equal ranks, the first axis that differs.
    None { axis: Option<(usize, Extent, Extent)> },
    /// Several places.
    Many,
}

/// The place of each axis of `shape` among `indices`; an index of extent 1 is widened.
fn align(shape: &[Extent], indices: &mut [Extent]) -> Result<Vec<usize>, Misfit> {
    let one = Extent::literal(1);
    if shape.len() == indices.len() {
        for (axis, (extent, index)) in shape.iter().zip(indices.iter_mut()).enumerate() {
            if *index == one {
                *index = extent.clone();
            } else if *extent != one && extent != index {
                return Err(Misfit::None { axis: Some((axis, extent.clone(), index.clone())) });
            }
        }
        return Ok((0..shape.len()).collect());
    }
    // Count the ways to find `shape` in order among `indices`: first and last fit, and whether they differ.
    let first = subsequence(shape, indices, false).ok_or(Misfit::None { axis: None })?;
    let last = subsequence(shape, indices, true).ok_or(Misfit::None { axis: None })?;
    // An axis of extent 1 matches in any place.
    let same = (0..shape.len()).all(|k| first[k] == last[k] || shape[k] == one);
    if same { Ok(first) } else { Err(Misfit::Many) }
}

/// The earliest (or latest) places at which `shape` occurs in order among `indices`.
fn subsequence(shape: &[Extent], indices: &[Extent], latest: bool) -> Option<Vec<usize>> {
    let mut places = Vec::with_capacity(shape.len());
    if latest {
        let mut end = indices.len();
        for extent in shape.iter().rev() {
            end = indices[..end].iter().rposition(|i| i == extent || *extent == Extent::literal(1))?;
            places.push(end);
        }
        places.reverse();
    } else {
        let mut start = 0;
        for extent in shape {
            let found = indices[start..].iter().position(|i| i == extent || *extent == Extent::literal(1))?;
            places.push(start + found);
            start += found + 1;
        }
    }
    Some(places)
}
