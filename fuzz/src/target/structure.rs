//! Structures: what was read is written and read again.

use crease_models::structure::{Format, Structure};

use super::{Target, seeds};
use crate::mutate::text;

pub(super) const PDB: Target = Target {
    name: "pdb",
    longest: 1 << 14,
    seeds: || seeds::of("structure", &["pdb"]),
    change: |rng, data, other| text::change(rng, data, other, &WORDS),
    run: |data| run(Format::Pdb, data),
};

pub(super) const CIF: Target =
    Target { name: "cif", seeds: || seeds::of("structure", &["cif"]), run: |data| run(Format::Cif, data), ..PDB };

const WORDS: [&str; 30] = [
    "ATOM  ",
    "HETATM",
    "TER   \n",
    "MODEL     1\n",
    "ENDMDL\n",
    "END\n",
    "ANISOU",
    "MSE",
    "HID",
    "A000",
    "****",
    "loop_\n",
    "data_x\n",
    "save_x\n",
    "_atom_site.",
    "_atom_site.Cartn_x\n",
    "_atom_site.pdbx_PDB_model_num\n",
    "_atom_site.label_alt_id\n",
    "_atom_site.auth_seq_id\n",
    "_atom_site.label_asym_id\n",
    "_atom_site.type_symbol\n",
    "\n;\ntext\n;\n",
    "'a b'",
    "\"a'b\"",
    "stop_",
    "global_",
    "12.345(6)",
    "-0.000",
    "  1.00",
    "\r\n",
];

fn run(format: Format, data: &[u8]) -> bool {
    let Ok(structure) = Structure::parse(format, data, "input") else {
        return false;
    };
    // A PDB file may leave out chains' names, mmCIF has no way to.
    if structure.chains.iter().any(|chain| chain.id.is_empty()) {
        return true;
    }
    let cif = structure.to_cif("input");
    let again = Structure::parse(Format::Cif, cif.as_bytes(), "written");
    let atoms =
        |structure: &Structure| structure.chains.iter().flat_map(|c| &c.residues).map(|r| r.atoms.len()).sum::<usize>();
    match again {
        Ok(again) => assert_eq!(atoms(&again), atoms(&structure), "every atom that was read is written"),
        Err(error) => panic!("what was written cannot be read: {error}\n{cif}"),
    }
    // What does not fit the columns is refused in words.
    if let Ok(pdb) = structure.to_pdb() {
        assert!(
            Structure::parse(Format::Pdb, pdb.as_bytes(), "written").is_ok(),
            "what was written cannot be read:\n{pdb}"
        );
    }
    true
}
