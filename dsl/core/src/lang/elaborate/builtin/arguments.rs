//! Arguments of builtin functions, matched to their parameters.

use super::table::Builtin;
use crate::builder::{Fault, FaultKind};
use crate::ir::{Extent, ValueId};
use crate::lang::ast::{Expression, ExpressionKind, Ident};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::elaborate::value::Val;
use crate::lang::elaborate::walk::Elaborator;
use crate::lang::elaborate::words::{arguments_word, source};
use crate::lang::program::suggest;

/// Arguments by parameter.
pub(super) struct Arguments<'e> {
    given: Vec<(&'e str, &'e Expression, Val)>,
    /// The arguments of a `*` parameter.
    pub(super) rest: Vec<(&'e Expression, Val)>,
    /// The builtin's name as written.
    pub(super) word: &'e Ident,
}

impl<'e> Arguments<'e> {
    pub(super) fn find(&self, name: &str) -> Option<(&'e Expression, &Val)> {
        self.given.iter().find(|g| g.0 == name).map(|g| (g.1, &g.2))
    }

    /// A required argument.
    pub(super) fn get(&self, name: &str) -> (&'e Expression, &Val) {
        self.find(name).unwrap_or((&NOT_GIVEN, &Val::Poison))
    }

    pub(super) fn poisoned(&self) -> bool {
        self.given.iter().any(|g| g.2.poisoned()) || self.rest.iter().any(|r| r.1.poisoned())
    }

    /// Named sizes that are not parameters, as in a rearrangement.
    pub(super) fn others(&self) -> impl Iterator<Item = (&str, &'e Expression, &Val)> {
        self.given.iter().filter(|g| !["pattern", "x"].contains(&g.0)).map(|g| (g.0, g.1, &g.2))
    }
}

static NOT_GIVEN: Expression = Expression { kind: ExpressionKind::Nothing, span: crate::lang::ast::Span(0) };

