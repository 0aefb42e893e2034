//! What ends a process from outside: Ctrl-C and requests to terminate.
//!
//! A signal removes files that are not whole yet and then ends the process as it would have without this. A command that
//! can stop by itself asks for that; only a second signal ends it at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crease_models::output::remove_unfinished;

/// Whether the command stops by itself when it is asked to.
static STOPS: AtomicBool = AtomicBool::new(false);
/// Whether it was asked to.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// From here on the command looks at [`stopped`] and ends its work when that says so.
pub(crate) fn stop_when_asked() {
    STOPS.store(true, Ordering::Relaxed);
}

/// Whether somebody has asked the command to stop.
pub(crate) fn stopped() -> bool {
    STOPPED.load(Ordering::Relaxed)
}

/// Waits for signals in a thread of its own. That there are none on this system is no matter: what a process that is ended
/// at once leaves is removed by the next.
pub(super) fn watch() {
    #[cfg(unix)]
    unix::watch();
}

/// A signal has come; whether the process ends.
fn take() -> bool {
    if STOPS.load(Ordering::Relaxed) && !STOPPED.swap(true, Ordering::Relaxed) {
        return false;
    }
    remove_unfinished();
    true
}

#[cfg(unix)]
mod unix {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    pub(super) fn watch() {
        let ignored = ignored();
        let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored & 1 << (signal - 1) == 0);
        let Ok(mut signals) = Signals::new(wanted) else { return };
        std::thread::spawn(move || {
            for signal in signals.forever().filter(|_| super::take()) {
                let _ = emulate_default_handler(signal);
            }
        });
    }

    /// The signals that this process was started to ignore, as by `nohup`, a bit each; it goes on to ignore them.
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
    }
}
