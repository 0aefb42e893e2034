//! Records of fixed columns.

use std::fmt::Write;

use super::super::{Atom, Chain, Residue, Structure, StructureProblem};
use crate::shown::shown;

/// `ATOM` and `HETATM` records, a `TER` behind each polymer, `END`.
pub(super) fn write(structure: &Structure) -> Result<String, StructureProblem> {
    let mut text = String::new();
    let mut serial = 0;
    for chain in &structure.chains {
        let last = chain.residues.iter().rposition(|residue| !residue.hetero);
        for (place, residue) in chain.residues.iter().enumerate() {
            for atom in &residue.atoms {
                serial += 1;
                record(&mut text, serial, chain, residue, atom)?;
            }
            if Some(place) == last {
                serial += 1;
                let (name, id) = (field(&residue.name, 3, "residue name")?, field(&chain.id, 1, "chain")?);
                let number = residue.number;
                let insertion = residue.insertion.unwrap_or(' ');
                let _ = writeln!(text, "TER   {serial:>5}      {name:>3} {id:1}{number:>4}{insertion}");
            }
        }
    }
    text.push_str("END\n");
    Ok(text)
}

fn record(
    text: &mut String,
    serial: usize,
    chain: &Chain,
    residue: &Residue,
    atom: &Atom,
) -> Result<(), StructureProblem> {
    if serial > 99_999 {
        return Err(StructureProblem::TooWide("more than 99999 records of atoms".into()));
    }
    if !(-999..=9999).contains(&residue.number) {
        return Err(StructureProblem::TooWide(format!("residue number {}", residue.number)));
    }
    let kind = if residue.hetero { "HETATM" } else { "ATOM" };
    let element = field(&atom.element, 2, "element")?;
    let name = field(&atom.name, 4, "atom name")?;
    // The element's symbol ends in the second column of the name.
    let name = if element.len() < 2 && name.len() < 4 { format!(" {name}") } else { name.to_string() };
    let insertion = residue.insertion.unwrap_or(' ').to_string();
    let [residue_name, id, insertion] = [
        field(&residue.name, 3, "residue name")?,
        field(&chain.id, 1, "chain")?,
        if insertion == " " { " " } else { field(&insertion, 1, "insertion code")? },
    ];
    let number = residue.number;
    let _ = write!(text, "{kind:<6}{serial:>5} {name:<4} {residue_name:>3} {id:1}{number:>4}{insertion}   ");
    for coordinate in atom.position {
        text.push_str(&decimal(coordinate, 8, 3, "coordinate")?);
    }
    text.push_str(&decimal(atom.occupancy, 6, 2, "occupancy")?);
    text.push_str(&decimal(atom.b_factor, 6, 2, "B-factor")?);
    let _ = writeln!(text, "          {element:>2}");
    Ok(())
}

/// A word that has its columns: visible ASCII, not too long.
fn field<'a>(word: &'a str, columns: usize, what: &str) -> Result<&'a str, StructureProblem> {
    if word.len() <= columns && word.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(word);
    }
    Err(StructureProblem::TooWide(format!("{what} `{}`", shown(word))))
}

fn decimal(number: f64, columns: usize, places: usize, what: &str) -> Result<String, StructureProblem> {
    let text = format!("{number:>columns$.places$}");
    if text.len() == columns && number.is_finite() {
        return Ok(text);
    }
    Err(StructureProblem::TooWide(format!("{what} {number}")))
}
