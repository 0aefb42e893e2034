//! Tiles of a contraction's results: where their operands are in memory, and the memory beside the registers that they stand
//! in while something is done to them.

#![allow(unsafe_code)] // Tiles through raw pointers; each block says why it is sound.

use std::mem::MaybeUninit;

use crease_core::ir::Format;
use crease_core::kernel::Contract;

use crate::cpu::numbers::elements::{Bf16, Element, Elements};
use crate::cpu::tile::ahead::prefetch_near;
use crate::cpu::tile::instructions::InstructionSet;
use crate::cpu::tile::micro::{MOST_COLUMNS, MOST_ROWS};

/// Numbers in a register.
const TILE: usize = MOST_ROWS * MOST_COLUMNS;
/// Tiles that may be alive at a time: one a sum, one an instruction.
pub(in crate::cpu::product) const REGISTERS: usize = Contract::OPERANDS + Contract::INSTRUCTIONS;

/// Tiles, row by row, each row as long as the instruction set's tiles are wide; and one to spare.
pub(in crate::cpu::product) struct Registers(MaybeUninit<Aligned>);

#[repr(align(64))]
struct Aligned(#[expect(dead_code, reason = "reached by its address only")] [[f32; TILE]; REGISTERS + 1]);

/// An operand or result as a block or tile sees it: where its first element is, and the steps from there.
#[derive(Clone, Copy)]
pub(in crate::cpu::product) struct Corner {
    pub(in crate::cpu::product) from: Elements,
    /// From one row of a tile to the next, and from one column to the next.
    pub(in crate::cpu::product) row: isize,
    pub(in crate::cpu::product) column: isize,
}

impl Corner {
    /// Of an operand that nothing reads.
    pub(in crate::cpu::product) const NOWHERE: Self =
        Self { from: Elements::single(std::ptr::null()), row: 0, column: 0 };

    /// Has the rows of a tile fetched here where each is a run of neighbors.
    #[inline(always)]
    pub(in crate::cpu::product) fn prefetch(self, rows: usize) {
        if self.column == 1 && self.row != 0 {
            for i in 0..rows {
                let row = self.from.further(i as isize * self.row);
                prefetch_near(row.address());
                prefetch_near(row.further(MOST_COLUMNS as isize / 2).address());
            }
        }
    }

    /// The corner of the tile at row `i` and column `j` of a block.
    pub(in crate::cpu::product) fn tile(self, i: usize, j: usize) -> Self {
        let further = i as isize * self.row + j as isize * self.column;
        Self { from: self.from.further(further), ..self }
    }
}

/// Rows of numbers: where they begin, and from one to the next.
#[derive(Clone, Copy)]
pub(in crate::cpu::product) struct Rows {
    pub(in crate::cpu::product) from: *mut f32,
    pub(in crate::cpu::product) step: isize,
}

impl Rows {
    /// Where row `i` begins.
    #[inline(always)]
    pub(in crate::cpu::product) fn row(self, i: usize) -> *mut f32 {
        self.from.wrapping_offset(i as isize * self.step)
    }
}

impl Registers {
    /// Registers that are to be written before they are read.
    #[inline(always)]
    pub(in crate::cpu::product) const fn new() -> Self {
        Self(MaybeUninit::uninit())
    }

    /// Sets so many sums to zero: tails of tiles that kernels leave alone are numbers then. Apart from [`Self::new`],
    /// since what a function gives back may be copied, and this is large.
    pub(in crate::cpu::product) fn clear(&mut self, sums: usize) {
        for k in 0..sums {
            // SAFETY: a register has room for a tile.
            unsafe { self.sum(k).write_bytes(0, TILE) };
        }
    }

    /// The tile that sum number `k` is put in, or any other register.
    pub(in crate::cpu::product) fn sum(&mut self, k: usize) -> *mut f32 {
        debug_assert!(k <= REGISTERS);
        self.0.as_mut_ptr().cast::<f32>().wrapping_add(k * TILE)
    }

    /// The rows of a register, by its number, where they are `PITCH` long.
    #[inline(always)]
    pub(in crate::cpu::product) fn rows<const PITCH: usize>(&mut self) -> impl Fn(usize) -> Rows + use<PITCH> {
        let first = self.sum(0);
        move |k| Rows { from: first.wrapping_add(k * TILE), step: PITCH as isize }
    }

    /// Stores or adds the tile of the first sum as it is.
    ///
    /// # Safety
    /// As [`Self::put`]; the machine has `isa`.
    pub(in crate::cpu::product) unsafe fn put_sum(
        &mut self,
        isa: InstructionSet,
        to: Corner,
        size: (usize, usize),
        add: bool,
    ) {
        // SAFETY: the caller's promise, passed on.
        unsafe {
            match isa {
                InstructionSet::Portable | InstructionSet::Avx2 => self.put::<16>(0, to, size, add),
                InstructionSet::Avx512 => self.put::<32>(0, to, size, add),
            }
        }
    }

    /// Stores a register's tile of so many rows and columns; its rows are `PITCH` long.
    ///
    /// # Safety
    /// The register holds a tile, and the elements at `to` are in bounds and nobody else's.
    #[inline(always)]
    pub(in crate::cpu::product) unsafe fn put<const PITCH: usize>(
        &mut self,
        k: usize,
        to: Corner,
        size: (usize, usize),
        add: bool,
    ) {
        // SAFETY: the caller's promise, passed on, with the type of the elements.
        unsafe {
            match to.from.format() {
                Format::Single => self.put_as::<PITCH, f32>(k, to, size, add),
                Format::Bf16 => self.put_as::<PITCH, Bf16>(k, to, size, add),
            }
        }
    }

    /// # Safety
    /// As [`Self::put`]; `E` is what the elements are kept in.
    #[inline(always)]
    unsafe fn put_as<const PITCH: usize, E: Element>(
        &mut self,
        k: usize,
        to: Corner,
        (high, columns): (usize, usize),
        add: bool,
    ) {
        let (from, place) = (self.sum(k), to.from.address::<E>());
        let put = |i: usize, j: usize| {
            // SAFETY: element (i, j) of the tile and of its place, by the caller's promise.
            unsafe {
                let sum = *from.add(i * PITCH + j);
                let c = place.offset(i as isize * to.row + j as isize * to.column);
                *c = E::narrow(if add { (*c).widen() + sum } else { sum });
            }
        };
        if to.column == 1 && !add && columns == PITCH {
            for i in 0..high {
                // SAFETY: as above, a row at a time.
                unsafe {
                    let (from, to) = (from.add(i * PITCH), place.offset(i as isize * to.row));
                    let row = (*from.cast::<[f32; PITCH]>()).map(E::narrow);
                    to.cast::<[E; PITCH]>().write_unaligned(row);
                }
            }
        } else if to.row.unsigned_abs() < to.column.unsigned_abs() {
            (0..columns).for_each(|j| (0..high).for_each(|i| put(i, j)));
        } else {
            (0..high).for_each(|i| (0..columns).for_each(|j| put(i, j)));
        }
    }
}

/// Loads a tile of so many rows and columns; what is missing of its rows is zero.
///
/// # Safety
/// The elements are in bounds, and `to` has room for so many rows.
#[inline(always)]
pub(in crate::cpu::product) unsafe fn load_tile<const PITCH: usize>(from: Corner, size: (usize, usize), to: Rows) {
    // SAFETY: the caller's promise, passed on, with the type of the elements.
    unsafe {
        match from.from.format() {
            Format::Single => load_tile_of::<PITCH, f32>(from, size, to),
            Format::Bf16 => load_tile_of::<PITCH, Bf16>(from, size, to),
        }
    }
}

/// # Safety
/// As [`load_tile`]; `E` is what the elements are kept in.
#[inline(always)]
unsafe fn load_tile_of<const PITCH: usize, E: Element>(from: Corner, (high, columns): (usize, usize), to: Rows) {
    for i in 0..high {
        // SAFETY: row i of the operand and of the tile, by the caller's promise.
        unsafe {
            let row = from.from.address::<E>().offset(i as isize * from.row);
            let to = to.row(i);
            match from.column {
                1 if columns == PITCH => {
                    let row = row.cast::<[E; PITCH]>().read_unaligned();
                    to.cast::<[f32; PITCH]>().write_unaligned(row.map(E::widen));
                }
                0 => to.cast::<[f32; PITCH]>().write_unaligned([(*row).widen(); PITCH]),
                step => {
                    to.cast::<[f32; PITCH]>().write_unaligned([0.0; PITCH]);
                    (0..columns).for_each(|j| *to.add(j) = (*row.offset(j as isize * step)).widen());
                }
            }
        }
    }
}
