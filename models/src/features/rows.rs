//! Which rows of an alignment features are made of, and what is kept of them.
//!
//! The rows are told as often as is asked: first to find the distinct ones, then to keep the chosen. So a deep alignment
//! need not be in memory; what is held hangs on how many rows are chosen.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek};
use std::path::Path;

use super::alignment::{Alignment, open};
use super::clusters;
use super::error::{FeatureError, MsaError};
use super::file::AlignmentText;
use super::options::FeatureOptions;
use super::random::{Random, Replaced};
use super::residues::{MASKED, code};

/// Rows whose hashes are held at a time, about 20 MB of them; where all rows must be compared and there are more, they
/// are told once for each so many.
const COMPARED: usize = 1 << 19;

/// The rows that features are made of, as small as they get: a byte a position.
///
/// The large array, `msa_feat`, is written where the caller wants it, so that it need not be there twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MsaRows {
    /// Centres, s: at least 1, the query first.
    pub num_seqs: usize,
    /// Extra rows, e: may be 0.
    pub num_extra: usize,
    /// Residues of the query, r.
    pub num_residues: usize,
    /// `[r]`: the query's codes, 0 to 20, never masked.
    pub aatype: Vec<u8>,
    /// `[s, r]`: the centres' codes, after masking.
    pub msa: Vec<u8>,
    /// `[e, r]`: the extra rows' codes.
    pub extra_msa: Vec<u8>,
    /// `[e]`: the index of each extra row's centre.
    pub extra_cluster_assignment: Vec<usize>,
    /// Of each centre and of each extra row: residues left out before a column, where there are any.
    pub(super) deletions: Vec<Deletions>,
    pub(super) extra_deletions: Vec<Deletions>,
}

/// Columns before which residues are left out, and how many.
pub(super) type Deletions = Box<[(u32, u32)]>;

/// Is told of a row: its letters and deletions.
type Tell<'t> = dyn FnMut(&[u8], &[(u32, u32)]) + 't;

/// Rows that can be told as often as is asked.
trait Told {
    type Error: From<FeatureError>;

    fn rows(&self) -> usize;

    fn residues(&self) -> usize;

    fn each(&mut self, tell: &mut Tell<'_>) -> Result<(), Self::Error>;
}

impl Told for &Alignment {
    type Error = FeatureError;

    fn rows(&self) -> usize {
        self.num_rows()
    }

    fn residues(&self) -> usize {
        self.num_residues()
    }

    fn each(&mut self, tell: &mut Tell<'_>) -> Result<(), FeatureError> {
        Alignment::rows(self).iter().for_each(|row| tell(&row.letters, &row.deletions));
        Ok(())
    }
}

impl<R: Read + Seek> Told for AlignmentText<'_, R> {
    type Error = MsaError;

    fn rows(&self) -> usize {
        AlignmentText::rows(self)
    }

    fn residues(&self) -> usize {
        AlignmentText::residues(self)
    }

    fn each(&mut self, tell: &mut Tell<'_>) -> Result<(), MsaError> {
        Ok(AlignmentText::each(self, &mut |_, row| {
            tell(&row.letters, &row.deletions);
            Ok(())
        })?)
    }
}

impl MsaRows {
    /// Picks centres and extra rows among the distinct rows of an alignment and clusters them.
    ///
    /// # Errors
    /// `max_seqs` is 0, or an array does not fit in memory.
    pub fn from_alignment(alignment: &Alignment, options: &FeatureOptions) -> Result<Self, FeatureError> {
        MsaRows::choose(alignment, options)
    }

    /// The same for the alignment of a file, of which no more is held than a row at a time, what tells rows apart, and
    /// those that are chosen. The file is read twice or more.
    ///
    /// # Errors
    /// As [`Alignment::read`] and [`MsaRows::from_alignment`].
    pub fn read(path: impl AsRef<Path>, options: &FeatureOptions) -> Result<Self, MsaError> {
        let path = path.as_ref();
        let file = path.to_string_lossy();
        MsaRows::choose(AlignmentText::open(open(path, &file)?, &file, None, false)?, options)
    }

    fn choose<T: Told>(mut told: T, options: &FeatureOptions) -> Result<Self, T::Error> {
        if options.max_seqs == 0 {
            return Err(FeatureError::NoCentres.into());
        }
        let r = told.residues();
        let all = options.sample_seed.is_some() || options.mask_seed.is_some();
        let wanted = options.max_seqs.saturating_add(options.max_extra);
        let distinct = distinct(&mut told, if all { usize::MAX } else { wanted })?;
        let mut order = distinct.clone();
        if let Some(seed) = options.sample_seed {
            Random::new(seed).shuffle_after_first(&mut order);
        }
        let centres = options.max_seqs.min(order.len());
        let extra = options.max_extra.min(order.len() - centres);
        order.truncate(centres + extra);
        let replaced = options.mask_seed.map(|seed| Random::new(seed).mask(centres, r, distinct.len()));
        let replaced = replaced.unwrap_or_default();

        let mut kept = Kept::new(&order, centres, r)?;
        let mut letters = Letters::new(&replaced, &distinct, r);
        drop((order, distinct));
        let mut number = 0;
        told.each(&mut |row, deletions| {
            kept.row(number, row, deletions);
            letters.row(number, row);
            number += 1;
        })?;
        let aatype = kept.msa[..r].to_vec();
        let Kept { mut msa, extra_msa, deletions, extra_deletions, .. } = kept;
        letters.write(&replaced, &mut msa);
        let extra_cluster_assignment = clusters::nearest(&msa, &extra_msa, r);
        let (num_seqs, num_extra, num_residues) = (centres, extra, r);
        Ok(MsaRows {
            num_seqs,
            num_extra,
            num_residues,
            aatype,
            msa,
            extra_msa,
            extra_cluster_assignment,
            deletions,
            extra_deletions,
        })
    }
}

