//! Decides, before any code is emitted, how a nest is walked: which index runs across vector lanes,
//! in what order the others are looped, which neighbours may be merged at run time.
//!
//! Nothing here looks at an extent: extents come with each call.

use crease_core::ir::{Expr, Instr, Unary};
use crease_core::kernel::{Nest, Strides};

use super::error::JitError;

/// The most indices a nest may have.
pub(super) const MAX_INDICES: usize = 16;

/// Room for rows that wait between passes in a task's memory, in elements.
pub(super) const SCRATCH: usize = 16 * 1024;

/// Elements of a row up to which lanes are better filled with other rows.
const SHORT: i64 = 16;

/// The bit that says "depends on the row operation's result".
pub(super) const ROW: u64 = 1 << 63;

/// An expression with what the emitter has to know about each instruction.
#[derive(Default)]
pub(super) struct Code {
    pub(super) instrs: Vec<Instr>,
    /// For each instruction the indices (bits) and [`ROW`] on which its value depends.
    pub(super) needs: Vec<u64>,
    /// Whether the result uses it.
    pub(super) live: Vec<bool>,
    /// Vector instructions, roughly.
    pub(super) weight: usize,
}

/// Merging `from` into `into` where the latter's extent is `extent`: the two then walk memory as one.
#[derive(Clone, Copy)]
pub(super) struct Merge {
    pub(super) from: usize,
    pub(super) into: usize,
    pub(super) extent: u64,
}

/// How a nest is walked.
pub(super) struct Order {
    /// The index that runs across lanes; none where the nest has no index.
    pub(super) lanes: Option<usize>,
    /// Whether that index belongs to the row: lanes are then combined at the end of a row.
    pub(super) folds_lanes: bool,
    /// The other indices of the result, outermost first.
    pub(super) outer: Vec<usize>,
    /// The other indices of the row, outermost first.
    pub(super) rows: Vec<usize>,
    /// Whether some operand runs along the innermost of `outer`: lanes then advance by tiles.
    pub(super) tiled: bool,
    /// Whether rows wait in scratch memory between passes: those that stand across the lanes.
    pub(super) staged: bool,
    /// Merges to try, in order, until none applies.
    pub(super) merges: Vec<Merge>,
    /// Indices whose position is read.
    pub(super) positions: u64,
    pub(super) before: Code,
    pub(super) after: Code,
}

impl Order {
    /// Checks the nest and orders its loops.
    pub(super) fn of(nest: &Nest) -> Result<Order, JitError> {
        let n = nest.indices;
        let fits = |s: &Strides| s.len() == n;
        if n > MAX_INDICES || !fits(&nest.store) || !nest.loads.iter().all(fits) {
            return Err(JitError::Malformed("strides and indices disagree"));
        }
        let empty = Vec::new();
        let over = nest.row.as_ref().map_or(&empty, |row| &row.over);
        if over.iter().enumerate().any(|(at, r)| *r >= n || over[..at].contains(r)) {
            return Err(JitError::Malformed("the row's indices are not distinct indices of the nest"));
        }
        let consumed = nest.row.as_ref().is_some_and(|row| row.op.consumes());
        if nest.row.is_some() && !consumed && !nest.store.format.is_single() {
            return Err(JitError::Malformed("a row waits between passes in memory of fewer bits"));
        }
        let row_bits = over.iter().fold(0, |bits, r| bits | 1 << r);

        // A short row would leave lanes empty and end before it has begun: the lanes are then rows beside each other.
        let beside = consumed && is_short(nest, over) && (0..n).any(|v| !over.contains(&v) && nest.store[v] == 1);
        let candidates = (0..n).rev().filter(|v| !beside || nest.store[*v] == 1 && !over.contains(v));
        let lanes = candidates.max_by_key(|&v| (score(nest, v, consumed, row_bits), v));
        let folds_lanes = lanes.is_some_and(|v| over.contains(&v));
        let rest = |in_row: bool| -> Vec<usize> {
            let mut list: Vec<usize> = (0..n).filter(|i| Some(*i) != lanes && over.contains(i) == in_row).collect();
            list.sort_by_key(|&i| std::cmp::Reverse(reach(nest, i)));
            list
        };
        let (outer, rows) = (rest(false), rest(true));

        // The row's result differs along the lanes unless they are what was folded.
        let row_needs = match lanes {
            Some(v) if !(folds_lanes && consumed) => ROW | 1 << v,
            _ => ROW,
        };
        let before = match &nest.row {
            Some(_) => Code::of(&nest.before, nest, None)?,
            None => Code::default(),
        };
        let after = Code::of(&nest.after, nest, nest.row.as_ref().map(|_| row_needs))?;
        if consumed && after.needs.iter().any(|needs| needs & row_bits != 0) {
            return Err(JitError::Malformed("a consumed index is read after its row"));
        }
        let positions = [&before, &after].into_iter().flat_map(|code| &code.instrs).fold(0, |bits, i| match i {
            Instr::Position(index) => bits | 1 << index,
            _ => bits,
        });
        let tiled = match (lanes, outer.last(), &nest.row) {
            (Some(v), Some(&o), None) => nest.loads.iter().any(|s| s[v].abs() > 1 && s[o].abs() == 1),
            _ => false,
        };
        let staged = nest.row.is_some() && !consumed && !folds_lanes && lanes.is_some_and(|v| nest.store[v] == 1);
        let merges = merges(nest, lanes, folds_lanes, &outer, &rows, positions);
        Ok(Order { lanes, folds_lanes, outer, rows, tiled, staged, merges, positions, before, after })
    }
}

