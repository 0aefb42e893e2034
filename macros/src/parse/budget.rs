//! `#[budget("2 GiB", R = 384)]`: promises about memory.

use crease_core::lang::Code;
use crease_core::lang::ast::{Budget, Ident};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Lit, LitStr, Meta, Token};

use super::item::text;
use super::{Reader, start};

const FORM: &str = "write `#[budget(\"2 GiB\", R = 384)]`: the memory size, then the size of each axis, then settings";

impl Reader {
    pub(super) fn budget(&mut self, attribute: &Attribute, function: &syn::Ident, public: bool) -> Option<Budget> {
        if !public {
            self.wrong(
                Code::BudgetPrivate,
                start(attribute.path()),
                format!("`{function}` is not `pub`, and only public functions are planned"),
                format!("write `pub fn {function}`, or put the budget on the function that calls it"),
            );
        }
        let Meta::List(list) = &attribute.meta else {
            let message = "missing memory size";
            self.wrong(Code::BudgetForm, start(attribute.path()), message, FORM);
            return None;
        };
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        let arguments = match syn::parse::Parser::parse2(parser, list.tokens.clone()) {
            Ok(arguments) => arguments,
            Err(error) => {
                let message = "a budget is a list of values separated by commas";
                self.wrong(Code::BudgetForm, error.span(), message, FORM);
                return None;
            }
        };
        let mut arguments = arguments.iter();
        let size = arguments.next().and_then(|first| self.bytes(first));
        if size.is_none() && list.tokens.is_empty() {
            let message = "missing memory size";
            self.wrong(Code::BudgetForm, start(attribute.path()), message, FORM);
        }
        let mut budget = Budget {
            text: size.as_ref().map_or_else(String::new, LitStr::value),
            span: self.span(size.map_or_else(|| start(attribute.path()), |text| text.span())),
            bindings: Vec::new(),
            target: None,
        };
        let named = !budget.text.is_empty();
        for argument in arguments.filter(|argument| named || matches!(argument, Expr::Assign(_))) {
            self.binding(argument, &mut budget);
        }
        Some(budget)
    }

    fn bytes(&mut self, expr: &Expr) -> Option<LitStr> {
        let Expr::Lit(literal) = expr else {
            let message = "the memory size must come first";
            self.wrong(Code::BudgetForm, start(expr), message, FORM);
            return None;
        };
        let Lit::Str(text) = &literal.lit else {
            let message = "the memory size must be a quoted text with a unit";
            self.wrong(Code::BudgetForm, start(expr), message, FORM);
            return None;
        };
        Some(text.clone())
    }

    fn binding(&mut self, argument: &Expr, budget: &mut Budget) {
        let Expr::Assign(assign) = argument else {
            let message = format!("expected `name = value`, found `{}`", text(argument));
            self.wrong(Code::BudgetBinding, start(argument), message, FORM);
            return;
        };
        let Some(name) = plain_name(&assign.left) else {
            let message = format!("`{}` is neither an axis nor a setting", text(&assign.left));
            self.wrong(Code::BudgetBinding, start(&assign.left), message, FORM);
            return;
        };
        let name = self.ident(&name);
        let known = budget.bindings.iter().any(|(seen, _)| seen.text == name.text);
        if known || (name.text == "target" && budget.target.is_some()) {
            self.wrong(
                Code::BudgetBinding,
                start(&assign.left),
                format!("`{}` is given twice", name.text),
                "remove one; for other sizes, write a second `#[budget]`",
            );
            return;
        }
        if name.text == "target" {
            budget.target = self.target_name(&assign.right);
            return;
        }
        match self.literal(&assign.right) {
            Some(value) => budget.bindings.push((name, value)),
            None => self.wrong(
                Code::BudgetBinding,
                start(&assign.right),
                format!("`{}` needs a number or a flag", name.text),
                "write the number itself: `R = 384`, `opm_first = true`",
            ),
        }
    }

    /// `"avx512"`
    fn target_name(&mut self, expr: &Expr) -> Option<Ident> {
        if let Expr::Lit(literal) = expr
            && let Lit::Str(name) = &literal.lit
        {
            return Some(Ident { text: name.value(), span: self.span(name.span()) });
        }
        let message = "a target must be a quoted name";
        self.wrong(Code::BudgetBinding, start(expr), message, "write `target = \"avx512\"`");
        None
    }
}

/// A path of one name.
pub(super) fn plain_name(expr: &Expr) -> Option<syn::Ident> {
    match expr {
        Expr::Group(group) => plain_name(&group.expr),
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident().cloned(),
        _ => None,
    }
}
