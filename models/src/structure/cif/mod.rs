//! Atoms of an mmCIF file: the table `_atom_site` of its first block.

mod tokens;

use super::assemble::{Assembler, Record};
use super::error::{Place, StructureError, StructureProblem};
use super::{Atom, Structure};
use tokens::{Token, Tokens};

/// What every column of the table begins with.
const TABLE: &str = "_atom_site.";

/// The first model of a file.
pub(super) fn read(text: &str, file: &str) -> Result<Structure, StructureError> {
    let mut tokens = Tokens::new(text, file).peekable();
    let mut assembler = Assembler::default();
    let mut blocks = 0;
    while let Some(token) = tokens.next().transpose()? {
        if token.starts("data_") {
            blocks += 1;
            if blocks > 1 {
                break;
            }
        }
        if !token.is("loop_") {
            continue;
        }
        let mut tags = Vec::new();
        while let Some(tag) = next_if(&mut tokens, Token::is_tag)? {
            tags.push(tag.text);
        }
        let mut table = match tags.first() {
            Some(tag) if starts(tag, TABLE) => Some(Table::new(&tags, Place { file, line: token.line })?),
            _ => None,
        };
        while let Some(value) = next_if(&mut tokens, |t| !t.is_tag() && !t.is_keyword())? {
            if let Some(table) = &mut table {
                table.push(value, &mut assembler)?;
            }
        }
        if let Some(table) = table {
            table.end()?;
        }
    }
    assembler.finish(file, "a table `_atom_site`")
}

/// The next token if it is as asked. A mistake is the next token of any kind.
fn next_if<'a>(
    tokens: &mut std::iter::Peekable<Tokens<'a>>,
    wanted: impl Fn(&Token<'a>) -> bool,
) -> Result<Option<Token<'a>>, StructureError> {
    tokens.next_if(|token| token.as_ref().map_or(true, &wanted)).transpose()
}

fn starts(text: &str, with: &str) -> bool {
    text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

/// The table's columns, and the row that is being read.
#[derive(Debug)]
struct Table<'a> {
    file: &'a str,
    columns: Columns,
    width: usize,
    row: Vec<Token<'a>>,
    /// The model that the first row belongs to.
    model: Option<&'a str>,
}

/// Where the columns that are read stand.
#[derive(Debug)]
struct Columns {
    position: [usize; 3],
    atom: [Option<usize>; 2],
    residue: [Option<usize>; 2],
    chain: [Option<usize>; 2],
    number: [Option<usize>; 2],
    group: Option<usize>,
    location: Option<usize>,
    insertion: Option<usize>,
    occupancy: Option<usize>,
    b_factor: Option<usize>,
    element: Option<usize>,
    model: Option<usize>,
}

impl<'a> Table<'a> {
    fn new(tags: &[&'a str], at: Place<'a>) -> Result<Self, StructureError> {
        let find = |name: &str| {
            tags.iter().position(|tag| starts(tag, TABLE) && tag[TABLE.len()..].eq_ignore_ascii_case(name))
        };
        let missing = |column| at.error(StructureProblem::NoColumn { column });
        let must = |column: &'static str| find(column).ok_or_else(|| missing(column));
        let either = |first: &'static str, second: &'static str| match [find(first), find(second)] {
            [None, None] => Err(missing(first)),
            found => Ok(found),
        };
        let columns = Columns {
            position: [must("Cartn_x")?, must("Cartn_y")?, must("Cartn_z")?],
            atom: either("label_atom_id", "auth_atom_id")?,
            residue: either("label_comp_id", "auth_comp_id")?,
            chain: either("auth_asym_id", "label_asym_id")?,
            number: either("auth_seq_id", "label_seq_id")?,
            group: find("group_PDB"),
            location: find("label_alt_id"),
            insertion: find("pdbx_PDB_ins_code"),
            occupancy: find("occupancy"),
            b_factor: find("B_iso_or_equiv"),
            element: find("type_symbol"),
            model: find("pdbx_PDB_model_num"),
        };
        Ok(Table { file: at.file, columns, width: tags.len(), row: Vec::with_capacity(tags.len()), model: None })
    }

    /// Takes a value; a whole row goes to the assembler.
    fn push(&mut self, value: Token<'a>, assembler: &mut Assembler) -> Result<(), StructureError> {
        self.row.push(value);
        if self.row.len() == self.width {
            let model = self.get(self.columns.model).unwrap_or_default();
            if *self.model.get_or_insert(model) == model {
                assembler.push(self.record()?, self.line());
            }
            self.row.clear();
        }
        Ok(())
    }

    fn end(&self) -> Result<(), StructureError> {
        if self.row.is_empty() {
            return Ok(());
        }
        let problem = StructureProblem::Ragged { expected: self.width, found: self.row.len() };
        Err(Place { file: self.file, line: self.line() }.error(problem))
    }

    fn line(&self) -> usize {
        self.row.first().map_or(0, |token| token.line)
    }

    /// A value of the row, unless it is one of the two that stand for none.
    fn get(&self, column: Option<usize>) -> Option<&'a str> {
        self.row.get(column?).filter(|token| !token.is("?") && !token.is(".")).map(|token| token.text)
    }

    fn record(&self) -> Result<Record<'a>, StructureError> {
        let (columns, at) = (&self.columns, Place { file: self.file, line: self.line() });
        let either = |[first, second]: [Option<usize>; 2], expected: &'static str, place: &'static str| {
            self.get(first).or_else(|| self.get(second)).ok_or_else(|| at.field(expected, place, "."))
        };
        let number = |column: Option<usize>, place: &'static str| {
            self.get(column).map(|value| at.number(value, place)).transpose()
        };
        let coordinate = |axis: usize, place: &'static str| {
            let value = self.get(Some(columns.position[axis])).unwrap_or("?");
            at.number(value, place)
        };
        let insertion = match self.get(columns.insertion).map(|code| (code, code.chars().count())) {
            Some((code, 2..)) => return Err(at.field("one character", "column pdbx_PDB_ins_code", code)),
            code => code.and_then(|(code, _)| code.chars().next()),
        };
        let atom = Atom {
            name: either(columns.atom, "an atom's name", "column label_atom_id")?.to_string(),
            element: self.get(columns.element).unwrap_or_default().to_string(),
            position: [
                coordinate(0, "column Cartn_x")?,
                coordinate(1, "column Cartn_y")?,
                coordinate(2, "column Cartn_z")?,
            ],
            occupancy: number(columns.occupancy, "column occupancy")?.unwrap_or(1.0),
            b_factor: number(columns.b_factor, "column B_iso_or_equiv")?.unwrap_or(0.0),
        };
        Ok(Record {
            chain: either(columns.chain, "a chain", "column auth_asym_id")?,
            number: at
                .whole(either(columns.number, "a residue number", "column auth_seq_id")?, "column auth_seq_id")?,
            insertion,
            residue: either(columns.residue, "a residue name", "column label_comp_id")?,
            hetero: self.get(columns.group).is_some_and(|group| group.eq_ignore_ascii_case("HETATM")),
            location: self.get(columns.location).unwrap_or_default(),
            atom,
        })
    }
}
