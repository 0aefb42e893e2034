//! The runs of a round: models, sizes, kinds of files and options, drawn from a seed.

use std::path::{Path, PathBuf};

use crease_core::ir::Sizes;
use crease_core::lang::Signature;
use crease_core::lang::ast::Literal;
use crease_core::random::Choices;
use crease_models::registry;

use super::files::{self, Layout, Numbers};

/// Runs on the same files: under the smallest budget, without one, and under others between.
pub(super) struct Group {
    /// What is tried by it.
    pub(super) kind: &'static str,
    /// In words, for the table.
    pub(super) about: String,
    /// The command without its budget.
    pub(super) words: Vec<String>,
    pub(super) runs: usize,
    /// Whether the command must refuse to run.
    pub(super) refused: bool,
}

/// Draws numbers from a seed.
pub(super) struct Draw(Choices);

impl Draw {
    pub(super) fn new(seed: u64) -> Draw {
        Draw(Choices::new(seed))
    }

    /// At least `from`, less than `to`.
    pub(super) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.0.bits() % to.saturating_sub(from).max(1)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.0.next(all.len())]
    }
}

/// Widths far below AlphaFold's.
const NARROW: [(&str, u64); 10] = [
    ("C_M", 32),
    ("C_Z", 24),
    ("C_S", 24),
    ("C_HIDDEN_MSA", 8),
    ("HEADS_MSA", 4),
    ("C_HIDDEN_OPM", 8),
    ("C_HIDDEN_MUL", 24),
    ("C_HIDDEN_PAIR", 8),
    ("HEADS_PAIR", 4),
    ("TRANSITION_N", 4),
];

/// A model at chosen widths and sizes.
struct Program {
    name: &'static str,
    signature: Signature,
    sizes: Sizes,
}

impl Program {
    fn new(name: &'static str, widths: &[(&str, u64)], axes: &[(&str, u64)]) -> Program {
        let entry = registry().iter().find(|entry| entry.name == name).expect("a model of the registry");
        let signature = (entry.model)().signature().expect("models of the registry have signatures");
        let own = |name: &str| widths.iter().find(|(known, _)| *known == name).map(|(_, size)| *size);
        let constants = signature.settings.iter().filter_map(|constant| match constant.value {
            Literal::Size(default) => Some((constant.name.text.clone(), own(&constant.name.text).unwrap_or(default))),
            _ => None,
        });
        let mut sizes: Sizes = constants.collect();
        sizes.extend(axes.iter().map(|(axis, size)| ((*axis).to_string(), *size)));
        Program { name, signature, sizes }
    }

