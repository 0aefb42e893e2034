//! Operators and elementwise functions, on tensors and on numbers known when the plan is made.

use super::value::{Scalar, Val};
use super::walk::{Elaborator, Mode};
use super::words::{sign, source};
use crate::builder::{Arg, Fault, FaultKind};
use crate::ir::{Binary, Expr, Extent, Instr, Unary, ValueId, shape_text};
use crate::lang::ast::{BinaryOp, Expression, Span, UnaryOp};
use crate::lang::diagnostic::{Code, Diagnostic};

/// The function of two numbers, and whether its operands change places.
fn function(op: BinaryOp) -> Option<(Binary, bool)> {
    Some(match op {
        BinaryOp::Add => (Binary::Add, false),
        BinaryOp::Sub => (Binary::Sub, false),
        BinaryOp::Mul => (Binary::Mul, false),
        BinaryOp::Div => (Binary::Div, false),
        BinaryOp::Lt => (Binary::Lt, false),
        BinaryOp::Le => (Binary::Le, false),
        BinaryOp::Gt => (Binary::Lt, true),
        BinaryOp::Ge => (Binary::Le, true),
        BinaryOp::Eq => (Binary::Eq, false),
        BinaryOp::Ne => (Binary::Ne, false),
        BinaryOp::And | BinaryOp::Or => return None,
    })
}

fn compares(op: BinaryOp) -> bool {
    !matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::And | BinaryOp::Or)
}

/// What arithmetic can take: a tensor or a number.
pub(super) enum Operand {
    Tensor(ValueId),
    Number(Scalar),
}