impl Elaborator<'_> {
    pub(super) fn arguments<'e>(
        &mut self,
        word: &Builtin,
        name: &'e Ident,
        positional: &'e [Expression],
        named: &'e [(Ident, Expression)],
    ) -> Option<Arguments<'e>>
    where
        Self: 'e,
    {
        let mut arguments = Arguments { given: Vec::new(), rest: Vec::new(), word: name };
        let fixed = word.params.iter().take_while(|p| **p != "*").count();
        let takes_rest = fixed < word.params.len();
        let mut fine = true;
        for (k, at) in positional.iter().enumerate() {
            let val = self.expression(at);
            if k < fixed {
                arguments.given.push((word.params[k].trim_end_matches('?'), at, val));
            } else if takes_rest {
                arguments.rest.push((at, val));
            } else if fine {
                fine = false;
                let takes = arguments_word(fixed);
                let text = format!("`{}` takes {takes}, found {}", word.name, positional.len());
                self.fail(Diagnostic::new(Code::CallsCount, name.span, text).help(usage(word)));
            }
        }
        for (label, at) in named {
            let val = self.expression(at);
            let known = word.params.iter().any(|p| *p != "*" && p.trim_end_matches('?') == label.text);
            if arguments.find(&label.text).is_some() {
                fine = false;
                let text = format!("`{}` of `{}` is given twice", label.text, word.name);
                self.fail(Diagnostic::new(Code::CallsNamed, label.span, text).help("remove one of them"));
            } else if known || word.name == "rearrange" {
                arguments.given.push((&label.text, at, val));
            } else {
                fine = false;
                let text = format!("`{}` has no argument `{}`", word.name, label.text);
                let all = word.params.iter().filter(|p| **p != "*").map(|p| p.trim_end_matches('?').to_string());
                let mut mistake = Diagnostic::new(Code::CallsNamed, label.span, text);
                mistake.help = suggest(&label.text, &all.collect::<Vec<_>>());
                self.fail(mistake);
            }
        }
        let required = word.params.iter().filter(|p| **p != "*" && !p.ends_with('?'));
        let missing: Vec<&str> = required.filter(|p| arguments.find(p).is_none()).copied().collect();
        // `max(x)` needs either `over` or `other`.
        let neither = ["max", "min"].contains(&word.name)
            && arguments.find("other").is_none()
            && arguments.find("over").is_none();
        let empty = takes_rest && arguments.rest.is_empty();
        if fine && (!missing.is_empty() || neither || empty) {
            fine = false;
            let lacks = match missing.first() {
                Some(first) => format!("`{first}`"),
                None if neither => "`over`".to_string(),
                None => "tensors".to_string(),
            };
            let text = format!("`{}` is missing its {lacks}", word.name);
            self.fail(Diagnostic::new(Code::CallsCount, name.span, text).help(usage(word)));
        }
        fine.then_some(arguments)
    }

    /// Reports an argument of the wrong kind.
    pub(super) fn wrong_kind<T>(&mut self, at: &Expression, val: &Val, needed: &str) -> Option<T> {
        match val {
            Val::Poison => {}
            Val::Maybe(_) | Val::Present(_) | Val::Nothing => drop(self.unwrapped(at)),
            val => {
                let text = format!("`{}` is {}, but {needed} is needed", source(at), self.words(val));
                self.wrong(Code::CallsType, at.span, text);
            }
        }
        None
    }

    pub(super) fn tensor(&mut self, (at, val): (&Expression, &Val)) -> Option<ValueId> {
        match val {
            Val::Tensor(id) => Some(*id),
            val => self.wrong_kind(at, val, "a tensor"),
        }
    }

    pub(in crate::lang::elaborate) fn size(&mut self, (at, val): (&Expression, &Val)) -> Option<Extent> {
        match val {
            Val::Size(extent) => Some(extent.clone()),
            val => self.wrong_kind(at, val, "a size"),
        }
    }

    /// The builder's result, or its fault reported at the operand.
    pub(super) fn built(&mut self, built: Result<ValueId, Fault>, args: &Arguments) -> Option<Val> {
        match built {
            Ok(id) => Some(Val::Tensor(id)),
            Err(fault) => {
                let code = match fault.kind {
                    FaultKind::Mismatch | FaultKind::Malformed => Code::AxesMismatch,
                    FaultKind::Ambiguous => Code::AxesAmbiguous,
                    FaultKind::NoSuchAxis => Code::AxesPosition,
                    FaultKind::Reshape => Code::AxesReshape,
                    FaultKind::Slice => Code::AxesRange,
                    FaultKind::EinsumSyntax => Code::EinsumSyntax,
                    FaultKind::EinsumLetter => Code::EinsumLetter,
                    FaultKind::EinsumRank => Code::EinsumRank,
                    FaultKind::EinsumExtent => Code::EinsumExtent,
                };
                // The argument that names the axis or order, where there is one.
                let telling: &[&str] = match code {
                    Code::AxesRange => &["start", "at", "axis"],
                    Code::AxesReshape => &["into", "axis"],
                    Code::AxesPosition => &["order", "over", "axis", "key"],
                    _ => &[],
                };
                let telling = telling.iter().find_map(|name| args.find(name).map(|a| a.0));
                let operand = fault.operand.and_then(|k| args.rest.get(k).map(|r| r.0));
                let at = operand.or(telling).or(args.find("x").map(|x| x.0));
                let mut mistake = Diagnostic::new(code, at.map_or(args.word.span, |e| e.span), fault.message);
                if let Some(at) = at {
                    let origin = self.provenance(at);
                    if origin != at.span {
                        mistake = mistake.note(origin, format!("`{}` comes from here", source(at)));
                    }
                }
                mistake.help = fault.help;
                self.fail(mistake);
                None
            }
        }
    }
}

pub(super) fn usage(word: &Builtin) -> String {
    format!("write `{}`", word.usage)
}
