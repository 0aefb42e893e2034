//! Contractions of random shapes and layouts against a plain loop in f64.

use crease_core::ir::{Binary, Expr, Format, Instr, Unary, binary, unary};
use crease_core::kernel::Contract;

use super::*;
use crate::cpu::numbers::elements::Elements;
use crate::cpu::product::program::TileProgram;
use crate::cpu::product::spec::{Dim, MOST_DIMS, MOST_STEPS, Norm, Part};
use crate::cpu::product::{scratch_bytes, scratch_bytes_per_thread};
use crate::cpu::testing::dice::Dice;
use crate::cpu::testing::held::{Held, rounding};

const GUARD: u8 = 0xa5;

/// A contraction with its data: each operand and result is a vector and where its element (0, 0, ..) is.
#[derive(Clone, Debug)]
struct Case {
    groups: [Vec<Dim>; 4],
    norm: Option<Norm>,
    parts: Vec<(Part, Expr)>,
    data: Vec<(Vec<f32>, isize)>,
    formats: Vec<Format>,
}

const BATCH: usize = 0;
const M: usize = 1;
const N: usize = 2;
const K: usize = 3;

/// What a case is to do beyond multiplying.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beyond {
    Nothing,
    /// Several sums and results, expressions, a norm if there is one index to sum over.
    Everything,
}

impl Case {
    /// Lays the operands out with their dims in random order, some reversed, some padded, some broadcast.
    fn new(dice: &mut Dice, extents: [&[usize]; 4], wild: bool, beyond: Beyond) -> Self {
        let more = beyond == Beyond::Everything;
        let mut groups =
            extents.map(|extents| extents.iter().map(|&extent| Dim { extent, ..Dim::ONE }).collect::<Vec<_>>());
        // Which groups each operand has, by number.
        let mut has: Vec<Vec<usize>> = vec![vec![BATCH, M, K]];
        let norm = (more && extents[K].len() == 1).then(|| {
            let mut affine = |there: bool| {
                there.then(|| {
                    has.push(vec![K]);
                    has.len() - 1
                })
            };
            Norm { epsilon: 1e-3, scale: affine(dice.below(2) == 0), offset: affine(dice.below(2) == 0) }
        });
        let mut parts = Vec::new();
        for _ in 0..if more { 1 + dice.below(3) } else { 1 } {
            let sums = if more { 1 + dice.below(2) } else { 1 };
            let mut take = |count: usize, groups: &dyn Fn(usize) -> Vec<usize>| {
                let first = has.len();
                has.extend((0..count).map(groups));
                first..has.len()
            };
            let b = take(sums, &|_| vec![BATCH, K, N]);
            let kinds: Vec<usize> = (0..if more { dice.below(3) } else { 0 }).map(|_| dice.below(4)).collect();
            let loads = take(kinds.len(), &|k| [vec![BATCH, M, N], vec![N], vec![M], vec![BATCH, M]][kinds[k]].clone());
            let expr = if more { expression(dice, sums, loads.len()) } else { Expr::row() };
            let after = more.then(|| TileProgram::compile(&expr, sums).expect("a short expression"));
            parts.push((Part { sums: b, loads, after, store: 0, accumulate: false }, expr));
        }
        for (part, _) in &mut parts {
            part.store = has.len();
            has.push(vec![BATCH, M, N]);
        }
        let results = has.len() - parts.len();
        let accumulate = wild && !more && dice.below(2) == 0;
        parts[0].0.accumulate = accumulate;
        let (mut data, mut formats) = (Vec::new(), Vec::new());
        for (operand, has) in has.into_iter().enumerate() {
            let mut order: Vec<(usize, usize)> =
                has.into_iter().flat_map(|group| (0..groups[group].len()).map(move |i| (group, i))).collect();
            if wild {
                for i in (1..order.len()).rev() {
                    order.swap(i, dice.below(i + 1));
                }
            }
            let (mut size, mut from) = (if wild && dice.below(4) == 0 { 2 } else { 1 }, 0);
            for (group, i) in order.into_iter().rev() {
                let dim = &mut groups[group][i];
                let mut step = size as isize;
                if wild && !more && operand < results && dice.below(8) == 0 {
                    step = 0;
                } else {
                    if wild && dice.below(8) == 0 {
                        from += (dim.extent.max(1) as isize - 1) * step;
                        step = -step;
                    }
                    size *= dim.extent.max(1);
                    size += if wild && dice.below(4) == 0 { dice.below(5) } else { 0 };
                }
                dim.steps[operand] = step;
            }
            let format = if wild && dice.below(3) == 0 { Format::Bf16 } else { Format::Single };
            data.push((Held::new(&dice.numbers(size), format).numbers(), from));
            formats.push(format);
        }
        Self { groups, norm, parts, data, formats }
    }

