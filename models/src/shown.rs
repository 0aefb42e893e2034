//! Pieces of a user's files inside messages.

/// A piece of the input, fit for one line of a message: escaped, and cut after 60 characters.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(shown("a\u{0}\u{1b}[2J\rb"), "a\\0\\u{1b}[2J\\rb");
        let long = "é".repeat(100);
        assert_eq!(shown(&long).chars().count(), 61);
    }
}
