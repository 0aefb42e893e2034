//! `record("name", x)`: a value kept for inspection and verification.

use super::arguments::Arguments;
use crate::ir::ValueId;
use crate::lang::ast::Span;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::elaborate::value::Val;
use crate::lang::elaborate::walk::{Elaborator, Layer, Mode, Record};

impl Elaborator<'_> {
    pub(super) fn record(&mut self, args: &Arguments) -> Option<Val> {
        let (at, name) = args.get("name");
        let Val::Text(text) = name else { return self.wrong_kind(at, name, "a text, the name") };
        let x = self.tensor(args.get("x"))?;
        let holes = text.matches("{}").count();
        let rest = text.replace("{}", "");
        if rest.contains(['{', '}']) || text.is_empty() {
            let said = format!("\"{text}\" is not a valid name: write `{{}}` for the number of a layer");
            self.wrong(Code::ControlRecord, at.span, said);
        } else if holes > self.frame.layers.len() && self.mode == Mode::Build {
            // A function checked on its own may still be called from a loop.
            let said = format!("\"{text}\" names {holes} layers inside {} loops", self.frame.layers.len());
            let mistake = Diagnostic::new(Code::ControlRecord, at.span, said);
            self.fail(mistake.help("leave out `{}`, or record inside a loop over layers"));
        } else {
            let name = layered(text, holes, &self.frame.layers);
            self.keep_record(name, Some(x), at.span);
        }
        Some(Val::Tensor(x))
    }

    pub(in super::super) fn keep_record(&mut self, name: String, value: Option<ValueId>, span: Span) {
        // While checking, two arms that exclude each other may use one name; when building, the taken arm is known.
        if self.frame.records.iter().any(|r| r.name == name && self.frame.arms.starts_with(&r.arms)) {
            let mistake = Diagnostic::new(Code::ControlRecord, span, format!("\"{name}\" is recorded twice"));
            self.fail(mistake.help("give each record its own name"));
            return;
        }
        self.frame.records.push(Record { name, value, arms: self.frame.arms.clone() });
    }
}

/// A record's name with the numbers of the enclosing layers.
fn layered(text: &str, holes: usize, layers: &[Layer]) -> String {
    let number = |layer: &Layer| layer.number.map_or_else(|| "{}".to_string(), |n| n.to_string());
    if holes == 0 {
        let prefix: String = layers.iter().map(|l| format!("{}{}.", l.name, number(l))).collect();
        return prefix + text;
    }
    let mut inner = layers[layers.len().saturating_sub(holes)..].iter();
    let mut name = String::new();
    for (k, part) in text.split("{}").enumerate() {
        if k > 0 {
            name += &inner.next().map_or_else(|| "{}".to_string(), number);
        }
        name += part;
    }
    name
}
