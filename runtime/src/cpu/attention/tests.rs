//! Attention of random shapes and layouts against a plain loop in f64, keys whole and slice by slice, each with every
//! query or with those from its own position on.

use crease_core::ir::Format;
use crease_core::kernel::Strides;

use super::*;
use crate::cpu::numbers::elements::Elements;
use crate::cpu::testing::dice::Dice;
use crate::cpu::testing::held::{Held, rounding};

/// Indices: batch, query, key, inner, channel.
const INDICES: usize = 5;
const BATCH: usize = 0;
const QUERY: usize = 1;
const KEY: usize = 2;
const INNER: usize = 3;
const CHANNEL: usize = 4;

/// Strides of a dense tensor with these axes, in an order of the dice's.
fn strides(dice: &mut Dice, lengths: &[u64; INDICES], axes: &[usize]) -> (Strides, usize) {
    let mut order = axes.to_vec();
    for i in (1..order.len()).rev() {
        order.swap(i, dice.below(i + 1));
    }
    let (mut strides, mut count) = (vec![0; INDICES], 1);
    for &axis in &order {
        strides[axis] = count;
        count *= lengths[axis].max(1) as i64;
    }
    let format = if dice.below(3) == 0 { Format::Bf16 } else { Format::Single };
    (Strides { steps: strides, format }, count as usize)
}

fn at(strides: &[i64], point: [usize; INDICES]) -> usize {
    strides.iter().zip(point).map(|(s, p)| *s as usize * p).sum()
}

