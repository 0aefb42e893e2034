//! A table of named columns.

use std::fmt::Write;

use super::super::Structure;

const COLUMNS: [&str; 18] = [
    "group_PDB",
    "id",
    "type_symbol",
    "label_atom_id",
    "label_alt_id",
    "label_comp_id",
    "label_asym_id",
    "label_entity_id",
    "label_seq_id",
    "pdbx_PDB_ins_code",
    "Cartn_x",
    "Cartn_y",
    "Cartn_z",
    "occupancy",
    "B_iso_or_equiv",
    "auth_seq_id",
    "auth_asym_id",
    "pdbx_PDB_model_num",
];

/// An entry with one table, `_atom_site`.
pub(super) fn write(structure: &Structure, name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect();
    let mut text = format!("data_{name}\n#\n_entry.id {}\n#\nloop_\n", value(&name));
    for column in COLUMNS {
        let _ = writeln!(text, "_atom_site.{column}");
    }
    let mut serial = 0;
    for (entity, chain) in (1..).zip(&structure.chains) {
        let id = value(&chain.id);
        // Places in the polymer count from 1; what is no part of it has none.
        let mut place = 0;
        for residue in &chain.residues {
            let group = if residue.hetero { "HETATM" } else { "ATOM" };
            place += usize::from(!residue.hetero);
            let within = if residue.hetero { ".".into() } else { place.to_string() };
            let (residue_name, number) = (value(&residue.name), residue.number);
            let insertion = residue.insertion.map_or("?".into(), |code| value(&code.to_string()));
            for atom in &residue.atoms {
                serial += 1;
                let (atom_name, element) = (value(&atom.name), value(&atom.element));
                let [x, y, z] = atom.position;
                let (occupancy, b_factor) = (atom.occupancy, atom.b_factor);
                let _ = writeln!(
                    text,
                    "{group} {serial} {element} {atom_name} . {residue_name} {id} {entity} {within} {insertion} \
                     {x:.3} {y:.3} {z:.3} {occupancy:.2} {b_factor:.2} {number} {id} 1"
                );
            }
        }
    }
    text.push_str("#\n");
    text
}

/// A word as a value: quoted where it would be read as something else, `?` where there is none.
fn value(word: &str) -> String {
    let first = word.chars().next();
    let lower = word.to_ascii_lowercase();
    let special = first.is_none_or(|c| "_#$'\"[];".contains(c))
        || ["data_", "save_", "loop_", "stop_", "global_"].iter().any(|keyword| lower.starts_with(keyword))
        || matches!(word, "." | "?")
        || word.contains(char::is_whitespace);
    match word {
        "" => "?".into(),
        word if !special => word.into(),
        word if !word.contains('\'') => format!("'{word}'"),
        word => format!("\"{word}\""),
    }
}