impl Code {
    fn of(expr: &Expr, nest: &Nest, row_needs: Option<u64>) -> Result<Code, JitError> {
        let instrs = expr.0.clone();
        if instrs.is_empty() {
            return Err(JitError::Malformed("an expression has no result"));
        }
        let operand = |k: usize| -> Result<u64, JitError> {
            let strides = nest.loads.get(k).ok_or(JitError::Malformed("an operand is missing"))?;
            Ok(strides.iter().enumerate().fold(0, |bits, (i, s)| bits | u64::from(*s != 0) << i))
        };
        let mut needs: Vec<u64> = Vec::with_capacity(instrs.len());
        for instr in &instrs {
            let earlier = |a: usize| needs.get(a).copied().ok_or(JitError::Malformed("a value is used too early"));
            needs.push(match *instr {
                Instr::Load(k) => operand(k)?,
                Instr::Const(_) => 0,
                Instr::Size(_) => return Err(JitError::UnboundSize),
                Instr::Position(i) if i < nest.indices => 1 << i,
                Instr::Position(_) => return Err(JitError::Malformed("a position of no index")),
                Instr::Gather { source, at } => {
                    let known = nest.gathers.get(source).is_some_and(Option::is_some);
                    let unknown = JitError::Malformed("a gathered operand has no gathered axis");
                    operand(source)? | known.then(|| earlier(at)).ok_or(unknown)??
                }
                Instr::Row(_) => row_needs.ok_or(JitError::Malformed("a row's result where there is none"))?,
                Instr::Unary(_, a) => earlier(a)?,
                Instr::Binary(_, a, b) => earlier(a)? | earlier(b)?,
                Instr::Select(c, a, b) => earlier(c)? | earlier(a)? | earlier(b)?,
            });
        }
        let mut live = vec![false; instrs.len()];
        live[instrs.len() - 1] = true;
        for i in (0..instrs.len()).rev() {
            if live[i] {
                arguments(&instrs[i], &mut |a| live[a] = true);
            }
        }
        let weight = instrs.iter().zip(&live).filter(|(_, live)| **live).map(|(instr, _)| cost(instr)).sum();
        Ok(Code { instrs, needs, live, weight })
    }

    /// Whether evaluating it again costs less than storing and loading it: the row passes then do.
    pub(super) fn is_cheap(&self) -> bool {
        self.weight <= 4
    }
}

fn arguments(instr: &Instr, use_of: &mut dyn FnMut(usize)) {
    match *instr {
        Instr::Load(_) | Instr::Const(_) | Instr::Size(_) | Instr::Position(_) | Instr::Row(_) => {}
        Instr::Gather { at, .. } | Instr::Unary(_, at) => use_of(at),
        Instr::Binary(_, a, b) => [a, b].into_iter().for_each(use_of),
        Instr::Select(c, a, b) => [c, a, b].into_iter().for_each(use_of),
    }
}

