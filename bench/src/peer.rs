//! A peer: another program's block in a process of its own, kept alive, one run for each line it is sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use clap::ValueEnum;
use crease_cli::terminal::one_line;
use serde_json::Value;

use crate::times::{At, Times};

/// Longest wait for a peer to load, compile and run once, and for any other run.
const LOADING: Duration = Duration::from_secs(900);
const RUNNING: Duration = Duration::from_secs(300);

/// Whose code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Whose {
    /// OpenFold's block in PyTorch: as it is, and in its leanest way.
    Openfold,
    /// DeepMind's AlphaFold under `jax.jit`.
    Jax,
    /// PyTorch alone: GPT-2's block.
    Torch,
}

/// A peer's way of running a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variant {
    pub(crate) whose: Whose,
    /// As the script takes it.
    name: &'static str,
    /// Whether it is the way with the least memory.
    pub(crate) leanest: bool,
}

impl Whose {
    /// Those who have an Evoformer block.
    pub(crate) const EVOFORMERS: [Whose; 2] = [Whose::Openfold, Whose::Jax];

    pub(crate) fn variants(self) -> &'static [Variant] {
        let whose = self;
        match whose {
            Whose::Openfold => {
                const {
                    &[
                        Variant { whose: Whose::Openfold, name: "chunk4_inplace", leanest: true },
                        Variant { whose: Whose::Openfold, name: "eager", leanest: false },
                    ]
                }
            }
            Whose::Jax => const { &[Variant { whose: Whose::Jax, name: "subbatch4", leanest: false }] },
            Whose::Torch => const { &[Variant { whose: Whose::Torch, name: "sdpa", leanest: true }] },
        }
    }

    /// The script, the variable that names its Python, and the one that names the checkout, where it needs one.
    fn needs(self) -> (&'static str, &'static str, Option<&'static str>) {
        match self {
            Whose::Openfold => ("openfold.py", "PY", Some("OPENFOLD_SRC")),
            Whose::Jax => ("alphafold.py", "JPY", Some("ALPHAFOLD_SRC")),
            Whose::Torch => ("gpt.py", "PY", None),
        }
    }
}

/// What a script prints in a line.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    /// It has run once and waits: versions, and the growth of its resident set above weights and inputs.
    Ready { versions: String, peak: u64 },
    /// A run's seconds.
    Ran(f64),
    /// Why it cannot.
    Failed(String),
}

/// Reads a line of a script; libraries print all sorts of things before it, which are none.
pub(crate) fn said(line: &str) -> Option<Said> {
    let value: Value = serde_json::from_str(line).ok()?;
    if let Some(error) = value["error"].as_str() {
        return Some(Said::Failed(one_line(error)));
    }
    if let Some(versions) = value["ready"].as_str() {
        let mib = value["peak_mib"].as_f64()?;
        return Some(Said::Ready { versions: one_line(versions), peak: (mib * f64::from(1 << 20)) as u64 });
    }
    value["seconds"].as_f64().filter(|seconds| *seconds > 0.0).map(Said::Ran)
}

/// A Python process that answers lines; it ends with this value.
pub(crate) struct Script {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// The last line of its standard error: a reader of a pipe ends with the process.
    complaint: Option<JoinHandle<String>>,
}