impl Elaborator<'_> {
    /// `-x`, `!x`.
    pub(super) fn prefix(&mut self, op: UnaryOp, at: &Expression, val: Val, span: Span) -> Val {
        match (op, val) {
            (_, Val::Poison) => Val::Poison,
            (UnaryOp::Not, Val::Flag(b)) => Val::Flag(b.map(|b| !b)),
            (UnaryOp::Not, Val::Tensor(x)) => Val::Tensor(self.frame.builder.unary(Unary::Not, x)),
            (UnaryOp::Neg, Val::Tensor(x)) => Val::Tensor(self.frame.builder.unary(Unary::Neg, x)),
            (UnaryOp::Neg, Val::Number(x)) => Val::Number(x.unary(Unary::Neg, &self.frame.sizes)),
            (UnaryOp::Neg, Val::Size(e)) => Val::Number(Scalar::size(&e).unary(Unary::Neg, &crate::ir::Sizes::new())),
            (_, Val::Maybe(_) | Val::Present(_) | Val::Nothing) => self.unwrapped(at),
            (op, val) => {
                let sign = if op == UnaryOp::Not { "!" } else { "-" };
                let text = format!("`{sign}` cannot be applied to `{}`, which is {}", source(at), self.words(&val));
                let mut mistake = Diagnostic::new(Code::CallsOperator, span, text);
                if let Val::Flag(_) = val {
                    mistake.help = Some("`!flag` negates a flag, `number(flag)` makes it 0 or 1".into());
                }
                self.fail(mistake)
            }
        }
    }

    /// `a + b` and the other infix operators; both sides are always elaborated, so that all mistakes are found.
    pub(super) fn arithmetic(&mut self, op: BinaryOp, a: &Expression, b: &Expression, span: Span) -> Val {
        let (left, right) = (self.expression(a), self.expression(b));
        if left.poisoned() || right.poisoned() {
            return Val::Poison;
        }
        match (&left, &right) {
            (Val::Flag(x), Val::Flag(y)) => self.flags(op, *x, *y, span),
            (Val::Size(x), Val::Size(y)) => self.sizes(op, x, y, span),
            (Val::Tensor(_) | Val::Number(_) | Val::Size(_), Val::Tensor(_) | Val::Number(_) | Val::Size(_)) => {
                self.numbers(op, (a, left), (b, right), span)
            }
            (Val::Maybe(_) | Val::Present(_) | Val::Nothing, _) => self.unwrapped(a),
            (_, Val::Maybe(_) | Val::Present(_) | Val::Nothing) => self.unwrapped(b),
            _ => self.no_operator(op, &left, &right, span),
        }
    }

    fn no_operator(&mut self, op: BinaryOp, left: &Val, right: &Val, span: Span) -> Val {
        let text = format!("`{}` cannot combine {} and {}", sign(op), self.words(left), self.words(right));
        let mut mistake = Diagnostic::new(Code::CallsOperator, span, text);
        if matches!(left, Val::Flag(_)) != matches!(right, Val::Flag(_)) {
            mistake.help = Some("make a flag a number with `number(flag)`".into());
        }
        self.fail(mistake)
    }

    fn flags(&mut self, op: BinaryOp, a: Option<bool>, b: Option<bool>, span: Span) -> Val {
        Val::Flag(match (op, a, b) {
            (BinaryOp::And, Some(false), _) | (BinaryOp::And, _, Some(false)) => Some(false),
            (BinaryOp::Or, Some(true), _) | (BinaryOp::Or, _, Some(true)) => Some(true),
            (BinaryOp::And, a, b) => a.zip(b).map(|(a, b)| a && b),
            (BinaryOp::Or, a, b) => a.zip(b).map(|(a, b)| a || b),
            (BinaryOp::Eq, a, b) => a.zip(b).map(|(a, b)| a == b),
            (BinaryOp::Ne, a, b) => a.zip(b).map(|(a, b)| a != b),
            _ => return self.no_operator(op, &Val::Flag(a), &Val::Flag(b), span),
        })
    }

    fn sizes(&mut self, op: BinaryOp, a: &Extent, b: &Extent, span: Span) -> Val {
        match op {
            BinaryOp::Add => Val::Size(a.clone() + b.clone()),
            BinaryOp::Sub => Val::Size(a.clone() - b.clone()),
            BinaryOp::Mul => Val::Size(a.clone() * b.clone()),
            BinaryOp::Div => match a.divided(b) {
                Some(extent) => Val::Size(extent),
                None => {
                    let text = format!("`{a}` divided by `{b}` may not be a whole number, as a size must be");
                    let mistake = Diagnostic::new(Code::AxesSize, span, text);
                    self.fail(mistake.help("declare the quotient as a constant; for a number write `1.0 * a / b`"))
                }
            },
            op if compares(op) => self.compare(op, &Scalar::size(a), &Scalar::size(b), span),
            op => self.no_operator(op, &Val::Size(a.clone()), &Val::Size(b.clone()), span),
        }
    }

    fn compare(&mut self, op: BinaryOp, a: &Scalar, b: &Scalar, span: Span) -> Val {
        let sizes = &self.frame.sizes;
        let Some((a, b)) = a.value(sizes).zip(b.value(sizes)) else {
            if self.mode == Mode::Check && !self.later(a) && !self.later(b) {
                return Val::Flag(None);
            }
            let text = format!("`{}` compares sizes that are known only when a plan is made", sign(op));
            let mistake = Diagnostic::new(Code::ControlKnown, span, text);
            return self.fail(mistake.help("compare constants: an axis gets its size when a plan is made"));
        };
        #[expect(clippy::float_cmp, reason = "the user asked for equality")]
        Val::Flag(Some(match op {
            BinaryOp::Lt => a < b,
            BinaryOp::Le => a <= b,
            BinaryOp::Gt => a > b,
            BinaryOp::Ge => a >= b,
            BinaryOp::Ne => a != b,
            _ => a == b,
        }))
    }

    fn numbers(&mut self, op: BinaryOp, a: (&Expression, Val), b: (&Expression, Val), span: Span) -> Val {
        let Some((f, swapped)) = function(op) else {
            let text = format!("`{}` takes two flags, found {} and {}", sign(op), self.words(&a.1), self.words(&b.1));
            let mistake = Diagnostic::new(Code::CallsOperator, span, text);
            return self.fail(mistake.help("of tensors of 0 and 1, `a * b` is `and` and `max(a, b)` is `or`"));
        };
        let (Some(left), Some(right)) = (operand(&a.1), operand(&b.1)) else { return Val::Poison };
        if let (Operand::Number(x), Operand::Number(y)) = (&left, &right) {
            if compares(op) {
                return self.compare(op, x, y, span);
            }
            return Val::Number(x.clone().binary(f, y, &self.frame.sizes));
        }
        self.elementwise(&[(a.0, left), (b.0, right)], span, |e, x| {
            let (a, b) = if swapped { (x[1], x[0]) } else { (x[0], x[1]) };
            e.push(Instr::Binary(f, a, b))
        })
    }

    /// An expression over broadcast operands, of which at least one is a tensor.
    pub(super) fn elementwise(
        &mut self,
        operands: &[(&Expression, Operand)],
        span: Span,
        build: impl FnOnce(&mut Expr, &[usize]) -> usize,
    ) -> Val {
        let mut args: Vec<Arg> = Vec::new();
        for (_, operand) in operands {
            if let Operand::Tensor(id) = operand {
                args.push(Arg::Value(*id));
            }
        }
        let result = self.frame.builder.elementwise(&args, |e, loads| {
            let mut loads = loads.iter();
            let places: Vec<usize> = operands
                .iter()
                .map(|(_, operand)| match operand {
                    Operand::Tensor(_) => *loads.next().unwrap_or(&0),
                    Operand::Number(scalar) => scalar.append_to(e),
                })
                .collect();
            build(e, &places)
        });
        match result {
            Ok(id) => Val::Tensor(id),
            Err(fault) => {
                let tensors: Vec<(&Expression, ValueId)> = operands
                    .iter()
                    .filter_map(|(at, o)| if let Operand::Tensor(id) = o { Some((*at, *id)) } else { None })
                    .collect();
                self.misfit(&tensors, fault, span)
            }
        }
    }

    /// Reports operands that do not broadcast.
    fn misfit(&mut self, operands: &[(&Expression, ValueId)], fault: Fault, span: Span) -> Val {
        let wrong = fault.operand.unwrap_or(0).min(operands.len() - 1);
        let (small, id) = operands[wrong];
        let widest = (0..operands.len()).filter(|k| *k != wrong).max_by_key(|&k| self.shape(operands[k].1).len());
        let (large, other) = operands[widest.unwrap_or(wrong)];
        let (a, b) = (self.shape(id).to_vec(), self.shape(other).to_vec());
        let pair =
            format!("`{}` {} does not fit `{}` {}", source(small), shape_text(&a), source(large), shape_text(&b));
        let ambiguous = fault.kind == FaultKind::Ambiguous;
        let text = if ambiguous {
            let (small, large) = (source(small), source(large));
            format!("`{small}` {} fits `{large}` {} in more than one way", shape_text(&a), shape_text(&b))
        } else if a.len() == b.len() {
            let one = Extent::literal(1);
            let differ = a.iter().zip(&b).enumerate().find(|(_, (x, y))| x != y && **x != one && **y != one);
            differ.map_or(pair.clone(), |(k, (x, y))| format!("{pair}: axis {k} is {x} and {y}"))
        } else {
            match a.iter().find(|x| !b.contains(x) && **x != Extent::literal(1)) {
                Some(lacking) => format!("{pair}, which has no axis {lacking}"),
                None => format!("{pair}: its axes are in another order"),
            }
        };
        let code = if ambiguous { Code::AxesAmbiguous } else { Code::AxesMismatch };
        let mut mistake = Diagnostic::new(code, span, text);
        for (at, id) in operands {
            let text = format!("`{}` is {}", source(at), shape_text(self.shape(*id)));
            mistake = mistake.note(self.provenance(at), text);
        }
        mistake.help = if ambiguous {
            let which = "add the missing axes: `unsqueeze(";
            Some(format!("{which}{}, axis)` inserts one of size 1, which matches any size", source(small)))
        } else {
            order_of(&a, &b).map(|order| format!("reorder its axes: `permute({}, {order:?})`", source(small)))
        };
        self.fail(mistake)
    }
}

/// The order of the axes of `shape` among those of `wanted`, if all occur there.
fn order_of(shape: &[Extent], wanted: &[Extent]) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = Vec::new();
    for extent in wanted {
        order.extend((0..shape.len()).find(|k| shape[*k] == *extent && !order.contains(k)));
    }
    (order.len() == shape.len()).then_some(order)
}

/// A value as an operand of arithmetic.
pub(super) fn operand(val: &Val) -> Option<Operand> {
    match val {
        Val::Tensor(id) => Some(Operand::Tensor(*id)),
        Val::Number(scalar) => Some(Operand::Number(scalar.clone())),
        Val::Size(extent) => Some(Operand::Number(Scalar::size(extent))),
        _ => None,
    }
}
