//! Types with their sizes resolved: definition, compatibility and display.

use std::fmt;

use super::program::{Program, StructId};
use crate::ir::{Extent, shape_text};

/// A type with its sizes resolved.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::lang) enum Ty {
    Tensor(Vec<Extent>),
    Struct(StructId, Vec<Extent>),
    Array(Box<Ty>, Extent),
    Optional(Box<Ty>),
    Tuple(Vec<Ty>),
    Number,
    Size,
    Flag,
    List,
    Text,
    /// Matches any type: a mistake already reported, or the inside of `None`.
    Unknown,
}

impl Ty {
    pub(in crate::lang) fn substitute(&self, meaning: &dyn Fn(&str) -> Option<Extent>) -> Ty {
        let all = |extents: &[Extent]| extents.iter().map(|e| e.substitute(meaning)).collect();
        match self {
            Ty::Tensor(shape) => Ty::Tensor(all(shape)),
            Ty::Struct(id, sizes) => Ty::Struct(*id, all(sizes)),
            Ty::Array(of, count) => Ty::Array(Box::new(of.substitute(meaning)), count.substitute(meaning)),
            Ty::Optional(of) => Ty::Optional(Box::new(of.substitute(meaning))),
            Ty::Tuple(parts) => Ty::Tuple(parts.iter().map(|p| p.substitute(meaning)).collect()),
            Ty::Number | Ty::Size | Ty::Flag | Ty::List | Ty::Text | Ty::Unknown => self.clone(),
        }
    }

    /// Whether a mistake already reported is in it.
    pub(in crate::lang) fn unresolved(&self) -> bool {
        match self {
            Ty::Unknown => true,
            Ty::Array(of, _) | Ty::Optional(of) => of.unresolved(),
            Ty::Tuple(parts) => parts.iter().any(Ty::unresolved),
            Ty::Tensor(_) | Ty::Struct(..) | Ty::Number | Ty::Size | Ty::Flag | Ty::List | Ty::Text => false,
        }
    }

    /// Whether a value of type `found` is accepted where this type is expected.
    pub(in crate::lang) fn takes(&self, found: &Ty) -> bool {
        match (self, found) {
            (Ty::Unknown, _) | (_, Ty::Unknown) | (Ty::Number, Ty::Size) => true,
            (Ty::Array(a, n), Ty::Array(b, m)) => n == m && a.takes(b),
            (Ty::Optional(a), Ty::Optional(b)) => a.takes(b),
            (Ty::Tuple(a), Ty::Tuple(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.takes(b)),
            (a, b) => a == b,
        }
    }

    /// As the user would write it.
    pub(in crate::lang) fn show<'p>(&'p self, program: &'p Program<'p>) -> Shown<'p> {
        Shown(self, program)
    }
}

/// A type as text.
pub(in crate::lang) struct Shown<'p>(&'p Ty, &'p Program<'p>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown(ty, program) = self;
        let within = |shape: &[Extent]| {
            let text = shape_text(shape);
            text[1..text.len() - 1].to_string()
        };
        match ty {
            Ty::Tensor(shape) => write!(f, "Tensor<{}>", within(shape)),
            Ty::Struct(id, sizes) if sizes.is_empty() => f.write_str(&program.structure(*id).name.text),
            Ty::Struct(id, sizes) => write!(f, "{}<{}>", program.structure(*id).name.text, within(sizes)),
            Ty::Array(of, count) => write!(f, "[{}; {count}]", of.show(program)),
            Ty::Optional(of) => write!(f, "Option<{}>", of.show(program)),
            Ty::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(|p| p.show(program).to_string()).collect();
                write!(f, "({})", parts.join(", "))
            }
            Ty::Number => f.write_str("f32"),
            Ty::Size => f.write_str("usize"),
            Ty::Flag => f.write_str("bool"),
            Ty::List => f.write_str("a list"),
            Ty::Text => f.write_str("a text"),
            Ty::Unknown => f.write_str("_"),
        }
    }
}
