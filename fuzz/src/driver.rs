//! Draws inputs blindly and puts them through a target in a process of its own, which may die or be ended.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::file;
use crate::mutate::mutate;
use crate::target::Target;

/// Longest that one input may take. Ordinary ones take a thousandth; a machine may be busy.
const LONGEST: Duration = Duration::from_secs(10);
/// The file of a process's folder that holds the number, the length and the bytes of the input at hand.
const AT: &str = "at-hand";
/// Inputs that were made here and accepted, kept to be changed again.
const MOST_KEPT: usize = 512;

/// What a process of its own does.
pub struct Work {
    /// The target.
    pub target: &'static Target,
    /// How many inputs.
    pub inputs: u64,
    /// From which the inputs follow.
    pub seed: u64,
}

/// How a target fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fared {
    /// Inputs put through it.
    pub inputs: u64,
    /// Of them, those that were accepted.
    pub accepted: u64,
}

impl Work {
    /// Puts the seeds and then changed ones through the target.
    ///
    /// # Errors
    /// The file that holds the input cannot be written.
    pub fn run(&self) -> io::Result<Fared> {
        let mut rng = Rng::with_seed(self.seed);
        let seeds: Vec<Vec<u8>> = (self.target.seeds)();
        let seeds: Vec<Vec<u8>> = seeds.into_iter().filter(|seed| seed.len() <= self.target.longest).collect();
        assert!(!seeds.is_empty(), "`{}` has seeds", self.target.name);
        let mut kept: Vec<Vec<u8>> = Vec::new();
        let mut file = File::create(file::path(AT))?;
        let mut fared = Fared { inputs: 0, accepted: 0 };
        while fared.inputs < self.inputs {
            let input = match seeds.get(usize::try_from(fared.inputs).unwrap_or(usize::MAX)) {
                Some(seed) => seed.clone(),
                None => {
                    let from = if kept.is_empty() || rng.bool() { &seeds } else { &kept };
                    let (input, other) = (&from[rng.usize(0..from.len())], &seeds[rng.usize(0..seeds.len())]);
                    mutate(&mut rng, input, other, self.target.change, self.target.longest)
                }
            };
            fared.inputs += 1;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(
                &[&fared.inputs.to_le_bytes(), &(input.len() as u64).to_le_bytes(), input.as_slice()].concat(),
            )?;
            if (self.target.run)(&input) {
                fared.accepted += 1;
                if kept.len() < MOST_KEPT {
                    kept.push(input);
                } else if rng.u8(0..8) == 0 {
                    kept[rng.usize(0..MOST_KEPT)] = input;
                }
            }
        }
        Ok(fared)
    }

    /// Does it in a process of its own. An input that ends the process, or takes too long, is written to a file of
    /// its own; the error names it.
    ///
    /// # Errors
    /// Such an input, or a process that cannot be started.
    pub fn watched(&self) -> io::Result<()> {
        let folder = file::make(self.target.name)?;
        let [inputs, seed] = [self.inputs, self.seed].map(|number| number.to_string());
        let mut child = Command::new(std::env::current_exe()?)
            .args(["work", self.target.name, "--inputs", &inputs, "--seed", &seed])
            .env(file::FOLDER, &folder)
            .spawn()?;
        let ended = watch(&mut child, &folder.join(AT));
        let found = input_at(&folder.join(AT));
        let _ = fs::remove_dir_all(&folder);
        let problem = match ended? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => format!("ended its process ({status})"),
            None => format!("took more than {} s", LONGEST.as_secs()),
        };
        let place = match &found {
            Some((number, input)) => format!("`{}`", self.finding(*number, input)?.display()),
            None => "no file: the first input was not written".into(),
        };
        let which = found.map_or(0, |(number, _)| number);
        Err(io::Error::other(format!(
            "`{}`: input {which} of seed {} {problem}; it is in {place}",
            self.target.name, self.seed
        )))
    }

    /// Writes an input to a file that stays.
    fn finding(&self, number: u64, input: &[u8]) -> io::Result<PathBuf> {
        let folder = Path::new("target").join("fuzz").join(self.target.name);
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("finding-{}-{number}", self.seed));
        fs::write(&path, input)?;
        Ok(path)
    }
}

/// Waits until a process ends; none: it was ended because an input took too long.
fn watch(child: &mut Child, at: &Path) -> io::Result<Option<ExitStatus>> {
    let (mut last, mut since, mut worked) = (None, Instant::now(), None);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        // Before the first input are the seeds, which take as long as they do.
        let (now, work) = (number_at(at), work(child.id()));
        if now != last {
            (last, since, worked) = (now, Instant::now(), work);
        }
        // Where it can be told, the processor's time: a busy machine gives little of it.
        let took = work.zip(worked).map(|(now, then)| now.saturating_sub(then)).unwrap_or_else(|| since.elapsed());
        if now.is_some() && (took > LONGEST || since.elapsed() > LONGEST * 60) {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// How long a process has worked, where `/proc` says so in hundredths of a second.
fn work(process: u32) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Behind the name, which may have spaces: the fields from the third on.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11..13)?.iter().filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(10 * ticks))
}

fn number_at(at: &Path) -> Option<u64> {
    let mut number = [0; 8];
    File::open(at).ok()?.read_exact(&mut number).ok()?;
    Some(u64::from_le_bytes(number))
}

/// The number and the bytes of the input that a process was at.
fn input_at(at: &Path) -> Option<(u64, Vec<u8>)> {
    let bytes = fs::read(at).ok()?;
    let (number, rest) = bytes.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let input = rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    Some((u64::from_le_bytes(*number), input.to_vec()))
}
