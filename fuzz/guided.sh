#!/usr/bin/env bash
# One target under libFuzzer: `fuzz/guided.sh TARGET INPUTS [libFuzzer's options]`. Needs stable Rust and a C++ compiler.
# A finding is left in target/fuzz/TARGET; `cargo run -p crease-fuzz -- replay TARGET FILE` tries it again.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 2 ] || { echo "usage: fuzz/guided.sh TARGET INPUTS [OPTIONS OF LIBFUZZER]" >&2; exit 2; }
target=$1 inputs=$2
shift 2

# Counters of coverage and of compared numbers in every crate. `--target` keeps them out of build scripts and macros,
# which are then those of an ordinary build.
coverage=sanitizer-coverage
flags="-Cpasses=sancov-module -Cllvm-args=-$coverage-level=4 -Cllvm-args=-$coverage-inline-8bit-counters"
flags+=" -Cllvm-args=-$coverage-pc-table -Cllvm-args=-$coverage-trace-compares"
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS=$flags cargo build --quiet --target "$host" -p crease-fuzz --features guided --bin guided

folder=target/fuzz/$target
mkdir -p "$folder/corpus" "$folder/seeds"
CREASE_FUZZ_FOLDER=$(mktemp -d -p "$([ -d /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-.}")")
trap 'rm -rf "$CREASE_FUZZ_FOLDER"' EXIT
export CREASE_FUZZ_FOLDER CREASE_FUZZ_TARGET=$target CREASE_FUZZ_SEEDS=$folder/seeds CREASE_FUZZ_AT=$folder/at-hand
# An input may take 10 s and the process hold 2 GiB.
time "target/$host/debug/guided" "$folder/corpus" "$folder/seeds" -runs="$inputs" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$folder/" -print_final_stats=1 -verbosity=0 "$@"
