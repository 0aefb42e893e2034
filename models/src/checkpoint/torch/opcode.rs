//! The bytes of a pickle, one instruction at a time.

use super::error::TorchError;
use crate::shown::shown;

/// An instruction with its argument; those that do alike are one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Opcode<'a> {
    Stop,
    /// Protocol and frame marks, which change nothing.
    Nothing,
    Mark,
    Pop,
    PopMark,
    /// None, flags, floats, bytes, integers of more than eight bytes.
    Plain,
    Int(i64),
    Text(&'a str),
    EmptyTuple,
    EmptyList,
    EmptyDict,
    EmptySet,
    /// A tuple of the last few values.
    Tuple(usize),
    TupleOfMark,
    FrozenSet,
    Append,
    Appends,
    SetItem,
    SetItems,
    AddItems,
    Global(&'a str, &'a str),
    StackGlobal,
    /// A call in the oldest protocol: torch does not write it, those who mean harm do.
    Instance(&'a str, &'a str),
    Call,
    New,
    NewWithNames,
    Build,
    PersistentId,
    Put(u32),
    Memoize,
    Get(u32),
}

/// Newest protocol there is.
const NEWEST_PROTOCOL: u8 = 5;
/// Bytes of a broken text that a message is made of.
const MOST_SHOWN: usize = 256;

/// Reads instructions.
#[derive(Debug)]
pub(super) struct Opcodes<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Opcodes<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Opcodes { bytes, at: 0 }
    }

    /// The next instruction; a pickle ends with one that says so, so there always is one.
    pub(super) fn next(&mut self) -> Result<Opcode<'a>, TorchError> {
        let start = self.at;
        let [code] = self.fixed()?;
        Ok(match code {
            b'.' => Opcode::Stop,
            0x80 => match self.fixed()? {
                [protocol] if protocol > NEWEST_PROTOCOL => return Err(TorchError::Protocol(protocol)),
                _ => Opcode::Nothing,
            },
            0x95 => {
                self.fixed::<8>()?;
                Opcode::Nothing
            }
            b'(' => Opcode::Mark,
            b'0' => Opcode::Pop,
            b'1' => Opcode::PopMark,
            b'N' | 0x88 | 0x89 => Opcode::Plain,
            b'G' => {
                self.fixed::<8>()?;
                Opcode::Plain
            }
            b'J' => Opcode::Int(i32::from_le_bytes(self.fixed()?).into()),
            b'K' => Opcode::Int(u8::from_le_bytes(self.fixed()?).into()),
            b'M' => Opcode::Int(u16::from_le_bytes(self.fixed()?).into()),
            0x8a => {
                let [length] = self.fixed()?;
                integer(self.take(length.into())?)
            }
            0x8b => {
                let length = self.length::<4>()?;
                integer(self.take(length)?)
            }
            b'C' => self.skip::<1>()?,
            b'B' => self.skip::<4>()?,
            0x8e | 0x96 => self.skip::<8>()?,
            0x8c => self.text::<1>()?,
            b'X' => self.text::<4>()?,
            0x8d => self.text::<8>()?,
            b')' => Opcode::EmptyTuple,
            b']' => Opcode::EmptyList,
            b'}' => Opcode::EmptyDict,
            0x8f => Opcode::EmptySet,
            0x85..=0x87 => Opcode::Tuple(usize::from(code - 0x84)),
            b't' => Opcode::TupleOfMark,
            0x91 => Opcode::FrozenSet,
            b'a' => Opcode::Append,
            b'e' => Opcode::Appends,
            b's' => Opcode::SetItem,
            b'u' => Opcode::SetItems,
            0x90 => Opcode::AddItems,
            b'c' => Opcode::Global(self.line()?, self.line()?),
            b'i' => Opcode::Instance(self.line()?, self.line()?),
            0x93 => Opcode::StackGlobal,
            b'R' => Opcode::Call,
            0x81 => Opcode::New,
            0x92 => Opcode::NewWithNames,
            b'b' => Opcode::Build,
            b'Q' => Opcode::PersistentId,
            b'q' => Opcode::Put(u8::from_le_bytes(self.fixed()?).into()),
            b'r' => Opcode::Put(u32::from_le_bytes(self.fixed()?)),
            0x94 => Opcode::Memoize,
            b'h' => Opcode::Get(u8::from_le_bytes(self.fixed()?).into()),
            b'j' => Opcode::Get(u32::from_le_bytes(self.fixed()?)),
            code => return Err(TorchError::Instruction { code, at: start }),
        })
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], TorchError> {
        let taken = self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end));
        self.at = self.at.saturating_add(count);
        taken.ok_or(TorchError::EndsEarly(self.bytes.len()))
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], TorchError> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| TorchError::EndsEarly(self.bytes.len()))
    }

    fn length<const N: usize>(&mut self) -> Result<usize, TorchError> {
        let bytes = self.fixed::<N>()?;
        let length = bytes.iter().rev().fold(0u64, |length, byte| length << 8 | u64::from(*byte));
        usize::try_from(length).map_err(|_| TorchError::EndsEarly(self.bytes.len()))
    }

    fn skip<const N: usize>(&mut self) -> Result<Opcode<'a>, TorchError> {
        let length = self.length::<N>()?;
        self.take(length)?;
        Ok(Opcode::Plain)
    }

    fn text<const N: usize>(&mut self) -> Result<Opcode<'a>, TorchError> {
        let length = self.length::<N>()?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map(Opcode::Text).map_err(|_| {
            let start = &bytes[..bytes.len().min(MOST_SHOWN)];
            TorchError::TextNotUtf8(shown(&String::from_utf8_lossy(start)))
        })
    }

    /// A text up to the end of its line.
    fn line(&mut self) -> Result<&'a str, TorchError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let bytes = self.take(length)?;
        self.take(1)?;
        std::str::from_utf8(bytes).map_err(|_| TorchError::NameNotUtf8)
    }
}

/// A number in two's complement, the lowest byte first.
fn integer(bytes: &[u8]) -> Opcode<'_> {
    if bytes.len() > 8 {
        return Opcode::Plain;
    }
    let negative = bytes.last().is_some_and(|byte| *byte >= 0x80);
    let mut whole = [if negative { 0xff } else { 0 }; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    Opcode::Int(i64::from_le_bytes(whole))
}
