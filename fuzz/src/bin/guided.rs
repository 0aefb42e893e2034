//! The targets under libFuzzer, as `fuzz/guided.sh` runs it: variables name the target and the places of its files, the
//! arguments are libFuzzer's.
#![no_main]
#![allow(unsafe_code)] // libFuzzer calls functions by their names

use std::alloc::System;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use cap::Cap;
use crease_fuzz::mutate::mutate;
use crease_fuzz::target::{Target, find};
use fastrand::Rng;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

/// Bytes that an input may make a target allocate, all that is held for good among them.
const MOST_MEMORY: usize = 1 << 30;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, MOST_MEMORY);

struct Run {
    target: &'static Target,
    seeds: Vec<Vec<u8>>,
    /// Holds the input at hand: a stack that overflows ends the process before libFuzzer writes it.
    at: Mutex<File>,
}

fn run() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| {
        let name = std::env::var("CREASE_FUZZ_TARGET").unwrap_or_default();
        let target = find(&name).unwrap_or_else(|| panic!("CREASE_FUZZ_TARGET names no target: `{name}`"));
        let at = std::env::var_os("CREASE_FUZZ_AT").expect("CREASE_FUZZ_AT names a file");
        let at = Mutex::new(File::create(at).expect("the file for the input at hand can be made"));
        let seeds = (target.seeds)().into_iter().filter(|seed| seed.len() <= target.longest).collect();
        Run { target, seeds, at }
    })
}

/// Writes the seeds where libFuzzer looks for them.
fn begin() {
    let run = run();
    let Some(folder) = std::env::var_os("CREASE_FUZZ_SEEDS").map(PathBuf::from) else { return };
    for (k, seed) in run.seeds.iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{k}")), seed).expect("a seed can be written");
    }
}

fuzz_target!(init: begin(), |data: &[u8]| {
    let run = run();
    if let Ok(mut file) = run.at.lock() {
        let written = file.set_len(data.len() as u64).and_then(|()| file.seek(SeekFrom::Start(0)));
        written.and_then(|_| file.write_all(data)).expect("the input at hand can be written");
    }
    (run.target.run)(data);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut rng = Rng::with_seed(seed.into());
    if rng.u8(0..4) == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let run = run();
    let other = &run.seeds[rng.usize(0..run.seeds.len())];
    let made = mutate(&mut rng, &data[..size], other, run.target.change, max_size);
    data[..made.len()].copy_from_slice(&made);
    made.len()
});
