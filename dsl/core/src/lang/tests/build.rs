//! Right programs and the graphs they become.

use super::*;
use crate::ir::{Op, Sizes, check_graph};
use crate::lang::{Elaborated, Options, Settings, elaborate, signature};
use crate::oracle::{Tensor, Tensors, evaluate};

fn build(library: &Library, settings: &Settings, options: &Options) -> Elaborated {
    assert_eq!(crate::lang::check(library), []);
    let made = elaborate(library, "f", settings, options).unwrap_or_else(|e| panic!("{e:#?}"));
    assert_eq!(check_graph(&made.graph), Ok(()));
    made
}

/// `let mut x = m; for b in w.blocks { x = linear(x, b.linear); record("x", x); } x`
fn stack() -> Library {
    let layer = call("linear", &[("", e("x")), ("", e("b.linear"))]);
    let record = Statement::Expression(call("record", &[("", text("x")), ("", e("x"))]));
    let body = vec![declare("x", true, e("m")), layers("b", e("w.blocks"), vec![assign("x", layer), record])];
    library("S R C", block(body, Some(e("x"))))
}

#[test]
fn a_loop_is_planned_once_or_unrolled_for_records() {
    let once = build(&stack(), &Settings::new(), &Options::default());
    let [node] = once.graph.nodes.as_values_slice() else { panic!("{}", once.graph) };
    let Op::Repeat(repeat) = &node.op else { panic!("{}", once.graph) };
    assert_eq!((repeat.count.to_string(), repeat.carried, repeat.body.inputs.len()), ("N".into(), 1, 1));
    let names: Vec<&str> = repeat.body.params.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["blocks.{}.linear.weight", "blocks.{}.linear.bias"]);
    assert_eq!(once.sizes.get("N"), Some(&3));

    let record = Options { record: true, ..Options::default() };
    let each = build(&stack(), &Settings::new().with("N", 2), &record);
    assert_eq!(each.records, ["block0.x", "block1.x"]);
    let outputs: Vec<&str> = each.graph.outputs.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(outputs, ["x", "block0.x", "block1.x"]);
    assert!(each.graph.params.iter().any(|p| p.name == "blocks.1.linear.weight"));

    let none = build(&stack(), &Settings::new().with("N", 0), &record);
    assert_eq!((none.graph.nodes.len(), none.records.len()), (0, 0));
}

#[test]
fn turns_run_one_body_alone_within_layers_and_around_them() {
    let step = |of: &str| assign("x", call("linear", &[("", e("x")), ("", e(of))]));
    let each = |inner: Statement| layers("b", e("w.blocks"), vec![inner]);
    let alone = turns(e("N"), vec![step("w.first.linear")]);
    let within = each(turns(e("H"), vec![step("b.linear")]));
    let around = turns(e("H"), vec![each(step("b.linear"))]);
    let sizes = Sizes::from([("R", 2), ("S", 3), ("C", 4), ("D", 6), ("H", 2), ("N", 3)].map(|(n, v)| (n.into(), v)));
    let tensor = |shape: &[u64], seed: u64| {
        let count: u64 = shape.iter().product();
        let data = (0..count).map(|k| ((k + 1) * (seed + 3) % 11) as f64 / 7.0 - 0.6).collect();
        Tensor { shape: shape.to_vec(), data }
    };
    let mut tensors = Tensors::from([("m".into(), tensor(&[3, 2, 4], 0))]);
    tensors.extend([("z".into(), tensor(&[2, 2, 4], 1)), ("mask".into(), tensor(&[3, 2], 2))]);
    for (k, block) in ["first", "blocks.0", "blocks.1", "blocks.2"].iter().enumerate() {
        tensors.insert(format!("{block}.linear.weight"), tensor(&[4, 4], 5 + k as u64));
        tensors.insert(format!("{block}.linear.bias"), tensor(&[4], 20 + k as u64));
    }
    for (body, turns) in [(alone, 3), (within, 6), (around, 6)] {
        let library = library("S R C", block(vec![declare("x", true, e("m")), body], Some(e("x"))));
        let looped = build(&library, &Settings::new(), &Options::default());
        assert!(matches!(looped.graph.nodes.as_values_slice()[0].op, Op::Repeat(_)), "{}", looped.graph);
        let unrolled = build(&library, &Settings::new(), &Options { record: true, ..Options::default() });
        let products = unrolled.graph.nodes.values().filter(|n| n.op == Op::contract()).count();
        assert_eq!(products, turns, "{}", unrolled.graph);
        let run = |graph| evaluate(graph, &sizes, &tensors).expect("everything is given");
        assert_eq!(run(&looped.graph), run(&unrolled.graph), "{}", looped.graph);
    }
}

