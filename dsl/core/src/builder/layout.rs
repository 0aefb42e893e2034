//! Axes moved, added, split, joined, sliced; gathers and concatenation.

use super::fault::{Fault, FaultKind};
use super::graph::Builder;
use crate::ir::{Access, AxisRef, Binary, Expr, Extent, Instr, Op, ValueId, shape_text};

impl Builder {
    fn axis_check(&self, x: ValueId, axis: usize) -> Result<(), Fault> {
        let shape = self.shape(x);
        if axis < shape.len() {
            return Ok(());
        }
        let text = format!("there is no axis {axis} in {}, which has {}", shape_text(shape), shape.len());
        Err(Fault::new(FaultKind::NoSuchAxis, text).at(0))
    }

    /// The axes in another order: axis `k` of the result is axis `order[k]` of x.
    ///
    /// # Errors
    /// An order that does not name every axis once.
    pub fn permute(&mut self, x: ValueId, order: &[usize]) -> Result<ValueId, Fault> {
        let shape = self.shape(x).to_vec();
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if sorted != (0..shape.len()).collect::<Vec<_>>() {
            let text =
                format!("{order:?} does not list each of the {} axes of {} once", shape.len(), shape_text(&shape));
            return Err(Fault::new(FaultKind::NoSuchAxis, text).at(0));
        }
        let axes = order.iter().map(|&k| AxisRef::Index(k)).collect();
        Ok(self.node(Op::View, vec![Access::plain(x, shape.len())], shape, axes))
    }

    /// A new axis of extent 1 before axis `axis`.
    ///
    /// # Errors
    /// An axis beyond the rank.
    pub fn unsqueeze(&mut self, x: ValueId, axis: usize) -> Result<ValueId, Fault> {
        let shape = self.shape(x).to_vec();
        if axis > shape.len() {
            self.axis_check(x, axis)?;
        }
        let mut axes: Vec<AxisRef> = (0..shape.len()).map(AxisRef::Index).collect();
        axes.insert(axis, AxisRef::Unit);
        Ok(self.node(Op::View, vec![Access::plain(x, shape.len())], shape, axes))
    }

    /// New leading axes of extent 1, up to `rank` axes.
    pub(super) fn leading_units(&mut self, x: ValueId, rank: usize) -> Result<ValueId, Fault> {
        let shape = self.shape(x).to_vec();
        if shape.len() >= rank {
            return Ok(x);
        }
        let units = std::iter::repeat_n(AxisRef::Unit, rank - shape.len());
        let axes = units.chain((0..shape.len()).map(AxisRef::Index)).collect();
        Ok(self.node(Op::View, vec![Access::plain(x, shape.len())], shape, axes))
    }

    /// Axis `axis`, of extent `outer · inner`, as two; the first is the slow one.
    ///
    /// # Errors
    /// Extents whose product is not the extent of the axis.
    pub fn split(&mut self, x: ValueId, axis: usize, outer: Extent, inner: Extent) -> Result<ValueId, Fault> {
        self.axis_check(x, axis)?;
        let shape = self.shape(x).to_vec();
        if outer.clone() * inner.clone() != shape[axis] {
            let text = format!("axis {axis} of {} is {}, not {outer} * {inner}", shape_text(&shape), shape[axis]);
            return Err(Fault::new(FaultKind::Reshape, text).at(0));
        }
        let mut indices = shape.clone();
        indices.splice(axis..=axis, [outer, inner]);
        let mut operand: Vec<AxisRef> = (0..indices.len()).map(AxisRef::Index).collect();
        operand.splice(axis..axis + 2, [AxisRef::Joined(axis, axis + 1)]);
        let axes = (0..indices.len()).map(AxisRef::Index).collect();
        Ok(self.node(Op::View, vec![Access { value: x, axes: operand }], indices, axes))
    }

    /// Axes `axis` and `axis + 1` as one; the first is the slow one.
    ///
    /// # Errors
    /// No such two axes.
    pub fn join(&mut self, x: ValueId, axis: usize) -> Result<ValueId, Fault> {
        self.axis_check(x, axis + 1)?;
        let shape = self.shape(x).to_vec();
        let mut axes: Vec<AxisRef> = (0..shape.len()).map(AxisRef::Index).collect();
        axes.splice(axis..axis + 2, [AxisRef::Joined(axis, axis + 1)]);
        Ok(self.node(Op::View, vec![Access::plain(x, shape.len())], shape, axes))
    }

    /// Positions `start..end` of an axis.
    ///
    /// # Errors
    /// A range that ends before it starts or, where both are numbers, beyond the axis.
    pub fn slice(&mut self, x: ValueId, axis: usize, start: Extent, end: Extent) -> Result<ValueId, Fault> {
        self.axis_check(x, axis)?;
        let shape = self.shape(x).to_vec();
        let length = end.clone() - start.clone();
        let numbers = |e: &Extent| e.as_literal();
        let backwards = length != Extent::literal(0)
            && length.as_literal().is_none()
            && numbers(&start).is_some()
            && numbers(&end).is_some();
        let beyond = matches!((numbers(&end), numbers(&shape[axis])), (Some(e), Some(n)) if e > n);
        if backwards || beyond {
            let text = format!("{start}..{end} is not a range of axis {axis} of {}", shape_text(&shape));
            return Err(Fault::new(FaultKind::Slice, text).at(0));
        }
        let mut indices = shape.clone();
        indices[axis] = length;
        let mut operand: Vec<AxisRef> = (0..shape.len()).map(AxisRef::Index).collect();
        operand[axis] = AxisRef::Shifted(axis, start);
        let axes = (0..shape.len()).map(AxisRef::Index).collect();
        Ok(self.node(Op::View, vec![Access { value: x, axes: operand }], indices, axes))
    }

