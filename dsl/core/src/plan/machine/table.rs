//! The cost table of an instruction set as data: shipped with the planner, or measured by `crease calibrate`.
//!
//! Deliberately absent: bytes of scratch. They are fixed by the kernels, and no file may change them.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::instructions::InstructionSet;

/// How fast one thread runs kernels, as integers. A [`super::Target`] is a table for a number of threads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Vector instructions.
    pub instructions: InstructionSet,
    /// Speed of long contractions, flop per microsecond and thread.
    pub contract_rate: u64,
    /// Elements that products copy into blocks, per microsecond and thread.
    pub pack_rate: u64,
    /// Logits of attention per microsecond and thread: what each costs beyond the two products.
    pub logit_rate: u64,
    /// Speed of scalar expressions, simple instructions per microsecond and thread.
    pub scalar_rate: u64,
    /// Exponentials per microsecond and thread; sigmoids and logarithms cost the same.
    pub exponential_rate: u64,
    /// Elements of long rows of softmax per microsecond and thread.
    pub softmax_rate: u64,
    /// Elements of long normalized rows per microsecond and thread.
    pub normalize_rate: u64,
    /// Nanoseconds of a thread to begin and end a row of these.
    pub row: u64,
    /// Memory bandwidth of a thread alone, bytes per microsecond.
    pub bandwidth: u64,
    /// Memory bandwidth of all threads together, however many, bytes per microsecond.
    pub bandwidth_most: u64,
    /// Bytes of a thread's own caches.
    pub cache: u64,
    /// Bandwidth of those caches, bytes per microsecond and thread.
    pub cache_bandwidth: u64,
    /// Nanoseconds that any kernel call costs.
    pub call: u64,
    /// Nanoseconds of work below which only one thread is used.
    pub grain: u64,
}

/// Why a text is not a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Malformed.
    #[error("is not a cost table: {0}")]
    Form(String),
    /// An impossible figure.
    #[error("`{figure}` must be from 1 to {MOST}, found {found}")]
    Figure {
        /// Its name.
        figure: &'static str,
        /// Its value.
        found: u64,
    },
}

/// The largest figure: far from an overflow even with all threads.
const MOST: u64 = 1 << 40;

impl Table {
    /// The shipped table of an instruction set.
    pub fn shipped(instructions: InstructionSet) -> &'static Table {
        static SHIPPED: OnceLock<Vec<Table>> = OnceLock::new();
        let read = || serde_json::from_str(include_str!("tables.json")).expect("a test reads the shipped tables");
        let tables = SHIPPED.get_or_init(read);
        tables.iter().find(|t| t.instructions == instructions).expect("a test finds a table of each instruction set")
    }

    /// Reads a table as [`Table::text`] writes it.
    ///
    /// # Errors
    /// A malformed text or an impossible figure, in one line.
    pub fn read(text: &str) -> Result<Table, TableError> {
        let table: Table = serde_json::from_str(text).map_err(|e| TableError::Form(e.to_string()))?;
        match table.figures().into_iter().find(|(_, found)| !(1..=MOST).contains(found)) {
            Some((figure, found)) => Err(TableError::Figure { figure, found }),
            None => Ok(table),
        }
    }

    /// The table as JSON.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("names and integers are JSON") + "\n"
    }

    /// Its figures by name.
    pub fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("contract_rate", self.contract_rate),
            ("pack_rate", self.pack_rate),
            ("logit_rate", self.logit_rate),
            ("scalar_rate", self.scalar_rate),
            ("exponential_rate", self.exponential_rate),
            ("softmax_rate", self.softmax_rate),
            ("normalize_rate", self.normalize_rate),
            ("row", self.row),
            ("bandwidth", self.bandwidth),
            ("bandwidth_most", self.bandwidth_most),
            ("cache", self.cache),
            ("cache_bandwidth", self.cache_bandwidth),
            ("call", self.call),
            ("grain", self.grain),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_has_a_shipped_table() {
        for instructions in InstructionSet::ALL {
            let table = Table::shipped(instructions);
            assert_eq!(Table::read(&table.text()).as_ref(), Ok(table));
        }
    }

    #[test]
    fn a_table_has_every_figure_and_none_that_no_machine_has() {
        let text = Table::shipped(InstructionSet::Avx2).text();
        for (figure, value) in Table::shipped(InstructionSet::Avx2).figures() {
            let written = format!("\"{figure}\": {value}");
            assert!(text.contains(&written), "{text}");
            let refused = |instead: &str| Table::read(&text.replace(&written, instead)).expect_err(instead).to_string();
            let zero = refused(&format!("\"{figure}\": 0"));
            assert_eq!(zero, format!("`{figure}` must be from 1 to {MOST}, found 0"));
            assert!(refused(&format!("\"{figure}\": {}", u64::MAX)).contains("must be from 1"));
            assert!(refused(&format!("\"{figure}\": -1")).contains("is not a cost table"));
            assert!(refused("\"another\": 1").contains("unknown field `another`"));
        }
        assert!(Table::read("{}").expect_err("empty").to_string().contains("missing field"));
    }
}
