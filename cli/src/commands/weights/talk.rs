//! What a user sees while weights are got: a bar, licences, a question; and how to stop it.

use std::io::{BufRead, IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crease_models::checkpoint::{Package, StoreError, Talk};
use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::signals::stopped;

/// How often is looked for it while an answer is waited for.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether there is somebody to ask.
pub(super) fn terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// A bar on the terminal.
pub(super) struct Terminal {
    accepted: bool,
    bar: ProgressBar,
}

impl Terminal {
    pub(super) fn new(accepted: bool) -> Terminal {
        Terminal { accepted, bar: ProgressBar::hidden() }
    }

    /// Takes the bar away.
    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.done();
    }
}

impl Talk for Terminal {
    fn begins(&self, what: &str, bytes: u64) {
        self.bar.reset();
        self.bar.set_length(bytes);
        self.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        let template = format!("{{bar:40}} {{binary_bytes}} of {{binary_total_bytes}} {what}  {{elapsed}} gone");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            self.bar.set_style(style);
        }
        self.bar.tick();
    }

    fn passed(&self, bytes: u64) -> Result<(), StoreError> {
        self.bar.inc(bytes);
        if stopped() { Err(StoreError::Interrupted) } else { Ok(()) }
    }

    fn accepts(&self, texts: &[(&Package, String)]) -> Result<(), StoreError> {
        if self.accepted || texts.iter().all(|(package, _)| !package.licence.asks) {
            return Ok(());
        }
        self.bar.suspend(|| ask(texts))
    }
}

/// Shows the licences that must be accepted, and waits for an answer.
fn ask(texts: &[(&Package, String)]) -> Result<(), StoreError> {
    let mut out = std::io::stdout().lock();
    for (package, text) in texts.iter().filter(|(package, _)| package.licence.asks) {
        let _ = write!(out, "\n{text}\nDo you accept this licence of {} {}? [y/N] ", package.name, package.version);
        let _ = out.flush();
        if !yes(&answer()?) {
            return Err(StoreError::Declined);
        }
    }
    Ok(())
}

fn yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

/// A line, read aside so that an interrupt is seen meanwhile.
fn answer() -> Result<String, StoreError> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = std::io::stdin().lock().read_line(&mut line);
        let _ = sender.send(line);
    });
    loop {
        match receiver.recv_timeout(PAUSE) {
            Ok(line) => return Ok(line),
            Err(RecvTimeoutError::Disconnected) => return Ok(String::new()),
            Err(RecvTimeoutError::Timeout) if stopped() => return Err(StoreError::Interrupted),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_one() {
        assert!(yes("y\n") && yes(" Yes \n"));
        assert!(!yes("\n") && !yes("") && !yes("n\n") && !yes("yesterday\n"));
    }
}
