//! The kernels: everything that a plan may run on a backend.
//!
//! A kernel is a shape without sizes: strides are fixed, extents and pointers come with each call.
//! So one compiled kernel serves full chunks, tails and every layer of a stack. Every backend implements
//! all of it, including zero extents.

use std::ops::{Deref, DerefMut, Range};

use serde::{Deserialize, Serialize};

pub use crate::ir::RowOp;
use crate::ir::{Expr, Format, causal_pairs};

/// How one operand or result lies in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strides {
    /// Elements from one place to the next along each kernel index; 0 where it lacks the index.
    pub steps: Vec<i64>,
    /// The format of its elements.
    #[serde(default, skip_serializing_if = "Format::is_single")]
    pub format: Format,
}

impl From<Vec<i64>> for Strides {
    fn from(steps: Vec<i64>) -> Strides {
        Strides { steps, format: Format::Single }
    }
}

impl Deref for Strides {
    type Target = [i64];

    fn deref(&self) -> &[i64] {
        &self.steps
    }
}

impl DerefMut for Strides {
    fn deref_mut(&mut self) -> &mut [i64] {
        &mut self.steps
    }
}

/// A kernel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kernel {
    /// A loop nest over scalar expressions, with at most one row operation inside.
    Nest(Nest),
    /// Sums of products with one operand in common.
    Contract(Contract),
    /// Softmax-weighted sums of values.
    Attend(Attend),
}

impl Kernel {
    /// Floating-point operations of a call whose indices start at `starts`: two per multiply-add, one per function of
    /// an expression, the usual count for an element of a row operation or a logit.
    pub fn flops(&self, lengths: &[u64], starts: &[u64]) -> u64 {
        let product = |keep: &dyn Fn(usize) -> bool| -> u64 {
            lengths.iter().enumerate().filter(|(i, _)| keep(*i)).fold(1, |n, (_, length)| n.saturating_mul(*length))
        };
        let all = product(&|_| true);
        let sum = |terms: [u64; 2]| terms[0].saturating_add(terms[1]);
        match self {
            Kernel::Nest(nest) => {
                let consumed = |i: &usize| nest.row.as_ref().is_some_and(|r| r.op.consumes() && r.over.contains(i));
                let each = nest.before.functions() as u64 + nest.row.as_ref().map_or(0, |row| row.op.flops());
                let results = product(&|i| !consumed(&i));
                sum([all.saturating_mul(each), results.saturating_mul(nest.after.functions() as u64)])
            }
            Kernel::Contract(contract) => {
                let results = product(&|i| !contract.contracted.contains(&i));
                let part = |part: &Part| {
                    let after = results.saturating_mul(part.after.functions() as u64);
                    sum([all.saturating_mul(2 * part.sums.len() as u64), after])
                };
                contract.parts.iter().map(part).fold(0, u64::saturating_add)
            }
            Kernel::Attend(attend) => {
                let range = |i: usize| u128::from(starts[i])..u128::from(starts[i] + lengths[i]);
                let others = |i: usize| i != attend.inner && i != attend.channel;
                let logits = match attend.causal {
                    Some(query) => {
                        let pairs = causal_pairs(range(query), range(attend.key));
                        let batches = product(&|i| others(i) && i != query && i != attend.key);
                        batches.saturating_mul(u64::try_from(pairs).unwrap_or(u64::MAX))
                    }
                    None => product(&others),
                };
                let products = 2 * (lengths[attend.inner] + lengths[attend.channel]);
                logits.saturating_mul(products + RowOp::Softmax.flops() + attend.added.len() as u64)
            }
        }
    }

    /// Bytes of a call's operands and results, each element once.
    pub fn bytes(&self, lengths: &[u64]) -> u64 {
        let touched = |strides: &Strides| -> u64 {
            let moved = strides.iter().zip(lengths).filter(|(stride, _)| **stride != 0);
            moved.fold(strides.format.bytes(), |bytes, (_, length)| bytes.saturating_mul(*length))
        };
        self.operands().into_iter().chain(self.results()).map(touched).fold(0, u64::saturating_add)
    }

    /// How many indices it ranges over.
    pub fn indices(&self) -> usize {
        match self {
            Kernel::Nest(nest) => nest.indices,
            Kernel::Contract(contract) => contract.indices,
            Kernel::Attend(attend) => attend.indices,
        }
    }

    /// How each operand lies in memory, in the order of a call.
    pub fn operands(&self) -> Vec<&Strides> {
        match self {
            Kernel::Nest(nest) => nest.loads.iter().collect(),
            Kernel::Contract(contract) => contract.operands().collect(),
            Kernel::Attend(a) => [&a.q, &a.k, &a.v].into_iter().chain(&a.added).chain(&a.running).collect(),
        }
    }

