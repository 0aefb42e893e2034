//! What a structure is.

use super::letters::letter;

/// Chains in the order of their first atoms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// Each identifier once.
    pub chains: Vec<Chain>,
}

/// Residues under one identifier, those that are no part of the polymer too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    /// The author's identifier; may be empty in old PDB files.
    pub id: String,
    /// In file order.
    pub residues: Vec<Residue>,
}

/// Atoms under one number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Residue {
    /// The author's number.
    pub number: i32,
    /// Tells residues of the same number apart: the `A` of `52A`.
    pub insertion: Option<char>,
    /// `ALA`.
    pub name: String,
    /// Whether the file calls it a `HETATM`: ligands, water, modified residues.
    pub hetero: bool,
    /// Each name once.
    pub atoms: Vec<Atom>,
}

/// An atom and where it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Atom {
    /// `CA`.
    pub name: String,
    /// `C`; empty if the file does not tell.
    pub element: String,
    /// In Å.
    pub position: [f64; 3],
    /// From 0 to 1.
    pub occupancy: f64,
    /// The B-factor in Å²; in predicted structures the predicted error in Å.
    pub b_factor: f64,
}

impl Structure {
    /// The chain of this identifier.
    pub fn chain(&self, id: &str) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.id == id)
    }

    /// How many atoms there are.
    pub fn num_atoms(&self) -> usize {
        self.chains.iter().flat_map(|chain| &chain.residues).map(|residue| residue.atoms.len()).sum()
    }
}

impl Chain {
    /// The residues of the protein: no water, no ligands.
    pub fn amino_acids(&self) -> impl Iterator<Item = &Residue> {
        self.residues.iter().filter(|residue| residue.is_amino_acid())
    }

    /// Its amino acids as letters, `X` for those without one.
    pub fn sequence(&self) -> String {
        self.amino_acids().map(|residue| letter(&residue.name)).collect()
    }
}

impl Residue {
    /// The atom of this name.
    pub fn atom(&self, name: &str) -> Option<&Atom> {
        self.atoms.iter().find(|atom| atom.name == name)
    }

    /// Whether it stands in a protein. A calcium ion has an atom `CA` too, so a `HETATM` needs the rest of a backbone.
    pub fn is_amino_acid(&self) -> bool {
        let has = |name| self.atom(name).is_some();
        has("CA") && (!self.hetero || (has("N") && has("C")))
    }

    /// Gives all its atoms one B-factor, as a predicted error of the residue is written.
    pub fn set_b_factor(&mut self, value: f64) {
        self.atoms.iter_mut().for_each(|atom| atom.b_factor = value);
    }
}
