//! What is done to the sums of a contraction while a tile of them is in the nearest cache: an expression, one instruction
//! over the whole tile at a time.
//!
//! Interpreted, not compiled: an instruction is two dozen vectors of work at the full width of the machine's vectors, which
//! Cranelift does not have; which steps the operands take from tile to tile is only known when a contraction has chosen
//! its axes.

#![allow(unsafe_code)] // Tiles through raw pointers; each block says why it is sound.

use std::mem::MaybeUninit;

use crease_core::ir::{Binary, Expr, Format, Instr, Unary};
use crease_core::kernel::Contract;

use super::ahead::prefetch_near;
use super::arithmetic::Plain;
use super::elements::{Bf16, Element, Elements};
use super::functions;
use super::micro::{InstructionSet, MOST_COLUMNS, MOST_ROWS};

/// Numbers in a register.
const TILE: usize = MOST_ROWS * MOST_COLUMNS;
/// Numbers treated at a time, whatever the machine's vectors.
const LANES: usize = 16;
/// Tiles that may be alive at a time: one a sum, one an instruction.
const REGISTERS: usize = Contract::OPERANDS + Contract::INSTRUCTIONS;

/// Tiles, row by row, each row as long as the instruction set's tiles are wide.
pub(super) struct Registers(MaybeUninit<Aligned>);

#[repr(align(64))]
struct Aligned(#[expect(dead_code, reason = "reached by its address only")] [[f32; TILE]; REGISTERS]);

/// An operand or result as a block or tile sees it: where its first element is, and the steps from there.
#[derive(Clone, Copy)]
pub(super) struct Corner {
    pub(super) from: Elements,
    /// From one row of a tile to the next, and from one column to the next.
    pub(super) row: isize,
    pub(super) column: isize,
}

impl Corner {
    /// Of an operand that nothing reads.
    pub(super) const NOWHERE: Self = Self { from: Elements::single(std::ptr::null()), row: 0, column: 0 };

    /// Has the rows of a tile fetched here where each is a run of neighbors.
    #[inline(always)]
    pub(super) fn prefetch(self, rows: usize) {
        if self.column == 1 && self.row != 0 {
            for i in 0..rows {
                let row = self.from.further(i as isize * self.row);
                prefetch_near(row.address());
                prefetch_near(row.further(MOST_COLUMNS as isize / 2).address());
            }
        }
    }

    /// The corner of the tile at row `i` and column `j` of a block.
    pub(super) fn tile(self, i: usize, j: usize) -> Self {
        let further = i as isize * self.row + j as isize * self.column;
        Self { from: self.from.further(further), ..self }
    }
}

/// An expression of a contraction's sums and loads, ready to run over tiles.
#[derive(Clone, Debug)]
pub struct TileProgram {
    steps: Vec<Step>,
    /// The register of the result.
    result: usize,
}

/// One instruction; numbers name registers. None writes a register that it reads.
#[derive(Clone, Copy, Debug)]
enum Step {
    Load { to: usize, load: usize },
    Number { to: usize, number: f32 },
    Unary { to: usize, f: Unary, a: usize },
    Binary { to: usize, f: Binary, a: usize, b: usize },
    Select { to: usize, c: usize, a: usize, b: usize },
}

impl TileProgram {
    /// An expression whose sizes have been bound; `Row(k)` is sum number k, of so many.
    ///
    /// # Errors
    /// An expression that reads anything but sums and loads, or one that is too long.
    pub fn compile(after: &Expr, sums: usize) -> Result<Self, String> {
        let last_use = |value: usize| after.0.iter().rposition(|instr| instr.arguments().contains(&Some(value)));
        let mut free: Vec<usize> = (sums..REGISTERS).rev().collect();
        let mut registers: Vec<usize> = Vec::with_capacity(after.0.len());
        let mut steps = Vec::new();
        for (at, instr) in after.0.iter().enumerate() {
            if let Instr::Row(sum) = instr {
                registers.push(*sum);
                continue;
            }
            let to = free.pop().ok_or("it keeps too many values at a time")?;
            let of = |value: usize| registers[value];
            steps.push(match *instr {
                Instr::Load(load) => Step::Load { to, load },
                #[expect(clippy::cast_possible_truncation, reason = "computed in single precision")]
                Instr::Const(number) => Step::Number { to, number: number as f32 },
                Instr::Unary(f, a) => Step::Unary { to, f, a: of(a) },
                Instr::Binary(f, a, b) => Step::Binary { to, f, a: of(a), b: of(b) },
                Instr::Select(c, a, b) => Step::Select { to, c: of(c), a: of(a), b: of(b) },
                Instr::Row(_) | Instr::Size(_) | Instr::Position(_) | Instr::Gather { .. } => {
                    return Err(format!("{instr:?} after a contraction"));
                }
            });
            registers.push(to);
            // What is read for the last time here frees its register, unless a sum may be read again by its name.
            let mut done: Vec<usize> = instr.arguments().into_iter().flatten().collect();
            done.sort_unstable();
            done.dedup();
            let dead = done.into_iter().filter(|&v| last_use(v) == Some(at) && registers[v] >= sums);
            free.extend(dead.map(|v| registers[v]).collect::<Vec<_>>());
        }
        let result = *registers.last().ok_or("an empty expression")?;
        Ok(Self { steps, result })
    }

    /// Runs over the tile at (i, j) of a block and stores the result at `to`.
    ///
    /// # Safety
    /// The machine has `isa`; the registers hold the sums; the loads' elements of a tile of so many rows and columns at
    /// (i, j), and the result's at `to`, are in bounds, and nobody else writes them.
    pub(super) unsafe fn run(
        &self,
        isa: InstructionSet,
        registers: &mut Registers,
        loads: &[Corner],
        at: (usize, usize),
        size: (usize, usize),
        to: Corner,
    ) {
        // SAFETY: the caller's promise, passed on.
        unsafe {
            match isa {
                InstructionSet::Portable => self.steps::<16>(registers, loads, at, size, to),
                #[cfg(target_arch = "x86_64")]
                InstructionSet::Avx2 => self.avx2(registers, loads, at, size, to),
                #[cfg(target_arch = "x86_64")]
                InstructionSet::Avx512 => self.avx512(registers, loads, at, size, to),
                #[cfg(not(target_arch = "x86_64"))]
                _ => unreachable!("not on this architecture"),
            }
        }
    }

    /// # Safety
    /// As [`Self::run`]; the machine has AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2(
        &self,
        registers: &mut Registers,
        loads: &[Corner],
        at: (usize, usize),
        size: (usize, usize),
        to: Corner,
    ) {
        // SAFETY: the caller's promise, passed on.
        unsafe { self.steps::<16>(registers, loads, at, size, to) }
    }

    /// # Safety
    /// As [`Self::run`]; the machine has AVX-512F.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx2,fma")]
    unsafe fn avx512(
        &self,
        registers: &mut Registers,
        loads: &[Corner],
        at: (usize, usize),
        size: (usize, usize),
        to: Corner,
    ) {
        // SAFETY: the caller's promise, passed on.
        unsafe { self.steps::<32>(registers, loads, at, size, to) }
    }

    /// # Safety
    /// As [`Self::run`]; `PITCH` is the width of the instruction set's tiles.
    #[inline(always)]
    unsafe fn steps<const PITCH: usize>(
        &self,
        registers: &mut Registers,
        loads: &[Corner],
        (i, j): (usize, usize),
        size: (usize, usize),
        result: Corner,
    ) {
        let count = size.0 * PITCH / LANES;
        for step in &self.steps {
            // SAFETY: registers that an instruction names are distinct and have been written, by construction.
            unsafe {
                match *step {
                    Step::Load { to, load } => load_tile::<PITCH>(loads[load].tile(i, j), size, registers.sum(to)),
                    Step::Number { to, number } => registers.whole(to, count).fill([number; LANES]),
                    Step::Unary { to, f, a } => unary(f, registers.read(a, count), registers.whole(to, count)),
                    Step::Binary { to, f, a, b } => {
                        binary(f, registers.read(a, count), registers.read(b, count), registers.whole(to, count));
                    }
                    Step::Select { to, c, a, b } => {
                        let (c, a, b) = (registers.read(c, count), registers.read(a, count), registers.read(b, count));
                        let to = registers.whole(to, count);
                        for (((to, c), a), b) in to.iter_mut().zip(c).zip(a).zip(b) {
                            for lane in 0..LANES {
                                to[lane] = if c[lane] == 0.0 { b[lane] } else { a[lane] };
                            }
                        }
                    }
                }
            }
        }
        // SAFETY: the caller's promise; the register has been written.
        unsafe { registers.put::<PITCH>(self.result, result, size, false) };
    }
}

