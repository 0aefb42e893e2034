//! Goldens: what the planner makes of named programs, as text. `UPDATE_EXPECT=1` rewrites them; read the difference.
//!
//! `graphs` has each program as written and as run, `forms` which nodes may be split along which index, `plans` the
//! fastest plan, the leanest and one between. `table.txt` has a line and a digest for many more plans.

mod programs;
mod table;

use std::fmt::Write;
use std::path::Path;

use crease_core::fuse::{fuse, narrow};
use crease_core::ir::{Graph, Op};
use crease_core::plan::{InstructionSet, Planner, Target};
use crease_core::rules::Forms;
use expect_test::expect_file;
use programs::{Program, programs};

/// Holds the text of each program against its file, all files that differ said at once.
fn check(folder: &str, text: impl Fn(&Program) -> String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens");
    for program in programs() {
        let path = root.join(folder).join(format!("{}.txt", program.name));
        expect_file![path].assert_eq(&text(&program));
    }
}

/// The graph as the search begins with it.
fn fused(program: &Program) -> Graph {
    let mut graph = fuse(&program.graph);
    narrow(&mut graph, &|extent| extent.eval(&program.sizes).expect("every size is given"));
    graph
}

#[test]
fn graphs() {
    check("graphs", |program| format!("as written\n\n{}\nas run\n\n{}", program.graph, fused(program)));
}

#[test]
fn forms() {
    check("forms", |program| {
        let mut text = String::new();
        list_forms(&fused(program), &mut text);
        text
    });
}

/// The forms of a graph and of the layers in it.
fn list_forms(graph: &Graph, text: &mut String) {
    text.push_str(&Forms::explore(graph).text(graph));
    for node in graph.nodes.values() {
        if let Op::Repeat(repeat) = &node.op {
            let _ = write!(text, "\na layer of {}\n", node.origin);
            list_forms(&repeat.body, text);
        }
    }
}

#[test]
fn plans() {
    let target = Target::shipped(InstructionSet::Avx512, 1);
    check("plans", |program| {
        let planner = Planner::new(&program.graph, &program.sizes, &target).expect("a planner");
        let fastest = planner.plan(None).expect("a plan");
        let (least, most) = (planner.leanest().memory.total(), fastest.memory.total());
        let mut text = fastest.listing();
        for budget in [least + most.saturating_sub(least) / 2, least] {
            let plan = planner.plan(Some(budget)).expect("a plan within what was met");
            let _ = write!(text, "\n{}", plan.listing());
        }
        text
    });
}
