//! A contraction of a plan as the contraction that runs: strides by index become dims by group.

use crease_core::ir::Format;
use crease_core::kernel::{Contract, Strides};
use smallvec::SmallVec;

use super::program::TileProgram;
use super::run::contract;
use super::spec::{Contraction, Dim, MOST_STEPS, Norm, Part};
use crate::backend::Operands;
use crate::cpu::pool::Pool;

/// A contraction ready to run.
pub(in crate::cpu) struct PreparedContract {
    kernel: Contract,
    /// The strides of every operand and result, by number.
    strides: Vec<Strides>,
    formats: Vec<Format>,
    norm: Option<Norm>,
    parts: Vec<Part>,
}

impl PreparedContract {
    /// # Errors
    /// More operands than a contraction may have, or an expression that no tile can be put through.
    pub(in crate::cpu) fn new(kernel: &Contract) -> Result<PreparedContract, String> {
        let mut strides: Vec<Strides> = kernel.operands().cloned().collect();
        let mut next = 1;
        let mut take = |count: usize| {
            next += count;
            next - count..next
        };
        #[expect(clippy::cast_possible_truncation, reason = "computed in single precision")]
        let norm = kernel.norm.as_ref().map(|norm| Norm {
            epsilon: norm.epsilon as f32,
            scale: norm.scale.as_ref().map(|_| take(1).start),
            offset: norm.offset.as_ref().map(|_| take(1).start),
        });
        let mut parts = Vec::new();
        for part in &kernel.parts {
            let plain = part.sums.len() == 1 && part.after.is_row();
            let after = match plain {
                true => None,
                false => Some(TileProgram::compile(&part.after, part.sums.len())?),
            };
            if part.accumulate && (!plain || norm.is_some()) {
                return Err("a contraction that does more than multiply adds to its result".into());
            }
            let (sums, loads) = (take(part.sums.len()), take(part.loads.len()));
            parts.push(Part { sums, loads, after, store: strides.len(), accumulate: part.accumulate });
            strides.push(part.store.clone());
        }
        if strides.len() > MOST_STEPS || parts.is_empty() {
            return Err(format!("a contraction has {} operands and results", strides.len()));
        }
        let formats = strides.iter().map(|strides| strides.format).collect();
        Ok(PreparedContract { kernel: kernel.clone(), strides, formats, norm, parts })
    }

    /// # Safety
    /// As [`crate::backend::Backend::call`].
    #[allow(unsafe_code)] // passes raw memory on to the kernel under the trait's contract
    pub(in crate::cpu) unsafe fn run(&self, pool: &Pool, o: &Operands<'_>) {
        let groups = Groups::of(self, o.lengths);
        let spec = Contraction {
            batch: &groups.batch,
            m: &groups.rows,
            n: &groups.columns,
            k: &groups.contracted,
            norm: self.norm,
            parts: &self.parts,
            formats: &self.formats,
        };
        let operands: SmallVec<[*mut f32; MOST_STEPS]> =
            o.loads.iter().map(|load| load.cast_mut()).chain(o.stores.iter().copied()).collect();
        // SAFETY: the caller's contract is the kernel's.
        unsafe { contract(pool, &spec, &operands, o.scratch) };
    }
}

/// A contraction's indices by where they stand.
#[derive(Default)]
struct Groups {
    batch: SmallVec<[Dim; 6]>,
    rows: SmallVec<[Dim; 6]>,
    columns: SmallVec<[Dim; 6]>,
    contracted: SmallVec<[Dim; 6]>,
}

impl Groups {
    fn of(contract: &PreparedContract, lengths: &[u64]) -> Groups {
        let mut groups = Groups::default();
        let b = contract.parts[0].sums.start;
        for (i, &length) in lengths.iter().enumerate() {
            let mut dim = Dim { extent: length as usize, ..Dim::ONE };
            dim.steps.iter_mut().zip(&contract.strides).for_each(|(step, strides)| *step = strides[i] as isize);
            let group = match (contract.kernel.contracted.contains(&i), dim.steps[0] != 0, dim.steps[b] != 0) {
                (true, ..) => &mut groups.contracted,
                (false, true, true) => &mut groups.batch,
                (false, true, false) => &mut groups.rows,
                (false, false, true) => &mut groups.columns,
                // Neither moves along it: an axis of extent 1, or a broadcast.
                (false, false, false) => &mut groups.batch,
            };
            group.push(dim);
        }
        groups
    }
}
