//! Tests of the whole path from bytes to scores and to bytes again.

mod errors;
mod formats;
mod reference;
mod scores;
mod writing;

use super::{Atom, Chain, Format, Residue, Structure};

/// A record of a PDB file: chain, number and insertion code as `A 12B`, its x the serial number.
fn record(serial: usize, name: &str, residue: &str, place: &str) -> String {
    let (chain, number) = place.split_once(' ').expect("two words");
    let (number, insertion) = match number.strip_suffix(|c: char| c.is_ascii_uppercase()) {
        Some(digits) => (digits, &number[digits.len()..]),
        None => (number, " "),
    };
    let element = &name[..1];
    format!(
        "ATOM  {serial:>5}  {name:<3} {residue:>3} {chain}{number:>4}{insertion}   {:8.3}{:8.3}{:8.3}  1.00  0.00          {element:>2}\n",
        serial as f64, 2.0, 3.0
    )
}

/// Every atom on a line: chain, number, residue, atom, x, occupancy, B-factor.
fn written(structure: &Structure) -> Vec<String> {
    let mut lines = Vec::new();
    for chain in &structure.chains {
        for residue in &chain.residues {
            let insertion = residue.insertion.map(String::from).unwrap_or_default();
            let kind = if residue.hetero { "*" } else { "" };
            for atom in &residue.atoms {
                let (x, occupancy, b) = (atom.position[0], atom.occupancy, atom.b_factor);
                let residue = format!("{}{}{insertion} {}{kind}", chain.id, residue.number, residue.name);
                lines.push(format!("{residue} {} {} {x} {occupancy} {b}", atom.name, atom.element));
            }
        }
    }
    lines
}

/// Numbers between -1 and 1: the stream for which other programs computed the figures of `reference.rs`, so it stays as it is.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / f64::from(1u32 << 23) - 1.0
    }
}

/// A chain of backbones around a helix.
fn helix(id: &str, residues: usize, seed: u64) -> Chain {
    const NAMES: [&str; 20] = [
        "ALA", "ARG", "ASN", "ASP", "CYS", "GLN", "GLU", "GLY", "HIS", "ILE", "LEU", "LYS", "MET", "PHE", "PRO", "SER",
        "THR", "TRP", "TYR", "VAL",
    ];
    const BACKBONE: [(&str, [f64; 3]); 4] =
        [("N", [-1.2, 0.5, -0.6]), ("CA", [0.0; 3]), ("C", [0.9, 0.9, 0.8]), ("O", [1.6, 1.8, 0.4])];
    let mut noise = Noise(seed);
    let residue = |k: usize| {
        let (angle, rise) = ((100.0 * k as f64).to_radians(), 1.5 * k as f64);
        let alpha = [2.3 * angle.cos(), 2.3 * angle.sin(), rise];
        let atom = |(name, beside): &(&str, [f64; 3])| Atom {
            name: (*name).into(),
            element: name[..1].into(),
            position: std::array::from_fn(|axis| alpha[axis] + beside[axis]),
            occupancy: 1.0,
            b_factor: 0.0,
        };
        let name = NAMES[((noise.next() + 1.0) * 10.0) as usize];
        let number = k as i32 + 1;
        Residue { number, name: name.into(), atoms: BACKBONE.iter().map(atom).collect(), ..Residue::default() }
    };
    Chain { id: id.into(), residues: (0..residues).map(residue).collect() }
}

/// Moves every atom by noise that grows along each chain, and all behind a hinge by as much again; then turns and
/// shifts the whole.
fn perturbed(structure: &Structure, hinge: usize) -> Structure {
    let mut noise = Noise(7);
    let mut changed = structure.clone();
    for chain in &mut changed.chains {
        let count = chain.residues.len() as f64;
        for (k, residue) in chain.residues.iter_mut().enumerate() {
            for atom in &mut residue.atoms {
                let beside = if k >= hinge { [3.0, 1.0, -2.0] } else { [0.0; 3] };
                let size = 0.2 + 2.0 * k as f64 / count;
                atom.position = std::array::from_fn(|axis| atom.position[axis] + size * noise.next() + beside[axis]);
            }
        }
    }
    moved(&changed)
}

/// A rotation that is exact in floats, and a shift.
fn moved(structure: &Structure) -> Structure {
    let mut moved = structure.clone();
    for atom in moved.chains.iter_mut().flat_map(|c| &mut c.residues).flat_map(|r| &mut r.atoms) {
        let [x, y, z] = atom.position;
        atom.position = [y + 10.0, z - 20.0, x + 30.0];
    }
    moved
}