    /// The results after the contraction; fails if scratch past what was promised was touched.
    fn run(&self, isa: InstructionSet, threads: usize) -> Vec<Vec<f32>> {
        let pool = Pool::new(threads);
        let bytes = scratch_bytes(isa) * pool.threads();
        assert!(bytes.is_multiple_of(64));
        // 128 bytes of guard on either side of the promised scratch.
        let mut room = vec![GUARD; bytes + 64 + 256];
        let start = 128 + (64 - (room.as_ptr().addr() + 128) % 64) % 64;
        let held = self.data.iter().zip(&self.formats).map(|((data, _), format)| Held::new(data, *format));
        let mut held: Vec<Held> = held.collect();
        let first =
            |(k, held): (usize, &mut Held)| Elements::new(held.address(), self.formats[k]).further(self.data[k].1);
        let at: Vec<*mut f32> = held.iter_mut().enumerate().map(first).map(Elements::address).collect();
        let parts: Vec<Part> = self.parts.iter().map(|(part, _)| part.clone()).collect();
        let [batch, m, n, k] = &self.groups;
        let spec = Contraction { batch, m, n, k, norm: self.norm, parts: &parts, formats: &self.formats };
        // SAFETY: `Case::new` made every operand large enough and the results without overlaps.
        unsafe { contract_with(isa, &pool, &spec, &at, room.as_mut_ptr().add(start)) };
        assert!(room[..start].iter().chain(&room[start + bytes..]).all(|&byte| byte == GUARD), "{self:?}");
        parts.iter().map(|part| held[part.store].numbers()).collect()
    }

    /// The same by the definition, and for each element a number that its rounding scales with.
    fn expect(&self) -> Vec<(Vec<f64>, Vec<f64>)> {
        let at = |operand: usize, steps: &[isize; MOST_STEPS]| {
            let (data, from) = &self.data[operand];
            f64::from(data[(from + steps[operand]) as usize])
        };
        let together = |x: &[isize; MOST_STEPS], y: &[isize; MOST_STEPS]| std::array::from_fn(|s| x[s] + y[s]);
        let [batch, m, n, k] = &self.groups;
        let free: Vec<Dim> = batch.iter().chain(m).chain(n).copied().collect();
        let rows = tuples(k);
        let mut results = Vec::new();
        for (part, after) in &self.parts {
            let (data, from) = &self.data[part.store];
            let mut c: Vec<f64> = data.iter().map(|&x| f64::from(x)).collect();
            let mut size: Vec<f64> = c.iter().map(|x| x.abs()).collect();
            for place in tuples(&free) {
                let steps: Vec<[isize; MOST_STEPS]> = rows.iter().map(|row| together(&place, row)).collect();
                let mut x: Vec<f64> = steps.iter().map(|steps| at(0, steps)).collect();
                if let Some(norm) = self.norm {
                    let mean = x.iter().sum::<f64>() / x.len() as f64;
                    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / x.len() as f64;
                    let shrink = (variance + f64::from(norm.epsilon)).sqrt();
                    for (x, steps) in x.iter_mut().zip(&steps) {
                        let affine = |operand: Option<usize>, none: f64| operand.map_or(none, |o| at(o, steps));
                        *x = (*x - mean) / shrink * affine(norm.scale, 1.0) + affine(norm.offset, 0.0);
                    }
                }
                let mut most = 0.0_f64;
                let sums = part.sums.clone().map(|b| {
                    let products = x.iter().zip(&steps).map(|(x, steps)| x * at(b, steps));
                    most += products.clone().map(f64::abs).sum::<f64>();
                    products.sum::<f64>()
                });
                let sums: Vec<f64> = sums.collect();
                let loads: Vec<f64> = part.loads.clone().map(|o| at(o, &place)).collect();
                let to = (from + place[part.store]) as usize;
                c[to] = if part.accumulate { c[to] } else { 0.0 } + value(after, &sums, &loads);
                size[to] += 4.0 * most + c[to].abs();
            }
            results.push((c, size));
        }
        results
    }

