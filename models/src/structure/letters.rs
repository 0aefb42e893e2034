//! Residue names and their letters.

/// The twenty amino acids, and modified ones that stand for one of them in crystals.
const LETTERS: [(&str, char); 28] = [
    ("ALA", 'A'),
    ("ARG", 'R'),
    ("ASN", 'N'),
    ("ASP", 'D'),
    ("CYS", 'C'),
    ("GLN", 'Q'),
    ("GLU", 'E'),
    ("GLY", 'G'),
    ("HIS", 'H'),
    ("ILE", 'I'),
    ("LEU", 'L'),
    ("LYS", 'K'),
    ("MET", 'M'),
    ("PHE", 'F'),
    ("PRO", 'P'),
    ("SER", 'S'),
    ("THR", 'T'),
    ("TRP", 'W'),
    ("TYR", 'Y'),
    ("VAL", 'V'),
    ("CSO", 'C'),
    ("HYP", 'P'),
    ("MSE", 'M'),
    ("PCA", 'E'),
    ("PTR", 'Y'),
    ("SEC", 'C'),
    ("SEP", 'S'),
    ("TPO", 'T'),
];

/// The letter of a residue name; `X` if it has none.
pub(super) fn letter(name: &str) -> char {
    LETTERS.iter().find(|(known, _)| *known == name).map_or('X', |(_, letter)| *letter)
}

/// The residue name of an amino acid's letter; `UNK` if it has none.
pub fn three_letters(letter: char) -> &'static str {
    LETTERS.iter().find(|(_, known)| *known == letter).map_or("UNK", |(name, _)| name)
}
