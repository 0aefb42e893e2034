//! Wheels by the user's own `pip`, which knows the index, the proxies and the passwords.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use super::error::cannot_write;
use super::staging::Staging;
use super::table::{Package, Set};
use super::{StoreError, Watch};

/// How often is looked whether it is done.
const PAUSE: Duration = Duration::from_millis(50);
/// Most bytes of what it says that are read.
const MOST_SAID: u64 = 1 << 20;
/// What to do without it.
const WITHOUT: &str = "fetch the wheels in another way and name their folder by --from";

/// Fetches every wheel of a set, and tells the folder where they are.
pub(super) fn download(
    set: &Set,
    pythons: &[OsString],
    staging: &Staging,
    watch: Watch<'_>,
) -> Result<PathBuf, StoreError> {
    let (wheels, unfinished) = (staging.path("wheels"), staging.path("unfinished"));
    for folder in [&wheels, &unfinished] {
        std::fs::create_dir(folder).map_err(|e| cannot_write(folder, e))?;
    }
    let (python, mut child) = start(set, pythons, staging, (&wheels, &unfinished))?;
    // Heard, not written to a file: a disk that is full must be told, too.
    let said = child.stderr.take().map(|said| std::thread::spawn(move || hear(said)));
    let succeeded = finish(child, &[&wheels, &unfinished], set.bytes(), watch)?;
    let lost = set.packages.iter().find(|package| !wheels.join(package.wheel).is_file());
    match lost {
        None if succeeded => Ok(wheels),
        Some(package) if succeeded => Err(StoreError::Pip(format!("pip fetched no `{}`", package.wheel))),
        _ => {
            let said = said.and_then(|said| said.join().ok()).unwrap_or_default();
            Err(StoreError::Pip(reason(set, &python, &said)))
        }
    }
}

fn start(
    set: &Set,
    pythons: &[OsString],
    staging: &Staging,
    (wheels, unfinished): (&Path, &Path),
) -> Result<(String, Child), StoreError> {
    for python in pythons {
        let name = python.display().to_string();
        // A path is meant from here, a bare name from the user's path.
        let mut program = PathBuf::from(python);
        if program.components().count() > 1 {
            program = std::path::absolute(&program).unwrap_or(program);
        }
        let mut command = Command::new(program);
        command.args(["-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]);
        // Nothing is built, nothing is run here later, so this Python's version is no matter; and one copy is enough.
        command.args(["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--no-cache-dir", "--dest"]);
        command.arg(wheels).args(set.packages.iter().map(Package::requirement));
        // Python runs modules of the folder that it starts in: here are none.
        command.current_dir(staging.path("."));
        // What is not finished is counted, and gone with the rest.
        command.envs(["TMPDIR", "TEMP", "TMP"].map(|name| (name, unfinished)));
        match command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn() {
            Ok(child) => return Ok((name, child)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::Pip(format!("`{name}` cannot be started: {error}"))),
        }
    }
    let names: Vec<String> = pythons.iter().map(|python| format!("`{}`", python.display())).collect();
    let names = names.join(" or ");
    Err(StoreError::Pip(format!("there is no {names}: install Python with pip, name one by --python, or {WITHOUT}")))
}

/// Waits for it and tells how much is there meanwhile.
fn finish(mut child: Child, folders: &[&Path], most: u64, watch: Watch<'_>) -> Result<bool, StoreError> {
    let mut told = 0;
    loop {
        let done = child.try_wait();
        let size = folders.iter().map(|folder| size(folder)).sum::<u64>().min(most);
        if let Err(stopped) = watch(size.saturating_sub(told)) {
            // It may be gone already: an interrupt reaches it, too.
            let _ = (child.kill(), child.wait());
            return Err(stopped);
        }
        told = told.max(size);
        match done {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) => std::thread::sleep(PAUSE),
            Err(error) => return Err(StoreError::Pip(format!("pip cannot be waited for: {error}"))),
        }
    }
}

/// Bytes of all files inside; files come and go meanwhile.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |path: PathBuf| match path.symlink_metadata() {
        Ok(about) if about.is_dir() => size(&path),
        Ok(about) => about.len(),
        Err(_) => 0,
    };
    entries.filter_map(|entry| Some(size(entry.ok()?.path()))).sum()
}

/// The beginning of what is said; the rest must be taken, too, or it would wait for a listener.
fn hear(mut said: ChildStderr) -> String {
    let mut text = Vec::new();
    let _ = said.by_ref().take(MOST_SAID).read_to_end(&mut text);
    let _ = std::io::copy(&mut said, &mut std::io::sink());
    String::from_utf8_lossy(&text).into_owned()
}

/// Why it failed, out of what it said.
fn reason(set: &Set, python: &str, text: &str) -> String {
    if text.contains("No module named pip") {
        return format!("`{python}` has no pip: install it, name another Python by --python, or {WITHOUT}");
    }
    let requirements: Vec<String> = set.packages.iter().map(Package::requirement).collect();
    // Of what it did not foresee it shows the way there, and at last what it is.
    let errors = text.lines().filter_map(|line| line.strip_prefix("ERROR:")).filter(|said| said.trim() != "Exception:");
    let last = text.lines().rfind(|line| !line.trim().is_empty());
    let why = errors.map(str::trim).next().or(last).unwrap_or("it does not say why").to_string();
    let unreachable = ["Failed to establish", "Max retries", "timed out", "ProxyError", "from versions: none"];
    let network = if unreachable.iter().any(|words| text.contains(words)) { "is there a network? " } else { "" };
    format!("pip could not fetch {}: {why} ({network}{WITHOUT})", requirements.join(" and "))
}