    /// Whether a result may begin where an operand does, since each element of the operand is read for the last time
    /// before the element of the result that replaces it is written. `extent` is that of an index.
    pub fn may_overwrite(&self, operand: usize, result: usize, extent: &dyn Fn(usize) -> u64) -> bool {
        let (read, written) = (self.operands()[operand], self.results()[result]);
        match self {
            Kernel::Nest(nest) => nest.row.is_none() && nest.gathers[operand].is_none() && read == written,
            // Factors are read repeatedly; the epilogue reads each element only where it writes.
            Kernel::Contract(contract) => contract.loads(result).contains(&operand) && read == written,
            // Queries are read, all of a row's inner index, before the row's channels are written.
            Kernel::Attend(attend) => {
                let Attend { inner, channel, .. } = *attend;
                let seen = |i: usize| if i == channel { inner } else { i };
                operand == 0
                    && read.format == written.format
                    && extent(inner) == extent(channel)
                    && (0..attend.indices).filter(|i| *i != inner).all(|i| read[seen(i)] == written[i])
            }
        }
    }

    /// How each result lies in memory, in the order of a call.
    pub fn results(&self) -> Vec<&Strides> {
        match self {
            Kernel::Nest(nest) => vec![&nest.store],
            Kernel::Contract(contract) => contract.parts.iter().map(|part| &part.store).collect(),
            Kernel::Attend(attend) => vec![&attend.store],
        }
    }
}

/// `store[i..] = after(row over r.. of before(loads[i.., r..]), loads[i.., r..])`.
///
/// Without a row operation `after` is the whole computation and `before` is empty. Every
/// [`crate::ir::Instr::Size`] has been bound to a constant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nest {
    /// How many indices the nest ranges over.
    pub indices: usize,
    /// Strides of each operand.
    pub loads: Vec<Strides>,
    /// For an operand read by [`crate::ir::Instr::Gather`]: stride and extent of the gathered axis.
    pub gathers: Vec<Option<Gathered>>,
    /// Strides of the result; 0 at the indices that a folding row operation consumes.
    pub store: Strides,
    /// Evaluated at every point, given to the row operation.
    pub before: Expr,
    /// The row operation, if there is one.
    pub row: Option<Row>,
    /// Evaluated at every point of the result; [`crate::ir::Instr::Row`] is the row operation's result there.
    pub after: Expr,
}

impl Nest {
    /// Copies neighboring elements.
    pub fn copy() -> Nest {
        Nest {
            indices: 1,
            loads: vec![vec![1].into()],
            gathers: vec![None],
            store: vec![1].into(),
            before: Expr::default(),
            row: None,
            after: Expr::load(0),
        }
    }
}

/// The axis of a gathered operand that the expression addresses itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathered {
    /// Element stride of the axis.
    pub stride: i64,
    /// Extent of the axis: places outside `0..extent` read as NaN.
    pub extent: u64,
}

/// An operation over whole rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it computes.
    pub op: RowOp,
    /// The kernel indices that form a row.
    pub over: Vec<usize>,
}

/// Products with one operand in common: for each part `store[batch.., m.., n..] = after(Σ_k f(a)[batch.., m.., k..] ·
/// b₀[batch.., n.., k..], …, loads[batch.., m.., n..])`.
///
/// All parts range over the same indices, each of which is in all of their operands of a kind or in none.
/// Operands in order: a, the norm's scale and offset, then for each part the sums' own operands and the loads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// How many indices the contraction ranges over.
    pub indices: usize,
    /// Strides of the operand in common.
    pub a: Strides,
    /// The norm applied to its rows (all contracted indices) first.
    pub norm: Option<RowNorm>,
    /// The contracted indices.
    pub contracted: Vec<usize>,
    /// The other factors, one result each.
    pub parts: Vec<Part>,
}

/// `(x − mean) / √(variance + ε) · scale + offset` over a row, biased variance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowNorm {
    /// Added to the variance.
    pub epsilon: f64,
    /// Strides of the scale, where there is one; 0 at indices that are not contracted.
    pub scale: Option<Strides>,
    /// Strides of the offset, where there is one; 0 at indices that are not contracted.
    pub offset: Option<Strides>,
}

/// One result of a contraction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Strides of the other operand of each sum.
    pub sums: Vec<Strides>,
    /// Strides of what `after` loads; 0 at contracted indices.
    pub loads: Vec<Strides>,
    /// The epilogue, in which [`crate::ir::Instr::Row`] is a sum; [`crate::ir::Instr::Load`] counts the loads.
    pub after: Expr,
    /// Strides of the result; 0 at contracted indices.
    pub store: Strides,
    /// Whether the sum, which then has no epilogue, is added to the previous contents of the result.
    pub accumulate: bool,
}

impl Contract {
    /// The largest number of contracted positions times sums for a contraction with a prologue or epilogue: a strip of
    /// each operand fits the scratch.
    pub const TERMS: u64 = 4096;
    /// The most operands and results of a contraction.
    pub const OPERANDS: usize = 20;
    /// The most instructions in an epilogue.
    pub const INSTRUCTIONS: usize = 20;

