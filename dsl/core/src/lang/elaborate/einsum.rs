//! einsum, as a string and as tokens.

use super::value::Val;
use super::walk::Elaborator;
use super::words::source;
use crate::builder::{EinsumSpec, Fault, FaultKind};
use crate::ir::{ValueId, shape_text};
use crate::lang::ast::{Expression, Ident, Span};
use crate::lang::diagnostic::{Code, Diagnostic};

impl Elaborator<'_> {
    /// `einsum("ikc,jkc->ijc", a, b)`: errors quote the letter and point at the operand.
    pub(super) fn einsum_text(&mut self, text: &Expression, spec: &str, operands: &[(&Expression, ValueId)]) -> Val {
        let spec = match EinsumSpec::parse(spec) {
            Ok(spec) => spec,
            Err(fault) => return self.einsum_fault(fault, text.span, None, operands),
        };
        let ids: Vec<ValueId> = operands.iter().map(|o| o.1).collect();
        match self.frame.builder.einsum(&spec, &ids) {
            Ok(id) => Val::Tensor(id),
            Err(fault) => {
                let span = fault.operand.and_then(|k| operands.get(k)).map_or(text.span, |o| o.0.span);
                self.einsum_fault(fault, span, Some(&spec), operands)
            }
        }
    }

    /// `einsum!([i, j, c] = a[i, k, c] * b[j, k, c])`: errors point at the index.
    pub(super) fn einsum_tokens(&mut self, result: &[Ident], factors: &[(Expression, Vec<Ident>)], span: Span) -> Val {
        let mut operands = Vec::new();
        for (factor, _) in factors {
            match self.expression(factor) {
                Val::Tensor(id) => operands.push((factor, id)),
                Val::Poison => {}
                val => {
                    let name = source(factor);
                    let text = format!("`{name}` is {}, but einsum takes tensors", self.words(&val));
                    let mut mistake = Diagnostic::new(Code::CallsType, factor.span, text);
                    if let Val::Number(_) | Val::Size(_) = val {
                        mistake.help = Some(format!("multiply by it outside: `{name} * einsum!(…)`"));
                    }
                    self.fail(mistake);
                }
            }
        }
        if factors.is_empty() {
            return self.wrong(Code::EinsumRank, span, "the einsum has no factors");
        }
        if operands.len() != factors.len() {
            return Val::Poison;
        }
        let letters = |names: &[Ident]| names.iter().map(|n| n.text.clone()).collect::<Vec<_>>();
        let spec = EinsumSpec { operands: factors.iter().map(|f| letters(&f.1)).collect(), result: letters(result) };
        let ids: Vec<ValueId> = operands.iter().map(|o| o.1).collect();
        match self.frame.builder.einsum(&spec, &ids) {
            Ok(id) => Val::Tensor(id),
            Err(fault) => {
                let place = token(&fault, result, factors, &operands, self).unwrap_or(span);
                self.einsum_fault(fault, place, Some(&spec), &operands)
            }
        }
    }

    fn einsum_fault(
        &mut self,
        fault: Fault,
        span: Span,
        spec: Option<&EinsumSpec>,
        operands: &[(&Expression, ValueId)],
    ) -> Val {
        let code = match fault.kind {
            FaultKind::EinsumLetter => Code::EinsumLetter,
            FaultKind::EinsumRank => Code::EinsumRank,
            FaultKind::EinsumExtent => Code::EinsumExtent,
            _ => Code::EinsumSyntax,
        };
        let text = match (code, fault.operand.and_then(|k| operands.get(k))) {
            // The builder knows only the value's name; report the operand as it was written.
            (Code::EinsumRank, Some((at, id))) => {
                let value = &self.frame.builder.graph().values[*id].name;
                fault.message.replacen(&format!("`{value}`"), &format!("`{}`", source(at)), 1)
            }
            (Code::EinsumExtent, Some((at, id))) => {
                self.two_sizes(&fault, (at, *id), spec, operands).unwrap_or(fault.message)
            }
            _ => fault.message,
        };
        let mut mistake = Diagnostic::new(code, span, text);
        if code != Code::EinsumSyntax {
            for (at, id) in operands {
                let text = format!("`{}` is {}", source(at), shape_text(self.shape(*id)));
                mistake = mistake.note(self.provenance(at), text);
            }
        }
        let help = match code {
            Code::EinsumLetter => Some("use letters of the operands, each at most once"),
            Code::EinsumExtent => Some("use another letter for one of them, or check the order of the letters"),
            _ => None,
        };
        mistake.help = fault.help.or(help.map(String::from));
        self.fail(mistake)
    }
}

impl Elaborator<'_> {
    /// A letter of two sizes, with the operands as they were written.
    fn two_sizes(
        &self,
        fault: &Fault,
        (at, id): (&Expression, ValueId),
        spec: Option<&EinsumSpec>,
        operands: &[(&Expression, ValueId)],
    ) -> Option<String> {
        let (letter, spec) = (fault.letter.as_ref()?, spec?);
        let extents = |k: usize, id: ValueId| {
            let places = spec.operands[k].iter().zip(self.shape(id)).filter(|(l, _)| *l == letter);
            places.map(|(_, e)| e.clone()).collect::<Vec<_>>()
        };
        let (first, known) =
            spec.operands.iter().zip(operands).enumerate().find_map(|(k, (letters, (at, id)))| {
                letters.contains(letter).then(|| (*at, extents(k, *id)[0].clone()))
            })?;
        let other = extents(fault.operand?, id).into_iter().find(|e| *e != known)?;
        Some(format!("letter `{letter}` is {known} in `{}` and {other} in `{}`", source(first), source(at)))
    }
}

/// The index at fault.
fn token(
    fault: &Fault,
    result: &[Ident],
    factors: &[(Expression, Vec<Ident>)],
    operands: &[(&Expression, ValueId)],
    elaborator: &Elaborator,
) -> Option<Span> {
    let named = |names: &[Ident]| {
        let letter = fault.letter.as_ref()?;
        // Where a letter occurs twice, the later one is wrong.
        names.iter().rev().find(|n| n.text == *letter).map(|n| n.span)
    };
    let Some(k) = fault.operand else { return named(result) };
    let (factor, names) = factors.get(k)?;
    if fault.kind == FaultKind::EinsumRank {
        let rank = elaborator.shape(operands.get(k)?.1).len();
        return Some(names.get(rank).map_or(factor.span, |extra| extra.span));
    }
    named(names)
}
