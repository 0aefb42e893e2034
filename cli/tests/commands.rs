//! The command where nothing goes wrong.

mod common;

use std::path::Path;

use common::*;
use safetensors::tensor::Dtype;
use serde_json::Value;

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

fn json(arguments: &str) -> Value {
    serde_json::from_str(&said(arguments.split_whitespace())).expect("JSON")
}

#[test]
fn models_are_listed_with_all_they_take() {
    let all = said(["models"]);
    for words in ["evoformer_block", "template_pair_stack", "[S, R, C_M]", "C_Z=128", "Residues", "OPM_FIRST=false"] {
        assert!(all.contains(words), "{words}:\n{all}");
    }
    let one = said(["models", "evoformer_stack"]);
    let query = "blocks.{}.msa_att_row.mha.linear_q.weight [C_HIDDEN_MSA*HEADS_MSA, C_M]";
    assert!(one.contains(query), "{one}");
    assert!(said(["--help"]).contains("evoformer"));
}

#[test]
fn a_plan_says_its_peak_and_parts() {
    let free = json("plan evoformer_block -d R=64 -d S=32 --json --threads 2 --target avx2");
    let (peak, smallest) = (&free["memory"]["peak"], &free["smallest"]["bytes"]);
    let (peak, smallest) = (peak.as_u64().expect("bytes"), smallest.as_u64().expect("bytes"));
    let parts = ["weights", "inputs", "outputs", "activations", "scratch", "gaps"];
    let sum: u64 = parts.iter().map(|p| free["memory"][p].as_u64().expect("bytes")).sum();
    assert_eq!(sum, peak);
    assert!(smallest < peak && free["fits"] == true && free["predicted_nanoseconds"].as_u64() > Some(0));
    let between = (smallest + peak) / 2;
    let tight =
        json(&format!("plan evoformer_block -d R=64 -d S=32 --json --threads 2 --target avx2 --budget {between}B"));
    assert!(tight["memory"]["peak"].as_u64().expect("bytes") <= between);
    let loops = tight["loops"].as_array().expect("a list");
    assert!(!loops.is_empty() && loops.iter().all(|l| l["chunk"].as_u64() < l["extent"].as_u64()), "{loops:?}");
    let words = said(format!("plan evoformer_block -d R=64 -d S=32 --budget {between}B").split_whitespace());
    assert!(["fits", "in chunks of", "smallest", "weights", "predicted"].iter().all(|w| words.contains(w)), "{words}");
    let least = json("plan evoformer_block -d R=64 -d S=32 --json --threads 2 --target avx2 --budget smallest");
    assert_eq!(least["memory"]["peak"], free["smallest"]["bytes"]);
}

#[test]
fn settings_change_a_plan() {
    let weights = |set: &str| {
        let plan = json(&format!("plan evoformer_stack -d R=16 -d S=8 --json {set}"));
        plan["memory"]["weights"].as_u64().expect("bytes")
    };
    let (one, two) = (weights("--set BLOCKS=1"), weights("--set BLOCKS=2"));
    assert!(two > one && weights("--set BLOCKS=3") - two == two - one);
}