/// The first rows, so many at most, without later copies of the same aligned letters.
fn distinct<T: Told>(told: &mut T, most: usize) -> Result<Vec<u32>, T::Error> {
    let turns = if most == usize::MAX { told.rows().div_ceil(COMPARED).max(1) } else { 1 };
    let mut found = Vec::new();
    for turn in 0..turns {
        let mut seen = HashSet::new();
        let mut number = 0;
        told.each(&mut |letters, _| {
            let hash = hash(letters);
            if found.len() < most && hash as usize % turns == turn && seen.insert(hash) {
                found.push(number);
            }
            number += 1;
        })?;
    }
    found.sort_unstable();
    Ok(found)
}

/// Two rows of the same hash are taken for copies of each other: among 10⁹ rows one in 10²⁰.
fn hash(letters: &[u8]) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        letters.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

/// The chosen rows, filled in the order in which they are told.
struct Kept {
    /// Numbers of rows that are still to come, the next one last, and which of the chosen each is.
    coming: Vec<(u32, usize)>,
    centres: usize,
    residues: usize,
    msa: Vec<u8>,
    extra_msa: Vec<u8>,
    deletions: Vec<Deletions>,
    extra_deletions: Vec<Deletions>,
}

impl Kept {
    fn new(order: &[u32], centres: usize, residues: usize) -> Result<Kept, FeatureError> {
        let extra = order.len() - centres;
        let mut coming: Vec<(u32, usize)> = order.iter().enumerate().map(|(place, row)| (*row, place)).collect();
        coming.sort_unstable_by(|a, b| b.cmp(a));
        let codes = |array, rows: usize| -> Result<Vec<u8>, FeatureError> {
            let mut codes = room(array, &[rows, residues])?;
            codes.resize(rows * residues, 0);
            Ok(codes)
        };
        let none = |rows: usize| vec![Deletions::default(); rows];
        let (msa, extra_msa) = (codes("msa", centres)?, codes("extra_msa", extra)?);
        Ok(Kept { coming, centres, residues, msa, extra_msa, deletions: none(centres), extra_deletions: none(extra) })
    }

    fn row(&mut self, number: u32, letters: &[u8], deletions: &[(u32, u32)]) {
        let Some((_, place)) = self.coming.pop_if(|(row, _)| *row == number) else { return };
        let (codes, all, place) = match place.checked_sub(self.centres) {
            None => (&mut self.msa, &mut self.deletions, place),
            Some(extra) => (&mut self.extra_msa, &mut self.extra_deletions, extra),
        };
        let codes = &mut codes[place * self.residues..][..self.residues];
        codes.iter_mut().zip(letters).for_each(|(into, letter)| *into = code(*letter));
        all[place] = deletions.into();
    }
}

/// The letters that masked positions take from other rows of the alignment.
struct Letters {
    /// Rows and columns that are still to come, the next one last, and which replacement takes the letter.
    coming: Vec<(u32, u32, usize)>,
    found: Vec<(usize, u8)>,
}

impl Letters {
    fn new(replaced: &[(usize, Replaced)], distinct: &[u32], residues: usize) -> Letters {
        let taken = replaced.iter().enumerate().filter_map(|(k, (position, by))| match by {
            Replaced::Row(row) => Some((distinct[*row], (position % residues) as u32, k)),
            _ => None,
        });
        let mut coming: Vec<(u32, u32, usize)> = taken.collect();
        coming.sort_unstable_by(|a, b| b.cmp(a));
        Letters { coming, found: Vec::new() }
    }

    fn row(&mut self, number: u32, letters: &[u8]) {
        while let Some((_, column, replacement)) = self.coming.pop_if(|(row, ..)| *row == number) {
            self.found.push((replacement, code(letters[column as usize])));
        }
    }

    /// Replaces what is to be replaced.
    fn write(self, replaced: &[(usize, Replaced)], msa: &mut [u8]) {
        for (position, by) in replaced {
            match by {
                Replaced::Letter(code) => msa[*position] = *code,
                Replaced::Masked => msa[*position] = MASKED,
                Replaced::Row(_) => {}
            }
        }
        for (replacement, code) in self.found {
            msa[replaced[replacement].0] = code;
        }
    }
}

/// An empty vector with room for an array of that shape.
pub(super) fn room<T>(array: &'static str, shape: &[usize]) -> Result<Vec<T>, FeatureError> {
    let size = shape.iter().try_fold(1usize, |size, axis| size.checked_mul(*axis));
    let mut room = Vec::new();
    let fits = size.is_some_and(|size| room.try_reserve_exact(size).is_ok());
    if fits { Ok(room) } else { Err(too_large(array, shape)) }
}

pub(super) fn too_large(array: &'static str, shape: &[usize]) -> FeatureError {
    let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
    FeatureError::TooLarge { array, shape: shape.join(", ") }
}
