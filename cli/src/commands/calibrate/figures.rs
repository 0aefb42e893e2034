//! From the times of programs to the figures of a table: the formulas of the planner's cost model, solved for them.

use crease_core::ir::Unary;
use crease_core::kernel::Attend;
use crease_core::plan::Table;

use super::bench::Bench;
use super::programs::{arithmetic, attention, function, normalize, product, softmax, sum};
use crate::terminal::CliError;

/// How many programs are timed.
pub(super) const STEPS: u64 = 12 + CACHES;
/// How many working sets are tried for the caches' size: each twice the last, from this many elements on.
const CACHES: u64 = 6;
const SMALLEST: u64 = 1 << 14;
/// Instructions that compiled nests give to a task at least.
const TASK: f64 = (1 << 17) as f64;

/// Measures every figure: those of a thread on `one`, what threads share on `all`.
pub(super) fn measure(shipped: &Table, one: &Bench<'_>, all: &Bench<'_>) -> Result<Table, CliError> {
    // A call costs what the smallest kernels do; products take longer to start than compiled nests.
    let start = one.time(&function(Unary::Relu, 16))?;
    let call = f64::midpoint(start, one.time(&product(1, 8, 8))?);
    let (contract, pack) = products(one, call)?;
    let n: u64 = 1 << 14;
    let points = n as f64;
    let simple = (one.time(&arithmetic(24, n))? - call) / (26.0 * points);
    let exponential = (one.time(&function(Unary::Sigmoid, n))? - call) / points - 3.0 * simple;
    let mut ends = Vec::new();
    let mut row_rate = |long: f64, short: f64, instructions: f64| {
        let (few, many) = (points / 1024.0, points / 16.0);
        let row = ((short - long) / (many - few)).max(1.0);
        ends.push(row);
        (long - call - few * row) / points - instructions * simple
    };
    let softmaxed = row_rate(one.time(&softmax(n / 1024, 1024))?, one.time(&softmax(n / 16, 16))?, 2.0);
    let normalized = row_rate(one.time(&normalize(n / 1024, 1024))?, one.time(&normalize(n / 16, 16))?, 4.0);
    let logit = logits(one, call, contract, pack)?;
    let large = one.effort.large;
    let streamed = 12.0 * large as f64;
    let bandwidth = streamed / one.time(&sum(large))?;
    let (cache, cache_bandwidth) = caches(one, start, bandwidth)?;
    let most = bandwidth.max(streamed / all.time(&sum(large))?);
    Ok(Table {
        instructions: shipped.instructions,
        contract_rate: rate(contract),
        pack_rate: rate(pack),
        logit_rate: rate(logit),
        scalar_rate: rate(simple),
        exponential_rate: rate(exponential),
        softmax_rate: rate(softmaxed),
        normalize_rate: rate(normalized),
        row: whole(f64::midpoint(ends[0], ends[1])),
        bandwidth: whole(1000.0 * bandwidth),
        bandwidth_most: whole(1000.0 * most),
        cache,
        cache_bandwidth: whole(1000.0 * cache_bandwidth),
        call: whole(call),
        grain: whole(TASK * simple),
    })
}

/// Nanoseconds of a floating-point operation and of a packed element: two products, one of many rows and one of
/// few, are two equations for them.
fn products(one: &Bench<'_>, call: f64) -> Result<(f64, f64), CliError> {
    let side = 384.0;
    let equation = |rows: f64, time: f64| (2.0 * rows * side * (side + 4.0), (rows + side) * side, time - call);
    let (many_flop, many_packed, many) = equation(side, one.time(&product(384, 384, 384))?);
    let (few_flop, few_packed, few) = equation(8.0, one.time(&product(8, 384, 384))?);
    let pack = (few * many_flop - many * few_flop) / (few_packed * many_flop - many_packed * few_flop);
    // Noise may leave nothing for packing, which is never free.
    let pack = pack.clamp(0.02 * few / few_packed, few / few_packed);
    Ok(((many - many_packed * pack) / many_flop, pack))
}

/// Nanoseconds of a logit beside the two products.
fn logits(one: &Bench<'_>, call: f64, contract: f64, pack: f64) -> Result<f64, CliError> {
    let (heads, queries, keys, channels) = (16, 96, 128, 32);
    let time = one.time(&attention([heads, queries, keys, channels], false))? - call;
    let (heads, queries, keys, channels) = (heads as f64, queries as f64, keys as f64, channels as f64);
    let logits = heads * queries * keys;
    // Keys and values are packed once for a block of queries.
    let packed = heads * (queries / Attend::QUERIES as f64).ceil() * keys * 2.0 * channels;
    let rest = time - logits * 2.0 * (2.0 * channels + 4.0) * contract - packed * pack;
    Ok(rest.max(0.05 * time) / logits)
}

/// Bytes of a thread's caches and their bytes per nanosecond, of kernels that take so long to start: the largest working
/// set that passes faster than the geometric mean of the fastest and of what lies `beyond` is still in them.
fn caches(one: &Bench<'_>, start: f64, beyond: f64) -> Result<(u64, f64), CliError> {
    let mut speeds = Vec::new();
    for k in 0..CACHES {
        let elements = SMALLEST << k;
        // The result takes the place of an operand: two tensors are alive.
        let time = one.time(&sum(elements))?;
        speeds.push((8 * elements, 12.0 * elements as f64 / (time - start).max(0.5 * time)));
    }
    let fastest = speeds.iter().map(|(_, speed)| *speed).fold(beyond, f64::max);
    let edge = (fastest * beyond).sqrt();
    let mut inside: Vec<(u64, f64)> = speeds.iter().copied().take_while(|(_, speed)| *speed > edge).collect();
    let bytes = inside.last().map_or(speeds[0].0, |(bytes, _)| *bytes);
    // Small sets stand in the nearest cache, large ones at the edge of the farthest: the one between counts.
    inside.sort_by(|a, b| a.1.total_cmp(&b.1));
    Ok((bytes, inside.get(inside.len() / 2).map_or(beyond, |(_, speed)| *speed)))
}

/// How many of what takes so many nanoseconds fit a microsecond.
fn rate(nanoseconds: f64) -> u64 {
    whole(1000.0 / nanoseconds.max(1e-6))
}

fn whole(figure: f64) -> u64 {
    (figure.round() as u64).max(1)
}
