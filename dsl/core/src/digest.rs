//! Digests that are the same on every machine and with every compiler.

use sha2::{Digest, Sha256};

/// Changes with every source file of this crate, so that plans of another version of the planner are not reused.
pub const PLANNER: &str = env!("CREASE_PLANNER");

/// SHA-256 of several strings, each preceded by its length, as 64 hexadecimal digits.
pub fn digest(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_texts_and_where_they_end_apart() {
        assert_eq!(digest(&[]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let all = [digest(&["ab", "c"]), digest(&["a", "bc"]), digest(&["abc"]), digest(&["abc", ""])];
        assert!((0..all.len()).all(|k| !all[..k].contains(&all[k])), "{all:?}");
        assert_eq!(PLANNER.len(), 64);
    }
}