impl Registers {
    /// Registers that are to be written before they are read.
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self(MaybeUninit::uninit())
    }

    /// Sets so many sums to zero: tails of tiles that kernels leave alone are numbers then. Apart from [`Self::new`],
    /// since what a function gives back may be copied, and this is large.
    pub(super) fn clear(&mut self, sums: usize) {
        for k in 0..sums {
            // SAFETY: a register has room for a tile.
            unsafe { self.sum(k).write_bytes(0, TILE) };
        }
    }

    /// The tile that sum number `k` is put in, or any other register.
    pub(super) fn sum(&mut self, k: usize) -> *mut f32 {
        debug_assert!(k < REGISTERS);
        self.0.as_mut_ptr().cast::<f32>().wrapping_add(k * TILE)
    }

    /// # Safety
    /// The register has been written; the caller writes it not while it reads.
    unsafe fn read<'a>(&self, k: usize, count: usize) -> &'a [[f32; LANES]] {
        let from = self.0.as_ptr().cast::<f32>().wrapping_add(k * TILE);
        // SAFETY: the caller's promise; a register has room for any count of a tile.
        unsafe { std::slice::from_raw_parts(from.cast(), count) }
    }

    /// # Safety
    /// The caller writes it whole and reads it not meanwhile.
    unsafe fn whole<'a>(&mut self, k: usize, count: usize) -> &'a mut [[f32; LANES]] {
        // SAFETY: the caller's promise; any bits are numbers.
        unsafe { std::slice::from_raw_parts_mut(self.sum(k).cast(), count) }
    }

    /// Stores or adds the tile of the first sum as it is.
    ///
    /// # Safety
    /// As [`TileProgram::run`].
    pub(super) unsafe fn put_sum(&mut self, isa: InstructionSet, to: Corner, size: (usize, usize), add: bool) {
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
    unsafe fn put<const PITCH: usize>(&mut self, k: usize, to: Corner, size: (usize, usize), add: bool) {
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
/// The elements are in bounds, and `to` has room for a tile.
#[inline(always)]
unsafe fn load_tile<const PITCH: usize>(from: Corner, size: (usize, usize), to: *mut f32) {
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
unsafe fn load_tile_of<const PITCH: usize, E: Element>(from: Corner, (high, columns): (usize, usize), to: *mut f32) {
    for i in 0..high {
        // SAFETY: row i of the operand and of the tile, by the caller's promise.
        unsafe {
            let row = from.from.address::<E>().offset(i as isize * from.row);
            let to = to.add(i * PITCH);
            match from.column {
                1 if columns == PITCH => {
                    let row = row.cast::<[E; PITCH]>().read_unaligned();
                    to.cast::<[f32; PITCH]>().write(row.map(E::widen));
                }
                0 => to.cast::<[f32; PITCH]>().write([(*row).widen(); PITCH]),
                step => {
                    to.cast::<[f32; PITCH]>().write([0.0; PITCH]);
                    (0..columns).for_each(|j| *to.add(j) = (*row.offset(j as isize * step)).widen());
                }
            }
        }
    }
}

#[inline(always)]
fn unary(f: Unary, from: &[[f32; LANES]], to: &mut [[f32; LANES]]) {
    match f {
        Unary::Neg => map(from, to, |x| -x),
        Unary::Abs => map(from, to, f32::abs),
        Unary::Sqrt => map(from, to, f32::sqrt),
        Unary::Recip => map(from, to, |x| 1.0 / x),
        Unary::Relu => map(from, to, |x| if x < 0.0 { 0.0 } else { x }),
        Unary::Floor => map(from, to, f32::floor),
        Unary::Not => map(from, to, |x| f32::from(u8::from(x == 0.0))),
        Unary::Exp => straight(from, to, functions::exp),
        Unary::Log => straight(from, to, functions::log),
        Unary::Sigmoid => straight(from, to, functions::sigmoid),
        Unary::Tanh => straight(from, to, functions::tanh),
        Unary::Erf => straight(from, to, functions::erf),
        Unary::Gelu => straight(from, to, functions::gelu),
        // No vectors here: large arguments take another way.
        Unary::Sin => map(from, to, f32::sin),
        Unary::Cos => map(from, to, f32::cos),
    }
}

#[inline(always)]
fn binary(f: Binary, a: &[[f32; LANES]], b: &[[f32; LANES]], to: &mut [[f32; LANES]]) {
    let flag = |holds: bool| if holds { 1.0 } else { 0.0 };
    match f {
        Binary::Add => both(a, b, to, |a, b| a + b),
        Binary::Sub => both(a, b, to, |a, b| a - b),
        Binary::Mul => both(a, b, to, |a, b| a * b),
        Binary::Div => both(a, b, to, |a, b| a / b),
        // A NaN in b is what a comparison leaves.
        Binary::Max => both(a, b, to, |a, b| if a.is_nan() || a > b { a } else { b }),
        Binary::Min => both(a, b, to, |a, b| if a.is_nan() || a < b { a } else { b }),
        Binary::Lt => both(a, b, to, |a, b| flag(a < b)),
        Binary::Le => both(a, b, to, |a, b| flag(a <= b)),
        Binary::Eq => both(a, b, to, |a, b| flag(a == b)),
        Binary::Ne => both(a, b, to, |a, b| flag(a != b)),
    }
}

#[inline(always)]
fn map(from: &[[f32; LANES]], to: &mut [[f32; LANES]], f: impl Fn(f32) -> f32) {
    for (to, from) in to.iter_mut().zip(from) {
        for lane in 0..LANES {
            to[lane] = f(from[lane]);
        }
    }
}

/// A function without branches, of a name: a closure so long may be left a call, and no vectors come of it.
#[inline(always)]
fn straight(from: &[[f32; LANES]], to: &mut [[f32; LANES]], f: impl Fn(&mut Plain, f32) -> f32) {
    for (to, from) in to.iter_mut().zip(from) {
        for lane in 0..LANES {
            to[lane] = f(&mut Plain, from[lane]);
        }
    }
}

#[inline(always)]
fn both(a: &[[f32; LANES]], b: &[[f32; LANES]], to: &mut [[f32; LANES]], f: impl Fn(f32, f32) -> f32) {
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        for lane in 0..LANES {
            to[lane] = f(a[lane], b[lane]);
        }
    }
}

#[cfg(test)]
#[path = "tile_program_tests.rs"]
mod tests;