    fn check(&self, isa: InstructionSet, threads: usize) -> Vec<Vec<f32>> {
        let got = self.run(isa, threads);
        for ((got, (want, size)), (part, _)) in got.iter().zip(self.expect()).zip(&self.parts) {
            for (i, x) in got.iter().enumerate() {
                let error = (f64::from(*x) - want[i]).abs();
                // A sum of so many terms that it takes several turns is rounded as often.
                let several = self.groups[K].iter().map(|dim| dim.extent).product::<usize>() > Contract::TERMS as usize;
                let last =
                    rounding(self.formats[part.store], if several || part.accumulate { size[i] } else { want[i] });
                let fits = error <= 1e-6 + 2e-6 * size[i] + last;
                assert!(fits, "{isa:?}: element {i} is {x}, not {}: {:?} {:?}", want[i], self.groups, self.parts);
            }
        }
        got
    }
}

/// A random expression of sums and loads that does not make errors much larger.
fn expression(dice: &mut Dice, sums: usize, loads: usize) -> Expr {
    let mut expr = Expr::row();
    let mut value = 0;
    for term in (1..sums).map(Instr::Row).chain((0..loads).map(Instr::Load)) {
        let other = expr.push(term);
        let (a, b) = if dice.below(2) == 0 { (value, other) } else { (other, value) };
        let f = [Binary::Add, Binary::Sub, Binary::Max, Binary::Min][dice.below(4)];
        value = expr.push(Instr::Binary(f, a, b));
        if dice.below(3) == 0 {
            value = expr.push(Instr::Unary([Unary::Sigmoid, Unary::Relu, Unary::Tanh][dice.below(3)], value));
        }
        if dice.below(3) == 0 {
            let half = expr.push(Instr::Const(0.5));
            value = expr.push(Instr::Binary(Binary::Mul, half, value));
        }
    }
    expr
}

/// An expression by the definition.
fn value(expr: &Expr, sums: &[f64], loads: &[f64]) -> f64 {
    let mut values: Vec<f64> = Vec::new();
    for instr in &expr.0 {
        values.push(match *instr {
            Instr::Row(k) => sums[k],
            Instr::Load(k) => loads[k],
            Instr::Const(x) => x,
            Instr::Unary(f, a) => unary(f, values[a]),
            Instr::Binary(f, a, b) => binary(f, values[a], values[b]),
            ref other => unreachable!("{other:?} is in no expression here"),
        });
    }
    values[values.len() - 1]
}

/// The steps to every index tuple.
fn tuples(dims: &[Dim]) -> Vec<[isize; MOST_STEPS]> {
    let mut all = vec![[0; MOST_STEPS]];
    for dim in dims {
        let step = |from: [isize; MOST_STEPS], i: isize| std::array::from_fn(|s| from[s] + i * dim.steps[s]);
        all = all.into_iter().flat_map(|from| (0..dim.extent as isize).map(move |i| step(from, i))).collect();
    }
    all
}

fn sets() -> Vec<InstructionSet> {
    use InstructionSet::*;
    [Portable, Avx2, Avx512].into_iter().filter(|isa| isa.is_here()).collect()
}

/// Every instruction set agrees with f64, and all with each other to the bit.
fn check_all(case: &Case) {
    let first = case.check(InstructionSet::Portable, 1);
    for isa in sets() {
        for threads in [1, 2, 3, 7] {
            let other = case.run(isa, threads);
            let bits = |results: &[Vec<f32>]| results.iter().flatten().map(|x| x.to_bits()).collect::<Vec<u32>>();
            let same = bits(&first) == bits(&other);
            assert!(same, "{isa:?} with {threads} threads: {:?}", case.groups);
        }
    }
}

#[test]
fn random_layouts() {
    let mut dice = Dice::new(7);
    for _ in 0..if cfg!(miri) { 8 } else { 250 } {
        let extents: [Vec<usize>; 4] = std::array::from_fn(|group| {
            let most = if cfg!(miri) { 4 } else { [3, 12, 12, 9][group] };
            let count = dice.below(3 + usize::from(group > 0));
            (0..count).map(|_| if dice.below(60) == 0 { 0 } else { 1 + dice.below(most) }).collect()
        });
        let beyond = if dice.below(2) == 0 { Beyond::Nothing } else { Beyond::Everything };
        check_all(&Case::new(&mut dice, extents.each_ref().map(Vec::as_slice), true, beyond));
    }
}

