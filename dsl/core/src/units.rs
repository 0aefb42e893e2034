//! Memory sizes as text.

/// Decimal and binary units, the ones that messages list.
const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads `2 GiB`, `512MiB`, `1.5 GB`; units are matched whatever their case.
///
/// # Errors
/// A message: no number, no unit or an unknown one, zero, or more than 64 bits.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(trimmed.len());
    let (digits, unit) = (trimmed[..end].replace('_', ""), trimmed[end..].trim());
    if digits.is_empty() || digits == "." || digits.matches('.').count() > 1 {
        return Err(format!("`{text}` does not begin with a number: write it as `2 GiB`"));
    }
    let names = || UNITS.map(|(name, _)| name).join(", ");
    if unit.is_empty() {
        return Err(format!("`{text}` has no unit: add one of {}", names()));
    }
    let Some((_, size)) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) else {
        return Err(format!("`{unit}` is not a unit of memory: use one of {}", names()));
    };
    let too_large = || format!("`{text}` is more than 64 bits can count");
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse::<u64>().map_err(|_| too_large())?.into() };
    // Twelve digits after the point resolve a byte of a TiB.
    let fraction: String = fraction.chars().chain(std::iter::repeat('0')).take(12).collect();
    let parts = fraction.parse::<u128>().map_err(|_| too_large())? * u128::from(*size) / 1_000_000_000_000;
    let bytes = u64::try_from(whole * u128::from(*size) + parts).map_err(|_| too_large())?;
    if bytes == 0 {
        return Err(format!("`{text}` is too small: a budget must be at least one byte"));
    }
    Ok(bytes)
}

/// Prints `1.50 GiB`: the largest binary unit in which the number is at least one.
pub fn format_bytes(bytes: u64) -> String {
    let unit = UNITS.iter().rev().find(|(name, size)| name.ends_with("iB") && bytes >= *size);
    let Some((name, size)) = unit else { return format!("{bytes} B") };
    // Rounded to hundredths in whole numbers, so that no machine prints another digit.
    let hundredths = (u128::from(bytes) * 100 + u128::from(*size) / 2) / u128::from(*size);
    format!("{}.{:02} {name}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read() {
        let cases = [
            ("2 GiB", 2 << 30),
            ("4GiB", 4 << 30),
            ("1.5 GiB", 3 << 29),
            (" 512 MiB ", 512 << 20),
            ("4096 B", 4096),
            ("2 GB", 2_000_000_000),
            ("1_000 kb", 1_000_000),
            (".5 KiB", 512),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn wrong_texts_are_refused_in_words() {
        let cases = [
            ("GiB", "does not begin with a number"),
            ("", "does not begin with a number"),
            ("1.2.3 GiB", "does not begin with a number"),
            ("-1 GiB", "does not begin with a number"),
            ("2", "has no unit"),
            ("2 gigs", "use one of B, KB, MB, GB, TB, KiB, MiB, GiB, TiB"),
            ("0 GiB", "at least one byte"),
            ("0.0001 B", "at least one byte"),
            ("99999999999 TiB", "more than 64 bits"),
            ("99999999999999999999999 B", "more than 64 bits"),
        ];
        for (text, words) in cases {
            let said = parse_bytes(text).expect_err(text);
            assert!(said.contains(words), "{text}: {said}");
        }
    }

    #[test]
    fn numbers_are_printed() {
        let cases =
            [(0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (3 << 29, "1.50 GiB"), (u64::MAX, "16777216.00 TiB")];
        for (bytes, text) in cases {
            assert_eq!(format_bytes(bytes), text);
        }
    }
}
