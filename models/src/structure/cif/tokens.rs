//! The words of an mmCIF file.

use super::super::error::{Place, StructureError, StructureProblem};

/// A word and the line where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) line: usize,
    pub(super) text: &'a str,
    /// A quoted word is a value whatever it says.
    quoted: bool,
}

impl Token<'_> {
    /// Whether it is this word, unquoted; case means nothing.
    pub(super) fn is(&self, word: &str) -> bool {
        !self.quoted && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it begins like this, unquoted.
    pub(super) fn starts(&self, with: &str) -> bool {
        !self.quoted && super::starts(self.text, with)
    }

    /// Whether it names a value or a column.
    pub(super) fn is_tag(&self) -> bool {
        self.starts("_")
    }

    /// Whether it opens something.
    pub(super) fn is_keyword(&self) -> bool {
        self.is("loop_") || self.is("stop_") || self.is("global_") || self.starts("data_") || self.starts("save_")
    }
}

/// Goes through a text word by word.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    file: &'a str,
    /// What is left.
    rest: &'a str,
    line: usize,
    /// Whether `rest` begins where a line begins.
    fresh: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str, file: &'a str) -> Self {
        Tokens { file, rest: text, line: 1, fresh: true }
    }

    fn skip(&mut self, bytes: usize) -> &'a str {
        let (gone, rest) = self.rest.split_at(bytes);
        self.line += gone.bytes().filter(|byte| *byte == b'\n').count();
        self.fresh = gone.bytes().last().map_or(self.fresh, |byte| byte == b'\n');
        self.rest = rest;
        gone
    }

    /// Passes over white space and comments.
    fn skip_blank(&mut self) {
        loop {
            self.skip(self.rest.len() - self.rest.trim_start().len());
            if !self.rest.starts_with('#') {
                return;
            }
            self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
        }
    }

    fn unclosed(&self, line: usize, expected: &'static str, of: &'static str) -> StructureError {
        Place { file: self.file, line }.error(StructureProblem::Unclosed { expected, of })
    }

    /// A text between lines that begin with `;`.
    fn field(&mut self, line: usize) -> Result<&'a str, StructureError> {
        self.skip(1);
        let Some(end) = self.rest.find("\n;") else {
            self.rest = "";
            return Err(self.unclosed(line, "a line that begins with `;`", "file"));
        };
        let text = self.skip(end);
        self.skip(2);
        Ok(text)
    }

    /// A word between quotes; a quote inside has no white space behind it.
    fn quoted(&mut self, quote: char, line: usize) -> Result<&'a str, StructureError> {
        self.skip(1);
        // Up to the quote or the line's end, and no further: a line may have a million words.
        let mut letters = self.rest.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            let last = letters.peek().is_none_or(|(_, next)| next.is_whitespace());
            match letter {
                '\n' => break,
                letter if letter == quote && last => {
                    let text = self.skip(at);
                    self.skip(1);
                    return Ok(text);
                }
                _ => {}
            }
        }
        self.rest = "";
        Err(self.unclosed(line, "a quote", "line"))
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Result<Token<'a>, StructureError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.skip_blank();
        let line = self.line;
        let quoted = |text: Result<&'a str, StructureError>| text.map(|text| Token { line, text, quoted: true });
        match self.rest.chars().next()? {
            ';' if self.fresh => Some(quoted(self.field(line))),
            quote @ ('\'' | '"') => Some(quoted(self.quoted(quote, line))),
            _ => {
                let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
                Some(Ok(Token { line, text: self.skip(end), quoted: false }))
            }
        }
    }
}
