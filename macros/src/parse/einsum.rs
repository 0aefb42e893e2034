//! `einsum!([i, j, c] = a[i, k, c] * b[j, k, c])`: index notation as tokens.

use crease_core::lang::Code;
use crease_core::lang::ast::{Expression, ExpressionKind, Ident};
use proc_macro2::{Delimiter, Group, Span as Place, TokenStream, TokenTree};
use syn::{Expr, Macro};

use super::item::text;
use super::{Reader, start};

const FORM: &str = "write `einsum!([i, j, c] = a[i, k, c] * b[j, k, c])`";

impl Reader {
    /// `einsum!(…)`; there are no other macros.
    pub(super) fn macro_call(&mut self, call: &Macro) -> Expression {
        let place = start(&call.path);
        if !call.path.is_ident("einsum") {
            let message = format!("a model cannot call the macro `{}!`", text(&call.path));
            let help = "`einsum!` is the only macro; to look at a value, write `record(\"name\", x)`";
            self.wrong(Code::SyntaxMacro, place, message, help);
            return self.placeholder(place);
        }
        let tokens: Vec<TokenTree> = call.tokens.clone().into_iter().collect();
        let mut sides = tokens.splitn(2, |token| is_punct(token, '='));
        let (Some(left), Some(right)) = (sides.next(), sides.next()) else {
            let message = "the indices of the result of an einsum must be on the left of `=`";
            self.wrong(Code::EinsumForm, place, message, FORM);
            return self.placeholder(place);
        };
        let result = match left {
            [TokenTree::Group(group)] if group.delimiter() == Delimiter::Bracket => self.indices(group),
            other => {
                let place = other.first().map_or(place, TokenTree::span);
                let message = "the result of an einsum must be written as indices only";
                self.wrong(Code::EinsumForm, place, message, FORM);
                Vec::new()
            }
        };
        let factors = right.split(|token| is_punct(token, '*'));
        let factors = factors.filter_map(|factor| self.factor(factor, place)).collect();
        Expression { kind: ExpressionKind::Einsum { result, factors }, span: self.span(place) }
    }

    /// `a[i, k, c]`, `w.bias[c]`, `linear(x, w)[i, c]`, `(a + b)[i, c]`
    fn factor(&mut self, tokens: &[TokenTree], call: Place) -> Option<(Expression, Vec<Ident>)> {
        let (indices, value) = match tokens.split_last() {
            Some((TokenTree::Group(group), value)) if group.delimiter() == Delimiter::Bracket && !value.is_empty() => {
                (group, value)
            }
            Some((last, _)) => {
                self.wrong(
                    Code::EinsumFactor,
                    last.span(),
                    "a factor of an einsum must end in its indices",
                    "write `x[i, c]`, and `x[]` for a single number; factors are joined by `*`",
                );
                return None;
            }
            None => {
                let message = "an einsum needs a factor on each side of `*`";
                self.wrong(Code::EinsumFactor, call, message, FORM);
                return None;
            }
        };
        let value: TokenStream = value.iter().cloned().collect();
        let place = start(&value);
        let parsed: Option<Expr> = syn::parse2(value).ok();
        let atom = parsed.filter(|expr| {
            matches!(
                expr,
                Expr::Path(_)
                    | Expr::Field(_)
                    | Expr::Index(_)
                    | Expr::Call(_)
                    | Expr::MethodCall(_)
                    | Expr::Paren(_)
                    | Expr::Group(_)
            )
        });
        let Some(atom) = atom else {
            self.wrong(
                Code::EinsumFactor,
                place,
                "a factor of an einsum must be a name, a field, a call or an expression in parentheses",
                "write `(a + b)[i, c]`, or give the value a name first",
            );
            return None;
        };
        let value = self.expression(&atom);
        Some((value, self.indices(indices)))
    }

    /// `[i, k, c]`
    fn indices(&mut self, group: &Group) -> Vec<Ident> {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let mut names = Vec::new();
        let mut parts: Vec<&[TokenTree]> = tokens.split(|token| is_punct(token, ',')).collect();
        if parts.last().is_some_and(|last| last.is_empty()) {
            parts.pop();
        }
        for part in parts {
            match part {
                [TokenTree::Ident(name)] => names.push(self.ident(name)),
                other => {
                    let place = other.first().map_or(group.span_open(), TokenTree::span);
                    let help = "an index is a name: `[i, k, c]`; `pick(x, axis, at)` takes one position of an axis";
                    let what: TokenStream = other.iter().cloned().collect();
                    let message = match other {
                        [] => "an index is missing between two commas".to_owned(),
                        _ => format!("`{}` is not an index of an einsum", text(&what)),
                    };
                    self.wrong(Code::EinsumIndex, place, message, help);
                }
            }
        }
        names
    }
}

fn is_punct(token: &TokenTree, symbol: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == symbol)
}
