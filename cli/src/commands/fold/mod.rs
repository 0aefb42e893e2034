//! `crease fold`: from an antibody's sequence to its structure.

mod ensemble;
mod names;
mod report;
mod summary;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use crease_models::checkpoint::IgFoldFiles;
use crease_models::fold::{Antibody, Prediction, Vocabulary, antibodies};
use crease_models::output::{Files, OutputFile};
use crease_models::structure::Format;
use crease_runtime::{Backend, Checks, Event, Executable, RunError};
use indicatif::{ProgressBar, ProgressStyle};

use crate::choice::{Budget, Precision, machine, table};
use crate::page::Timeline;
use crate::terminal::profile::{self, Profile};
use crate::terminal::{CliError, Outcome, Ran, usage};
use ensemble::Ensemble;
use report::Report;

/// Most residues of a chain: the encoder's positions without its opening and closing token.
const LONGEST_CHAIN: usize = 510;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// FASTA: a heavy and a light chain (`>name:H`, `>name:L`, or one record `HEAVY:LIGHT`), or a single chain. Several
    /// antibodies give several structures.
    sequences: PathBuf,
    /// The structure to write, PDB or mmCIF by its ending; of several antibodies each gets its name added.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Also write a page to look at in a browser: the backbone in space, the expected errors, distances, the plan's
    /// memory; of several antibodies each gets its name added.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// A directory with the weights, as `crease weights igfold --to` makes it, or with the packages' files; without it
    /// they are looked for where `crease weights igfold` keeps them.
    #[arg(long, value_name = "DIR")]
    weights: Option<PathBuf>,
    /// The models to ask; the structure is of the one that expects the lowest error.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 3, 5], value_name = "NUMBERS")]
    models: Vec<u32>,
    /// Bytes that the run may hold (`200MiB`), or `smallest`; without it the fastest plan.
    #[arg(long)]
    budget: Option<Budget>,
    #[command(flatten)]
    precision: Precision,
    /// Threads; all unless given.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    table: table::Chosen,
    #[command(flatten)]
    profile: profile::Wanted,
}

/// A file for each antibody, or none where none is asked for.
type Places = std::vec::IntoIter<OutputFile>;

pub(super) fn fold(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let start = Instant::now();
    Format::of(&arguments.output)?;
    let antibodies = antibodies(&arguments.sequences)?;
    antibodies.iter().try_for_each(|antibody| antibody.at_most(LONGEST_CHAIN, &arguments.sequences))?;
    // A place that cannot be written is told before the work, not after it.
    let mut files = Files::new();
    files.reads("the sequences", [&arguments.sequences])?;
    files.reads("--table", &arguments.table.table)?;
    let mut places = |option, asked: Option<&PathBuf>| -> Result<Places, CliError> {
        let paths = asked.map(|path| names::outputs(path, &antibodies)).unwrap_or_default();
        Ok(paths.iter().map(|path| files.writes(option, path)).collect::<Result<Vec<_>, _>>()?.into_iter())
    };
    let outputs = places("--output", Some(&arguments.output))?;
    let mut pages = places("--report", arguments.report.as_ref())?;
    let mut traces = places("--trace", arguments.profile.trace.as_ref())?;
    let found = IgFoldFiles::find(arguments.weights.as_deref())?;
    files.reads("--weights", found.models.values().chain([&found.encoder, &found.vocabulary]))?;
    let vocabulary = Vocabulary::read(&found.vocabulary)?;
    let mut ensemble = Ensemble::new(&found, &arguments.models)?;
    let cpu = machine(arguments.threads)?;
    let target = arguments.table.machine(&cpu)?;
    let mut outcome = Outcome::default();
    summary::weights(&mut outcome, arguments.weights.as_deref(), &arguments.models);
    for (antibody, output) in antibodies.iter().zip(outputs) {
        let began = Instant::now();
        let tokens: Vec<Vec<f32>> = antibody.chains.iter().map(|chain| vocabulary.tokens(&chain.residues)).collect();
        let lengths: Vec<u64> = tokens.iter().map(|t| t.len() as u64).collect();
        let (weights, made) = ensemble.plan(&lengths, &target, (arguments.budget, arguments.precision))?;
        let plan = &made.plan;
        let planned = began.elapsed();
        let mut executable = Executable::new(plan, weights, &cpu, Checks::default())?;
        for (tokens, port) in tokens.iter().zip(&plan.inputs) {
            executable.input(&port.name)?.copy_from_slice(tokens);
        }
        let mut profile = Profile::new(&arguments.profile, traces.next(), plan)?;
        let began = Instant::now();
        profile.begin();
        run(&mut executable, &mut profile, antibody)?;
        let ran = Ran::new(plan, planned, began.elapsed());
        let profiled = profile.end(ran.took)?;
        let (coordinates, errors) = (executable.output("coordinates")?, executable.output("error")?);
        let (best, predictions) = chosen(coordinates, errors, &arguments.models)?;
        let written = output.path().display().to_string();
        predictions[best].structure(antibody).write_to(output)?;
        summary::predictions(&mut outcome, (antibody, &arguments.models), &predictions, best);
        outcome.run(&ran);
        outcome.line("output", &written);
        if let Some(page) = pages.next() {
            let naive = made.naive()?;
            let timeline = Timeline::new(plan, &naive);
            let report = Report::new(antibody, (&arguments.models, &predictions), best, &ran, timeline);
            let written = page.path().display().to_string();
            page.write_text(&report.page())?;
            outcome.line("report", &written);
        }
        crate::terminal::print(&(profiled + &outcome.take()))?;
    }
    outcome.line("in all", &format!("{:.2} s", start.elapsed().as_secs_f64()));
    crate::terminal::print(&outcome.take())?;
    Ok(ExitCode::SUCCESS)
}

/// What each model predicts, and which expects the lowest error.
fn chosen<'e>(
    coordinates: &'e [f32],
    errors: &'e [f32],
    models: &[u32],
) -> Result<(usize, Vec<Prediction<'e>>), CliError> {
    let each = |all: &'e [f32]| all.chunks_exact(all.len() / models.len());
    let both = each(coordinates).zip(each(errors));
    let predictions: Vec<Prediction<'e>> =
        both.map(|(coordinates, errors)| Prediction { coordinates, errors }).collect();
    if let Some(k) = predictions.iter().position(|prediction| !prediction.is_finite()) {
        let text = "gives coordinates that are no numbers: its weights or the encoder's are not a trained model's";
        return Err(usage(format!("IgFold's model {} {text}", models[k])));
    }
    let expected: Vec<f64> = predictions.iter().map(Prediction::error).collect();
    let best = (0..expected.len()).min_by(|a, b| expected[*a].total_cmp(&expected[*b])).unwrap_or_default();
    Ok((best, predictions))
}

/// Runs with a bar over layers and models where a person watches.
fn run<B: Backend>(
    executable: &mut Executable<'_, B>,
    profile: &mut Profile<'_>,
    antibody: &Antibody,
) -> Result<(), RunError> {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos} of {len}  {elapsed} gone") {
        bar.set_style(style);
    }
    bar.set_message(names::of(antibody));
    let done = executable.run_with(&mut |event| match event {
        Event::Layer(progress) => {
            bar.set_length(progress.layers);
            bar.set_position(progress.layers_done);
        }
        call => profile.note(call),
    });
    bar.finish_and_clear();
    done
}
