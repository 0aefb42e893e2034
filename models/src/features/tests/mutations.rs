//! No input panics: prefixes and random mutations of valid files are read or refused in one line.

use crease_core::random::Choices;

use super::*;
use crate::features::{FeatureOptions, Format, MsaFeatures};

const MUTATIONS: usize = 5_000;

/// Reads the bytes every way there is, and makes features of what can be read.
fn check(file: &str, bytes: &[u8]) {
    let formats = [Format::A3m, Format::Fasta, Format::Stockholm];
    let mut parses = vec![Alignment::parse(bytes, file)];
    parses.extend(formats.map(|format| Alignment::parse_as(format, bytes, file)));
    let options = FeatureOptions { max_seqs: 2, max_extra: 1, sample_seed: Some(1), mask_seed: Some(2) };
    for parse in parses {
        match parse {
            Ok(alignment) => {
                let features = MsaFeatures::from_alignment(&alignment, &options).expect("small");
                assert!(features.num_residues > 0 && features.num_seqs <= 2 && features.num_extra <= 1);
            }
            Err(error) => assert!(!error.to_string().chars().any(char::is_control), "{error:?}"),
        }
    }
}

#[test]
fn every_prefix_and_suffix() {
    for (file, text) in VALID {
        assert!(Alignment::parse(text.as_bytes(), file).is_ok(), "{file}");
        for cut in 0..=text.len() {
            check(file, &text.as_bytes()[..cut]);
            check(file, &text.as_bytes()[cut..]);
        }
    }
}

#[test]
fn random_mutations() {
    const BYTES: &[u8] = b"AcX-.*>#=/; \t\n\r\0_~1\xff\xc3\xa9\x1b";
    let mut numbers = Choices::new(11);
    for (file, text) in VALID {
        for _ in 0..MUTATIONS {
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..=numbers.next(4) {
                let at = numbers.next(bytes.len());
                let byte = BYTES[numbers.next(BYTES.len())];
                match numbers.next(4) {
                    0 => bytes.insert(at, byte),
                    1 => bytes[at..].iter_mut().take(1).for_each(|old| *old = byte),
                    2 => bytes.extend_from_within(at..),
                    _ => drop(bytes.splice(at..(at + 3).min(bytes.len()), [])),
                }
            }
            check(file, &bytes);
        }
    }
}

#[test]
fn random_bytes() {
    let mut numbers = Choices::new(5);
    for length in 0..300 {
        let bytes: Vec<u8> = (0..length).map(|_| numbers.next(256) as u8).collect();
        check("junk.a3m", &bytes);
        check("junk", &bytes);
    }
}
