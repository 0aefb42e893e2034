//! Words that move, add, split, join and cut axes, and reductions over them.

use super::super::Elaborator;
use super::super::source;
use super::super::value::Val;
use super::arguments::Arguments;
use crate::build::shape_text;
use crate::ir::{Extent, Unary, ValueId};
use crate::lang::ast::Expression;
use crate::lang::diagnostic::{Code, Diagnostic};

impl Elaborator<'_> {
    /// The axis that an argument names: a position, counted from the end where negative, or a name
    /// that stands exactly once. `extra` more positions are allowed (an axis to be added).
    pub(super) fn axis(&mut self, (at, val): (&Expression, &Val), x: ValueId, extra: usize) -> Option<usize> {
        let shape = self.shape(x).to_vec();
        let count = shape.len() + extra;
        let position = match val {
            Val::Size(extent) => match extent.as_literal() {
                Some(n) => i64::try_from(n).unwrap_or(i64::MAX),
                None => return self.named_axis(at, extent, &shape),
            },
            Val::Number(scalar) => match scalar.value(&crate::ir::Sizes::new()) {
                #[expect(clippy::cast_possible_truncation, reason = "a whole number, checked beside")]
                Some(n) if n.fract() == 0.0 => n as i64,
                _ => return self.wrong_kind(at, val, "an axis: a name or a position"),
            },
            val => return self.wrong_kind(at, val, "an axis: a name or a position"),
        };
        let from_start = if position < 0 { position + i64::try_from(count).unwrap_or(0) } else { position };
        if let Some(axis) = usize::try_from(from_start).ok().filter(|k| *k < count) {
            return Some(axis);
        }
        let text = format!("there is no axis {position} in {}, which has {}", shape_text(&shape), shape.len());
        let mistake = Diagnostic::new(Code::AxesPosition, at.span, text);
        self.fail(match count {
            0 => mistake,
            n => mistake.help(format!("axes count from 0, so the last is `{}` or `-1`", n - 1)),
        });
        None
    }

    fn named_axis(&mut self, at: &Expression, extent: &Extent, shape: &[Extent]) -> Option<usize> {
        let places: Vec<usize> = (0..shape.len()).filter(|&k| shape[k] == *extent).collect();
        match places.as_slice() {
            [one] => return Some(*one),
            [] => {
                let text = format!("`{}` is no axis of {}", source(at), shape_text(shape));
                self.wrong(Code::AxesAbsent, at.span, text);
            }
            [first, .., last] => {
                let text = format!("`{}` stands at {} places of {}", source(at), places.len(), shape_text(shape));
                let mistake = Diagnostic::new(Code::AxesTwice, at.span, text);
                self.fail(mistake.help(format!("give the position: `{first}` or `{last}`")));
            }
        }
        None
    }

    /// One axis or a list of them.
    fn axes(&mut self, (at, val): (&Expression, &Val), x: ValueId) -> Option<Vec<usize>> {
        match val {
            Val::List(parts) => parts.iter().map(|part| self.axis((at, part), x, 0)).collect(),
            val => Some(vec![self.axis((at, val), x, 0)?]),
        }
    }

    /// `sum`, `mean`, `max`, `min` over axes.
    pub(super) fn reduce(&mut self, name: &str, args: &Arguments) -> Option<Val> {
        let x = self.tensor(args.get("x"))?;
        let axes = self.axes(args.get("over"), x)?;
        let keep = match args.find("keep") {
            None => false,
            Some((_, Val::Flag(flag))) => flag.unwrap_or(false),
            Some((at, val)) => return self.wrong_kind(at, val, "a flag"),
        };
        let builder = &mut self.frame.builder;
        let built = match name {
            "sum" => builder.sum(x, &axes),
            "mean" => builder.mean(x, &axes),
            "max" => builder.max(x, &axes),
            _ => {
                let negative = builder.unary(Unary::Neg, x);
                builder.max(negative, &axes).map(|m| builder.unary(Unary::Neg, m))
            }
        };
        let built = match built {
            Ok(mut id) if keep => {
                let mut sorted = axes.clone();
                sorted.sort_unstable();
                for axis in sorted {
                    id = self.frame.builder.unsqueeze(id, axis).unwrap_or(id);
                }
                Ok(id)
            }
            built => built,
        };
        self.built(built, args)
    }

    pub(super) fn axes_word(&mut self, name: &str, args: &Arguments) -> Option<Val> {
        if name == "concat" || name == "stack" {
            return self.concat(name, args);
        }
        let x = self.tensor(args.get("x"))?;
        let built = match name {
            "permute" => {
                let order = self.axes(args.get("order"), x)?;
                self.frame.builder.permute(x, &order)
            }
            "transpose" => {
                let (a, b) = (self.axis(args.get("a"), x, 0)?, self.axis(args.get("b"), x, 0)?);
                let mut order: Vec<usize> = (0..self.shape(x).len()).collect();
                order.swap(a, b);
                self.frame.builder.permute(x, &order)
            }
            "unsqueeze" => {
                let axis = self.axis(args.get("axis"), x, 1)?;
                self.frame.builder.unsqueeze(x, axis)
            }
            "one_hot" => {
                let classes = self.size(args.get("classes"))?;
                Ok(self.frame.builder.one_hot(x, classes))
            }
            _ => {
                let axis = self.axis(args.get("axis"), x, 0)?;
                return self.at_axis(name, args, x, axis);
            }
        };
        self.built(built, args)
    }

    fn at_axis(&mut self, name: &str, args: &Arguments, x: ValueId, axis: usize) -> Option<Val> {
        let built = match name {
            "extent" => return Some(Val::Size(self.shape(x)[axis].clone())),
            "join" => self.frame.builder.join(x, axis),
            "split" => {
                let (at, into) = args.get("into");
                let Val::List(parts) = into else { return self.wrong_kind(at, into, "a list of sizes, `[H, D]`") };
                let sizes: Option<Vec<Extent>> = parts.iter().map(|p| self.size((at, p))).collect();
                self.split_axis(x, axis, &sizes?)
            }
            "slice" => {
                let (start, end) = (self.size(args.get("start"))?, self.size(args.get("end"))?);
                self.frame.builder.slice(x, axis, start, end)
            }
            "pick" => {
                let at = self.size(args.get("at"))?;
                self.frame.builder.pick(x, axis, at)
            }
            "squeeze" => {
                let extent = &self.shape(x)[axis];
                if *extent != Extent::literal(1) {
                    let text = format!("axis {axis} of {} is {extent}, not 1", shape_text(self.shape(x)));
                    let mistake = Diagnostic::new(Code::AxesReshape, args.get("axis").0.span, text);
                    self.fail(mistake.help("take one position with `pick(x, axis, at)`"));
                    return None;
                }
                self.frame.builder.pick(x, axis, Extent::literal(0))
            }
            _ => {
                let at = self.tensor(args.get("at"))?;
                self.frame.builder.gather(x, axis, at)
            }
        };
        self.built(built, args)
    }

    /// One axis as several, the first the slowest.
    pub(super) fn split_axis(
        &mut self,
        x: ValueId,
        axis: usize,
        sizes: &[Extent],
    ) -> Result<ValueId, crate::build::Fault> {
        let mut id = x;
        for (k, outer) in sizes.iter().enumerate().take(sizes.len().saturating_sub(1)) {
            let inner = sizes[k + 1..].iter().fold(Extent::literal(1), |product, e| product * e.clone());
            id = self.frame.builder.split(id, axis + k, outer.clone(), inner)?;
        }
        Ok(id)
    }

    fn concat(&mut self, name: &str, args: &Arguments) -> Option<Val> {
        let mut parts: Vec<ValueId> = Vec::new();
        for (at, val) in &args.rest {
            match val {
                Val::List(list) => {
                    for part in list {
                        parts.push(self.tensor((at, part))?);
                    }
                }
                val => parts.push(self.tensor((at, val))?),
            }
        }
        let Some(&first) = parts.first() else {
            self.wrong(Code::CallsCount, args.word.span, format!("`{name}` needs at least one tensor"));
            return None;
        };
        let axis = self.axis(args.get("axis"), first, usize::from(name == "stack"))?;
        if name == "stack" {
            for part in &mut parts {
                let rank = self.shape(*part).len();
                *part = self.frame.builder.unsqueeze(*part, axis.min(rank)).unwrap_or(*part);
            }
        }
        let built = self.frame.builder.concat(&parts, axis);
        self.built(built, args)
    }
}
