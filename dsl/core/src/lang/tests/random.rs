//! Random programs: nothing crashes, and whatever is checked as right becomes a lawful graph.

use super::*;
use crate::ir::check_graph;
use crate::lang::{Options, Settings, check, elaborate};
use crate::random::Choices;

const ROUNDS: usize = 1500;

/// Random programs, the same on every machine.
struct Dice(Choices);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0.next(sides)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }

    fn expression(&mut self, depth: usize) -> Expression {
        let names = [
            "z",
            "m",
            "mask",
            "x",
            "x",
            "w",
            "w.norm",
            "w.up",
            "w.blocks",
            "w.first",
            "w.first.bias",
            "C",
            "R",
            "S",
            "FLAG",
            "EPS",
            "q",
        ];
        if depth == 0 || self.roll(4) == 0 {
            return match self.roll(8) {
                0 => num(0.5),
                1 => int(self.roll(4) as u64),
                2 => text(self.pick(&["ijc,jkc->ik", "i j k -> k (i j)", "a", "{}", "ijc->i"])),
                3 => at(ExpressionKind::Flag(true)),
                _ => e(self.pick(&names)),
            };
        }
        let words: Vec<&str> = crate::lang::words().chain(["twice", "f", "nothing"]).collect();
        match self.roll(10) {
            0 => op(self.expression(depth - 1), self.operator(), self.expression(depth - 1)),
            1 => at(ExpressionKind::Unary(UnaryOp::Neg, Box::new(self.expression(depth - 1)))),
            2 => at(ExpressionKind::Item(Box::new(self.expression(depth - 1)), Box::new(self.expression(depth - 1)))),
            3 => at(ExpressionKind::Tuple(vec![self.expression(depth - 1), self.expression(depth - 1)])),
            4 => at(ExpressionKind::List(vec![self.expression(depth - 1), self.expression(depth - 1)])),
            5 => at(ExpressionKind::If {
                condition: Box::new(self.expression(depth - 1)),
                then: self.block(depth - 1),
                otherwise: Some(self.block(depth - 1)),
            }),
            6 => at(ExpressionKind::IfSome {
                pattern: Pattern::Name { name: ident("x"), mutable: true },
                value: Box::new(self.expression(depth - 1)),
                then: self.block(depth - 1),
                otherwise: None,
            }),
            7 => {
                let letters = |dice: &mut Dice| (0..dice.roll(4)).map(|_| ident(dice.pick(&["i", "j", "k"]))).collect();
                let factors = (0..self.roll(3)).map(|_| (self.expression(depth - 1), letters(self))).collect();
                at(ExpressionKind::Einsum { result: letters(self), factors })
            }
            _ => {
                let count = self.roll(4);
                let labels = ["", "", "", "over", "axis", "eps", "like", "keep"];
                let arguments: Vec<_> = (0..count).map(|_| (self.pick(&labels), self.expression(depth - 1))).collect();
                call(words[self.roll(words.len())], &arguments)
            }
        }
    }

    fn operator(&mut self) -> BinaryOp {
        use BinaryOp::{Add, And, Div, Eq, Gt, Mul, Sub};
        [Add, Sub, Mul, Div, Gt, Eq, And][self.roll(7)]
    }

    fn block(&mut self, depth: usize) -> Block {
        let statements = (0..self.roll(3)).map(|_| self.statement(depth)).collect();
        block(statements, (self.roll(3) > 0).then(|| self.expression(depth)))
    }

    fn statement(&mut self, depth: usize) -> Statement {
        match self.roll(4) {
            0 => assign(self.pick(&["x", "m", "q"]), self.expression(depth)),
            1 if depth > 0 => {
                let over = if self.roll(2) == 0 { e("w.blocks") } else { self.expression(depth - 1) };
                layers("b", over, vec![self.statement(depth - 1), self.statement(depth - 1)])
            }
            2 => Statement::Expression(self.expression(depth)),
            _ => declare(self.pick(&["x", "y", "z"]), true, self.expression(depth)),
        }
    }

    /// Arithmetic that is mostly right: tensors of one shape.
    fn plain(&mut self, depth: usize) -> Expression {
        if depth == 0 {
            return e(self.pick(&["m", "x", "x", "m", "EPS"]));
        }
        let inner = self.plain(depth - 1);
        match self.roll(8) {
            0 => call("softmax", &[("", inner), ("over", e("R"))]),
            1 => call("layer_norm", &[("", inner), ("", e("w.norm"))]),
            2 => call("linear", &[("", inner), ("", e("w.first.linear"))]),
            3 => call("sigmoid", &[("", inner)]),
            4 => op(inner, BinaryOp::Mul, e("mask")),
            5 => call("rearrange", &[("", text("s r c -> (s r) c")), ("", inner)]),
            6 => call("einsum", &[("", text("src,srd->scd")), ("", inner.clone()), ("", inner)]),
            _ => op(inner, self.operator(), self.plain(depth - 1)),
        }
    }
}

fn survives(library: &Library) -> bool {
    let right = check(library).is_empty();
    for record in [false, true] {
        let options = Options { record, ..Options::default() };
        let made = elaborate(library, "f", &Settings::new(), &options);
        if let Ok(made) = &made {
            assert_eq!(check_graph(&made.graph), Ok(()));
        }
        let body = library.modules[0].functions[1].body.clone();
        assert!(!right || made.is_ok(), "checked and not built: {:#?}\n{:?}", made.err(), body);
    }
    right
}

#[test]
fn nothing_crashes() {
    let mut dice = Dice(Choices::new(7));
    for _ in 0..ROUNDS {
        let mut body = dice.block(4);
        body.statements.insert(0, declare("x", true, e("m")));
        survives(&library("S R C", body));
    }
}

#[test]
fn what_is_checked_can_be_built() {
    let mut dice = Dice(Choices::new(11));
    let mut right = 0;
    for _ in 0..ROUNDS {
        let mut body = vec![declare("x", true, e("m"))];
        for _ in 0..2 {
            let depth = 1 + dice.roll(3);
            let step = assign("x", dice.plain(depth));
            body.push(if dice.roll(3) == 0 { layers("b", e("w.blocks"), vec![step]) } else { step });
        }
        right += usize::from(survives(&library("S R C", block(body, Some(e("x"))))));
    }
    assert!(right > ROUNDS / 8, "only {right} programs were right: the test says little");
}
