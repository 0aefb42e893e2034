//! Builtins that move, add, split, join and slice axes, and reductions over them.

use super::arguments::Arguments;
use crate::ir::{Extent, Unary, ValueId, shape_text};
use crate::lang::ast::Expression;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::elaborate::value::Val;
use crate::lang::elaborate::walk::Elaborator;
use crate::lang::elaborate::words::source;

/// A tensor, and how it was written.
type Named<'e> = (&'e Expression, ValueId);

impl Elaborator<'_> {
    /// The axis of an argument: a position, counted from the end where negative, or a name
    /// that occurs exactly once. `extra` more positions are allowed (an axis to be added).
    pub(super) fn axis(&mut self, (at, val): (&Expression, &Val), x: Named, extra: usize) -> Option<usize> {
        let shape = self.shape(x.1).to_vec();
        let count = shape.len() + extra;
        let position = match val {
            Val::Size(extent) => match extent.as_literal() {
                Some(n) => i64::try_from(n).unwrap_or(i64::MAX),
                None => return self.named_axis(at, extent, x.0, &shape),
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
        let (name, axes) = (source(x.0), if shape.len() == 1 { "axis" } else { "axes" });
        let text =
            format!("there is no axis {position} in `{name}` {}, which has {} {axes}", shape_text(&shape), shape.len());
        let mistake = Diagnostic::new(Code::AxesPosition, at.span, text);
        self.fail(match count {
            0 => mistake,
            n => mistake.help(format!("axes count from 0, so the last is `{}` or `-1`", n - 1)),
        });
        None
    }

    fn named_axis(&mut self, at: &Expression, extent: &Extent, x: &Expression, shape: &[Extent]) -> Option<usize> {
        let tensor = format!("`{}` {}", source(x), shape_text(shape));
        let places: Vec<usize> = (0..shape.len()).filter(|&k| shape[k] == *extent).collect();
        match places.as_slice() {
            [one] => return Some(*one),
            [] => {
                let text = format!("`{}` is not an axis of {tensor}", source(at));
                let mistake = Diagnostic::new(Code::AxesAbsent, at.span, text);
                let origin = self.provenance(x);
                let origin = mistake.note(origin, format!("`{}` is {}", source(x), shape_text(shape)));
                self.fail(origin.help("name an axis that it has, or give a position: the first is `0`, the last `-1`"));
            }
            [first, .., last] => {
                let text = format!("`{}` occurs {} times in {tensor}", source(at), places.len());
                let mistake = Diagnostic::new(Code::AxesTwice, at.span, text);
                self.fail(mistake.help(format!("give the position: `{first}` or `{last}`")));
            }
        }
        None
    }

    /// One axis or a list of them.
    fn axes(&mut self, (at, val): (&Expression, &Val), x: Named) -> Option<Vec<usize>> {
        match val {
            Val::List(parts) => parts.iter().map(|part| self.axis((at, part), x, 0)).collect(),
            val => Some(vec![self.axis((at, val), x, 0)?]),
        }
    }

    /// `sum`, `mean`, `max`, `min` over axes.
    pub(super) fn reduce(&mut self, name: &str, args: &Arguments) -> Option<Val> {
        let x = self.tensor(args.get("x"))?;
        let axes = self.axes(args.get("over"), (args.get("x").0, x))?;
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
        let named = (args.get("x").0, x);
        let built = match name {
            "permute" => {
                let order = self.axes(args.get("order"), named)?;
                self.frame.builder.permute(x, &order).map_err(|mut fault| {
                    fault.help = Some("list the old position of every axis, in the new order".into());
                    fault
                })
            }
            "transpose" => {
                let (a, b) = (self.axis(args.get("a"), named, 0)?, self.axis(args.get("b"), named, 0)?);
                let mut order: Vec<usize> = (0..self.shape(x).len()).collect();
                order.swap(a, b);
                self.frame.builder.permute(x, &order)
            }
            "unsqueeze" => {
                let axis = self.axis(args.get("axis"), named, 1)?;
                self.frame.builder.unsqueeze(x, axis)
            }
            "one_hot" => {
                let classes = self.size(args.get("classes"))?;
                Ok(self.frame.builder.one_hot(x, classes))
            }
            _ => {
                let axis = self.axis(args.get("axis"), named, 0)?;
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
                self.split_axis(x, axis, &sizes?).map_err(|mut fault| {
                    fault.help = Some("give sizes whose product is the size of the axis".into());
                    fault
                })
            }
            "slice" => {
                let (start, end) = (self.size(args.get("start"))?, self.size(args.get("end"))?);
                let built = self.frame.builder.slice(x, axis, start.clone(), end.clone());
                if built.is_err() {
                    return self.no_range(args, axis, &start, &end);
                }
                built
            }
            "pick" => {
                let at = self.size(args.get("at"))?;
                let built = self.frame.builder.pick(x, axis, at.clone());
                if built.is_err() {
                    let text = format!("there is no position {at} in axis {axis} of {}", self.operand_text(args));
                    let mistake = Diagnostic::new(Code::AxesRange, args.get("at").0.span, text);
                    self.fail(mistake.help("positions count from 0"));
                    return None;
                }
                built
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

    /// `x` [R, C].
    fn operand_text(&self, args: &Arguments) -> String {
        let (at, val) = args.get("x");
        match val {
            Val::Tensor(x) => format!("`{}` {}", source(at), shape_text(self.shape(*x))),
            _ => format!("`{}`", source(at)),
        }
    }

    /// A slice that ends before it starts, or beyond its axis.
    fn no_range(&mut self, args: &Arguments, axis: usize, start: &Extent, end: &Extent) -> Option<Val> {
        let backwards = matches!((start.as_literal(), end.as_literal()), (Some(a), Some(b)) if b < a);
        let of = format!("axis {axis} of {}", self.operand_text(args));
        let text = if backwards {
            format!("the slice of {of} starts at {start} and ends before that, at {end}")
        } else {
            format!("the slice ends at {end}, beyond {of}")
        };
        let mistake = Diagnostic::new(Code::AxesRange, args.get("end").0.span, text);
        self.fail(mistake.help("a slice has a start and an end, not a length: `slice(x, axis, start, end)`"));
        None
    }

    /// One axis as several, the first the slowest.
    pub(super) fn split_axis(
        &mut self,
        x: ValueId,
        axis: usize,
        sizes: &[Extent],
    ) -> Result<ValueId, crate::builder::Fault> {
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
        let axis = self.axis(args.get("axis"), (args.rest[0].0, first), usize::from(name == "stack"))?;
        if name == "stack" {
            for part in &mut parts {
                let rank = self.shape(*part).len();
                *part = self.frame.builder.unsqueeze(*part, axis.min(rank)).unwrap_or(*part);
            }
        }
        match self.frame.builder.concat(&parts, axis) {
            Err(fault) if fault.operand.is_some() && args.rest.len() == parts.len() => {
                self.unequal_parts(name, args, &parts, axis, fault.operand.unwrap_or(0))
            }
            built => self.built(built, args),
        }
    }

    /// Reports an operand whose axes differ from the first, apart from the axis along which they are joined.
    fn unequal_parts(
        &mut self,
        name: &str,
        args: &Arguments,
        parts: &[ValueId],
        axis: usize,
        wrong: usize,
    ) -> Option<Val> {
        let ((first, one), (at, other)) = ((args.rest[0].0, parts[0]), (args.rest[wrong].0, parts[wrong]));
        let (a, b) = (self.shape(one).to_vec(), self.shape(other).to_vec());
        let differ: Vec<usize> = (0..a.len().min(b.len())).filter(|&k| k != axis && a[k] != b[k]).collect();
        let (x, y) = (source(first), source(at));
        let along = if name == "stack" { "stacked".to_string() } else { format!("joined along axis {axis}") };
        let text = match differ.first() {
            Some(&k) if a.len() == b.len() => {
                format!("`{x}` and `{y}` are {along} but differ in axis {k}: {} and {}", a[k], b[k])
            }
            _ => format!("`{x}` and `{y}` are {along} but have {} and {} axes", a.len(), b.len()),
        };
        let mut mistake = Diagnostic::new(Code::AxesMismatch, at.span, text);
        for (at, shape) in [(first, &a), (at, &b)] {
            mistake = mistake.note(self.provenance(at), format!("`{}` is {}", source(at), shape_text(shape)));
        }
        if let (&[k], "concat", true) = (&differ[..], name, a.len() == b.len() && a[axis] == b[axis]) {
            mistake.help = Some(format!("all other axes are equal: write `axis = {k}` to join them there"));
        }
        self.fail(mistake);
        None
    }
}