#[test]
fn a_refused_budget_names_the_smallest_and_what_binds() {
    let output = crease("plan evoformer_block -d R=64 -d S=32 --budget 1MiB --json".split_whitespace());
    assert_eq!(output.status.code(), Some(2));
    let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let refused: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(refused["fits"], false);
    let smallest = refused["smallest"]["bytes"].as_u64().expect("bytes");
    assert!(error.starts_with("crease: `evoformer_block` does not fit 1.00 MiB"), "{error}");
    assert!(error.contains(&smallest.to_string()) && error.contains("bound by"), "{error}");
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn a_run_takes_its_sizes_from_its_tensors() {
    let folder = folder("run");
    let (weights, inputs) = (folder.join("w.safetensors"), folder.join("i.safetensors"));
    write(&weights, &small_weights("evoformer_stack", "model.evoformer."), &[]);
    write(&inputs, &small_inputs(), &[]);
    let run = |name: &str, more: &str| {
        let output = folder.join(name);
        let fixed = ["run", "evoformer_stack", "--weights", text(&weights), "--inputs", text(&inputs), "--output"];
        said(fixed.into_iter().chain([text(&output)]).chain(more.split_whitespace()));
        read(&output)
    };
    let free = run("free.safetensors", "");
    assert_eq!(free["m"].0, [5, 7, 16]);
    assert_eq!(free["z"].0, [7, 7, 8]);
    assert_eq!(free["s"].0, [7, 12]);
    let lean = run("lean.safetensors", "--budget smallest --threads 1");
    for (name, (_, numbers)) in &free {
        assert!(numbers.iter().all(|x| x.is_finite()));
        assert!(difference(numbers, &lean[name].1) < 1e-4, "{name}");
    }
    let trace = folder.join("trace.json");
    let profiled = ["--inputs", text(&inputs), "--profile", "--trace", text(&trace), "--output"];
    let output = folder.join("lean.safetensors");
    let fixed = ["run", "evoformer_stack", "--weights", text(&weights)];
    let words = said(fixed.into_iter().chain(profiled).chain([text(&output)]));
    for part in ["GFLOP/s", "between kernels", "mha.linear_q.contract + linear_k.contract", "tensors, peak"] {
        assert!(words.contains(part), "{part}:\n{words}");
    }
    let traced: Value = serde_json::from_str(&std::fs::read_to_string(&trace).expect("a trace")).expect("JSON");
    let events = traced["traceEvents"].as_array().expect("a list");
    let ends = events.iter().map(|e| e["ts"].as_f64().expect("a time") + e["dur"].as_f64().expect("a time"));
    assert!(events.len() > 40 && ends.is_sorted(), "{} calls", events.len());
    std::fs::remove_file(&trace).expect("removed");
    let one = run("one.safetensors", "--set BLOCKS=1");
    assert!(difference(&one["z"].1, &free["z"].1) > 1e-3);
    let left: Vec<_> = std::fs::read_dir(&folder).expect("a directory").collect();
    assert_eq!(left.len(), 5, "nothing but inputs and outputs is left: {left:?}");
}

#[test]
fn weights_of_any_type_are_streamed() {
    let folder = folder("converted");
    let (single, double) = (folder.join("single.safetensors"), folder.join("double.safetensors"));
    let (inputs, output) = (folder.join("i.safetensors"), folder.join("o.safetensors"));
    let weights = small_weights("evoformer_stack", "");
    write(&single, &weights, &[]);
    write_as(&double, &weights, &[], Dtype::F64, |x| f64::from(x).to_le_bytes().to_vec());
    write(&inputs, &small_inputs(), &[]);
    let smallest = |weights: &Path| -> u64 {
        let fixed = ["run", "evoformer_stack", "--weights", text(weights), "--inputs", text(&inputs), "--output"];
        let refused = crease(fixed.into_iter().chain([text(&output), "--budget", "1KiB"]));
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        let (_, bytes) = words.split_once("at least").and_then(|(_, rest)| rest.split_once('(')).expect(&words);
        bytes.split(' ').next().and_then(|n| n.parse().ok()).expect(&words)
    };
    // Numbers of any type are converted as they are read: no copy of them is held.
    assert_eq!(smallest(&double), smallest(&single));
    let run = |weights: &Path| {
        let fixed = ["run", "evoformer_stack", "--weights", text(weights), "--inputs", text(&inputs), "--output"];
        said(fixed.into_iter().chain([text(&output), "--budget", "smallest"]));
        read(&output)
    };
    assert_eq!(run(&double), run(&single));
}

#[test]
fn a_reference_is_run_and_then_verified() {
    let folder = folder("reference");
    let (file, output) = (folder.join("r.safetensors"), folder.join("o.safetensors"));
    let mut tensors = small_weights("evoformer_stack", "weights.");
    tensors.extend(small_inputs().into_iter().map(|(n, s, d)| (format!("in.{n}"), s, d)));
    let config = serde_json::json!({ "c_m": 16, "c_z": 8, "c_s": 12, "no_blocks": 2, "inf": 1e9, "opm_first": false });
    let config = [("config", config.to_string())];
    write(&file, &tensors, &config);
    said(["run", "evoformer_stack", "--reference", text(&file), "--output", text(&output)]);
    let made = read(&output);
    for name in ["out.m", "out.s", "out.z", "mid.block0.m", "mid.block1.z", "mid.block0.tri_mul_in.update"] {
        assert!(made.contains_key(name), "{name}");
    }
    // What was computed is its own reference, and a changed number is found.
    tensors.extend(made.into_iter().map(|(name, (shape, data))| (name, shape, data)));
    write(&file, &tensors, &config);
    assert!(said(["verify", text(&file), "--budget", "smallest"]).contains(" 0 failed"));
    let changed = tensors.iter_mut().find(|t| t.0 == "out.z").expect("an output");
    changed.2[3] += 1e-2;
    write(&file, &tensors, &config);
    let output = crease(["verify", text(&file)]);
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(words.contains("1 failed") && words.lines().any(|l| l.contains("out.z") && l.ends_with("FAIL")), "{words}");
}

#[test]
fn an_alignment_is_run_without_weights() {
    let folder = folder("alignment");
    let alignment = folder.join("a.a3m");
    std::fs::write(&alignment, ALIGNMENT).expect("written");
    let run = |name: &str, more: &str| {
        let output = folder.join(name);
        let fixed = ["evoformer", text(&alignment), "--blocks", "1", "--output", text(&output)];
        (said(fixed.into_iter().chain(more.split_whitespace())), read(&output))
    };
    let (words, free) = run("free.safetensors", "");
    for part in ["12 residues, 4 sequences", "random", "peak", "measured", "budget     none", "1 (as asked)"] {
        assert!(words.contains(part), "{part}:\n{words}");
    }
    assert_eq!(free["m"].0, [4, 12, 256]);
    assert_eq!(free["z"].0, [12, 12, 128]);
    assert_eq!(free["single"].0, [12, 384]);
    let (_, lean) = run("lean.safetensors", "--budget smallest");
    for (name, (_, numbers)) in &free {
        assert!(numbers.iter().all(|x| x.is_finite()));
        assert!(difference(numbers, &lean[name].1) < 1e-3, "{name}");
    }
    assert!(difference(&free["z"].1, &run("masked.safetensors", "--mask-seed 3").1["z"].1) > 1e-4);
    assert_eq!(run("two.safetensors", "--max-seqs 2 --seed 1").1["m"].0, [2, 12, 256]);
}

#[test]
fn an_alignment_is_run_at_a_checkpoints_widths_and_blocks() {
    let folder = folder("checkpoint");
    let (alignment, weights) = (folder.join("a.fasta"), folder.join("w.safetensors"));
    std::fs::write(&alignment, ">q\nMKTAY\n>r\nMK-AY\n").expect("written");
    // As OpenFold's older checkpoints write them.
    let older = |name: String| {
        let name = name.replace(".pair_stack.", ".core.");
        name.replace(".msa_transition.", ".core.msa_transition.").replace(".outer_product", ".core.outer_product")
    };
    let named: Tensors = small_weights("alignment_evoformer", "module.model.")
        .into_iter()
        .map(|(name, shape, data)| (older(name), shape, data))
        .collect();
    write(&weights, &named, &[]);
    let output = folder.join("o.safetensors");
    let words = said(["evoformer", text(&alignment), "--weights", text(&weights), "--output", text(&output)]);
    assert!(words.contains("2 (as the weights have)") && words.contains("under `module.model.`"), "{words}");
    let made = read(&output);
    assert_eq!(made["m"].0, [2, 5, 16]);
    assert_eq!(made["single"].0, [5, 12]);
}

#[test]
fn a_model_is_scored() {
    let folder = folder("score");
    let (model, target) = (folder.join("m.pdb"), folder.join("t.pdb"));
    let sequence = "ACDEFGHIKLMNPQRSTVWY";
    std::fs::write(&target, pdb("H", sequence) + &pdb("L", &sequence.repeat(2)[7..30])).expect("written");
    std::fs::write(&model, pdb("A", sequence).replace("   3.000   0.000", "   0.000   0.000")).expect("written");
    let words = said(["score", text(&model), text(&target)]);
    for part in ["m.pdb: 20 amino acids", "t.pdb: 43 amino acids; without a match: L", "A      H           20", "-"] {
        assert!(words.contains(part), "{part}:\n{words}");
    }
    let told = said(["score", text(&model), text(&target), "--json", "--atoms", "CA"]);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let (overall, chain) = (&told["overall"], &told["chains"][0]);
    assert_eq!(
        (&chain["model"], &chain["target"], &told["only_in_target"][0]),
        (&"A".into(), &"H".into(), &"L".into())
    );
    assert_eq!((&overall["residues"]["paired"], &overall["atoms"]), (&20.into(), &20.into()));
    // Every fourth atom is 3 Å off the line, so the line through the mean is off by 3 √(¼ · ¾), or less when turned.
    let figure = |name: &str| overall[name].as_f64().expect(name);
    assert!((1.25..1.3).contains(&figure("rmsd")), "{overall}");
    assert!(["lddt", "tm_score"].iter().all(|name| figure(name) > 0.0 && figure(name) < 1.0), "{overall}");
    let own = said(["score", text(&target), text(&target)]);
    assert_eq!(own.lines().filter(|line| line.ends_with("1.000     1.000              1.000")).count(), 3, "{own}");
}

#[test]
fn a_checkpoint_of_torch_is_converted() {
    let folder = folder("convert");
    let (from, to) = (folder.join("w.ckpt"), folder.join("w.safetensors"));
    // {"epoch": 3, "hyper_parameters": argparse.Namespace(), "state_dict": {"a.weight": a view of storage 0}}
    let pickle = b"\x80\x02}(X\x05\0\0\0epochK\x03X\x10\0\0\0hyper_parameterscargparse\nNamespace\n)\x81\
        X\x0a\0\0\0state_dict}X\x08\0\0\0a.weightctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storage\
        ctorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQK\x00K\x02K\x02\x86K\x01K\x02\x86\x89\
        ccollections\nOrderedDict\n)RtRsu.";
    let numbers: Vec<u8> = [1.0f32, 2.0, 3.0, 4.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(&from, torch_archive(pickle, &[("0", &numbers)])).expect("written");
    let words = said(["weights", "convert", text(&from), "-o", text(&to)]);
    assert!(words.contains("1 tensor, 16 B") && words.contains("not read: argparse.Namespace"), "{words}");
    assert_eq!(read(&to)["a.weight"], (vec![2, 2], vec![1.0, 3.0, 2.0, 4.0]));
    assert_eq!(std::fs::read_dir(&folder).expect("a directory").count(), 2);
}
