//! Arithmetic on the rows of a tile, as vectors where the caller enables them.

#![allow(unsafe_code)] // Rows through raw pointers; each block says why it is sound.

use crease_core::ir::{Binary, Unary};

use super::registers::{Corner, Rows};
use crate::cpu::numbers::arithmetic::Plain;
use crate::cpu::numbers::functions;

/// Numbers treated at a time, whatever the machine's vectors.
const LANES: usize = 16;

type Lanes = [f32; LANES];

/// The other operand of an elementwise operation on a tile.
#[derive(Clone, Copy)]
pub(super) enum Operand {
    /// A number for each place.
    Rows(Rows),
    /// A row, the same for all.
    Row(*const f32),
    /// A number for each row.
    Column(Rows),
}

impl Operand {
    /// An operand of a tile of so many rows and columns as it lies in memory, if rows can be read as vectors there.
    #[inline(always)]
    pub(super) fn of<const PITCH: usize>(from: Corner, (_, columns): (usize, usize)) -> Option<Self> {
        let rows = Rows { from: from.from.address(), step: from.row };
        match (from.column, from.row) {
            _ if !from.from.is_single() => None,
            (0, _) => Some(Self::Column(rows)),
            (1, 0) if columns == PITCH => Some(Self::Row(rows.from)),
            (1, _) if columns == PITCH => Some(Self::Rows(rows)),
            _ => None,
        }
    }
}

/// # Safety
/// The numbers from there on are in bounds, and nobody writes them.
#[inline(always)]
unsafe fn read(from: *const f32) -> Lanes {
    // SAFETY: the caller's promise.
    unsafe { from.cast::<Lanes>().read_unaligned() }
}

/// Writes so many rows: `f` gives a part of a row from its number and where it starts, and from what `fixed` gives for where
/// it starts.
///
/// # Safety
/// The rows have room for `PITCH` numbers each.
#[inline(always)]
unsafe fn each<const PITCH: usize>(
    high: usize,
    to: Rows,
    fixed: impl Fn(usize) -> Lanes,
    f: impl Fn(usize, usize, &Lanes) -> Lanes,
) {
    for start in (0..PITCH).step_by(LANES) {
        let fixed = fixed(start);
        for i in 0..high {
            // SAFETY: the caller's promise.
            unsafe { to.row(i).add(start).cast::<Lanes>().write_unaligned(f(i, start, &fixed)) };
        }
    }
}

const NOTHING: fn(usize) -> Lanes = |_| [0.0; LANES];

/// The same number everywhere.
///
/// # Safety
/// As [`unary`].
#[inline(always)]
pub(super) unsafe fn number<const PITCH: usize>(high: usize, to: Rows, number: f32) {
    // SAFETY: the caller's promise.
    unsafe { each::<PITCH>(high, to, NOTHING, |_, _, _| [number; LANES]) };
}

/// A function of each number.
///
/// # Safety
/// `to` and `a` have so many rows of `PITCH` numbers; a number of `to` stands in the place of no other one of `a` than its
/// own.
#[inline(always)]
pub(super) unsafe fn unary<const PITCH: usize>(f: Unary, high: usize, to: Rows, a: Rows) {
    macro_rules! map {
        ($f:expr) => {
            // SAFETY: the caller's promise.
            unsafe {
                each::<PITCH>(high, to, NOTHING, |i, start, _| {
                    let (x, mut y) = (read(a.row(i).add(start)), [0.0; LANES]);
                    for lane in 0..LANES {
                        y[lane] = $f(x[lane]);
                    }
                    y
                })
            }
        };
    }
    match f {
        Unary::Neg => map!(|x: f32| -x),
        Unary::Abs => map!(f32::abs),
        Unary::Sqrt => map!(f32::sqrt),
        Unary::Recip => map!(|x: f32| 1.0 / x),
        Unary::Relu => map!(|x: f32| if x < 0.0 { 0.0 } else { x }),
        Unary::Floor => map!(f32::floor),
        Unary::Not => map!(|x: f32| f32::from(u8::from(x == 0.0))),
        Unary::Exp => map!(|x| functions::exp(&mut Plain, x)),
        Unary::Log => map!(|x| functions::log(&mut Plain, x)),
        Unary::Sigmoid => map!(|x| functions::sigmoid(&mut Plain, x)),
        Unary::Tanh => map!(|x| functions::tanh(&mut Plain, x)),
        Unary::Erf => map!(|x| functions::erf(&mut Plain, x)),
        Unary::Gelu => map!(|x| functions::gelu(&mut Plain, x)),
        // No vectors here: large arguments take another way.
        Unary::Sin => map!(f32::sin),
        Unary::Cos => map!(f32::cos),
    }
}

/// A function of each number and an operand's.
///
/// # Safety
/// As [`unary`], for both.
#[inline(always)]
pub(super) unsafe fn binary<const PITCH: usize>(f: Binary, high: usize, to: Rows, a: Rows, b: Operand) {
    macro_rules! both {
        ($f:expr) => {{
            let join = |x: Lanes, y: &Lanes| {
                let mut z = [0.0; LANES];
                for lane in 0..LANES {
                    z[lane] = $f(x[lane], y[lane]);
                }
                z
            };
            // SAFETY: the caller's promise.
            unsafe {
                match b {
                    Operand::Rows(b) => each::<PITCH>(high, to, NOTHING, |i, start, _| {
                        join(read(a.row(i).add(start)), &read(b.row(i).add(start)))
                    }),
                    Operand::Row(b) => {
                        let fixed = |start: usize| read(b.add(start));
                        each::<PITCH>(high, to, fixed, |i, start, b| join(read(a.row(i).add(start)), b));
                    }
                    Operand::Column(b) => each::<PITCH>(high, to, NOTHING, |i, start, _| {
                        join(read(a.row(i).add(start)), &[*b.row(i); LANES])
                    }),
                }
            }
        }};
    }
    let flag = |holds: bool| if holds { 1.0 } else { 0.0 };
    match f {
        Binary::Add => both!(|a: f32, b: f32| a + b),
        Binary::Sub => both!(|a: f32, b: f32| a - b),
        Binary::Mul => both!(|a: f32, b: f32| a * b),
        Binary::Div => both!(|a: f32, b: f32| a / b),
        // A NaN in b is what a comparison leaves.
        Binary::Max => both!(|a: f32, b: f32| if a.is_nan() || a > b { a } else { b }),
        Binary::Min => both!(|a: f32, b: f32| if a.is_nan() || a < b { a } else { b }),
        Binary::Lt => both!(|a: f32, b: f32| flag(a < b)),
        Binary::Le => both!(|a: f32, b: f32| flag(a <= b)),
        Binary::Eq => both!(|a: f32, b: f32| flag(a == b)),
        Binary::Ne => both!(|a: f32, b: f32| flag(a != b)),
    }
}

/// `if c { a } else { b }`, number by number; only 0 is false.
///
/// # Safety
/// As [`unary`], for all.
#[inline(always)]
pub(super) unsafe fn select<const PITCH: usize>(high: usize, to: Rows, [c, a, b]: [Rows; 3]) {
    // SAFETY: the caller's promise.
    unsafe {
        each::<PITCH>(high, to, NOTHING, |i, start, _| {
            let part = |rows: Rows| read(rows.row(i).add(start));
            let (c, a, b, mut chosen) = (part(c), part(a), part(b), [0.0; LANES]);
            for lane in 0..LANES {
                chosen[lane] = if c[lane] == 0.0 { b[lane] } else { a[lane] };
            }
            chosen
        });
    }
}
