//! `crease score`: how near a predicted structure is to a target.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use crease_models::structure::{BACKBONE, Figures, Score, Structure};
use serde_json::{Value, json};

use crate::terminal::{CliError, usage};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The predicted structure: PDB or mmCIF.
    model: PathBuf,
    /// What it should be, a crystal structure usually: PDB or mmCIF.
    target: PathBuf,
    /// The atoms that the RMSD is over, where both structures have them.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_values_t = BACKBONE.map(str::to_string))]
    atoms: Vec<String>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn score(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let (model, target) = (Structure::read(&arguments.model)?, Structure::read(&arguments.target)?);
    let atoms: Vec<&str> = arguments.atoms.iter().map(|name| name.trim()).collect();
    for (k, name) in atoms.iter().enumerate() {
        if name.is_empty() || atoms[..k].contains(name) {
            return Err(usage(format!("--atoms: expected names, each once, found `{name}`")));
        }
    }
    let score = Score::of(&model, &target, &atoms)?;
    let text = match arguments.json {
        true => format!("{:#}\n", told(arguments, &atoms, &score)),
        false => table(arguments, &atoms, [&model, &target], &score),
    };
    crate::terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn told(arguments: &Arguments, atoms: &[&str], score: &Score) -> Value {
    let figures = |figures: &Figures| {
        let [model, target, paired] = figures.residues;
        json!({
            "residues": { "model": model, "target": target, "paired": paired },
            "identity": figures.identity,
            "atoms": figures.atoms,
            "rmsd": figures.rmsd,
            "lddt": figures.lddt,
            "tm_score": figures.tm_score,
            "tm_score_by_model": figures.tm_score_by_model,
        })
    };
    let chains = score.chains.iter().map(|chain| {
        let mut told = figures(&chain.figures);
        (told["model"], told["target"]) = (json!(chain.model), json!(chain.target));
        told
    });
    json!({
        "model": arguments.model.display().to_string(),
        "target": arguments.target.display().to_string(),
        "atoms": atoms,
        "chains": chains.collect::<Vec<Value>>(),
        "overall": figures(&score.overall),
        "only_in_model": score.only_in_model,
        "only_in_target": score.only_in_target,
    })
}

fn table(arguments: &Arguments, atoms: &[&str], structures: [&Structure; 2], score: &Score) -> String {
    let mut text = String::new();
    let alone = [&score.only_in_model, &score.only_in_target];
    let about = [("model", &arguments.model), ("target", &arguments.target)];
    for (((which, path), structure), alone) in about.into_iter().zip(structures).zip(alone) {
        let _ = writeln!(text, "{which:<8}{}", described(path, structure, alone));
    }
    let _ = writeln!(text, "RMSD    over {} after superposition, in Å; lDDT over CA", atoms.join(", "));
    let _ = writeln!(text);
    let head = ["model", "target", "paired", "of", "identity", "RMSD", "lDDT", "TM-score", "by model's length"];
    let mut rows = vec![head.map(str::to_string)];
    let named = score.chains.iter().map(|c| (shown(&c.model), shown(&c.target), &c.figures));
    for (model, target, figures) in named.chain([("all".into(), "all".into(), &score.overall)]) {
        let [_, of, paired] = figures.residues;
        let number = |number: Option<f64>| number.map_or("-".into(), |number| format!("{number:.3}"));
        rows.push([
            model,
            target,
            paired.to_string(),
            of.to_string(),
            format!("{:.1} %", 100.0 * figures.identity),
            number(figures.rmsd),
            number(figures.lddt),
            number(Some(figures.tm_score)),
            number(Some(figures.tm_score_by_model)),
        ]);
    }
    // One chain is all there is to say.
    if score.chains.len() == 1 {
        rows.pop();
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 9] = std::array::from_fn(width);
    for row in &rows {
        let cell = |(k, cell): (usize, &String)| match k {
            0 | 1 => format!("{cell:<width$}", width = widths[k]),
            _ => format!("{cell:>width$}", width = widths[k]),
        };
        let cells: Vec<String> = row.iter().enumerate().map(cell).collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

fn described(path: &Path, structure: &Structure, alone: &[String]) -> String {
    let residues: usize = structure.chains.iter().map(|chain| chain.amino_acids().count()).sum();
    let mut text = format!("{}: {residues} amino acids", path.display());
    if !alone.is_empty() {
        let chains: Vec<String> = alone.iter().map(|id| shown(id)).collect();
        let _ = write!(text, "; without a match: {}", chains.join(", "));
    }
    text
}

/// A chain's identifier; old files may have none.
fn shown(id: &str) -> String {
    if id.is_empty() { "(blank)".into() } else { id.escape_debug().to_string() }
}
