//! The two sides of a block, and packing them into a worker's scratch.

#![allow(unsafe_code)] // Strided access through raw pointers; each block says why it is sound.

use super::call::{Call, Held};
use super::normalize::{Affine, normalize};
use super::spec::{Dim, Part};
use crate::cpu::numbers::elements::Elements;
use crate::cpu::tile::ahead::Ahead;
use crate::cpu::tile::pack::{Strip, pack};

/// One side of a block: what lies along the rows, or along the columns, of its tiles.
pub(super) struct Side<'a> {
    /// The operands, by number: one in common, or one a sum.
    pub(super) operands: SideOperands<'a>,
    pub(super) axis: &'a Dim,
    /// First position along the axis, and how many.
    pub(super) from: usize,
    pub(super) extent: usize,
    /// Positions in a strip.
    pub(super) width: usize,
    /// Numbers in a whole block.
    pub(super) room: usize,
}

#[derive(Clone, Copy)]
pub(super) enum SideOperands<'a> {
    Common,
    Sums(&'a [Part]),
}

impl SideOperands<'_> {
    /// Calls `each` with the number of every operand of the side, in the order of the sums.
    fn visit(self, mut each: impl FnMut(usize)) {
        match self {
            SideOperands::Common => each(0),
            SideOperands::Sums(parts) => parts.iter().flat_map(|part| part.sums.clone()).for_each(each),
        }
    }

    /// The operand by whose steps the side is cut.
    pub(super) fn first(self) -> usize {
        match self {
            SideOperands::Common => 0,
            SideOperands::Sums(parts) => parts[0].sums.start,
        }
    }
}

impl Call<'_> {
    /// What the strip at `at` will be packed from, to be fetched while so many terms are summed, where it is runs of k.
    pub(super) fn ahead(
        &self,
        side: &Side<'_>,
        around: (usize, usize),
        at: usize,
        (k_from, k): (usize, usize),
        terms: usize,
    ) -> Ahead {
        let (axis, operand) = (&self.plan.k, side.operands.first());
        let step = side.axis.steps[operand];
        let blocks = match self.plan.outer_k.as_slice() {
            [] => (1, 0),
            [outer] if k == axis.extent * outer.extent => (outer.extent, outer.steps[operand]),
            _ => return Ahead::NONE,
        };
        if axis.steps[operand] != 1 || k == 0 || !self.spec.formats[operand].is_single() {
            return Ahead::NONE;
        }
        let from = self.at(operand, around, (side.from + at) as isize * step + (k_from % axis.extent) as isize);
        Ahead::new(from.address(), k.min(axis.extent), (side.width, step), blocks, terms)
    }

    /// Whether a side's block is another one than the scratch holds, which is noted as held from now on.
    pub(super) fn is_new(
        &self,
        side: &Side<'_>,
        (outer, beside): (usize, usize),
        (block, step): (usize, usize),
        held: &mut Held,
    ) -> bool {
        let (plan, first) = (&self.plan, side.operands.first());
        let beside_moves = plan.beside.steps[first] != 0;
        let place = plan.outer.place(outer, first) * plan.beside.extent + if beside_moves { beside } else { 0 };
        let wanted = (place, block, step);
        std::mem::replace(held, wanted) != wanted
    }

    /// Packs all strips of each of a side's blocks.
    ///
    /// # Safety
    /// As [`Self::pack_strip`].
    pub(super) unsafe fn pack_side(
        &self,
        side: &Side<'_>,
        around: (usize, usize),
        terms: (usize, usize),
        out: *mut f32,
    ) {
        for at in (0..side.extent).step_by(side.width) {
            // SAFETY: the caller's promise, for this strip.
            unsafe { self.pack_strip(side, around, at, terms, out.wrapping_add(at * terms.1)) };
        }
    }

    /// Packs the strip at `at` of each of a side's blocks, `k` flat terms from `k_from` on, to `out` in the first one.
    ///
    /// # Safety
    /// The blocks are in bounds of their operands; `out` has room for them, each a whole number of strips wide.
    pub(super) unsafe fn pack_strip(
        &self,
        side: &Side<'_>,
        around: (usize, usize),
        at: usize,
        (k_from, k): (usize, usize),
        mut out: *mut f32,
    ) {
        let axis = &self.plan.k;
        let wide = (side.extent - at).min(side.width);
        side.operands.visit(|operand| {
            let w_step = side.axis.steps[operand];
            let strip_from = self.at(operand, around, (side.from + at) as isize * w_step);
            let mut done = 0;
            while done < k {
                let (outer, inner) = ((k_from + done) / axis.extent, (k_from + done) % axis.extent);
                let run = (k - done).min(axis.extent - inner);
                let offset = inner as isize * axis.steps[operand] + self.plan.outer_k.offset(outer, operand);
                let from = strip_from.further(offset);
                let strip = Strip { from, w_step, k_step: axis.steps[operand], wide, k: run };
                // SAFETY: a run of the strip inside the block, to its place in `out`.
                unsafe { pack(self.isa, side.width, strip, out.add(done * side.width)) };
                done += run;
            }
            if let (SideOperands::Common, Some(norm)) = (side.operands, &self.spec.norm) {
                let from = |operand: usize| Elements::new(self.operands[operand], self.spec.formats[operand]);
                let affine = |operand: Option<usize>| operand.map(|o| Affine { from: from(o), step: axis.steps[o] });
                let (scale, offset) = (affine(norm.scale), affine(norm.offset));
                // SAFETY: a packed strip of whole rows; scale and offset have a number for each k.
                unsafe { normalize(self.isa, side.width, out, k, norm.epsilon, scale, offset) };
            }
            out = out.wrapping_add(side.room);
        });
    }
}
