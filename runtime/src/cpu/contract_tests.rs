//! Contractions of random shapes and layouts against a plain loop in f64.

use super::super::dice::Dice;
use super::*;

const GUARD: u8 = 0xa5;

/// A contraction with its data: each operand is a vector and where its element (0, 0, ..) is.
#[derive(Clone, Debug)]
struct Case {
    groups: [Vec<Dim>; 4],
    accumulate: bool,
    scale: f32,
    a: (Vec<f32>, isize),
    b: (Vec<f32>, isize),
    c: (Vec<f32>, isize),
}

const BATCH: usize = 0;
const M: usize = 1;
const N: usize = 2;
const K: usize = 3;

impl Case {
    /// Lays the operands out with their dims in random order, some reversed, some padded, some broadcast.
    fn new(dice: &mut Dice, extents: [&[usize]; 4], wild: bool) -> Self {
        let mut groups =
            extents.map(|extents| extents.iter().map(|&extent| Dim { extent, ..Dim::ONE }).collect::<Vec<_>>());
        let mut data = [(); 3].map(|()| (Vec::new(), 0));
        for (operand, has) in [[BATCH, M, K], [BATCH, K, N], [BATCH, M, N]].into_iter().enumerate() {
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
                if wild && operand < 2 && dice.below(8) == 0 {
                    step = 0;
                } else {
                    if wild && dice.below(8) == 0 {
                        from += (dim.extent.max(1) as isize - 1) * step;
                        step = -step;
                    }
                    size *= dim.extent.max(1);
                    size += if wild && dice.below(4) == 0 { dice.below(5) } else { 0 };
                }
                *[&mut dim.a, &mut dim.b, &mut dim.c][operand] = step;
            }
            data[operand] = (dice.numbers(size), from);
        }
        let [a, b, c] = data;
        let scale = if wild { [1.0, 0.5, -1.7][dice.below(3)] } else { 1.0 };
        Self { groups, accumulate: wild && dice.below(2) == 0, scale, a, b, c }
    }

    fn spec(&self) -> Contraction<'_> {
        let [batch, m, n, k] = &self.groups;
        Contraction { batch, m, n, k, accumulate: self.accumulate, scale: self.scale }
    }

    /// C after the contraction; fails if scratch past what was promised was touched.
    fn run(&self, isa: InstructionSet, threads: usize) -> Vec<f32> {
        let pool = Pool::new(threads);
        let bytes = scratch_bytes(isa) * pool.threads();
        assert!(bytes.is_multiple_of(64));
        // 128 bytes of guard on either side of the promised scratch.
        let mut room = vec![GUARD; bytes + 64 + 256];
        let start = 128 + (64 - (room.as_ptr().addr() + 128) % 64) % 64;
        let mut c = self.c.0.clone();
        let at = |from: &(Vec<f32>, isize)| from.0.as_ptr().wrapping_offset(from.1);
        // SAFETY: `Case::new` made every operand large enough and C without overlaps.
        unsafe {
            let c = c.as_mut_ptr().wrapping_offset(self.c.1);
            let scratch = room.as_mut_ptr().add(start);
            contract_with(isa, &pool, &self.spec(), at(&self.a), at(&self.b), c, scratch);
        }
        assert!(room[..start].iter().chain(&room[start + bytes..]).all(|&byte| byte == GUARD), "{self:?}");
        c
    }

    /// The same by the definition, and for each element the sum of magnitudes that its rounding scales with.
    fn expect(&self) -> (Vec<f64>, Vec<f64>) {
        let mut c: Vec<f64> = self.c.0.iter().map(|&x| f64::from(x)).collect();
        let mut size: Vec<f64> = c.iter().map(|x| x.abs()).collect();
        let [batch, m, n, k] = &self.groups;
        let free: Vec<Dim> = batch.iter().chain(m).chain(n).copied().collect();
        for (a, b, to) in tuples(&free) {
            let to = (self.c.1 + to) as usize;
            let (mut sum, mut most) = (0.0, 0.0);
            for (ak, bk, _) in tuples(k) {
                let x = f64::from(self.a.0[(self.a.1 + a + ak) as usize])
                    * f64::from(self.b.0[(self.b.1 + b + bk) as usize]);
                sum += x;
                most += x.abs();
            }
            let scale = f64::from(self.scale);
            c[to] = if self.accumulate { c[to] } else { 0.0 } + scale * sum;
            size[to] += scale.abs() * most;
        }
        (c, size)
    }

    fn check(&self, isa: InstructionSet, threads: usize) -> Vec<f32> {
        let got = self.run(isa, threads);
        let (want, size) = self.expect();
        for (i, x) in got.iter().enumerate() {
            let error = (f64::from(*x) - want[i]).abs();
            assert!(error <= 1e-6 + 2e-6 * size[i], "{isa:?}: element {i} is {x}, not {}: {:?}", want[i], self.groups);
        }
        got
    }
}