impl Script {
    /// Starts a script of a folder.
    ///
    /// # Errors
    /// In one line: what is not there or does not start.
    pub(crate) fn start(python: &Path, script: &Path, arguments: &[String]) -> Result<Script, String> {
        if !script.is_file() {
            return Err(format!("{} is not there: --peers names the folder", script.display()));
        }
        let mut command = Command::new(python);
        command.arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("{} does not start: {e}", python.display()))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (sender, lines) = channel();
        // Ends when the process does, or nobody listens any more.
        std::thread::spawn(move || {
            let lines = stdout.into_iter().flat_map(|out| BufReader::new(out).lines());
            lines.map_while(Result::ok).take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
        });
        let complaint = std::thread::spawn(move || {
            let mut text = Vec::new();
            if let Some(mut stderr) = stderr {
                let _ = stderr.read_to_end(&mut text);
            }
            let text = String::from_utf8_lossy(&text);
            text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_string()
        });
        Ok(Script { child, stdin, lines, complaint: Some(complaint) })
    }

    /// The next thing said.
    ///
    /// # Errors
    /// In one line: it failed, ended or took too long.
    pub(crate) fn hear(&mut self, longest: Duration) -> Result<Said, String> {
        loop {
            match self.lines.recv_timeout(longest) {
                Ok(line) => match said(&line) {
                    Some(Said::Failed(why)) => return Err(why),
                    Some(said) => return Ok(said),
                    None => {}
                },
                Err(RecvTimeoutError::Timeout) => return Err(format!("no answer in {} s", longest.as_secs())),
                Err(RecvTimeoutError::Disconnected) => {
                    self.end();
                    let complaint = self.complaint.take().and_then(|thread| thread.join().ok());
                    return Err(one_line(&format!("it ended: {}", complaint.unwrap_or_default())));
                }
            }
        }
    }

    /// Asks for a run.
    pub(crate) fn ask(&mut self) -> Result<Said, String> {
        if let Some(stdin) = &mut self.stdin {
            // One that is gone is told apart by what it does not answer.
            let _ = stdin.write_all(b"run\n").and_then(|()| stdin.flush());
        }
        self.hear(RUNNING)
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.end();
    }
}

/// A peer that is ready, and its times so far.
pub(crate) struct Peer {
    pub(crate) variant: Variant,
    pub(crate) versions: String,
    /// Growth of its resident set above weights and inputs.
    pub(crate) peak: u64,
    pub(crate) times: Times,
    /// Why it runs no more.
    pub(crate) failed: Option<String>,
    script: Option<Script>,
}

impl Variant {
    pub(crate) fn name(self) -> String {
        let whose = match self.whose {
            Whose::Openfold => "OpenFold",
            Whose::Jax => "AlphaFold, jax.jit",
            Whose::Torch => "PyTorch",
        };
        format!("{whose} {}", self.name)
    }

    /// Starts it at a size and waits for its first run.
    ///
    /// # Errors
    /// In one line: what is missing or failed.
    pub(crate) fn start(self, folder: &Path, at: &At, threads: usize) -> Result<Peer, String> {
        let (script, python, sources) = self.whose.needs();
        let variable = |name: &str| {
            let value = std::env::var_os(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| format!("{name} is not set: bench/README.md says how"))
        };
        let python = PathBuf::from(variable(python)?);
        sources.map(variable).transpose()?;
        let axes = at.0.iter().map(|(_, length)| length.to_string());
        let arguments: Vec<String> =
            [self.name.to_string()].into_iter().chain(axes).chain([threads.to_string()]).collect();
        let mut script = Script::start(&python, &folder.join(script), &arguments)?;
        match script.hear(LOADING)? {
            Said::Ready { versions, peak } => {
                let times = Times::default();
                Ok(Peer { variant: self, versions, peak, times, failed: None, script: Some(script) })
            }
            other => Err(format!("it began with {other:?}")),
        }
    }
}

impl Peer {
    /// Seconds of one more run, unless it has failed.
    pub(crate) fn run(&mut self) -> Option<f64> {
        let why = match self.script.as_mut()?.ask() {
            Ok(Said::Ran(seconds)) => return Some(seconds),
            Ok(other) => format!("it answered {other:?}"),
            Err(why) => why,
        };
        self.failed = Some(why);
        self.script = None;
        None
    }

    /// Its process, while it lives.
    pub(crate) fn process(&self) -> Option<u32> {
        self.script.as_ref().map(|script| script.child.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<Said>) {
        assert_eq!(said(line), expected, "{line}");
    }

    #[test]
    fn lines_of_peers_are_read() {
        let ready = Said::Ready { versions: "torch 2".into(), peak: 3 << 19 };
        check(r#"{"ready": "torch 2", "peak_mib": 1.5}"#, Some(ready));
        check(r#"{"seconds": 0.25}"#, Some(Said::Ran(0.25)));
        check(r#"{"error": "No module\nnamed x"}"#, Some(Said::Failed("No module; named x".into())));
        check("WARNING: all sorts of things", None);
        check(r#"{"ready": "torch 2"}"#, None);
        check(r#"{"seconds": 0}"#, None);
        check(r#"{"seconds": "fast"}"#, None);
        check("3", None);
    }
}
