//! Atoms of a PDB file: records of fixed columns.

use super::assemble::{Assembler, Record};
use super::error::{Place, StructureError, StructureProblem};
use super::{Atom, Structure};

/// The first model of a file.
pub(super) fn read(text: &str, file: &str) -> Result<Structure, StructureError> {
    let mut assembler = Assembler::default();
    for (line, record) in (1..).zip(text.lines()) {
        match record.get(..6).unwrap_or(record).trim_end() {
            kind @ ("ATOM" | "HETATM") => {
                assembler.push(atom(record, kind == "HETATM", Place { file, line })?, line);
            }
            "ENDMDL" => break,
            _ => {}
        }
    }
    assembler.finish(file, "records `ATOM` or `HETATM`")
}

fn atom<'a>(record: &'a str, hetero: bool, at: Place<'_>) -> Result<Record<'a>, StructureError> {
    if !record.is_ascii() {
        return Err(at.error(StructureProblem::NotAscii));
    }
    if record.trim_end().len() < 54 {
        return Err(at.error(StructureProblem::ShortRecord { found: record.trim_end().len() }));
    }
    // Columns from 1, both ends included, as the format's description counts.
    let columns = |first: usize, last: usize| record.get(first - 1..last.min(record.len())).unwrap_or_default().trim();
    let name = columns(13, 16);
    if name.is_empty() {
        return Err(at.field("an atom's name", "columns 13 to 16", name));
    }
    let or = |field: &str, default: f64, place| match field {
        "" => Ok(default),
        field => at.number(field, place),
    };
    let position = [
        at.number(columns(31, 38), "columns 31 to 38 (x)")?,
        at.number(columns(39, 46), "columns 39 to 46 (y)")?,
        at.number(columns(47, 54), "columns 47 to 54 (z)")?,
    ];
    let element = match columns(77, 78) {
        "" => element(&record[12..16], hetero),
        element => element,
    };
    let atom = Atom {
        name: name.to_string(),
        element: element.to_string(),
        position,
        occupancy: or(columns(55, 60), 1.0, "columns 55 to 60 (occupancy)")?,
        b_factor: or(columns(61, 66), 0.0, "columns 61 to 66 (B-factor)")?,
    };
    Ok(Record {
        chain: columns(22, 22),
        number: at.whole(columns(23, 26), "columns 23 to 26 (residue number)")?,
        insertion: columns(27, 27).chars().next(),
        residue: columns(18, 20),
        hetero,
        location: columns(17, 17),
        atom,
    })
}

/// The element that the four columns of an atom's name say: its symbol ends in the second of them, except that four
/// letters of a hydrogen begin in the first.
fn element(name: &str, hetero: bool) -> &str {
    let known = match name.as_bytes() {
        [b' ' | b'0'..=b'9', ..] => name.get(1..2),
        _ if hetero => name.get(..2),
        _ => name.get(..1),
    };
    known.unwrap_or_default().trim()
}
