//! The table of plans: for each program, size, machine, format and budget the figures of its plan and a digest of
//! everything in it. It keeps plans as they are, to the byte, whatever changes in how they are made.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use crease_core::ir::{Format, Sizes};
use crease_core::lang::{Model, Options, Settings};
use crease_core::plan::{InstructionSet, Plan, Planner, Step, Target};
use crease_core::random::{AXES, Choices, graph};
use crease_models::{evoformer, registry};
use expect_test::expect_file;
use sha2::{Digest, Sha256};

use super::programs::programs;

/// Something to plan at a few budgets.
struct Case {
    name: String,
    program: Source,
    sizes: Vec<(&'static str, u64)>,
    machine: (InstructionSet, u64),
    format: Format,
    /// Weights are in no file, so they cannot be streamed.
    held: bool,
}

/// Where a graph comes from.
#[derive(Clone, Copy)]
enum Source {
    Model(fn() -> Model),
    Named(usize),
    Random(u64),
}

/// The machine and format that most cases have.
const USUAL: (InstructionSet, u64) = (InstructionSet::Avx512, 2);
/// Others, each with a format.
const OTHERS: [((InstructionSet, u64), Format); 5] = [
    ((InstructionSet::Avx2, 1), Format::Single),
    ((InstructionSet::Avx2, 8), Format::Single),
    ((InstructionSet::Avx2, 2), Format::Bf16),
    ((InstructionSet::Avx512, 8), Format::Single),
    ((InstructionSet::Avx512, 1), Format::Bf16),
];

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &str, program: Source, sizes: &[(&'static str, u64)], machine, format, held| {
        cases.push(Case { name: name.into(), program, sizes: sizes.to_vec(), machine, format, held });
    };
    // The block that the planner's bench measures, at its sizes.
    let block = Source::Model(evoformer::evoformer::evoformer_block);
    for (s, r) in [(1, 1), (7, 13), (16, 24), (128, 256), (128, 512), (512, 1024), (512, 2048)] {
        add("evoformer_block", block, &[("S", s), ("R", r)], USUAL, Format::Single, false);
    }
    // Every model of the registry, small and large, on several machines.
    for entry in registry() {
        let model = Source::Model(entry.model);
        let (small, large) = sizes(entry.name);
        add(entry.name, model, small, USUAL, Format::Single, false);
        add(entry.name, model, large, USUAL, Format::Single, true);
        for (machine, format) in OTHERS {
            add(entry.name, model, large, machine, format, false);
        }
    }
    for (k, program) in programs().iter().enumerate() {
        add(program.name, Source::Named(k), &[], USUAL, Format::Single, false);
        add(program.name, Source::Named(k), &[], (InstructionSet::Avx2, 1), Format::Bf16, false);
        add(program.name, Source::Named(k), &[], (InstructionSet::Avx2, 8), Format::Single, true);
    }
    for seed in 0..60 {
        let format = if seed % 3 == 2 { Format::Bf16 } else { Format::Single };
        add(&format!("random {seed}"), Source::Random(seed), &[], USUAL, format, seed % 2 == 1);
    }
    cases
}

type Axes = &'static [(&'static str, u64)];

/// Small and large sizes of a model's axes.
fn sizes(model: &str) -> (Axes, Axes) {
    match model {
        "template_pair_stack" => (&[("T", 2), ("R", 11)], &[("T", 4), ("R", 300)]),
        "structure_module" | "igfold" => (&[("R", 9)], &[("R", 700)]),
        "sentence_embedding" => (&[("N", 5)], &[("N", 500)]),
        "gpt_block" => (&[("N", 17)], &[("N", 4000)]),
        "antibody_pair" => (&[("A", 6), ("B", 5)], &[("A", 130), ("B", 110)]),
        "antibody_chain" => (&[("A", 6)], &[("A", 130)]),
        _ => (&[("S", 5), ("R", 12)], &[("S", 200), ("R", 300)]),
    }
}

impl Case {
    fn lines(&self) -> Vec<String> {
        let (graph, sizes) = self.graph();
        let (instructions, threads) = self.machine;
        let target = Target::shipped(instructions, threads);
        let planner = Planner::new(&graph, &sizes, &target).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        let planner = if self.held { planner.holding_weights() } else { planner };
        let fastest = planner.plan(None).expect("a plan");
        let (least, most) = (planner.leanest().memory.total(), fastest.memory.total());
        let between = |thirds: u64| least + most.saturating_sub(least) * thirds / 3;
        let mut lines = vec![self.line("none", &fastest)];
        for budget in [least, between(1), between(2)] {
            let plan = planner.plan(Some(budget)).expect("a plan within what was met");
            lines.push(self.line(&budget.to_string(), &plan));
        }
        lines
    }

    fn graph(&self) -> (crease_core::ir::Graph, Sizes) {
        match self.program {
            Source::Model(model) => {
                let options = Options { precision: Some(self.format), ..Options::default() };
                let made = model().elaborate(&Settings::new(), &options).expect("a graph");
                let mut sizes = made.sizes;
                sizes.extend(self.sizes.iter().map(|(axis, size)| (axis.to_string(), *size)));
                (made.graph, sizes)
            }
            Source::Named(k) => {
                let mut program = programs().swap_remove(k);
                program.graph.precision = self.format;
                (program.graph, program.sizes)
            }
            Source::Random(seed) => {
                let mut choices = Choices::new(seed);
                let mut graph = graph(&mut choices, (3, 12), true);
                graph.precision = self.format;
                let sizes = AXES.iter().map(|axis| (axis.to_string(), 64 + choices.next(400) as u64)).collect();
                (graph, sizes)
            }
        }
    }

    fn line(&self, budget: &str, plan: &Plan) -> String {
        let sizes: Vec<String> = self.sizes.iter().map(|(axis, size)| format!("{axis}={size}")).collect();
        let held = if self.held { " held" } else { "" };
        let (instructions, threads) = (self.machine.0.name(), self.machine.1);
        let digest: String = Sha256::digest(plan.listing()).iter().take(8).map(|b| format!("{b:02x}")).collect();
        format!(
            "{} {} {} {instructions}x{threads}{held} budget {budget} -> {} bytes {} ns {} calls {digest}\n",
            self.name,
            sizes.join(" "),
            self.format,
            plan.memory.total(),
            plan.time,
            calls(&plan.steps),
        )
    }
}

fn calls(steps: &[Step]) -> usize {
    let each = |step: &Step| match step {
        Step::Call(_) => 1,
        Step::Chunk { body, .. } | Step::Layers { body, .. } => calls(body),
    };
    steps.iter().map(each).sum()
}

#[test]
fn no_plan_changes() {
    let cases = cases();
    let lines = Mutex::new(vec![Vec::new(); cases.len()]);
    let next = Mutex::new(0..cases.len());
    let work = || {
        while let Some(k) = { next.lock().expect("no case panics").next() } {
            let made = cases[k].lines();
            lines.lock().expect("no case panics")[k] = made;
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZeroUsize::get) {
            scope.spawn(work);
        }
    });
    let text: String = lines.into_inner().expect("no case panics").concat().concat();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens/table.txt");
    expect_file![path].assert_eq(&text);
}
