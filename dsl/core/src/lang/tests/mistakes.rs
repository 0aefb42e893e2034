//! One wrong expression or statement a line, and the code that is said about it.

use super::*;
use crate::lang::{Code, check};

/// What makes a module wrong.
type Change = Box<dyn Fn(&mut Module)>;

/// The codes said about a body whose result is `m`.
fn said(statements: Vec<Statement>) -> Vec<Code> {
    check(&library("S R C", block(statements, Some(e("m"))))).into_iter().map(|d| d.code).collect()
}

#[test]
fn a_wrong_expression_is_said_once() {
    use BinaryOp::{Add, And, Div, Mul};
    let over = |x: &str, axis: Expression| call("softmax", &[("", e(x)), ("over", axis)]);
    let einsum = |spec: &str, names: &[&str]| {
        let mut arguments = vec![("", text(spec))];
        arguments.extend(names.iter().map(|n| ("", e(n))));
        call("einsum", &arguments)
    };
    let cases = [
        (op(e("z"), Add, e("m")), Code::AxesMismatch),
        (op(e("z"), Add, call("iota", &[("", e("R"))])), Code::AxesAmbiguous),
        (op(e("z"), Mul, e("mask")), Code::AxesMismatch),
        (over("z", e("R")), Code::AxesTwice),
        (over("z", e("S")), Code::AxesAbsent),
        (over("z", int(3)), Code::AxesPosition),
        (call("causal", &[("", e("z")), ("query", int(1)), ("key", int(1))]), Code::AxesPosition),
        (over("z", text("R")), Code::CallsType),
        (call("softmax", &[("", e("z"))]), Code::CallsCount),
        (call("softmax", &[("", e("z")), ("ower", int(1))]), Code::CallsNamed),
        (call("softmaxx", &[("", e("z"))]), Code::CallsUnknown),
        (call("linear", &[("", e("z")), ("", e("w"))]), Code::ParamsField),
        (
            call("linear", &[("", call("linear", &[("", e("z")), ("", e("w.up"))])), ("", e("w.up"))]),
            Code::AxesMismatch,
        ),
        (einsum("ikc,jkc->ijc", &["z", "mask"]), Code::EinsumRank),
        (einsum("ikc,jkc->ijc", &["z"]), Code::EinsumRank),
        (einsum("ijc->ijk", &["z"]), Code::EinsumLetter),
        (einsum("ijc,cj->i", &["z", "mask"]), Code::EinsumExtent),
        (einsum("ijc", &["z"]), Code::EinsumSyntax),
        (
            call("split", &[("", e("z")), ("", int(2)), ("", at(ExpressionKind::List(vec![int(2), int(3)])))]),
            Code::AxesReshape,
        ),
        (call("slice", &[("", e("z")), ("", int(0)), ("", int(4)), ("", int(2))]), Code::AxesRange),
        (call("rearrange", &[("", text("a b c -> c b")), ("", e("z"))]), Code::AxesPattern),
        (call("rearrange", &[("", text("a b (c d) -> a b c d")), ("", e("z")), ("c", e("H"))]), Code::AxesReshape),
        (e("w.nrom"), Code::ParamsField),
        (e("zz"), Code::CallsVariable),
        (op(e("w.first.bias"), Add, e("z")), Code::ParamsOptional),
        (at(ExpressionKind::Item(Box::new(e("w.norm")), Box::new(int(0)))), Code::ParamsIndex),
        (op(e("C"), Div, e("H")), Code::AxesSize),
        (op(e("R"), BinaryOp::Gt, e("H")), Code::ControlKnown),
        (op(e("FLAG"), Add, e("z")), Code::CallsOperator),
        (op(e("z"), And, e("z")), Code::CallsOperator),
        (call("twice", &[("", e("mask"))]), Code::CallsCount),
        (call("twice", &[("", e("mask")), ("", e("z"))]), Code::CallsType),
        (call("twice", &[("", e("z")), ("", num(1.0))]), Code::CallsType),
        (call("twice", &[("", e("mask")), ("", num(1.0))]), Code::AxesConflict),
        (call("record", &[("", text("a{b")), ("", e("z"))]), Code::ControlRecord),
    ];
    for (k, (expression, code)) in cases.into_iter().enumerate() {
        // What follows from a mistake is silent.
        let follows = op(e("x"), BinaryOp::Add, e("z"));
        let codes = said(vec![declare("x", false, expression.clone()), declare("y", false, follows)]);
        assert_eq!(codes, [code], "case {k}: {expression:?}");
    }
}

