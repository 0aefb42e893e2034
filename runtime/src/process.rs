//! What the operating system says of this process.

/// The largest resident set so far, in bytes (`VmHWM`); none where the system does not tell.
pub fn peak_resident_bytes() -> Option<u64> {
    status("VmHWM:")
}

/// The resident set now, in bytes; none where the system does not tell.
pub fn resident_bytes() -> Option<u64> {
    status("VmRSS:")
}

/// Makes the resident set of now the largest so far; whether the system does that.
pub fn forget_peak_resident() -> bool {
    std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

fn status(key: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix(key))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}
