//! What reading weights and alignments holds, beside what the plan or the result needs. One test, alone in its process:
//! the peak of the process is measured.

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crease_core::entity::PrimaryMap;
use crease_core::ir::{Graph, Sizes};
use crease_core::lang::{Options, Settings};
use crease_core::plan::{Checked, ParamId, Plan, PlanParam, Planner};
use crease_models::features::{FeatureOptions, MsaRows};
use crease_runtime::{Checks, Cpu, Executable, Weights, forget_peak_resident, peak_resident_bytes, resident_bytes};

/// What code, kernels and names may take beside what is measured.
const OVERHEAD: u64 = 8 << 20;

/// How far the process's peak goes beyond what it held before, while something is done.
fn peak<T>(what: impl FnOnce() -> T) -> (T, u64) {
    assert!(forget_peak_resident(), "the system forgets a peak when it is asked to");
    let before = resident_bytes().expect("the system tells what is resident");
    let done = what();
    let after = peak_resident_bytes().expect("the system tells the peak");
    (done, after.saturating_sub(before))
}

fn stack() -> (Graph, Sizes) {
    let settings: Settings =
        [("BLOCKS", 16_u64)].map(|(name, value)| (name.to_string(), value.into())).into_iter().collect();
    let model = crease_models::evoformer::evoformer::evoformer_stack();
    let model = model.elaborate(&settings, &Options::default()).expect("a graph");
    let mut sizes = model.sizes.clone();
    sizes.extend([("S".to_string(), 2), ("R".to_string(), 4)]);
    (model.graph, sizes)
}

/// Writes weights for a plan, their numbers of a type of so many bytes that `number` makes; the name of the last tensor
/// ends in `ending`.
fn write(
    path: &Path,
    params: &PrimaryMap<ParamId, PlanParam>,
    dtype: &str,
    number: impl Fn(f32) -> Vec<u8>,
    ending: &str,
) {
    let (mut header, mut at) = (String::from("{"), 0);
    let each: Vec<(String, &[u64])> =
        params.values().flat_map(|p| p.names().into_iter().map(|n| (n, p.shape.as_slice()))).collect();
    let width = number(0.0).len() as u64;
    for (k, (name, shape)) in each.iter().enumerate() {
        let end = at + width * shape.iter().product::<u64>();
        let (comma, ending) = if k + 1 == each.len() { ("}", ending) } else { (",", "") };
        write!(
            header,
            "\"{name}{ending}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{at},{end}]}}{comma}"
        )
        .expect("text");
        at = end;
    }
    let mut file = BufWriter::new(std::fs::File::create(path).expect("a file"));
    file.write_all(&(header.len() as u64).to_le_bytes()).expect("written");
    file.write_all(header.as_bytes()).expect("written");
    let numbers: Vec<u8> = (0..4096).flat_map(|k| number(((k * 37 % 101) as f32 - 50.0) / 2000.0)).collect();
    while at > 0 {
        let some = numbers.len().min(at as usize);
        file.write_all(&numbers[..some]).expect("written");
        at -= some as u64;
    }
    file.flush().expect("written");
}

/// Runs a plan with the weights of a file; the peak beyond the plan's bytes.
fn excess(cpu: &Cpu, plan: &Checked<Plan>, file: &Path) -> u64 {
    let (numbers, peak) = peak(|| {
        let weights = Weights::open(file).expect("weights");
        let mut run = Executable::new(plan, &weights, cpu, Checks::default()).expect("an executable");
        run.run().expect("a run");
        run.output(&plan.outputs[0].name).expect("an output").to_vec()
    });
    assert!(numbers.iter().all(|x| x.is_finite()));
    peak.saturating_sub(plan.memory.total())
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("memory");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a directory");
    folder
}

#[test]
fn reading_holds_what_is_needed() {
    let (cpu, folder) = (Cpu::new(Some(2)).expect("a processor"), folder());
    let file = folder.join("file");
    let (graph, sizes) = stack();
    let planner = Planner::new(&graph, &sizes, &cpu.target()).expect("a planner");
    let lawful = |plan: Plan| plan.check().expect("a lawful plan");
    let (held, streamed) = (lawful(planner.plan(None).expect("a plan")), lawful(planner.leanest().clone()));
    let bytes = held.memory.weights;
    assert!(bytes > 8 * OVERHEAD && streamed.memory.total() < bytes / 4);
    drop(planner);

    // Code and kernels, before anything is measured.
    write(&file, &held.params, "F32", |x| x.to_le_bytes().into(), "");
    let _ = excess(&cpu, &streamed, &file);
    let check = |plan: &Checked<Plan>, what: &str| {
        let excess = excess(&cpu, plan, &file);
        assert!(excess <= OVERHEAD, "{what}: {excess} bytes beside the plan's {}", plan.memory.total());
    };
    check(&streamed, "streamed weights");
    check(&held, "held weights");
    write(&file, &held.params, "F16", |x| half::f16::from_f32(x).to_le_bytes().into(), "");
    check(&streamed, "streamed weights in half precision");
    check(&held, "held weights in half precision");
    write(&file, &held.params, "F64", |x| f64::from(x).to_le_bytes().into(), "");
    check(&held, "held weights in double precision");

    write(&file, &held.params, "F16", |x| half::f16::from_f32(x).to_le_bytes().into(), "_not");
    let (error, peak) = peak(|| {
        let weights = Weights::open(&file).expect("weights");
        Executable::new(&held, &weights, &cpu, Checks::default())
            .map(drop)
            .expect_err("a tensor is missing")
            .to_string()
    });
    assert!(error.contains("there is no tensor") && peak <= OVERHEAD, "{peak} bytes until: {error}");

    deep_alignments(&file.with_extension("a3m"));
    std::fs::remove_dir_all(&folder).expect("removed");
}

/// An alignment far deeper than what is chosen of it.
fn deep_alignments(path: &Path) {
    let mut file = BufWriter::new(std::fs::File::create(path).expect("a file"));
    for row in 0..150_000_usize {
        let mut letters: Vec<u8> = (0..400).map(|k| b"ACDEFGHIKL"[k * k % 10]).collect();
        (0..3).for_each(|k| letters[(row >> (5 * k)) % 400] = b"ACDEFGHIKL"[(row >> k) % 10]);
        writeln!(file, ">row {row}\n{}", String::from_utf8_lossy(&letters)).expect("written");
    }
    file.flush().expect("written");
    drop(file);
    let bytes = std::fs::metadata(path).expect("there").len();
    for sample_seed in [None, Some(1)] {
        let options = FeatureOptions { max_seqs: 64, max_extra: 128, sample_seed, mask_seed: None };
        let (rows, peak) = peak(|| MsaRows::read(path, &options).expect("valid"));
        assert_eq!((rows.num_seqs, rows.num_extra), (64, 128));
        let most = OVERHEAD + if sample_seed.is_some() { bytes / 5 } else { 0 };
        assert!(bytes > 7 * OVERHEAD && peak <= most, "{peak} bytes for {bytes} bytes of file, {sample_seed:?}");
    }
}
