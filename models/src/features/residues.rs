//! Letters and their codes: AlphaFold's order of the amino acids.

/// The letter of every code that has one: 20 amino acids, X, gap.
pub const LETTERS: &str = "ARNDCQEGHILKMFPSTWYVX-";
/// The code of an unknown residue, X.
pub const UNKNOWN: u8 = 20;
/// The code of a gap.
pub const GAP: u8 = 21;
/// The code of a masked position.
pub const MASKED: u8 = 22;
/// How many codes there are: the width of a one-hot.
pub const CODES: usize = 23;

/// The code of an aligned letter, upper or lower case.
///
/// B counts as D, Z as E, U as C; J, O and X are [`UNKNOWN`]; whatever is no letter is [`GAP`].
pub fn code(letter: u8) -> u8 {
    const TABLE: [u8; 256] = table();
    TABLE[usize::from(letter)]
}

const fn table() -> [u8; 256] {
    let mut table = [GAP; 256];
    let mut letter = b'A';
    while letter <= b'Z' {
        table[letter as usize] = UNKNOWN;
        letter += 1;
    }
    let mut code = 0;
    while code < UNKNOWN {
        table[LETTERS.as_bytes()[code as usize] as usize] = code;
        code += 1;
    }
    table[b'B' as usize] = table[b'D' as usize];
    table[b'Z' as usize] = table[b'E' as usize];
    table[b'U' as usize] = table[b'C' as usize];
    let mut letter = b'A';
    while letter <= b'Z' {
        table[letter.to_ascii_lowercase() as usize] = table[letter as usize];
        letter += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(letters: &str, expected: &[u8]) {
        assert_eq!(letters.bytes().map(code).collect::<Vec<_>>(), expected, "{letters}");
    }

    #[test]
    fn standard_letters_are_in_order() {
        check(LETTERS, &(0..22).collect::<Vec<_>>());
        check("arndv", &[0, 1, 2, 3, 19]);
    }

    #[test]
    fn ambiguous_letters_have_a_stand_in() {
        check("BZUJOX", &[3, 6, 4, UNKNOWN, UNKNOWN, UNKNOWN]);
    }

    #[test]
    fn what_is_no_letter_is_a_gap() {
        check("-.~1", &[GAP; 4]);
    }
}
