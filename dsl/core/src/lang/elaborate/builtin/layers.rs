//! Builtins that read a parameter struct: `linear`, `layer_norm`.

use super::arguments::Arguments;
use crate::ir::{Extent, ValueId, shape_text};
use crate::lang::ast::Expression;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::elaborate::value::Val;
use crate::lang::elaborate::walk::Elaborator;
use crate::lang::elaborate::words::source;

impl Elaborator<'_> {
    pub(super) fn linear(&mut self, args: &Arguments) -> Option<Val> {
        let x = self.tensor(args.get("x"))?;
        let (at, w) = args.get("w");
        let (weight, bias, scope) = match w {
            Val::Tensor(weight) => {
                let bias = match args.find("bias") {
                    None => None,
                    Some((_, Val::Present(inner))) => self.tensor((at, inner)).map(Some)?,
                    Some((_, Val::Nothing)) => None,
                    Some((_, Val::Maybe(inner))) => self.tensor((at, inner)).map(Some)?,
                    Some(bias) => Some(self.tensor(bias)?),
                };
                (*weight, bias, None)
            }
            w => {
                if let Some((bias, _)) = args.find("bias") {
                    let text = format!("`linear` takes the bias from `{}`", source(at));
                    self.wrong(Code::CallsCount, bias.span, text);
                    return None;
                }
                let Some(weight) = self.part(at, w, "weight")? else { return self.no_weight("linear", at, w) };
                (weight, self.part(at, w, "bias")?, scope(w))
            }
        };
        let (input, matrix) = (self.shape(x).to_vec(), self.shape(weight).to_vec());
        if let (Some(width), [_, inner]) = (input.last(), matrix.as_slice())
            && width != inner
        {
            return self.width("takes", args.get("x").0, (&input, width), at, inner);
        }
        if let Some(scope) = &scope {
            self.frame.builder.enter(scope.clone());
        }
        let built = self.frame.builder.linear(x, weight, bias);
        if scope.is_some() {
            self.frame.builder.leave();
        }
        self.built(built, args)
    }

    pub(super) fn layer_norm(&mut self, args: &Arguments) -> Option<Val> {
        const EPSILON: f64 = 1e-5;
        let x = self.tensor(args.get("x"))?;
        let epsilon = match args.find("eps") {
            Some(eps) => self.value(eps)?,
            None => EPSILON,
        };
        let (mut scale, mut offset, mut name) = (None, None, None);
        if let Some((at, w)) = args.find("w") {
            scale = self.part(at, w, "weight")?;
            offset = self.part(at, w, "bias")?;
            name = scope(w);
            if scale.is_none() && offset.is_none() {
                return self.no_weight("layer_norm", at, w);
            }
            let input = self.shape(x).to_vec();
            let own = scale.or(offset).map(|v| self.shape(v).to_vec()).unwrap_or_default();
            if let (Some(width), [inner]) = (input.last(), own.as_slice())
                && width != inner
            {
                return self.width("normalizes", args.get("x").0, (&input, width), at, inner);
            }
        }
        if let Some(name) = &name {
            self.frame.builder.enter(name.clone());
        }
        let built = self.frame.builder.layer_norm(x, scale, offset, epsilon);
        if name.is_some() {
            self.frame.builder.leave();
        }
        self.built(built, args)
    }

    /// A field of a layer's struct, if the struct has it and it is present; the outer `None` means a reported mistake.
    fn part(&mut self, at: &Expression, w: &Val, name: &str) -> Option<Option<ValueId>> {
        let Val::Struct { of, sizes, path } = w else {
            return self.wrong_kind(at, w, "a struct of parameters");
        };
        let Some(k) = self.program.structure(*of).fields.iter().position(|f| f.name.text == name) else {
            return Some(None);
        };
        self.reads.insert((*of, k));
        match self.struct_field(*of, k, sizes, path) {
            Val::Tensor(id) => Some(Some(id)),
            Val::Maybe(inner) | Val::Present(inner) => match *inner {
                Val::Tensor(id) => Some(Some(id)),
                _ => None,
            },
            Val::Nothing => Some(None),
            Val::Poison => None,
            val => {
                let text = format!("`{}.{name}` is {}, but a tensor is needed", source(at), self.words(&val));
                self.wrong(Code::CallsType, at.span, text);
                None
            }
        }
    }

    fn no_weight(&mut self, word: &str, at: &Expression, w: &Val) -> Option<Val> {
        let text =
            format!("`{word}` reads `weight` and `bias`, but `{}`, of type {}, has neither", source(at), self.words(w));
        let mistake = Diagnostic::new(Code::ParamsField, at.span, text);
        self.fail(mistake.help("use `Linear<IN, OUT>`, `LinearNoBias<IN, OUT>` or `LayerNorm<C>`"));
        None
    }

    fn width(
        &mut self,
        verb: &str,
        x: &Expression,
        (shape, width): (&[Extent], &Extent),
        w: &Expression,
        inner: &Extent,
    ) -> Option<Val> {
        let (layer, given) = (source(w), source(x));
        let text = format!("`{layer}` {verb} width {inner}, but `{given}` {} has width {width}", shape_text(shape));
        let mistake = Diagnostic::new(Code::AxesMismatch, x.span, text)
            .note(self.provenance(x), format!("`{given}` is {}", shape_text(shape)))
            .note(w.span, format!("`{layer}` is the layer"));
        self.fail(mistake);
        None
    }
}

/// A layer's own name, for display.
fn scope(w: &Val) -> Option<String> {
    match w {
        Val::Struct { path, .. } => path.rsplit('.').next().filter(|n| !n.is_empty()).map(str::to_string),
        _ => None,
    }
}