#[test]
fn tails_of_every_size() {
    let mut dice = Dice::new(8);
    let (most, step) = if cfg!(miri) { (9, 4) } else { (70, 1) };
    for size in (1..most).step_by(step) {
        for extents in [[7, size, 5], [size, 35, 5], [9, 40, size]] {
            let [m, n, k] = extents.map(|extent| [extent]);
            check_all(&Case::new(&mut dice, [&[], &m, &n, &k], size % 2 == 0, Beyond::Nothing));
            check_all(&Case::new(&mut dice, [&[], &m, &n, &k], false, Beyond::Everything));
        }
    }
}

#[test]
#[cfg(not(miri))]
fn every_way_through_the_blocks() {
    let mut dice = Dice::new(9);
    // Several blocks of m, n and k; k in pieces; many small products; one operand shared by the batch; skinny outputs.
    let cases: [[&[usize]; 4]; 9] = [
        [&[], &[401], &[70], &[600]],
        [&[], &[9], &[1100], &[300]],
        [&[], &[200], &[40], &[3, 7, 30]],
        [&[50, 4], &[9], &[10], &[11]],
        [&[130], &[33], &[20], &[8]],
        [&[], &[700], &[4], &[64]],
        [&[], &[4], &[700], &[64]],
        [&[2, 3], &[5, 7], &[3, 11], &[300, 2]],
        [&[], &[1], &[1], &[5000]],
    ];
    for extents in cases {
        for wild in [false, true, true, true] {
            check_all(&Case::new(&mut dice, extents, wild, Beyond::Nothing));
        }
        if extents[K].iter().product::<usize>() < 1000 {
            check_all(&Case::new(&mut dice, extents, false, Beyond::Everything));
            check_all(&Case::new(&mut dice, extents, true, Beyond::Everything));
        }
    }
}

#[test]
fn nothing_to_sum_is_zero() {
    let mut dice = Dice::new(10);
    for accumulate in [false, true] {
        let mut case = Case::new(&mut dice, [&[], &[3], &[5], &[4, 0]], false, Beyond::Nothing);
        case.parts[0].0.accumulate = accumulate;
        let before = case.data[2].0.clone();
        assert_eq!(case.run(InstructionSet::detect(), 2), [if accumulate { before } else { vec![0.0; 15] }]);
    }
    check_all(&Case::new(&mut dice, [&[2], &[3], &[5], &[4, 0]], false, Beyond::Everything));
}

#[test]
fn an_empty_output_is_left_alone() {
    let mut dice = Dice::new(11);
    for extents in [[&[0_usize][..], &[3], &[5], &[4]], [&[2], &[0], &[5], &[4]], [&[2], &[3], &[5, 0], &[4]]] {
        let case = Case::new(&mut dice, extents, false, Beyond::Nothing);
        assert_eq!(case.run(InstructionSet::detect(), 2), [case.data[2].0.clone()]);
    }
}

#[test]
fn six_indices_a_group() {
    let mut dice = Dice::new(12);
    let two = [2; MOST_DIMS];
    let groups: [&[usize]; 4] = if cfg!(miri) { [&[2], &two, &[2], &[2]] } else { [&two[..4], &two, &two[..3], &two] };
    check_all(&Case::new(&mut dice, groups, true, Beyond::Nothing));
    check_all(&Case::new(&mut dice, groups, false, Beyond::Everything));
}

#[test]
fn strips_of_the_most_terms_fit_the_scratch() {
    let most = crease_core::kernel::Contract::TERMS as usize;
    for isa in [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512] {
        assert!(most * isa.rows() <= M_BLOCK * K_BLOCK && most * 2 * isa.lanes() <= N_BLOCK * K_BLOCK, "{isa:?}");
    }
}

#[test]
fn the_best_set_is_here() {
    assert!(InstructionSet::detect().is_here());
    assert_eq!(InstructionSet::detect(), *sets().last().expect("portable"));
    assert!(scratch_bytes_per_thread().is_multiple_of(64));
}
