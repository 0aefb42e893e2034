//! The machine in words: what figures hang on, and nothing that tells whose it is.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use crease_core::plan::Target;

/// A line each: processor, caches, threads, date, version.
pub(crate) fn described(target: &Target) -> Vec<(&'static str, String)> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    vec![
        ("processor", processor(&read("/proc/cpuinfo"))),
        ("caches", caches(read)),
        ("threads", format!("{} of {cores} that there are", target.threads)),
        ("instructions", target.instructions.name().to_string()),
        ("date", date(now / 86_400)),
        ("version", format!("crease {}", env!("CARGO_PKG_VERSION"))),
    ]
}

fn processor(cpuinfo: &str) -> String {
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
        Some(line.split_once(':')?.1.trim().to_string())
    };
    let Some(model) = field("model name") else { return "not told by this system".into() };
    match (field("cpu family"), field("model"), field("stepping")) {
        (Some(family), Some(number), Some(stepping)) => {
            format!("{model}, family {family}, model {number}, stepping {stepping}")
        }
        _ => model,
    }
}

/// The first core's caches.
fn caches(read: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    for index in 0..8 {
        let field = |name: &str| read(&format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{name}"));
        let (level, kind, size) = (field("level"), field("type"), field("size"));
        if !level.trim().is_empty() && kind.trim() != "Instruction" {
            let gap = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{gap}L{} {}", level.trim(), size.trim());
        }
    }
    if text.is_empty() { "not told by this system".into() } else { text }
}

/// The day so many days after the first of January 1970, by the calendar's 400 years of 146,097 days.
fn date(days: u64) -> String {
    // Years begin in March, so that a leap day is a year's last.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + u64::from(month <= 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        let check = |days, expected| assert_eq!(date(days), expected);
        check(0, "1970-01-01");
        check(59, "1970-03-01");
        check(11_016, "2000-02-29");
        check(11_017, "2000-03-01");
        check(20_454, "2026-01-01");
        check(20_453, "2025-12-31");
    }

    #[test]
    fn a_processor_is_named() {
        let text = "processor\t: 0\nmodel\t\t: 7\nmodel name\t: Some CPU\ncpu family\t: 6\nstepping\t: 1\n";
        assert_eq!(processor(text), "Some CPU, family 6, model 7, stepping 1");
        assert_eq!(processor("model name : Other"), "Other");
        assert_eq!(processor(""), "not told by this system");
    }
}
