//! `crease fold`: antibodies to structures, with trained weights where they are at hand, and what is refused without.

mod common;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use common::*;
use crease_models::structure::Structure;

/// The variable domains of 1NCB.
const FV: &str = ">1ncb:H\nQIQLVQSGPELKKPGETVKISCKASGYTFTNYGMNWVKQAPGKGLEWMGWINTNTGEPTYGEEFKGRFAFSLETSASTANLQINNLKNEDKATFFCARGEDNFGSLSDYWGQGTTLTVSS\n>1ncb:L\nDIVMTQSPKFMSTSVGDRVTITCKASQDVSTAVVWYQQKPGQSPKLLIYWASTRHIGVPDRFAGSGSGTDYTLTISSVQAEDLALYYCQQHYSPPWTFGGGTKLEIK\n";
const CRYSTAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/1ncb.cif");

fn sequences(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("sequences.fasta");
    std::fs::write(&path, text).expect("written");
    path
}

fn run(sequences: &Path, output: &Path, weights: &Path, more: &[&str]) -> String {
    let plain = |path: &Path| path.to_str().expect("a plain path").to_string();
    let mut arguments = vec!["fold".into(), plain(sequences), "-o".into(), plain(output)];
    arguments.extend(["--weights".into(), plain(weights)]);
    arguments.extend(more.iter().map(|word| (*word).to_string()));
    said(arguments)
}

fn positions(path: &Path) -> Vec<[f64; 3]> {
    let structure = Structure::read(path).expect("a structure");
    structure.chains.iter().flat_map(|c| &c.residues).flat_map(|r| &r.atoms).map(|a| a.position).collect()
}

#[test]
fn every_model_folds_an_fv_near_its_crystal_and_every_budget_gives_the_same() {
    let Some(weights) = igfold_weights() else { return };
    let folder = folder("fold_fv");
    let sequences = sequences(&folder, FV);
    for model in ["1", "2", "3", "5"] {
        let (free, lean) = (folder.join("free.pdb"), folder.join("lean.pdb"));
        run(&sequences, &free, &weights, &["--models", model]);
        let told = run(&sequences, &lean, &weights, &["--models", model, "--budget", "smallest", "--threads", "1"]);
        assert!(told.contains("antibody   1ncb: residues H 120, L 107"), "{told}");
        let pairs = positions(&free).into_iter().zip(positions(&lean));
        let apart = pairs.flat_map(|(a, b)| (0..3).map(move |k| (a[k] - b[k]).abs())).fold(0.0, f64::max);
        assert!(apart <= 1.001e-3, "model {model}: {apart} Å apart");
        if Path::new(CRYSTAL).is_file() {
            let free = free.to_str().expect("a plain path");
            let score = said(["score", free, CRYSTAL, "--atoms", "N,CA,C", "--json"]);
            let score: serde_json::Value = serde_json::from_str(&score).expect("JSON");
            let overall = |name: &str| score["overall"][name].as_f64().expect("a number");
            assert!(overall("rmsd") <= 0.95 && overall("lddt") >= 0.915, "model {model}: {score}");
        } else {
            eprintln!("not scored: there is no {CRYSTAL}");
        }
    }
}

#[test]
fn bf16_moves_atoms_by_less_than_a_tenth_of_an_angstrom() {
    let Some(weights) = igfold_weights() else { return };
    let folder = folder("fold_bf16");
    let sequences = sequences(&folder, FV);
    let (single, narrow) = (folder.join("f32.pdb"), folder.join("bf16.pdb"));
    run(&sequences, &single, &weights, &["--models", "1"]);
    run(&sequences, &narrow, &weights, &["--models", "1", "--precision", "bf16"]);
    let [single, narrow] = [&single, &narrow].map(|path| path.to_str().expect("a plain path"));
    let score = said(["score", narrow, single, "--atoms", "N,CA,C", "--json"]);
    let score: serde_json::Value = serde_json::from_str(&score).expect("JSON");
    let apart = score["overall"]["rmsd"].as_f64().expect("a number");
    assert!(apart > 0.0 && apart < 0.1, "{apart} Å apart");
}