#[test]
fn a_wrong_statement_is_said_once() {
    let linear = |x: &str| call("linear", &[("", e(x)), ("", e("b.linear"))]);
    let mutable = || declare("x", true, op(e("z"), BinaryOp::Mul, num(2.0)));
    let branch = |condition: Expression, then: Expression, otherwise: Option<Expression>| {
        at(ExpressionKind::If {
            condition: Box::new(condition),
            then: block(vec![], Some(then)),
            otherwise: otherwise.map(|o| block(vec![], Some(o))),
        })
    };
    let cases = [
        (vec![assign("z", e("z"))], Code::ControlAssign),
        (vec![assign("nothing", e("z"))], Code::ControlAssign),
        (vec![mutable(), assign("x", e("m"))], Code::ControlShape),
        (vec![Statement::Expression(e("z"))], Code::ControlIdle),
        (vec![declare("x", false, branch(e("z"), e("z"), Some(e("z"))))], Code::ControlTensor),
        (vec![declare("x", false, branch(e("N"), e("z"), Some(e("z"))))], Code::ControlFlag),
        (vec![declare("x", false, branch(e("FLAG"), e("z"), Some(e("m"))))], Code::ControlBranches),
        (vec![declare("x", false, branch(e("FLAG"), e("z"), None))], Code::ControlMissing),
        (vec![mutable(), layers("b", e("w.norm"), vec![assign("x", e("x"))])], Code::ControlLayers),
        (vec![layers("b", e("w.blocks"), vec![declare("x", false, linear("z"))])], Code::ControlIdle),
        (vec![mutable(), layers("b", e("w.blocks"), vec![assign("x", e("mask"))])], Code::ControlShape),
        (
            vec![declare("n", true, num(1.0)), layers("b", e("w.blocks"), vec![assign("n", num(2.0))])],
            Code::ControlCarried,
        ),
        (
            vec![Statement::Let {
                pattern: Pattern::Tuple(vec![Pattern::Ignore(Span(1)), Pattern::Ignore(Span(1))], Span(1)),
                ty: None,
                value: e("z"),
            }],
            Code::ControlPattern,
        ),
        (
            vec![Statement::Let { pattern: Pattern::Ignore(Span(1)), ty: Some(ty("R C")), value: e("z") }],
            Code::ControlAnnotation,
        ),
    ];
    for (k, (statements, code)) in cases.into_iter().enumerate() {
        assert_eq!(said(statements), [code], "case {k}");
    }
}

#[test]
fn a_wrong_module_is_said_once() {
    let id =
        |params: &[(&str, &str)], result: &str, name: &str| function("g", params, result, block(vec![], Some(e(name))));
    let with = |change: &dyn Fn(&mut Module)| {
        let mut library = library("S R C", block(vec![], Some(e("m"))));
        change(&mut library.modules[0]);
        check(&library).into_iter().map(|d| d.code).collect::<Vec<_>>()
    };
    assert_eq!(with(&|_| {}), []);
    let budget = |bindings: &[(&str, Literal)], text: &str| {
        let bindings = bindings.iter().map(|(name, value)| (ident(name), *value)).collect();
        vec![Budget { text: text.into(), span: Span(1), bindings, target: None }]
    };
    let cases: Vec<(Change, Code)> = vec![
        (Box::new(|m| m.structs.push(structure("E", &[], &[("e", "E:")]))), Code::ParamsRecursive),
        (Box::new(|m| m.structs.push(structure("E", &[], &[("e", "Linear: C")]))), Code::ParamsGenerics),
        (Box::new(|m| m.structs.push(structure("E", &[], &[("e", "Liner: C C")]))), Code::ParamsUnknown),
        (Box::new(|m| m.structs.push(structure("E", &[], &[("e", "R")]))), Code::AxesSize),
        (Box::new(|m| m.structs.push(structure("E", &[], &[("e", "Q")]))), Code::AxesUnknown),
        (
            Box::new(|m| m.structs[1].fields.push(structure("E", &[], &[("more", "C")]).fields.remove(0))),
            Code::ParamsUnused,
        ),
        (Box::new(|m| m.constants.push(m.constants[0].clone())), Code::SyntaxDuplicate),
        (Box::new(move |m| m.functions.push(id(&[("x", "R"), ("y", "R")], "R", "x"))), Code::CallsUnused),
        (Box::new(move |m| m.functions.push(id(&[("x", "R")], "R R", "x"))), Code::ControlResult),
        (Box::new(|m| m.functions.push(function("g", &[("_x", "R")], "R", block(vec![], None)))), Code::ControlMissing),
        (
            Box::new(|m| {
                m.functions.push(function("g", &[("x", "R")], "R", block(vec![], Some(call("g", &[("", e("x"))])))))
            }),
            Code::CallsRecursion,
        ),
        (
            Box::new(|m| m.functions.push(function("g", &[("x", "R*2")], "R*2", block(vec![], Some(e("x")))))),
            Code::AxesUnbound,
        ),
        (Box::new(move |m| m.functions[0].budgets = budget(&[("S", 8.into())], "1 GiB")), Code::CallsRoot),
        (Box::new(move |m| m.functions[1].budgets = budget(&[("S", 8.into())], "1 GiB")), Code::BudgetAxis),
        (
            Box::new(move |m| {
                m.functions[1].budgets = budget(&[("S", 8.into()), ("R", 8.into()), ("Q", 8.into())], "1 GiB")
            }),
            Code::BudgetName,
        ),
        (
            Box::new(move |m| m.functions[1].budgets = budget(&[("S", 8.into()), ("R", true.into())], "1 GiB")),
            Code::BudgetSetting,
        ),
        (
            Box::new(move |m| m.functions[1].budgets = budget(&[("S", 8.into()), ("R", 8.into())], "1 gig")),
            Code::BudgetSize,
        ),
        (
            Box::new(|m| m.imports.push(Import { name: ident("q"), module: "m".into(), item: ident("q") })),
            Code::CallsImport,
        ),
    ];
    for (k, (change, code)) in cases.iter().enumerate() {
        assert_eq!(with(&**change), [*code], "case {k}");
    }
}

#[test]
fn nesting_without_end_is_a_mistake_not_a_crash() {
    let deep = (0..400).fold(e("z"), |x, _| call("sigmoid", &[("", x)]));
    assert_eq!(said(vec![declare("x", false, deep)]), [Code::ControlDepth]);
}
