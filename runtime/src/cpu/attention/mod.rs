//! Attention: for a block of queries the keys go by block by block, and only what the online softmax needs is
//! kept (Milakov and Gimelshein 2018; Dao et al. 2022): the largest logit so far, the sum of exponentials, and
//! the weighted sum of values.
//!
//! A task is one block of queries of one batch. Blocks of keys follow each other in one order, so the bits do
//! not depend on how many threads there are. Nothing is allocated: scratch is the caller's.
//!
//! Where attention is causal a task ends with the keys of its last query, and its rows, a few at a time, with those of
//! the last of them: only logits beside the diagonal are computed and then hidden. Later blocks of queries take longer,
//! so each batch begins with its last one: what is left for the end is short.

mod block;
mod call;
mod rows;
mod run;
mod steps;

pub(super) use call::Operands;
pub(super) use run::attend;
