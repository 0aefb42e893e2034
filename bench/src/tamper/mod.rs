//! Plans with one number changed: each is refused by the check, or runs inside its own buffers to an end.
//!
//! Changed plans run in processes of their own, which may crash or hang. Then the next change goes on in a new one.

mod audit;
mod change;
mod child;
mod programs;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use crease_cli::terminal::CliError;

use programs::{Program, programs};

/// Before what became of a change.
const OUTCOME: &str = "= ";
const REFUSED: &str = "refused";
const RAN: &str = "ran";
/// After the last change.
const END: &str = "end";
/// How long one change may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Changes every number of real plans in turn, and runs what the check lets pass.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Every so many changes only.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    every: u32,
    /// Runs the changes of one program from a number on in this process.
    #[arg(long, hide = true, num_args = 2, value_names = ["PROGRAM", "FIRST"])]
    child: Vec<String>,
}

/// What became of the changes of a program.
#[derive(Default)]
struct Counts {
    refused: usize,
    ran: usize,
    /// Changes that did harm, each with what it did.
    harm: Vec<String>,
}

pub(crate) fn tamper(arguments: &Arguments) -> Result<ExitCode, CliError> {
    if let [name, first] = arguments.child.as_slice() {
        let known = programs().into_iter().find(|program| program.name == *name);
        let (Some(program), Ok(first)) = (known, first.parse()) else { return Ok(ExitCode::from(2)) };
        return child::run(&program, first, arguments.every as usize);
    }
    let mut harm = 0;
    println!("{:<28} {:>8} {:>8} {:>8} {:>6}", "changed plan of", "changes", "refused", "ran", "harm");
    for program in programs() {
        let counts = tampered(&program, arguments.every)?;
        let all = counts.refused + counts.ran + counts.harm.len();
        let Counts { refused, ran, .. } = counts;
        println!("{:<28} {all:>8} {refused:>8} {ran:>8} {:>6}", program.name, counts.harm.len());
        counts.harm.iter().for_each(|line| println!("    {line}"));
        harm += counts.harm.len();
    }
    Ok(if harm == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs all changes of a program, in as many processes as they take.
fn tampered(program: &Program, every: u32) -> Result<Counts, CliError> {
    let mut counts = Counts::default();
    let mut first = 1;
    while let Some(next) = one_process(program, every, first, &mut counts)? {
        first = next;
    }
    Ok(counts)
}

/// Runs changes until the end, or until one of them ends the process: then gives the number of the next one.
fn one_process(program: &Program, every: u32, first: usize, counts: &mut Counts) -> Result<Option<usize>, CliError> {
    let failed =
        |error: std::io::Error| CliError::Usage(format!("a process for changed plans cannot be started: {error}"));
    let own = std::env::current_exe().map_err(failed)?;
    let mut child = Command::new(own)
        .args(["tamper", "--every", &every.to_string(), "--child", program.name, &first.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let lines = lines(&mut child);
    let mut at: Option<String> = None;
    let ended = loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) if line == END => break None,
            Ok(line) => match line.strip_prefix(OUTCOME) {
                None => at = Some(line),
                Some(REFUSED) => counts.refused += 1,
                Some(RAN) => counts.ran += 1,
                Some(other) => counts.harm.push(format!("{} {other}", at.clone().unwrap_or_default())),
            },
            Err(RecvTimeoutError::Timeout) => break Some("takes too long"),
            Err(RecvTimeoutError::Disconnected) => break Some("ends the process"),
        }
    };
    let _ = child.kill();
    let status = child.wait().map_err(failed)?;
    let Some(how) = ended else { return Ok(None) };
    let at = at.unwrap_or_default();
    let number = at.split(' ').next().and_then(|number| number.parse::<usize>().ok());
    let Some(number) = number else {
        return Err(CliError::Usage(format!("{}: no changed plan was run: {status}", program.name)));
    };
    counts.harm.push(format!("{at} {how} ({status})"));
    Ok(Some(number + 1))
}

/// The lines that a process prints.
fn lines(child: &mut Child) -> Receiver<String> {
    let (to, from) = channel();
    let output = child.stdout.take().expect("it was asked for");
    std::thread::spawn(move || {
        BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| to.send(line)).is_ok()
    });
    from
}