/// Vector instructions, roughly.
fn cost(instr: &Instr) -> usize {
    use Unary::{Cos, Erf, Exp, Gelu, Log, Sigmoid, Sin, Tanh};
    match instr {
        Instr::Const(_) | Instr::Size(_) | Instr::Row(_) => 0,
        Instr::Load(_) | Instr::Position(_) | Instr::Binary(..) => 1,
        Instr::Unary(Exp | Sigmoid, _) => 20,
        Instr::Unary(Tanh, _) => 30,
        Instr::Unary(Log | Gelu | Erf | Sin | Cos, _) | Instr::Gather { .. } => 40,
        Instr::Select(..) | Instr::Unary(..) => 2,
    }
}

/// How well memory is walked when index `v` runs across the lanes.
fn score(nest: &Nest, v: usize, consumed: bool, row_bits: u64) -> usize {
    let rate = |stride: i64| match stride {
        1 => 2,
        0 => 1,
        _ => 0,
    };
    // What is touched at every point outweighs what is touched once a row.
    let in_row = |strides: &[i64]| strides.iter().enumerate().any(|(i, s)| *s != 0 && row_bits >> i & 1 == 1);
    let loads: usize =
        nest.loads.iter().map(|strides| rate(strides[v]) * if consumed && !in_row(strides) { 1 } else { 16 }).sum();
    loads + rate(nest.store[v]) * if consumed { 1 } else { 32 }
}

/// Whether rows are so short that the next one begins within [`SHORT`] elements, as far as the strides tell.
fn is_short(nest: &Nest, over: &[usize]) -> bool {
    nest.loads.iter().any(|strides| {
        let within = over.iter().map(|&r| strides[r]).max().unwrap_or(0);
        let dense = over.iter().any(|&r| strides[r] == 1) && over.iter().all(|&r| strides[r] > 0);
        let next = (0..nest.indices).filter(|i| !over.contains(i)).map(|i| strides[i]).filter(|s| *s > within).min();
        dense && next.is_some_and(|next| next <= SHORT)
    })
}

/// The longest step that an index takes: long steps belong outside.
fn reach(nest: &Nest, i: usize) -> (u64, u64) {
    let loads = nest.loads.iter().map(|strides| strides[i].unsigned_abs());
    (nest.store[i].unsigned_abs(), loads.max().unwrap_or(0))
}

/// Pairs of loops that are one walk through memory at the right extent.
fn merges(
    nest: &Nest,
    lanes: Option<usize>,
    folds_lanes: bool,
    outer: &[usize],
    rows: &[usize],
    positions: u64,
) -> Vec<Merge> {
    let same_class = |folded: bool| if folded { rows } else { outer };
    let mut targets: Vec<(usize, &[usize])> = lanes.map(|v| (v, same_class(folds_lanes))).into_iter().collect();
    if let (Some((last, others)), false) = (rows.split_last(), folds_lanes) {
        targets.push((*last, others));
    }
    let mut merges = Vec::new();
    for (into, others) in targets {
        for &from in others.iter().rev().filter(|from| positions & (1 << **from | 1 << into) == 0) {
            merges.extend(ratio(nest, from, into).map(|extent| Merge { from, into, extent }));
        }
    }
    merges
}

/// The extent of `into` at which every operand steps along `from` as along one more round of `into`.
fn ratio(nest: &Nest, from: usize, into: usize) -> Option<u64> {
    let mut extent = None;
    for strides in nest.loads.iter().chain([&nest.store]) {
        let (outside, inside) = (strides[from], strides[into]);
        if (outside, inside) == (0, 0) {
            continue;
        }
        if inside == 0 || outside % inside != 0 {
            return None;
        }
        let needed = u64::try_from(outside / inside).ok()?;
        if extent.is_some_and(|known| known != needed) {
            return None;
        }
        extent = Some(needed);
    }
    extent.filter(|e| *e > 0)
}
