//! FASTA files of antibodies: which records are chains of one.
//!
//! A record is an antibody of its own, its chains apart by `:` or `/`, unless its name says that it is a chain:
//! `name:H`, a capital alone (`H`), `heavy`, `light`, `vh`, `vl`, or a line of the protein data bank
//! (`1NCB_2|Chain B[auth L]|…`). Chains of one name belong together.

use std::collections::HashMap;
use std::path::Path;

use super::error::{SequenceError, SequenceProblem};
use super::vocabulary::AMINO_ACIDS;
use crate::plain;
use crate::shown::shown;

/// The chains of an antibody's variable domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Antibody {
    /// Empty where its records have only the names of chains.
    pub name: String,
    /// One or two.
    pub chains: Vec<ChainSequence>,
    /// Where it begins in its file, from 1.
    pub line: usize,
}

/// A chain's residues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainSequence {
    /// Its letter in structures.
    pub id: char,
    /// The twenty amino acids' letters.
    pub residues: String,
}

impl Antibody {
    /// Makes sure that no chain has more residues.
    ///
    /// # Errors
    /// One that has.
    pub fn at_most(&self, most: usize, file: impl AsRef<Path>) -> Result<(), SequenceError> {
        let Some(chain) = self.chains.iter().find(|c| c.residues.len() > most) else { return Ok(()) };
        let (record, residues) = (shown_name(&self.name), chain.residues.len());
        let problem = SequenceProblem::TooLong { record, chain: chain.id, residues, most };
        Err(SequenceError { file: shown(&file.as_ref().to_string_lossy()), line: self.line, problem })
    }
}

/// Most chains of a variable domain.
const MOST_CHAINS: usize = 2;

/// A record as it stands.
struct Record {
    name: String,
    line: usize,
    /// The first few; of more only the number is kept.
    chains: Vec<String>,
    count: usize,
    /// Whether a chain before the last has no residues.
    gap: bool,
    /// Residues of the last chain.
    last: usize,
}

impl Record {
    fn new(name: &str, line: usize) -> Record {
        Record { name: name.to_string(), line, chains: vec![String::new()], count: 1, gap: false, last: 0 }
    }

    fn begin_chain(&mut self) {
        self.gap |= self.last == 0;
        (self.count, self.last) = (self.count + 1, 0);
        if self.count <= MOST_CHAINS {
            self.chains.push(String::new());
        }
    }

    fn push(&mut self, letter: char) {
        self.last += 1;
        if let Some(chain) = self.chains.get_mut(self.count - 1) {
            chain.push(letter);
        }
    }
}

/// The antibodies of a file, in the order of their first records.
///
/// # Errors
/// A file that is no FASTA, a letter that is no amino acid, an empty record, more than two chains.
pub fn antibodies(path: impl AsRef<Path>) -> Result<Vec<Antibody>, SequenceError> {
    let path = path.as_ref();
    let file = shown(&path.to_string_lossy());
    let fail = |problem| SequenceError { file: file.clone(), line: 0, problem };
    let bytes = plain::read(path).map_err(|e| fail(SequenceProblem::Io(e.to_string())))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| fail(SequenceProblem::NotText))?;
    parse(text).map_err(|(line, problem)| SequenceError { file, line, problem })
}

/// What is wrong in a line.
type Wrong = (usize, SequenceProblem);