    /// The sizes of its axes in words.
    fn axes(&self) -> String {
        let size = |name: &str| self.sizes.get(name).map(|size| format!(" {name}={size}")).unwrap_or_default();
        self.signature.axes.iter().map(|axis| size(&axis.name.text)).collect()
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The groups of a round; their files are in a folder and replace those of the round before.
pub(super) fn round(number: u64, seed: u64, folder: &Path) -> std::io::Result<Vec<Group>> {
    let mut draw = Draw::new(seed.wrapping_add(number));
    Ok(vec![
        full(number, &mut draw, folder)?,
        deep(number, &mut draw, folder)?,
        refused(&mut draw, folder)?,
        recorded(&mut draw, folder)?,
        stack(&mut draw, folder)?,
        block(&mut draw, folder, true)?,
        block(&mut draw, folder, false)?,
    ])
}

/// A run of weights and inputs from files of their own.
fn run(program: &Program, numbers: Numbers, folder: &Path, name: &str) -> std::io::Result<Vec<String>> {
    let [weights, inputs, output] =
        ["weights", "inputs", "output"].map(|part| folder.join(format!("{name}-{part}.safetensors")));
    files::weights(&weights, &program.signature, "", &program.sizes, numbers)?;
    files::inputs(&inputs, &program.signature, "", &program.sizes)?;
    let words =
        ["run", program.name, "--weights", &text(&weights), "--inputs", &text(&inputs), "--output", &text(&output)];
    Ok(words.map(str::to_string).into())
}

/// One block of several models, with a trace and a profile or without.
fn block(draw: &mut Draw, folder: &Path, traced: bool) -> std::io::Result<Group> {
    let name = draw.of(&["evoformer_block", "evoformer_block", "extra_msa_stack", "template_pair_stack"]);
    let widths = if draw.between(0, 2) == 0 { &NARROW[..] } else { &[] };
    let axes = [("S", draw.between(2, 40)), ("R", draw.between(4, 64)), ("T", draw.between(1, 4)), ("E", 8)];
    let program = Program::new(name, widths, &axes);
    let numbers = draw.of(&Numbers::ALL);
    let mut words = run(&program, numbers, folder, if traced { "traced" } else { "block" })?;
    if traced {
        words.extend(["--profile".into(), "--trace".into(), text(&folder.join("trace.json"))]);
    }
    if draw.between(0, 4) == 0 {
        words.extend(["--precision", "bf16"].map(str::to_string));
    }
    let kind = if traced { "traces" } else { "blocks" };
    Ok(Group { kind, about: format!("{name}{} {}", program.axes(), numbers.name()), words, runs: 5, refused: false })
}

/// Several blocks, whose weights may be streamed.
fn stack(draw: &mut Draw, folder: &Path) -> std::io::Result<Group> {
    let blocks = draw.between(2, 12);
    let widths = [&NARROW[..], &[("BLOCKS", blocks)]].concat();
    let program = Program::new("evoformer_stack", &widths, &[("S", draw.between(2, 24)), ("R", draw.between(4, 48))]);
    let numbers = draw.of(&Numbers::ALL);
    let words = run(&program, numbers, folder, "stack")?;
    let about = format!("{blocks} blocks{} {}", program.axes(), numbers.name());
    Ok(Group { kind: "stacks", about, words, runs: 5, refused: false })
}

/// A reference, everything in it recorded.
fn recorded(draw: &mut Draw, folder: &Path) -> std::io::Result<Group> {
    let program = Program::new("evoformer_block", &[], &[("S", draw.between(2, 32)), ("R", draw.between(4, 64))]);
    let [reference, output] = ["reference", "recorded"].map(|name| folder.join(format!("{name}.safetensors")));
    files::reference(&reference, &program.signature, &program.sizes)?;
    let words = ["run", program.name, "--reference", &text(&reference), "--output", &text(&output)];
    let about = format!("evoformer_block{}", program.axes());
    Ok(Group { kind: "recorded", about, words: words.map(str::to_string).into(), runs: 3, refused: false })
}

/// AlphaFold's 48 blocks at their widths.
fn full(number: u64, draw: &mut Draw, folder: &Path) -> std::io::Result<Group> {
    let axes = [("S", draw.between(2, 24)), ("R", draw.between(8, 40))];
    let program = Program::new("evoformer_stack", &[("BLOCKS", 48)], &axes);
    let numbers = [Numbers::F32, Numbers::F16, Numbers::Bf16, Numbers::Off(2)][number as usize % 4];
    let words = run(&program, numbers, folder, "full")?;
    let about = format!("48 blocks{} {}", program.axes(), numbers.name());
    Ok(Group { kind: "48 blocks", about, words, runs: 3, refused: false })
}

/// An alignment far deeper than what is chosen of it.
fn deep(number: u64, draw: &mut Draw, folder: &Path) -> std::io::Result<Group> {
    let layout = if number.is_multiple_of(3) { Layout::A3m } else { draw.of(&[Layout::A3m, Layout::Stockholm]) };
    let (rows, residues) = (draw.between(300_000, 600_000), draw.between(40, 120));
    let path = folder.join(if layout == Layout::A3m { "deep.a3m" } else { "deep.sto" });
    files::alignment(&path, layout, rows as usize, residues as usize)?;
    let mut words: Vec<String> =
        ["evoformer", &text(&path), "--output", &text(&folder.join("deep.safetensors"))].map(str::to_string).into();
    words.extend(["--blocks", "1", "--max-seqs", &draw.between(1, 64).to_string()].map(str::to_string));
    words.extend(["--max-extra", &draw.between(0, 512).to_string()].map(str::to_string));
    for option in ["--seed", "--mask-seed"] {
        if draw.between(0, 3) == 0 {
            words.extend([option.to_string(), number.to_string()]);
        }
    }
    let about = format!("{layout:?} of {rows} rows, {residues} residues");
    Ok(Group { kind: "alignments", about, words, runs: 3, refused: false })
}

/// A checkpoint that lacks the last tensor it needs.
fn refused(draw: &mut Draw, folder: &Path) -> std::io::Result<Group> {
    let axes = [("S", draw.between(2, 24)), ("R", draw.between(8, 40))];
    let mut program = Program::new("evoformer_stack", &[("BLOCKS", 16)], &axes);
    program.signature.parameters.pop();
    let numbers = draw.of(&[Numbers::F32, Numbers::F16]);
    let words = run(&program, numbers, folder, "refused")?;
    Ok(Group { kind: "refused", about: format!("16 blocks, {}", numbers.name()), words, runs: 1, refused: true })
}

/// Where the files of the runs are.
pub(super) fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("crease-memory-{}", std::process::id()))
}