#[test]
fn an_ensemble_writes_the_model_that_expects_the_lowest_error_and_several_antibodies_several_files() {
    let Some(weights) = igfold_weights() else { return };
    let folder = folder("fold_several");
    let short = ">one\nEVQLVESGGGLVQPGG:DIQMTQSPSSLSASVG\n>two\nQVQLQESGGGLVQAGGSLRLSCAAS\n";
    let told = run(&sequences(&folder, short), &folder.join("x.cif"), &weights, &["--models", "1,5"]);
    assert_eq!(told.matches(", the lowest: written").count(), 2, "{told}");
    for (name, chains) in [("one", vec!["H", "L"]), ("two", vec!["H"])] {
        let structure = Structure::read(folder.join(format!("x_{name}.cif"))).expect("a structure");
        assert_eq!(structure.chains.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), chains);
        for chain in &structure.chains {
            let numbers: Vec<i32> = chain.residues.iter().map(|r| r.number).collect();
            assert_eq!(numbers, (1..=numbers.len() as i32).collect::<Vec<_>>());
            assert!(chain.residues.iter().all(|r| r.atoms.iter().all(|a| a.b_factor > 0.0)));
        }
    }
    let structure = Structure::read(folder.join("x_two.cif")).expect("a structure");
    assert_eq!(structure.chains[0].sequence(), "QVQLQESGGGLVQAGGSLRLSCAAS");
}

