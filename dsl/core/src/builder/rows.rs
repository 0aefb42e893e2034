//! Reductions, softmax, layer norm.

use super::fault::{Fault, FaultKind};
use super::graph::Builder;
use crate::ir::{Access, AxisRef, Binary, Expr, Extent, Instr, Op, RowOp, ValueId, shape_text};

impl Builder {
    /// Σ over some axes, which are removed.
    ///
    /// # Errors
    /// An axis beyond the rank or named twice.
    pub fn sum(&mut self, x: ValueId, axes: &[usize]) -> Result<ValueId, Fault> {
        self.reduce(x, axes, RowOp::Sum, Expr::row())
    }

    /// The largest element over some axes, which are removed.
    ///
    /// # Errors
    /// An axis beyond the rank or named twice.
    pub fn max(&mut self, x: ValueId, axes: &[usize]) -> Result<ValueId, Fault> {
        self.reduce(x, axes, RowOp::Max, Expr::row())
    }

    /// The mean over some axes, which are removed.
    ///
    /// # Errors
    /// An axis beyond the rank or named twice.
    pub fn mean(&mut self, x: ValueId, axes: &[usize]) -> Result<ValueId, Fault> {
        let shape = self.shape(x);
        let count = axes.iter().filter_map(|&a| shape.get(a)).fold(Extent::literal(1), |n, e| n * e.clone());
        let mut after = Expr::row();
        after.push(Instr::Size(count));
        after.push(Instr::Binary(Binary::Div, 0, 1));
        self.reduce(x, axes, RowOp::Sum, after)
    }

    fn reduce(&mut self, x: ValueId, axes: &[usize], row: RowOp, after: Expr) -> Result<ValueId, Fault> {
        self.rows_check(x, axes)?;
        let shape = self.shape(x).to_vec();
        let kept = (0..shape.len()).filter(|k| !axes.contains(k)).map(AxisRef::Index).collect();
        let op = Op::Rows { before: Expr::load(0), row, over: axes.to_vec(), after };
        Ok(self.node(op, vec![Access::plain(x, shape.len())], shape, kept))
    }

    /// Softmax over one axis.
    ///
    /// # Errors
    /// An axis beyond the rank.
    pub fn softmax(&mut self, x: ValueId, axis: usize) -> Result<ValueId, Fault> {
        self.row(x, axis, RowOp::Softmax)
    }

    /// x where the position along `key` is not above the one along `query`, −∞ elsewhere, so that a softmax over keys
    /// gives it no weight.
    ///
    /// # Errors
    /// An axis beyond the rank, or the same twice.
    pub fn causal(&mut self, x: ValueId, query: usize, key: usize) -> Result<ValueId, Fault> {
        self.rows_check(x, &[query, key])?;
        let shape = self.shape(x).to_vec();
        let access = Access::plain(x, shape.len());
        let axes = access.axes.clone();
        let (load, key, query) = (Instr::Load(0), Instr::Position(key), Instr::Position(query));
        let never = Instr::Const(f64::NEG_INFINITY);
        let expr = Expr(vec![load, key, query, Instr::Binary(Binary::Le, 1, 2), never, Instr::Select(3, 0, 4)]);
        Ok(self.node(Op::Pointwise(expr), vec![access], shape, axes))
    }

    /// `(x − mean) / √(variance + ε)` over one axis, biased variance.
    ///
    /// # Errors
    /// An axis beyond the rank.
    pub fn normalize(&mut self, x: ValueId, axis: usize, epsilon: f64) -> Result<ValueId, Fault> {
        self.row(x, axis, RowOp::Normalize { epsilon })
    }

    fn row(&mut self, x: ValueId, axis: usize, row: RowOp) -> Result<ValueId, Fault> {
        self.rows_check(x, &[axis])?;
        let shape = self.shape(x).to_vec();
        let axes = (0..shape.len()).map(AxisRef::Index).collect();
        let op = Op::Rows { before: Expr::load(0), row, over: vec![axis], after: Expr::row() };
        Ok(self.node(op, vec![Access::plain(x, shape.len())], shape, axes))
    }

    fn rows_check(&self, x: ValueId, axes: &[usize]) -> Result<(), Fault> {
        let shape = self.shape(x);
        for (k, &axis) in axes.iter().enumerate() {
            if axis >= shape.len() || axes[..k].contains(&axis) {
                let text = if axis >= shape.len() {
                    format!("there is no axis {axis} in {}, which has {}", shape_text(shape), shape.len())
                } else {
                    format!("axis {axis} of {} is named twice", shape_text(shape))
                };
                return Err(Fault::new(FaultKind::NoSuchAxis, text).at(0));
            }
        }
        Ok(())
    }

    /// Layer norm over the last axis with learned scale and offset (Ba et al. 2016).
    ///
    /// # Errors
    /// A scalar x, or a scale or offset of another width.
    pub fn layer_norm(
        &mut self,
        x: ValueId,
        scale: Option<ValueId>,
        offset: Option<ValueId>,
        epsilon: f64,
    ) -> Result<ValueId, Fault> {
        let shape = self.shape(x).to_vec();
        let Some(width) = shape.last() else {
            return Err(Fault::new(FaultKind::NoSuchAxis, "layer norm needs an axis, and x is a single number").at(0));
        };
        let mut y = self.normalize(x, shape.len() - 1, epsilon)?;
        for (k, (vector, f)) in [(scale, Binary::Mul), (offset, Binary::Add)].into_iter().enumerate() {
            let Some(vector) = vector else { continue };
            if self.shape(vector) != std::slice::from_ref(width) {
                let text =
                    format!("the norm is over width {width}, but its parameter is {}", shape_text(self.shape(vector)));
                return Err(Fault::new(FaultKind::Mismatch, text).at(k + 1));
            }
            let vector = self.leading_units(vector, shape.len())?;
            y = self.binary(f, y, vector)?;
        }
        Ok(y)
    }
}
