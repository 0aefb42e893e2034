//! What a model says of an antibody, as a structure.

use super::fasta::Antibody;
use crate::structure::{Atom, Chain, Residue, Structure, three_letters};

/// A model's atoms: N, CA, C, CB.
const ATOMS: [&str; 4] = ["N", "CA", "C", "CB"];
/// The carbonyl's bond in Å, and its angle with the bond before, in radians (Engh and Huber 2001).
const CARBONYL: (f64, f64) = (1.231, 2.108);
/// The turn about CA-C at which a carbonyl stands opposite the next residue's N.
const OPPOSITE: f64 = std::f64::consts::PI;
/// The same turn, seen from the own N, in an extended strand: what a chain's end most often is.
const AT_THE_END: f64 = -0.873;

/// One model's atoms and expected errors.
#[derive(Clone, Copy, Debug)]
pub struct Prediction<'a> {
    /// N, CA, C and CB of each residue in Å: 12 numbers a residue.
    pub coordinates: &'a [f32],
    /// The error expected of each atom, in Å.
    pub errors: &'a [f32],
}

impl Prediction<'_> {
    /// How bad a model expects to be: nine atoms of ten are expected to be nearer than this, in Å. (IgFold's own
    /// measure; linear between the two nearest.)
    pub fn error(&self) -> f64 {
        let mut sorted: Vec<f64> = self.errors.iter().map(|e| f64::from(*e)).collect();
        sorted.sort_by(f64::total_cmp);
        let at = 0.9 * sorted.len().saturating_sub(1) as f64;
        let (below, part) = (at.floor() as usize, at.fract());
        match (sorted.get(below), sorted.get(below + 1)) {
            (Some(a), Some(b)) => a + part * (b - a),
            (Some(a), None) => *a,
            _ => 0.0,
        }
    }

    /// The root mean square of the errors expected of all atoms, in Å.
    pub fn root_mean_square(&self) -> f64 {
        let sum: f64 = self.errors.iter().map(|e| f64::from(*e) * f64::from(*e)).sum();
        (sum / self.errors.len().max(1) as f64).sqrt()
    }

    /// The error expected of each residue: the root mean square of its atoms', in Å.
    pub fn residue_errors(&self) -> Vec<f64> {
        let mean =
            |atoms: &[f32]| atoms.iter().map(|e| f64::from(*e) * f64::from(*e)).sum::<f64>() / ATOMS.len() as f64;
        self.errors.chunks_exact(ATOMS.len()).map(|atoms| mean(atoms).sqrt()).collect()
    }

    /// Whether every number is one.
    pub fn is_finite(&self) -> bool {
        self.coordinates.iter().chain(self.errors).all(|x| x.is_finite())
    }

    /// The structure: residues numbered from 1 in each chain, the carbonyl's oxygen where the chain's course puts it,
    /// no CB in glycine, each residue's expected error as its B-factor.
    ///
    /// # Panics
    /// Where there are not as many residues as the antibody has.
    pub fn structure(&self, antibody: &Antibody) -> Structure {
        let errors = self.residue_errors();
        let mut first = 0;
        let chains = antibody.chains.iter().map(|chain| {
            let count = chain.residues.len();
            let residues = chain.residues.chars().enumerate().map(|(k, letter)| {
                let next = (k + 1 < count).then(|| self.atom(first + k + 1, 0));
                self.residue(first + k, letter, k + 1, next, errors[first + k])
            });
            let chain = Chain { id: chain.id.to_string(), residues: residues.collect() };
            first += count;
            chain
        });
        let structure = Structure { chains: chains.collect() };
        assert_eq!(errors.len(), first, "a prediction has the antibody's residues");
        structure
    }

    fn atom(&self, residue: usize, atom: usize) -> [f64; 3] {
        let at = 3 * (ATOMS.len() * residue + atom);
        std::array::from_fn(|axis| f64::from(self.coordinates[at + axis]))
    }

    fn residue(&self, at: usize, letter: char, number: usize, next: Option<[f64; 3]>, error: f64) -> Residue {
        let [n, ca, c, _] = std::array::from_fn(|atom| self.atom(at, atom));
        let (from, turn) = next.map_or((n, AT_THE_END), |next| (next, OPPOSITE));
        let oxygen = placed(from, ca, c, CARBONYL, turn);
        let name = three_letters(letter);
        let own = ATOMS.iter().enumerate().map(|(k, atom)| (*atom, self.atom(at, k)));
        let all = own.take(3).chain([("O", oxygen), ("CB", self.atom(at, 3))]);
        let atoms = all.filter(|(atom, _)| !(name == "GLY" && *atom == "CB")).map(|(atom, position)| Atom {
            name: atom.to_string(),
            element: atom[..1].to_string(),
            position,
            occupancy: 1.0,
            b_factor: error,
        });
        Residue {
            number: i32::try_from(number).unwrap_or(i32::MAX),
            insertion: None,
            name: name.to_string(),
            hetero: false,
            atoms: atoms.collect(),
        }
    }
}

/// The point at a length and an angle from c, turned about b-c so far from a (Parsons et al. 2005).
fn placed(a: [f64; 3], b: [f64; 3], c: [f64; 3], (length, angle): (f64, f64), turn: f64) -> [f64; 3] {
    let back = unit(minus(b, c));
    let normal = unit(cross(minus(b, a), back));
    let side = cross(normal, back);
    let parts = [length * angle.cos(), length * angle.sin() * turn.cos(), -length * angle.sin() * turn.sin()];
    std::array::from_fn(|k| c[k] + parts[0] * back[k] + parts[1] * side[k] + parts[2] * normal[k])
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|k| a[k] - b[k])
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit(a: [f64; 3]) -> [f64; 3] {
    let length = a.iter().map(|x| x * x).sum::<f64>().sqrt();
    a.map(|x| x / length)
}
