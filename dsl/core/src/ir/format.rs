//! Number formats of tensors.

use serde::{Deserialize, Serialize};

/// A format of floating-point numbers in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Format {
    /// 32 bits, 24 of them significant (IEEE 754 binary32).
    #[default]
    #[serde(rename = "f32")]
    Single,
    /// 16 bits, 8 of them significant: the upper half of single precision, rounded to nearest, ties to even.
    #[serde(rename = "bf16")]
    Bf16,
}

impl Format {
    /// Bytes of a number.
    pub const fn bytes(self) -> u64 {
        match self {
            Format::Single => 4,
            Format::Bf16 => 2,
        }
    }

    /// Whether it is single precision.
    pub const fn is_single(&self) -> bool {
        matches!(self, Format::Single)
    }

    /// Its name in programs and texts.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Single => "f32",
            Format::Bf16 => "bf16",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Format, String> {
        let found = [Format::Single, Format::Bf16].into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| format!("`{name}` is not a supported format: use `f32` or `bf16`"))
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