/// Runs one random case on one instruction set with some threads; gives the result.
fn check(isa: InstructionSet, threads: usize, seed: u64, (slices, causal): (usize, bool)) -> Vec<f32> {
    let mut dice = Dice::new(seed);
    // Now and then more than one block of queries.
    let most = if seed % 4 == 3 { 400 } else { 110 };
    let lengths: [u64; INDICES] =
        [1 + dice.below(3), dice.below(most), dice.below(300), dice.below(40), 1 + dice.below(70)].map(|n| n as u64);
    // Where the call's queries and keys stand among all; some queries may come before every key.
    let (first_query, first_key) = (dice.below(200) * dice.below(2), dice.below(40) * dice.below(2));
    let mut operand = |axes: &[usize]| {
        let (strides, count) = strides(&mut dice, &lengths, axes);
        let numbers: Vec<f32> = dice.numbers(count).into_iter().map(|x| 2.0 * x).collect();
        let numbers = Held::new(&numbers, strides.format).numbers();
        (strides, numbers)
    };
    let q = operand(&[BATCH, QUERY, INNER]);
    let k = operand(&[BATCH, KEY, INNER]);
    let v = operand(&[BATCH, KEY, CHANNEL]);
    let bias = operand(&[QUERY, KEY]);
    let mut mask = operand(&[BATCH, KEY]);
    let (mut store, count) = operand(&[BATCH, QUERY, CHANNEL]);
    let (mut running, many) = operand(&[BATCH, QUERY]);
    running.format = Format::Single;
    if slices > 1 {
        store.format = Format::Single;
    }
    // Some keys never count, for some rows none does.
    mask.1.iter_mut().for_each(|x| *x = [0.0, -1e9, f32::NEG_INFINITY][if *x > 0.0 { 0 } else { seed as usize % 3 }]);
    // Where every key that takes part is hidden by a large number, 32 bits tell nothing of the rest.
    if seed % 3 == 1 && lengths[KEY] > 0 {
        (0..lengths[BATCH] as usize).for_each(|batch| mask.1[at(&mask.0, [batch, 0, 0, 0, 0])] = 0.0);
    }
    let mut result = Held::new(&vec![0.0_f32; count.len()], store.format);
    let mut running_data = vec![f32::NEG_INFINITY; many.len()];
    let scratch = vec![0.0_f32; threads * Attend::scratch(lengths[INNER], lengths[CHANNEL]) as usize / 4 + 16];
    let scratch = scratch.as_ptr().cast_mut().cast::<u8>();
    let scratch = scratch.wrapping_add(scratch.align_offset(64));
    let kernel = Attend {
        indices: INDICES,
        factor: 0.75,
        q: q.0.clone(),
        k: k.0.clone(),
        v: v.0.clone(),
        added: vec![bias.0.clone(), mask.0.clone()],
        running: (slices > 1).then(|| running.clone()),
        store: store.clone(),
        key: KEY,
        inner: INNER,
        channel: CHANNEL,
        causal: causal.then_some(QUERY),
    };
    let pool = Pool::new(threads);
    let keys = lengths[KEY] as usize;
    for slice in 0..slices {
        let (from, to) = (keys * slice / slices, keys * (slice + 1) / slices);
        let mut held = [&q, &k, &v, &bias, &mask].map(|x| Held::new(&x.1, x.0.format));
        let [q, k, v, bias, mask] = [&q, &k, &v, &bias, &mask].map(|x| (x.0.format, from as isize * x.0[KEY] as isize));
        let own = |held: &mut Held, (format, first): (Format, isize)| {
            Elements::new(held.address(), format).further(first).address::<f32>().cast_const()
        };
        let [hq, hk, hv, hb, hm] = &mut held;
        let loads = [own(hq, q), own(hk, k), own(hv, v), own(hb, bias), own(hm, mask)];
        let loads: Vec<*const f32> = loads.into_iter().chain([running_data.as_mut_ptr().cast_const()]).collect();
        let mut own_lengths = lengths;
        own_lengths[KEY] = (to - from) as u64;
        let mut starts = [0; INDICES];
        (starts[QUERY], starts[KEY]) = (first_query as u64, (first_key + from) as u64);
        let (lengths, starts) = (&own_lengths, &starts);
        let operands = Operands { loads: &loads, store: result.address(), lengths, starts, scratch };
        // SAFETY: every operand is a dense tensor of the lengths, and scratch has room for each thread.
        unsafe { attend(isa, &pool, &kernel, &operands) };
    }
    let result = result.numbers();
    for batch in 0..lengths[BATCH] as usize {
        for query in 0..lengths[QUERY] as usize {
            let logit = |key: usize| -> f64 {
                let product = |d: usize| {
                    let point = [batch, query, key, d, 0];
                    f64::from(q.1[at(&q.0, point)]) * f64::from(k.1[at(&k.0, point)])
                };
                if causal && first_key + key > first_query + query {
                    return f64::NEG_INFINITY;
                }
                let point = [batch, query, key, 0, 0];
                let sum: f64 = (0..lengths[INNER] as usize).map(product).sum();
                0.75 * sum + f64::from(bias.1[at(&bias.0, point)]) + f64::from(mask.1[at(&mask.0, point)])
            };
            let logits: Vec<f64> = (0..keys).map(logit).collect();
            let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let weights: Vec<f64> = logits.iter().map(|x| (x - most).exp()).collect();
            let total: f64 = weights.iter().sum();
            for channel in 0..lengths[CHANNEL] as usize {
                let point = |key| [batch, query, key, 0, channel];
                let value = |key: usize| f64::from(v.1[at(&v.0, point(key))]);
                let expected: f64 = (0..keys).map(|key| weights[key] / total * value(key)).sum();
                let found = f64::from(result[at(&store, point(0))]);
                let off = 3e-5 + rounding(store.format, expected);
                let near = (found - expected).abs() < off || (found.is_nan() && expected.is_nan());
                assert!(
                    near,
                    "{isa:?}, seed {seed}, {slices} slices, causal {causal}, {lengths:?}: {found} where {expected}"
                );
            }
        }
    }
    result
}

#[test]
fn attention_is_softmax_then_product() {
    for isa in [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512] {
        if isa.is_here() {
            for seed in 0..if cfg!(miri) { 2 } else { 40 } {
                for causal in [false, true] {
                    check(isa, 2, seed, (1, causal));
                    check(isa, 2, seed, (1 + seed as usize % 4, causal));
                }
            }
        }
    }
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let isa = InstructionSet::detect();
    for causal in [false, true] {
        let run = |threads: usize| check(isa, threads, 7, (2, causal));
        let bits = |threads: usize| run(threads).iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let one = bits(1);
        for threads in [2, 3, 7] {
            assert_eq!(bits(threads), one, "{threads} threads, causal {causal}");
        }
    }
}