pub(super) fn parse(text: &str) -> Result<Vec<Antibody>, Wrong> {
    let mut antibodies: Vec<Antibody> = Vec::new();
    // Only chains that were named as such belong together: the antibodies of these, by their names.
    let mut grouped: HashMap<String, usize> = HashMap::new();
    for Record { name, line, chains, count, .. } in records(text)? {
        if count > MOST_CHAINS {
            return Err((line, SequenceProblem::Chains { record: shown_name(&name), chains: count }));
        }
        let part = chain_of(&name).filter(|_| count == 1);
        let Some((name, id)) = part else {
            let chains = "HL".chars().zip(chains).map(|(id, residues)| ChainSequence { id, residues }).collect();
            antibodies.push(Antibody { name, chains, line });
            continue;
        };
        let own = chains.into_iter().map(|residues| ChainSequence { id, residues });
        match grouped.get(&name).map(|place| &mut antibodies[*place]) {
            Some(antibody) if antibody.chains.iter().any(|known| known.id == id) => {
                let record = shown_name(&antibody.name);
                return Err((line, SequenceProblem::ChainTwice { record, chain: id }));
            }
            Some(antibody) => antibody.chains.extend(own),
            None => {
                grouped.insert(name.clone(), antibodies.len());
                antibodies.push(Antibody { name, chains: own.collect(), line });
            }
        }
    }
    if let Some(antibody) = antibodies.iter().find(|a| a.chains.len() > MOST_CHAINS) {
        let (record, chains) = (shown_name(&antibody.name), antibody.chains.len());
        return Err((antibody.line, SequenceProblem::Chains { record, chains }));
    }
    Ok(antibodies)
}

fn shown_name(name: &str) -> String {
    if name.is_empty() { "the antibody".into() } else { shown(name) }
}

fn records(text: &str) -> Result<Vec<Record>, Wrong> {
    let mut records: Vec<Record> = Vec::new();
    for (line, full) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let trimmed = full.trim();
        if let Some(name) = trimmed.strip_prefix('>') {
            whole(records.last())?;
            records.push(Record::new(name.trim(), line));
        } else if !trimmed.is_empty() && !trimmed.starts_with([';', '#']) {
            let Some(record) = records.last_mut() else {
                return Err((line, SequenceProblem::NoName(shown(trimmed))));
            };
            for (column, letter) in (1..).zip(full.chars()) {
                let capital = letter.to_ascii_uppercase();
                match letter {
                    ':' | '/' => record.begin_chain(),
                    _ if letter.is_whitespace() => {}
                    _ if AMINO_ACIDS.contains(capital) => record.push(capital),
                    _ => {
                        let (record, letter) = (shown(&record.name), letter.escape_debug().to_string());
                        return Err((line, SequenceProblem::Letter { record, letter, column }));
                    }
                }
            }
        }
    }
    whole(records.last())?;
    if records.is_empty() { Err((0, SequenceProblem::Empty)) } else { Ok(records) }
}

/// Whether every chain of a record has residues.
fn whole(record: Option<&Record>) -> Result<(), Wrong> {
    match record.filter(|record| record.gap || record.last == 0) {
        Some(record) => Err((record.line, SequenceProblem::NoSequence(shown(&record.name)))),
        None => Ok(()),
    }
}

/// The antibody and the chain that a record's name tells of, if it does.
fn chain_of(name: &str) -> Option<(String, char)> {
    let letter = |text: &str| {
        let mut letters = text.chars();
        letters.next().filter(|c| c.is_ascii_alphanumeric() && letters.next().is_none())
    };
    if let Some((entry, rest)) = name.split_once('|')
        && let Some(chains) = rest.strip_prefix("Chain ").or_else(|| rest.strip_prefix("Chains "))
    {
        let chain = chains.split(['|', ',']).next().unwrap_or_default();
        let own = chain.split("[auth ").nth(1).map_or(chain, |auth| auth.trim_end_matches(']'));
        let entry = entry.split('_').next().unwrap_or(entry);
        return Some((entry.to_string(), letter(own.trim())?));
    }
    let word = name.split_whitespace().next().unwrap_or_default();
    if let Some((antibody, chain)) = word.rsplit_once(':') {
        return Some((antibody.to_string(), letter(chain)?));
    }
    let chain = match word.to_ascii_lowercase().as_str() {
        "heavy" | "vh" => 'H',
        "light" | "vl" => 'L',
        _ => letter(word).filter(char::is_ascii_uppercase)?,
    };
    Some((String::new(), chain))
}