#[test]
fn a_callee_may_loop_and_record() {
    let mut library = stack();
    let outer = block(vec![], Some(call("f", &[("", e("z")), ("", e("m")), ("", e("mask")), ("", e("w"))])));
    let params = [("z", "R R C"), ("m", "S R C"), ("mask", "S R"), ("w", "P:")];
    library.modules[0].functions.push(function("g", &params, "S R C", outer));
    for record in [false, true] {
        let options = Options { record, ..Options::default() };
        let made = elaborate(&library, "g", &Settings::new(), &options).unwrap_or_else(|e| panic!("{e:#?}"));
        assert_eq!(check_graph(&made.graph), Ok(()));
        assert_eq!(made.records.len(), if record { 3 } else { 0 });
    }
}

#[test]
fn flags_and_absent_weights_choose_branches() {
    let some = at(ExpressionKind::IfSome {
        pattern: Pattern::Name { name: ident("b"), mutable: false },
        value: Box::new(e("w.first.bias")),
        then: block(vec![], Some(op(e("m"), BinaryOp::Add, e("b")))),
        otherwise: Some(block(vec![], Some(e("m")))),
    });
    let branch = at(ExpressionKind::If {
        condition: Box::new(e("FLAG")),
        then: block(vec![], Some(some)),
        otherwise: Some(block(vec![], Some(call("relu", &[("", e("m"))])))),
    });
    let library = library("S R C", block(vec![], Some(branch)));
    let nodes = |settings: &Settings, absent: &[&str]| {
        let options = Options { absent: absent.iter().map(ToString::to_string).collect(), ..Options::default() };
        let graph = build(&library, settings, &options).graph;
        graph.nodes.values().map(|n| n.operands.len()).collect::<Vec<_>>()
    };
    assert_eq!(nodes(&Settings::new(), &[]), [2]);
    assert_eq!(nodes(&Settings::new(), &["first.bias"]), [0; 0]);
    assert_eq!(nodes(&Settings::new().with("FLAG", false), &[]), [1]);
}

#[test]
fn a_callee_sees_its_own_axes() {
    // `twice` takes [S, C]; here its S is the caller's R, and a mask [R] would be ambiguous after that.
    let body = op(
        call(
            "twice",
            &[
                ("", call("pick", &[("", e("m")), ("", int(0)), ("", int(0))])),
                ("", op(num(1.0), BinaryOp::Div, call("sqrt", &[("", e("H"))]))),
            ],
        ),
        BinaryOp::Add,
        num(0.0),
    );
    let made = build(&library("R C", block(vec![], Some(body))), &Settings::new().with("H", 4), &Options::default());
    let text = made.graph.to_string();
    assert!(text.contains("pointwise ($0 * 0.5)") && text.contains("# twice."), "{text}");
    assert_eq!(made.graph.values[made.graph.outputs[0].value].shape, ["R".into(), "C".into()]);
}

#[test]
fn constants_stay_symbols_unless_asked() {
    let body = || block(vec![], Some(call("linear", &[("", e("m")), ("", e("w.up"))])));
    let library = library("S R D", body());
    let shape = |symbolic: bool| {
        let options = Options { symbolic, ..Options::default() };
        let made = build(&library, &Settings::new().with("D", 9), &options);
        crate::ir::shape_text(&made.graph.values[made.graph.outputs[0].value].shape)
    };
    assert_eq!((shape(true), shape(false)), ("[S, R, D]".into(), "[S, R, 9]".into()));
}

#[test]
fn a_signature_lists_what_goes_in_and_out() {
    let said = signature(&stack(), "f").unwrap_or_else(|e| panic!("{e:#?}"));
    let names: Vec<&str> = said.parameters.iter().map(|p| p.name.as_str()).collect();
    assert!(names.contains(&"blocks.{}.linear.weight") && names.contains(&"norm.bias"), "{names:?}");
    let inputs: Vec<&str> = said.inputs.iter().map(|i| i.name.as_str()).collect();
    assert_eq!((inputs, said.outputs[0].name.as_str()), (vec!["z", "m", "mask"], "x"));
    let axes: Vec<&str> = said.axes.iter().map(|a| a.name.text.as_str()).collect();
    assert_eq!((axes, said.settings.len()), (vec!["R", "S"], 6));
}

#[test]
fn settings_that_do_not_exist_or_fit_are_refused() {
    for settings in [Settings::new().with("CC", 1), Settings::new().with("C", true)] {
        let wrong = elaborate(&stack(), "f", &settings, &Options::default());
        assert!(matches!(wrong, Err(said) if said[0].code == crate::lang::Code::BudgetSetting));
    }
}
