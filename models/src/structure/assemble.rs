//! From atoms in file order to chains and residues, one location for each atom.

use std::collections::{HashMap, HashSet};

use super::error::{Place, StructureError, StructureProblem};
use super::{Atom, Chain, Residue, Structure};
use crate::shown::shown;

/// An atom as it stands in a file.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) chain: &'a str,
    pub(super) number: i32,
    pub(super) insertion: Option<char>,
    pub(super) residue: &'a str,
    pub(super) hetero: bool,
    /// Which of several alternate locations this is; empty if there is one.
    pub(super) location: &'a str,
    pub(super) atom: Atom,
}

/// A chain, a number in it, an insertion code.
type Key = (usize, i32, Option<char>);

/// Gathers atoms.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    chains: Vec<Chain>,
    chain_of: HashMap<String, usize>,
    drafts: Vec<Draft>,
    /// The newest residue at a number.
    draft_of: HashMap<Key, usize>,
    /// Where atoms of a named residue at a number go.
    form_of: HashMap<(Key, String), (usize, usize)>,
}

/// A residue of which alternatives are not yet chosen.
#[derive(Debug)]
struct Draft {
    chain: usize,
    number: i32,
    insertion: Option<char>,
    hetero: bool,
    /// More than one where a crystal holds two kinds of residue at one place.
    forms: Vec<Form>,
}

#[derive(Debug)]
struct Form {
    name: String,
    atoms: Vec<Located>,
}

#[derive(Debug)]
struct Located {
    location: String,
    line: usize,
    atom: Atom,
}

impl Assembler {
    /// Takes the atom of a line.
    pub(super) fn push(&mut self, record: Record<'_>, line: usize) {
        let chain = self.chain(record.chain);
        let key = (chain, record.number, record.insertion);
        let named = (key, record.residue.to_string());
        let known = self.form_of.get(&named).copied();
        let (draft, form) = known.unwrap_or_else(|| {
            let draft = self.draft(key, &record);
            let forms = &mut self.drafts[draft].forms;
            forms.push(Form { name: record.residue.to_string(), atoms: Vec::new() });
            let place = (draft, forms.len() - 1);
            self.form_of.insert(named, place);
            place
        });
        let location = record.location.to_string();
        self.drafts[draft].forms[form].atoms.push(Located { location, line, atom: record.atom });
    }

    fn chain(&mut self, id: &str) -> usize {
        if let Some(known) = self.chain_of.get(id) {
            return *known;
        }
        self.chains.push(Chain { id: id.to_string(), residues: Vec::new() });
        self.chain_of.insert(id.to_string(), self.chains.len() - 1);
        self.chains.len() - 1
    }

    /// The residue that a new name at a number belongs to: an alternative of the one that is there, or a new one.
    fn draft(&mut self, key: Key, record: &Record<'_>) -> usize {
        let (chain, number, insertion) = key;
        let alternates = |draft: &Draft| draft.forms.iter().flat_map(|f| &f.atoms).any(|a| !a.location.is_empty());
        let there = self.draft_of.get(&key).copied();
        if let Some(there) = there.filter(|d| !record.location.is_empty() && alternates(&self.drafts[*d])) {
            return there;
        }
        self.drafts.push(Draft { chain, number, insertion, hetero: record.hetero, forms: Vec::new() });
        self.draft_of.insert(key, self.drafts.len() - 1);
        self.drafts.len() - 1
    }

    /// The structure, if it has atoms and none of them twice.
    pub(super) fn finish(mut self, file: &str, expected: &'static str) -> Result<Structure, StructureError> {
        if self.drafts.is_empty() {
            return Err(Place { file, line: 0 }.error(StructureProblem::NoAtoms { expected }));
        }
        for draft in self.drafts {
            let chain = &mut self.chains[draft.chain];
            let residue = draft.choose(&chain.id, file)?;
            chain.residues.push(residue);
        }
        Ok(Structure { chains: self.chains })
    }
}

impl Draft {
    /// The form and the locations with the highest occupancy, the first of equals.
    fn choose(self, chain: &str, file: &str) -> Result<Residue, StructureError> {
        let highest = |form: &Form| form.atoms.iter().map(|a| a.atom.occupancy).fold(f64::NEG_INFINITY, f64::max);
        let (mut chosen, mut best) = (Form { name: String::new(), atoms: Vec::new() }, f64::NEG_INFINITY);
        for form in self.forms {
            form.check(chain, self.number, file)?;
            let own = highest(&form);
            if chosen.atoms.is_empty() || own > best {
                (chosen, best) = (form, own);
            }
        }
        let mut atoms: Vec<Atom> = Vec::new();
        let mut place: HashMap<String, usize> = HashMap::new();
        for Located { atom, .. } in chosen.atoms {
            match place.get(&atom.name) {
                Some(known) if atoms[*known].occupancy >= atom.occupancy => {}
                Some(known) => atoms[*known] = atom,
                None => {
                    place.insert(atom.name.clone(), atoms.len());
                    atoms.push(atom);
                }
            }
        }
        let Draft { number, insertion, hetero, .. } = self;
        Ok(Residue { number, insertion, name: chosen.name, hetero, atoms })
    }
}

impl Form {
    fn check(&self, chain: &str, number: i32, file: &str) -> Result<(), StructureError> {
        let mut seen = HashSet::new();
        let twice = self.atoms.iter().find(|a| !seen.insert((&a.atom.name, &a.location)));
        twice.map_or(Ok(()), |again| {
            let residue = shown(&format!("{} {chain} {number}", self.name));
            let problem = StructureProblem::Repeated { atom: shown(&again.atom.name), residue };
            Err(Place { file, line: again.line }.error(problem))
        })
    }
}
