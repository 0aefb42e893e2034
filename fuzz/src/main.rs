//! `crease-fuzz`: puts inputs through the targets, without a guide.

use std::alloc::System;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use cap::Cap;
use clap::{Parser, Subcommand};
use crease_fuzz::driver::Work;
use crease_fuzz::target::{TARGETS, Target, find};

/// Bytes beyond what the seeds hold that an input may make a target allocate.
const MOST_MEMORY: usize = 512 << 20;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

#[derive(Parser)]
#[command(about = "Fuzz targets without a guide: what CI runs")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The targets' names.
    List,
    /// Inputs through one target, or through all, two at a time.
    Run {
        #[arg(value_parser = target)]
        targets: Vec<&'static Target>,
        #[arg(long, default_value_t = 10_000)]
        inputs: u64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// One target's seeds, a file each.
    Seeds {
        #[arg(value_parser = target)]
        target: &'static Target,
        folder: PathBuf,
    },
    /// Single inputs through a target.
    Replay {
        #[arg(value_parser = target)]
        target: &'static Target,
        files: Vec<PathBuf>,
    },
    /// What `run` does in a process of its own.
    #[command(hide = true)]
    Work {
        #[arg(value_parser = target)]
        target: &'static Target,
        #[arg(long)]
        inputs: u64,
        #[arg(long)]
        seed: u64,
    },
}

fn target(name: &str) -> Result<&'static Target, String> {
    let known = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    find(name).ok_or_else(|| format!("there is no such target; there are {}", known()))
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> io::Result<()> {
    match command {
        Command::List => TARGETS.iter().for_each(|target| println!("{}", target.name)),
        Command::Run { targets, inputs, seed } => {
            let targets = if targets.is_empty() { TARGETS.iter().collect() } else { targets };
            return all(&targets, inputs, seed);
        }
        Command::Seeds { target, folder } => {
            std::fs::create_dir_all(&folder)?;
            for (k, seed) in (target.seeds)().iter().enumerate().filter(|(_, seed)| seed.len() <= target.longest) {
                std::fs::write(folder.join(format!("seed-{k}")), seed)?;
            }
        }
        Command::Replay { target, files } => {
            for file in files {
                let accepted = (target.run)(&std::fs::read(&file)?);
                println!("{}: {}", file.display(), if accepted { "accepted" } else { "refused" });
            }
        }
        Command::Work { target, inputs, seed } => {
            let _ = ALLOCATOR.set_limit(ALLOCATOR.allocated() + MOST_MEMORY);
            let begun = Instant::now();
            let fared = Work { target, inputs, seed }.run()?;
            let seconds = begun.elapsed().as_secs_f64();
            println!("{:12} {:9} inputs, {:9} accepted, {seconds:7.1} s", target.name, fared.inputs, fared.accepted);
        }
    }
    Ok(())
}

/// Two targets at a time.
fn all(targets: &[&'static Target], inputs: u64, seed: u64) -> io::Result<()> {
    let next = std::sync::Mutex::new(targets.iter());
    let worker = || -> io::Result<()> {
        loop {
            let Some(target) = next.lock().ok().and_then(|mut next| next.next()) else { return Ok(()) };
            Work { target, inputs, seed }.watched()?;
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(worker);
        let own = worker();
        other.join().map_err(|_| io::Error::other("a driver's thread panicked"))?.and(own)
    })
}