/// What a command that fails says, and that it left no structure.
fn refused(text: &str, more: &[&str], expected: &str) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = folder(&format!("fold_refused_{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    let (sequences, output) = (sequences(&folder, text), folder.join("x.pdb"));
    let mut arguments = vec!["fold", sequences.to_str().expect("plain"), "-o", output.to_str().expect("plain")];
    arguments.extend(more);
    let done = crease(&arguments);
    let errors = String::from_utf8_lossy(&done.stderr);
    assert_eq!((done.status.code(), errors.lines().count()), (Some(2), 1), "{errors}");
    assert!(errors.contains(expected), "expected `{expected}`, found `{errors}`");
    let left: Vec<_> = std::fs::read_dir(&folder).expect("read").map(|e| e.expect("an entry").file_name()).collect();
    assert_eq!(left, ["sequences.fasta"]);
}

#[test]
fn mistakes_are_one_line_and_leave_nothing() {
    refused(">a\nQIXL\n", &[], "sequences.fasta:2: `a` has `X` in column 3: expected one of the twenty amino acids");
    refused(">a\nQI:DI:EV\n", &[], "has 3 chains: expected a heavy and a light one, or a single one");
    refused(">a\n\n>b\nQI\n", &[], "sequences.fasta:1: `a` has no amino acids");
    refused("", &[], "has no sequences");
    let long = format!(">a\n{}\n", "Q".repeat(511));
    refused(&long, &[], "has 511 residues: the encoder reads at most 510");
    refused(">a\nQI\n", &["--weights", "/no/such/place"], "there is no such directory");
    if let Some(weights) = igfold_weights() {
        let weights = weights.to_str().expect("a plain path").to_string();
        let with = |more: &[&'static str]| -> Vec<String> {
            ["--weights", weights.as_str()].iter().chain(more).map(|w| (*w).to_string()).collect()
        };
        let check = |more: &[&'static str], expected: &str| {
            let words = with(more);
            refused(">a\nQI\n", &words.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        };
        check(&["--models", "4"], "--models: there is no model 4: there are 1, 2, 3, 5");
        check(&["--models", "1,1"], "--models: model 1 is given twice");
        check(&["--budget", "1MiB"], "at least");
    }
}

/// The files are looked through while the planner plans, and must not stay.
#[test]
fn the_smallest_budget_holds_no_weights_beside_its_plan() {
    let Some(weights) = igfold_weights() else { return };
    let folder = folder("fold_smallest");
    let sequences = sequences(&folder, ">a\nEVQLVESGGGLVQPGG:DIQMTQSPSSLSASV\n");
    let told = run(&sequences, &folder.join("x.pdb"), &weights, &["--budget", "smallest", "--threads", "2"]);
    let mebibytes = |line: &str| -> f64 {
        let rest = told.lines().find_map(|l| l.strip_prefix(line)).expect("a peak").trim_start_matches(" peak");
        let words: Vec<&str> = rest.split_whitespace().take(2).collect();
        assert_eq!(words[1], "MiB", "{told}");
        words[0].parse().expect("a number")
    };
    let (plan, measured) = (mebibytes("plan      "), mebibytes("measured  "));
    // Code, stacks and the planner: what ARCHITECTURE.md allows beside a budget.
    assert!(measured <= plan + 64.0, "{told}");
}

#[test]
fn each_antibody_gets_a_page_with_its_residues_and_their_errors() {
    let Some(weights) = igfold_weights() else { return };
    let folder = folder("fold_pages");
    let text = ">one <script>alert(1)</script>\nEVQLVESGGGLVQPGG:DIQMTQSPSSLSASV\n>two\nQVQLQESGGGLVQAGGSLRLSCAAS\n";
    let page = folder.join("page.html");
    let more = ["--models", "1,5", "--budget", "smallest", "--report", page.to_str().expect("a plain path")];
    let told = run(&sequences(&folder, text), &folder.join("x.pdb"), &weights, &more);
    for (name, letters) in [("one", "EVQLVESGGGLVQPGGDIQMTQSPSSLSASV"), ("two", "QVQLQESGGGLVQAGGSLRLSCAAS")] {
        let path = folder.join(format!("page_{name}.html"));
        assert!(told.contains(&format!("report     {}", path.display())), "{told}");
        let page = std::fs::read_to_string(path).expect("a page");
        assert!(page.contains(name) && !page.contains("<script>alert"));
        let (_, rest) = page.split_once("id=\"data\">").expect("data");
        let data = rest.split_once("</script>").expect("it ends").0;
        let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
        let chains = data["chains"].as_array().expect("a list").iter();
        assert_eq!(chains.map(|chain| chain["letters"].as_str().expect("letters")).collect::<String>(), letters);
        // The structure that was written is the one shown first.
        let best = &data["models"][data["chosen"].as_u64().expect("a place") as usize];
        let structure = Structure::read(folder.join(format!("x_{name}.pdb"))).expect("a structure");
        let residues = structure.chains.iter().flat_map(|chain| &chain.residues);
        let written: Vec<f64> = residues.map(|residue| residue.atoms[0].b_factor).collect();
        let shown: Vec<f64> =
            best["errors"].as_array().expect("a list").iter().map(|e| e.as_f64().expect("a number")).collect();
        assert_eq!(shown.len(), written.len());
        assert!(shown.iter().zip(&written).all(|(a, b)| (a - b).abs() < 0.011), "{shown:?} {written:?}");
    }
}

#[test]
fn a_page_needs_a_place_of_its_own_and_a_run_that_succeeds() {
    let folder = folder("fold_page_refused");
    let at = |name: &str| folder.join(name).to_str().expect("a plain path").to_string();
    sequences(&folder, ">a\nQI\n");
    let check = |report: &str, more: &[&str], expected: &str| {
        let (sequences, output) = (at("sequences.fasta"), at("x.pdb"));
        let arguments = ["fold", &sequences, "-o", &output, "--report", report];
        let done = crease(arguments.iter().chain(more));
        let errors = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), errors.lines().count()), (Some(2), 1), "{errors}");
        assert!(errors.contains(expected), "expected `{expected}`, found `{errors}`");
        assert_eq!(std::fs::read_dir(&folder).expect("a directory").count(), 1);
    };
    check(&at("nowhere/x.html"), &[], "there is no directory");
    check(&at(""), &[], "is a directory");
    check(&at("./x.pdb"), &[], "--report and --output are the same file");
    check(&at("sequences.fasta"), &[], "would overwrite");
    check(&at("x.html"), &["--weights", "/no/such/place"], "there is no such directory");
    if let Some(weights) = igfold_weights() {
        let weights = weights.to_str().expect("a plain path");
        check(&at("x.html"), &["--weights", weights, "--budget", "1MiB"], "at least");
    }
}

#[test]
fn a_checkpoint_without_a_tensor_is_refused_by_its_name() {
    let Some(weights) = igfold_weights() else { return };
    let folder = folder("fold_missing");
    let copy = folder.join("weights");
    std::fs::create_dir(&copy).expect("made");
    let files = crease_models::checkpoint::IgFoldFiles::find(Some(&weights)).expect("found");
    let models = files.models.values();
    for file in models.chain([&files.encoder, &files.vocabulary]) {
        let to = copy.join(file.file_name().expect("a name"));
        if file.ends_with("igfold_2.safetensors") {
            let mut tensors: Tensors =
                read(file).into_iter().map(|(name, (shape, data))| (name, shape, data)).collect();
            tensors.retain(|(name, ..)| name != "dev_linear.bias");
            write(&to, &tensors, &[]);
        } else {
            std::fs::copy(file, to).expect("copied");
        }
    }
    let weights = copy.to_str().expect("plain");
    let missing = "igfold_2.safetensors: there is no tensor `dev_linear.bias` [4]; the nearest is `dev_linear.weight`";
    refused(">a\nQI\n", &["--weights", weights, "--models", "1,2"], missing);
}