    /// Position `at` of an axis, which is removed.
    ///
    /// # Errors
    /// A position beyond the axis, where both are numbers.
    pub fn pick(&mut self, x: ValueId, axis: usize, at: Extent) -> Result<ValueId, Fault> {
        // An axis of extent 1 needs no slice: the view only drops it.
        let single = at == Extent::default() && self.shape(x).get(axis) == Some(&1.into());
        let one = if single { x } else { self.slice(x, axis, at.clone(), at + 1.into())? };
        let shape = self.shape(one).to_vec();
        let indices: Vec<Extent> =
            shape.iter().enumerate().filter(|(k, _)| *k != axis).map(|(_, e)| e.clone()).collect();
        let mut operand: Vec<AxisRef> = (0..indices.len()).map(AxisRef::Index).collect();
        let axes = operand.clone();
        operand.insert(axis, AxisRef::Unit);
        Ok(self.node(Op::View, vec![Access { value: one, axes: operand }], indices, axes))
    }

    /// Concatenation along an axis; all other axes must be equal.
    ///
    /// # Errors
    /// No operands, or axes that disagree.
    pub fn concat(&mut self, parts: &[ValueId], axis: usize) -> Result<ValueId, Fault> {
        let Some(&first) = parts.first() else {
            return Err(Fault::new(FaultKind::Malformed, "concat needs at least one tensor"));
        };
        self.axis_check(first, axis)?;
        let mut indices = self.shape(first).to_vec();
        let rank = indices.len();
        let mut total = Extent::default();
        let mut operands = Vec::new();
        for (k, &part) in parts.iter().enumerate() {
            let shape = self.shape(part).to_vec();
            let fits = shape.len() == rank && (0..rank).all(|a| a == axis || shape[a] == indices[a]);
            if !fits {
                let text = format!(
                    "part {k} is {} and part 0 is {}: all axes but {axis} must agree",
                    shape_text(&shape),
                    shape_text(self.shape(first))
                );
                return Err(Fault::new(FaultKind::Mismatch, text).at(k));
            }
            total = total + shape[axis].clone();
            let mut access = Access::plain(part, rank);
            access.axes[axis] = AxisRef::Index(rank + k);
            operands.push(access);
        }
        for &part in parts {
            let extent = self.shape(part)[axis].clone();
            indices.push(extent);
        }
        indices[axis] = total;
        let axes = (0..rank).map(AxisRef::Index).collect();
        Ok(self.node(Op::Concat { along: axis }, operands, indices, axes))
    }

    /// Gathers `source` along an axis at the positions in `at`: the axes of `at` replace the
    /// axis. A position outside the axis reads as NaN.
    ///
    /// # Errors
    /// No such axis.
    pub fn gather(&mut self, source: ValueId, axis: usize, at: ValueId) -> Result<ValueId, Fault> {
        self.axis_check(source, axis)?;
        let (from, places) = (self.shape(source).to_vec(), self.shape(at).to_vec());
        let mut indices: Vec<Extent> = from[..axis].iter().chain(&places).chain(&from[axis + 1..]).cloned().collect();
        let rank = indices.len();
        indices.push(from[axis].clone());
        let source_axes = (0..from.len())
            .map(|k| match k.cmp(&axis) {
                std::cmp::Ordering::Less => AxisRef::Index(k),
                std::cmp::Ordering::Equal => AxisRef::Index(rank),
                std::cmp::Ordering::Greater => AxisRef::Index(k - 1 + places.len()),
            })
            .collect();
        let at_axes = (axis..axis + places.len()).map(AxisRef::Index).collect();
        let operands = vec![Access { value: source, axes: source_axes }, Access { value: at, axes: at_axes }];
        let expr = Expr(vec![Instr::Load(1), Instr::Gather { source: 0, at: 0 }]);
        Ok(self.node(Op::Pointwise(expr), operands, indices, (0..rank).map(AxisRef::Index).collect()))
    }

    /// 1 where the last axis' position equals x, else 0; the new last axis has extent `classes`.
    pub fn one_hot(&mut self, x: ValueId, classes: Extent) -> ValueId {
        let mut indices = self.shape(x).to_vec();
        let rank = indices.len();
        indices.push(classes);
        let expr = Expr(vec![Instr::Load(0), Instr::Position(rank), Instr::Binary(Binary::Eq, 0, 1)]);
        self.node(Op::Pointwise(expr), vec![Access::plain(x, rank)], indices, (0..=rank).map(AxisRef::Index).collect())
    }
}