    /// The operands that the epilogue of a part loads, by number.
    fn loads(&self, part: usize) -> Range<usize> {
        let norm = self.norm.iter().flat_map(|n| n.scale.iter().chain(&n.offset)).count();
        let before: usize = self.parts[..part].iter().map(|p| p.sums.len() + p.loads.len()).sum();
        let first = 1 + norm + before + self.parts[part].sums.len();
        first..first + self.parts[part].loads.len()
    }

    /// The strides of every operand in order.
    pub fn operands(&self) -> impl Iterator<Item = &Strides> {
        let affine = self.norm.iter().flat_map(|n| n.scale.iter().chain(&n.offset));
        let parts = self.parts.iter().flat_map(|p| p.sums.iter().chain(&p.loads));
        std::iter::once(&self.a).chain(affine).chain(parts)
    }
}

/// `o[batch.., query.., channel] = Σ_key softmax_key(factor · Σ_inner q·k + Σ added) · v`.
///
/// Operands in order: q, k, v, what is added to the logits, and where it accumulates the logarithm of the
/// sum of exponentials of the result so far, which is read and written: −∞ at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attend {
    /// How many indices it ranges over.
    pub indices: usize,
    /// What every product is multiplied by.
    pub factor: f64,
    /// Strides of queries; 0 at the key and the channel.
    pub q: Strides,
    /// Strides of keys; 0 at the channel.
    pub k: Strides,
    /// Strides of values; 0 at the inner index.
    pub v: Strides,
    /// Strides of each term added to the logits; 0 at the inner index and the channel.
    pub added: Vec<Strides>,
    /// Strides of the running logarithm, where keys come slice by slice; 0 at key, inner and channel.
    pub running: Option<Strides>,
    /// Strides of the result; 0 at the key and the inner index.
    pub store: Strides,
    /// The index of keys.
    pub key: usize,
    /// The index summed over in q·k.
    pub inner: usize,
    /// The index that only v and the result have.
    pub channel: usize,
    /// The index of queries, if keys above the query's position are masked; 0 in k and v.
    pub causal: Option<usize>,
}

impl Attend {
    /// Queries that one task keeps in its scratch memory: keys and values are packed once for all of them.
    pub const QUERIES: u64 = 256;
    /// Queries that a block has room for: they are packed in strips of whole tiles, the last one may be part empty.
    pub const PACKED: u64 = Self::QUERIES.next_multiple_of(Self::ROWS);
    /// Queries whose logits it holds at a time, so that these stay in the nearest cache.
    pub const ROWS: u64 = 12;
    /// Keys that one task holds at a time.
    pub const KEYS: u64 = 256;
    /// Stride in numbers from one query's logits to the next: rows are padded so that they do not all map to the same
    /// few sets of the nearest cache.
    pub const PITCH: u64 = Self::KEYS + 16;
    /// The widest strip that any instruction set packs.
    pub const STRIP: u64 = 32;

    /// Bytes of scratch memory for each thread: a block of queries, keys, values, logits and sums in
    /// single precision, and four numbers a query. Every backend's kernels are built to it.
    pub fn scratch(inner: u64, channels: u64) -> u64 {
        let wide = channels.next_multiple_of(Self::STRIP);
        let block = Self::PACKED * inner + Self::KEYS * inner + Self::KEYS * wide;
        let sums = Self::QUERIES * (wide + 4);
        let logits = Self::ROWS * Self::PITCH;
        (4 * (block + logits + sums)).next_multiple_of(64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Binary, Instr};

    #[test]
    fn a_product_counts_two_a_multiply_add_and_each_element_once() {
        let (a, b, store) = (vec![3, 0, 1], Strides::from(vec![0, 3, 1]), vec![5, 1, 0].into());
        let part = Part { sums: vec![b.clone()], loads: vec![], after: Expr::row(), store, accumulate: false };
        let mut contract = Contract { indices: 3, a: a.into(), norm: None, contracted: vec![2], parts: vec![part] };
        let one = Kernel::Contract(contract.clone());
        assert_eq!((one.flops(&[4, 5, 3], &[0; 3]), one.bytes(&[4, 5, 3])), (2 * 60, 4 * (12 + 15 + 20)));
        contract.parts[0].sums.push(b);
        contract.parts[0].loads.push(vec![0, 1, 0].into());
        let gated = [Instr::Row(0), Instr::Row(1), Instr::Binary(Binary::Mul, 0, 1), Instr::Load(0)];
        contract.parts[0].after = Expr([&gated[..], &[Instr::Binary(Binary::Add, 2, 3)]].concat());
        let two = Kernel::Contract(contract);
        assert_eq!(
            (two.flops(&[4, 5, 3], &[0; 3]), two.bytes(&[4, 5, 3])),
            (4 * 60 + 2 * 20, 4 * (12 + 2 * 15 + 5 + 20))
        );
    }
}
