//! What is done to the sums of a contraction while a tile of them is in the nearest cache: an expression, one instruction
//! over the whole tile at a time.
//!
//! Interpreted, not compiled: an instruction is two dozen vectors of work at the full width of the machine's vectors, which
//! Cranelift does not have; which steps the operands take from tile to tile is only known when a contraction has chosen
//! its axes. An operand that is added to or multiplied with what is there is read where that is done, and the last
//! instruction writes the result itself where it can: both spare a way through the cache.

#![allow(unsafe_code)] // Tiles through raw pointers; each block says why it is sound.

pub(super) mod registers;
mod rows;

use crease_core::ir::{Binary, Expr, Instr, Unary};

use crate::cpu::tile::instructions::InstructionSet;
use registers::{Corner, REGISTERS, Registers, Rows, load_tile};
use rows::{Operand, binary, number, select, unary};

/// An expression of a contraction's sums and loads, ready to run over tiles.
#[derive(Clone, Debug)]
pub(super) struct TileProgram {
    steps: Vec<Step>,
    /// The register of the result.
    result: usize,
    /// Whether the last step makes the result.
    ends: bool,
}

/// One instruction; numbers name registers. None writes a register that it reads.
#[derive(Clone, Copy, Debug)]
enum Step {
    Load {
        to: usize,
        load: usize,
    },
    Number {
        to: usize,
        number: f32,
    },
    Unary {
        to: usize,
        f: Unary,
        a: usize,
    },
    Binary {
        to: usize,
        f: Binary,
        a: usize,
        b: usize,
    },
    /// A load for b.
    With {
        to: usize,
        f: Binary,
        a: usize,
        load: usize,
    },
    Select {
        to: usize,
        c: usize,
        a: usize,
        b: usize,
    },
}

impl TileProgram {
    /// An expression whose sizes have been bound; `Row(k)` is sum number k, of so many.
    ///
    /// # Errors
    /// An expression that reads anything but sums and loads, or one that is too long.
    pub(super) fn compile(after: &Expr, sums: usize) -> Result<Self, String> {
        let last_use = |value: usize| after.0.iter().rposition(|instr| instr.arguments().contains(&Some(value)));
        let inlined = inlined(after);
        let mut free: Vec<usize> = (sums..REGISTERS).rev().collect();
        let mut registers: Vec<usize> = Vec::with_capacity(after.0.len());
        let mut steps = Vec::new();
        for (at, instr) in after.0.iter().enumerate() {
            if let Instr::Row(sum) = instr {
                registers.push(*sum);
                continue;
            }
            if inlined.contains(&at) {
                registers.push(usize::MAX);
                continue;
            }
            let to = free.pop().ok_or("it keeps too many values at a time")?;
            let of = |value: usize| registers[value];
            let load = |value: usize| match after.0[value] {
                Instr::Load(load) if inlined.contains(&value) => Some(load),
                _ => None,
            };
            steps.push(match *instr {
                Instr::Load(load) => Step::Load { to, load },
                #[expect(clippy::cast_possible_truncation, reason = "computed in single precision")]
                Instr::Const(number) => Step::Number { to, number: number as f32 },
                Instr::Unary(f, a) => Step::Unary { to, f, a: of(a) },
                Instr::Binary(f, a, b) => match (load(a), load(b)) {
                    (_, Some(load)) => Step::With { to, f, a: of(a), load },
                    (Some(load), None) => Step::With { to, f, a: of(b), load },
                    (None, None) => Step::Binary { to, f, a: of(a), b: of(b) },
                },
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
            done.retain(|v| !inlined.contains(v));
            let dead = done.into_iter().filter(|&v| last_use(v) == Some(at) && registers[v] >= sums);
            free.extend(dead.map(|v| registers[v]).collect::<Vec<_>>());
        }
        let result = *registers.last().ok_or("an empty expression")?;
        Ok(Self { steps, result, ends: !matches!(after.0.last(), Some(Instr::Row(_))) })
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
        let high = size.0;
        let whole = size.1 == PITCH && result.column == 1 && result.from.is_single() && self.ends;
        let rows = registers.rows::<PITCH>();
        for (at, step) in self.steps.iter().enumerate() {
            let last = whole && at + 1 == self.steps.len();
            let result = Rows { from: result.from.address(), step: result.row };
            let to = |register: usize| if last { result } else { rows(register) };
            // SAFETY: registers that an instruction names are distinct and have been written, by construction; the result
            // is the caller's to write, and each of its elements only after the operand's that may stand there.
            unsafe {
                match *step {
                    Step::Load { to: register, load } => {
                        load_tile::<PITCH>(loads[load].tile(i, j), size, to(register));
                    }
                    Step::Number { to: register, number: x } => number::<PITCH>(high, to(register), x),
                    Step::Unary { to: register, f, a } => unary::<PITCH>(f, high, to(register), rows(a)),
                    Step::Binary { to: register, f, a, b } => {
                        binary::<PITCH>(f, high, to(register), rows(a), Operand::Rows(rows(b)));
                    }
                    Step::With { to: register, f, a, load } => {
                        let load = loads[load].tile(i, j);
                        let operand = Operand::of::<PITCH>(load, size).unwrap_or_else(|| {
                            // Rows that vectors do not fit are first put side by side.
                            load_tile::<PITCH>(load, size, rows(SPARE));
                            Operand::Rows(rows(SPARE))
                        });
                        binary::<PITCH>(f, high, to(register), rows(a), operand);
                    }
                    Step::Select { to: register, c, a, b } => {
                        select::<PITCH>(high, to(register), [rows(c), rows(a), rows(b)]);
                    }
                }
            }
        }
        if !whole {
            // SAFETY: the caller's promise; the register has been written.
            unsafe { registers.put::<PITCH>(self.result, result, size, false) };
        }
    }
}

/// The register beyond those that programs name.
const SPARE: usize = REGISTERS;

/// The loads that are read where they are used: once, by something done to two numbers of which the other one is in a
/// register; the second one, unless the order does not matter.
fn inlined(after: &Expr) -> Vec<usize> {
    let uses = |value: usize| -> usize {
        after.0.iter().flat_map(Instr::arguments).filter(|argument| *argument == Some(value)).count()
    };
    let is_load = |value: usize| matches!(after.0[value], Instr::Load(_)) && uses(value) == 1;
    let operand = |instr: &Instr| match *instr {
        Instr::Binary(_, _, b) if is_load(b) => Some(b),
        Instr::Binary(Binary::Add | Binary::Mul, a, _) if is_load(a) => Some(a),
        _ => None,
    };
    after.0.iter().filter_map(operand).collect()
}

#[cfg(test)]
mod tests;
