//! What can be asked of the bench, and how much is measured then.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::parallel;
use crate::block::Size;
use crate::peer::Whose;

/// Threads that plans are made for and run on.
pub(super) const THREADS: usize = 2;
/// The longest axis of the Evoformer's block that is measured, and of GPT-2's.
const LONGEST: u64 = 4096;
const MOST_POSITIONS: u64 = 65536;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Sequences and residues.
    #[arg(long, value_delimiter = ',', value_parser = size, value_name = "SxR",
          default_value = "128x64,128x256,128x384,128x512,512x384")]
    sizes: Vec<Size>,
    /// Positions of GPT-2's block.
    #[arg(long, value_delimiter = ',', value_parser = positions, value_name = "N", default_value = "2048,4096,8192")]
    positions: Vec<u64>,
    /// Whose block to run in turns with ours; once for each. `bench/README.md` says what they need.
    #[arg(long, value_enum)]
    pub(super) against: Vec<Whose>,
    /// The folder of the scripts that run peers.
    #[arg(long, value_name = "FOLDER", default_value = "bench/peers")]
    pub(super) peers: PathBuf,
    /// Timed runs of each plan, after one that is not.
    #[arg(long, default_value_t = NonZeroUsize::new(5).expect("not zero"))]
    runs: NonZeroUsize,
    /// Only the blocks, none of the Evoformer block's parts and nothing of IgFold's size.
    #[arg(long)]
    pub(super) block: bool,
    /// Blocks of the stack that is run against as many times one block.
    #[arg(long, default_value_t = 48, value_parser = clap::value_parser!(u64).range(1..=1024))]
    blocks: u64,
    /// Where `cpu.json`, `cpu.md` and `roofline.svg` are written.
    #[arg(long, value_name = "FOLDER", default_value = "bench")]
    pub(super) output: PathBuf,
    /// Two sizes of the Evoformer's block, one of GPT-2's, two runs and four blocks.
    #[arg(long, conflicts_with_all = ["sizes", "positions", "runs", "blocks"])]
    pub(super) quick: bool,
    /// Rows of the squares whose product is the ceiling.
    #[arg(long, hide = true, default_value_t = 4096)]
    pub(super) side: usize,
}

fn size(text: &str) -> Result<Size, String> {
    let read = |part: &str| part.trim().parse().ok().filter(|size| (1..=LONGEST).contains(size));
    let (s, r) = text.split_once('x').unwrap_or((text, ""));
    read(s).zip(read(r)).ok_or_else(|| format!("expected SEQUENCESxRESIDUES, each from 1 to {LONGEST}, found `{text}`"))
}

fn positions(text: &str) -> Result<u64, String> {
    let read = text.trim().parse().ok().filter(|n| (1..=MOST_POSITIONS).contains(n));
    read.ok_or_else(|| format!("expected positions, from 1 to {MOST_POSITIONS}, found `{text}`"))
}

/// How much is measured.
pub(super) struct Scope {
    pub(super) sizes: Vec<Size>,
    pub(super) positions: Vec<u64>,
    pub(super) runs: usize,
    pub(super) blocks: u64,
}

impl Scope {
    pub(super) fn new(arguments: &Arguments) -> Scope {
        match arguments.quick {
            true => Scope { sizes: vec![(128, 64), (128, 256)], positions: vec![2048], runs: 2, blocks: 4 },
            false => Scope {
                sizes: arguments.sizes.clone(),
                positions: arguments.positions.clone(),
                runs: arguments.runs.get(),
                blocks: arguments.blocks,
            },
        }
    }

    /// The size of what is measured once: where it is promised, else the last.
    pub(super) fn one(&self) -> Size {
        let last = self.sizes.last().copied().unwrap_or(parallel::AT);
        if self.sizes.contains(&parallel::AT) { parallel::AT } else { last }
    }
}