/// The offsets in A, B and C of every index tuple.
fn tuples(dims: &[Dim]) -> Vec<(isize, isize, isize)> {
    let mut all = vec![(0, 0, 0)];
    for dim in dims {
        let step = |(a, b, c), i: isize| (a + i * dim.a, b + i * dim.b, c + i * dim.c);
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
            let same = first.iter().zip(&other).all(|(x, y)| x.to_bits() == y.to_bits());
            assert!(same, "{isa:?} with {threads} threads: {:?}", case.groups);
        }
    }
}

#[test]
fn random_layouts() {
    let mut dice = Dice(7);
    for _ in 0..if cfg!(miri) { 8 } else { 250 } {
        let extents: [Vec<usize>; 4] = std::array::from_fn(|group| {
            let most = if cfg!(miri) { 4 } else { [3, 12, 12, 9][group] };
            let count = dice.below(3 + usize::from(group > 0));
            (0..count).map(|_| if dice.below(60) == 0 { 0 } else { 1 + dice.below(most) }).collect()
        });
        check_all(&Case::new(&mut dice, extents.each_ref().map(Vec::as_slice), true));
    }
}

#[test]
fn tails_of_every_size() {
    let mut dice = Dice(8);
    let (most, step) = if cfg!(miri) { (9, 4) } else { (70, 1) };
    for size in (1..most).step_by(step) {
        for extents in [[7, size, 5], [size, 35, 5], [9, 40, size]] {
            let [m, n, k] = extents.map(|extent| [extent]);
            check_all(&Case::new(&mut dice, [&[], &m, &n, &k], size % 2 == 0));
        }
    }
}

#[test]
#[cfg(not(miri))]
fn every_way_through_the_blocks() {
    let mut dice = Dice(9);
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
            check_all(&Case::new(&mut dice, extents, wild));
        }
    }
}

#[test]
fn nothing_to_sum_is_zero_whatever_the_scale() {
    let mut dice = Dice(10);
    for accumulate in [false, true] {
        let mut case = Case::new(&mut dice, [&[], &[3], &[5], &[4, 0]], false);
        (case.accumulate, case.scale) = (accumulate, f32::INFINITY);
        let before = case.c.0.clone();
        assert_eq!(case.run(InstructionSet::detect(), 2), if accumulate { before } else { vec![0.0; 15] });
    }
}

#[test]
fn an_empty_output_is_left_alone() {
    let mut dice = Dice(11);
    for extents in [[&[0_usize][..], &[3], &[5], &[4]], [&[2], &[0], &[5], &[4]], [&[2], &[3], &[5, 0], &[4]]] {
        let case = Case::new(&mut dice, extents, false);
        assert_eq!(case.run(InstructionSet::detect(), 2), case.c.0);
    }
}

#[test]
fn six_indices_a_group() {
    let mut dice = Dice(12);
    let two = [2; MOST_DIMS];
    let groups: [&[usize]; 4] = if cfg!(miri) { [&[2], &two, &[2], &[2]] } else { [&two[..4], &two, &two[..3], &two] };
    check_all(&Case::new(&mut dice, groups, true));
    check_all(&Case::new(&mut dice, groups, false));
}

#[test]
fn the_best_set_is_here() {
    assert!(InstructionSet::detect().is_here());
    assert_eq!(InstructionSet::detect(), *sets().last().expect("portable"));
    assert!(scratch_bytes_per_thread().is_multiple_of(64));
}
