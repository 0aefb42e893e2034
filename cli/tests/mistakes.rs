//! Bad input of every kind: one line, exit code 2, nothing left behind.

mod common;

use std::path::{Path, PathBuf};

use common::*;

/// Runs in a folder; `words` must be in the one line said, and no file may be new.
#[track_caller]
fn check(folder: &Path, arguments: &str, words: &[&str]) {
    let before = listed(folder);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_crease"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("the command starts");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments}: {error}");
    assert!(error.starts_with("crease: ") && error.lines().count() == 1, "{arguments}: {error}");
    assert!(!error.contains("bug in crease"), "{arguments}: {error}");
    for word in words {
        assert!(error.contains(word), "{arguments}: `{word}` is not in: {error}");
    }
    assert_eq!(before, listed(folder), "{arguments}");
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a directory").map(|e| e.expect("read").path()).collect();
    all.sort();
    all
}

#[test]
fn arguments_that_do_not_fit() {
    let folder = folder("arguments");
    let plan = "plan evoformer_block -d R=8 -d S=4";
    for (arguments, words) in [
        ("".to_string(), &["expected a command: models, plan, run", "weights or calibrate"][..]),
        ("frobnicate".into(), &["no command `frobnicate`", "crease-frobnicate", "`plan`"]),
        ("modles".into(), &["did you mean `models`?"]),
        ("../plan".into(), &["no command `../plan`"]),
        ("plan".into(), &["<MODEL>"]),
        ("plan evoformer_blok -d R=8 -d S=4".into(), &["`evoformer_blok`", "did you mean `evoformer_block`?"]),
        ("plan evoformer_block -d R=8".into(), &["axis `S`", "-d S=SIZE"]),
        (format!("{plan} -d Q=2"), &["no axis `Q`", "`R`"]),
        (format!("{plan} -d C_M=2"), &["--set C_M=2"]),
        (format!("{plan} -d R=9"), &["axis `R` is given twice"]),
        ("plan evoformer_block -d R=99999999999 -d S=4".into(), &["axis `R`", "from 1 to", "99999999999"]),
        ("plan evoformer_block -d R=999999999999999999999999 -d S=4".into(), &["axis `R`", "whole number"]),
        ("plan evoformer_block -d R=16000000 -d S=16000000".into(), &["elements"]),
        ("plan evoformer_block -d R=0 -d S=4".into(), &["axis `R`", "from 1"]),
        ("plan evoformer_block -d R=-1 -d S=4".into(), &["axis `R`", "-1"]),
        ("plan evoformer_block -d R -d S=4".into(), &["NAME=VALUE", "`R`"]),
        (format!("{plan} --set C_M"), &["NAME=VALUE"]),
        (format!("{plan} --set C_MM=4"), &["no setting `C_MM`", "did you mean `C_M`?"]),
        (format!("{plan} --set R=4"), &["-d R=4"]),
        (format!("{plan} --set C_M=wide"), &["`C_M`", "whole number", "wide"]),
        (format!("{plan} --set C_M=99999999999"), &["`C_M`", "99999999999"]),
        (format!("{plan} --set OPM_FIRST=1"), &["`OPM_FIRST`", "true or false"]),
        (format!("{plan} --set INF=inf"), &["`INF`", "finite"]),
        (format!("{plan} --set INF=1e39"), &["`INF`", "finite", "3.4e38"]),
        (format!("{plan} --set C_M=4 --set C_M=4"), &["given twice"]),
        (format!("{plan} --budget 0GiB"), &["0GiB", "a budget must be at least one byte"]),
        (format!("{plan} --budget 4"), &["no unit", "GiB"]),
        (format!("{plan} --budget 4gigs"), &["`gigs`", "GiB"]),
        (format!("{plan} --budget -4GiB"), &["-4"]),
        (format!("{plan} --budget 1KiB"), &["does not fit 1.00 KiB", "at least", "bound by"]),
        (
            "plan evoformer_block -d S=128 -d R=256 --budget 100MiB".into(),
            &["does not fit 100.00 MiB", "with --precision bf16 it needs"],
        ),
        (format!("{plan} --precision half"), &["`half` is not a supported format", "`f32` or `bf16`"]),
        (format!("{plan} --threads 0"), &["--threads"]),
        (format!("{plan} --threads 9999"), &["from 1 to 1024"]),
        (format!("{plan} --target sse9"), &["`sse9`", "avx2"]),
        (format!("{plan} --frob"), &["--frob"]),
        ("models nothing".into(), &["`nothing`"]),
        ("run evoformer_block --output x".into(), &["--weights", "--inputs"]),
        ("verify".into(), &["FILE"]),
        ("verify missing.safetensors".into(), &["missing.safetensors", "cannot be opened"]),
        ("verify .".into(), &["directory"]),
    ] {
        check(&folder, &arguments, words);
    }
}

#[test]
fn alignments_that_cannot_be_run() {
    let folder = folder("alignments");
    let file = |name: &str, text: &[u8]| std::fs::write(folder.join(name), text).expect("written");
    file("good.a3m", ALIGNMENT.as_bytes());
    file("empty.a3m", b"");
    file("ragged.a3m", b">q\nMKT\n>r\nMK\n");
    file("letters.a3m", b">q\nMKT\n>r\nM1T\n");
    file("binary.a3m", &[0xff, 0xfe, 0x00, 0x80, b'>']);
    file("name.a3m", b">only a name\n");
    file("cut.sto", b"# STOCKHOLM 1.0\nq MKT\nr MK");
    file("gaps.a3m", b">q\n---\n>r\nMKT\n");
    std::fs::create_dir(folder.join("inside")).expect("made");
    for (arguments, words) in [
        ("missing.a3m --output o", &["missing.a3m", "cannot read"][..]),
        ("inside --output o", &["inside", "irectory"]),
        ("empty.a3m --output o", &["empty.a3m", "line 1", "empty file"]),
        ("ragged.a3m --output o", &["ragged.a3m", "line 3", "expected 3", "found 2"]),
        ("letters.a3m --output o", &["line 4", "`1`", "column 2"]),
        ("binary.a3m --output o", &["0xff"]),
        ("name.a3m --output o", &["expected a sequence"]),
        ("cut.sto --output o", &["`//`"]),
        ("gaps.a3m --output o", &["only gaps"]),
        ("good.a3m --output nowhere/o", &["nowhere/o", "no directory `nowhere`"]),
        ("good.a3m --output inside", &["inside", "directory"]),
        ("good.a3m --output o --max-seqs 0", &["max_seqs", "at least 1"]),
        ("good.a3m --output o --blocks 0", &["--blocks"]),
        ("good.a3m --output o --seed some", &["--seed", "none"]),
        ("good.a3m --output o --weights missing", &["missing"]),
        ("good.a3m --output o --weights good.a3m", &["good.a3m", "safetensors"]),
        ("good.a3m --output o --budget 1MiB", &["does not fit 1.00 MiB", "at least", "bound by"]),
    ] {
        check(&folder, &format!("evoformer {arguments}"), words);
    }
}

#[test]
fn tensors_that_do_not_fit() {
    let folder = folder("tensors");
    let (weights, inputs) = (small_weights("evoformer_block", ""), small_inputs());
    let put = |name: &str, tensors: &Tensors| write(&folder.join(name), tensors, &[]);
    put("w", &weights);
    put("i", &inputs);
    let changed = |tensors: &Tensors, of: &str, change: &dyn Fn(&mut Tensor)| {
        let mut tensors = tensors.clone();
        change(tensors.iter_mut().find(|t| t.0 == of).expect("a tensor"));
        tensors
    };
    let query = "msa_att_row.mha.linear_q.weight";
    put("w_missing", &weights.iter().filter(|t| t.0 != query).cloned().collect());
    put("w_named", &changed(&weights, query, &|t| t.0 = "msa_att_row.mha.linear_qq.weight".into()));
    put(
        "w_shape",
        &changed(&weights, query, &|t| {
            t.1.reverse();
        }),
    );
    put("w_nan", &changed(&weights, query, &|t| t.2[5] = f32::NAN));
    put("w_none", &vec![("other".into(), vec![1], vec![1.0])]);
    put("i_missing", &inputs.iter().filter(|t| t.0 != "pair_mask").cloned().collect());
    put("i_shape", &changed(&inputs, "pair_mask", &|t| t.1 = vec![49]));
    put(
        "i_sizes",
        &changed(&inputs, "msa_mask", &|t| {
            t.1 = vec![5, 3];
            t.2.truncate(15);
        }),
    );
    put("i_inf", &changed(&inputs, "z", &|t| t.2[9] = f32::INFINITY));
    put("i_large", &changed(&inputs, "m", &|t| t.2.fill(1e38)));
    let whole = std::fs::read(folder.join("w")).expect("read");
    std::fs::write(folder.join("w_cut"), &whole[..whole.len() - 7]).expect("written");
    std::fs::write(folder.join("w_header"), &whole[..90]).expect("written");
    std::fs::write(folder.join("w_short"), b"abc").expect("written");
    std::fs::write(folder.join("w_empty"), b"").expect("written");
    let header = |text: &str, data: usize| {
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text.bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    };
    let hostile = |name: &str, text: &str| std::fs::write(folder.join(name), header(text, 16)).expect("written");
    hostile("w_huge", r#"{"x":{"dtype":"F32","shape":[18446744073709551615,4],"data_offsets":[0,16]}}"#);
    hostile("w_offsets", r#"{"x":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#);
    hostile("w_beyond", r#"{"x":{"dtype":"F32","shape":[400],"data_offsets":[0,1600]}}"#);
    hostile("w_control", "{\"\\u001b[2J\\n\\nx\":{\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[0,16]}}");
    hostile("w_json", "{\"x\":");
    std::fs::write(folder.join("w_length"), u64::MAX.to_le_bytes()).expect("written");
    for (arguments, words) in [
        ("--weights w_missing --inputs i", &["w_missing", query, "the nearest is `msa_att_row"][..]),
        ("--weights w_named --inputs i", &[query, "the nearest is `msa_att_row.mha.linear_qq.weight`"]),
        ("--weights w_shape --inputs i", &[query, "must be", "found"]),
        ("--weights w_nan --inputs i", &[query, "NaN at element 5"]),
        ("--weights w_none --inputs i", &["w_none", "there is no tensor"]),
        ("--weights w --inputs i_missing", &["i_missing", "`pair_mask`"]),
        ("--weights w --inputs i_shape", &["i_shape", "`pair_mask`", "[7, 7]", "[R, R]", "[49]"]),
        ("--weights w --inputs i_sizes", &["i_sizes", "`msa_mask`", "[5, 7]", "[5, 3]"]),
        ("--weights w --inputs i_inf", &["i_inf", "`z`", "inf at element 9"]),
        ("--weights w --inputs i_large", &["output `m`", "of 560 numbers that are not finite", "at element"]),
        ("--weights w --inputs missing", &["missing", "cannot be opened"]),
        ("--weights w --inputs .", &["directory"]),
        ("--weights w_cut --inputs i", &["w_cut", "tensor `", "truncated"]),
        ("--weights w_header --inputs i", &["w_header", "no safetensors file"]),
        ("--weights w_short --inputs i", &["3 bytes"]),
        ("--weights w_empty --inputs i", &["0 bytes"]),
        ("--weights w_huge --inputs i", &["w_huge", "tensor `x`"]),
        ("--weights w_offsets --inputs i", &["w_offsets", "tensor `x`"]),
        ("--weights w_beyond --inputs i", &["w_beyond", "tensor `x`", "truncated"]),
        ("--weights w_control --inputs i", &["w_control", "\\u{1b}"]),
        ("--weights w_json --inputs i", &["w_json", "no safetensors file"]),
        ("--weights w_length --inputs i", &["w_length", "no safetensors file"]),
        ("--weights w --inputs w_huge", &["w_huge"]),
        ("--weights w --inputs i --budget 1KiB", &["does not fit"]),
        ("--weights w --inputs i --set HEADS_MSA=3", &["must be"]),
    ] {
        check(&folder, &format!("run evoformer_block {arguments} --output o"), words);
    }
    check(&folder, "run evoformer_block --weights w --inputs i --output nowhere/o", &["no directory `nowhere`"]);
    for name in ["w", "i", "w_cut", "w_huge", "w_json", "w_control"] {
        check(&folder, &format!("verify {name}"), &[name]);
    }
}

#[test]
fn structures_that_cannot_be_scored() {
    let folder = folder("structures");
    let file = |name: &str, text: &[u8]| std::fs::write(folder.join(name), text).expect("written");
    let good = pdb("A", "ACDEFGHIKLMNPQRSTVWY");
    file("good.pdb", good.as_bytes());
    file("other.pdb", pdb("B", "WWWWYYYYVVVVTTTTSSSS").as_bytes());
    file("empty.pdb", b"");
    file("water.pdb", good.replace(" CA ", " O  ").as_bytes());
    file("cut.pdb", &good.as_bytes()[..100]);
    file("letters.pdb", good.replace("   2.500", "   2.5oo").as_bytes());
    file("empty.cif", b"data_x\n");
    file("cut.cif", b"data_x\nloop_\n_atom_site.id\n1\n");
    file("good.txt", good.as_bytes());
    for (arguments, words) in [
        ("good.pdb", &["<TARGET>"][..]),
        ("good.pdb missing.pdb", &["missing.pdb", "cannot read"]),
        ("good.pdb .", &["directory"]),
        ("good.txt good.pdb", &["good.txt", "unknown file type", ".cif"]),
        ("empty.pdb good.pdb", &["empty.pdb", "expected atoms"]),
        ("good.pdb empty.cif", &["empty.cif", "expected atoms"]),
        ("good.pdb cut.pdb", &["cut.pdb: line 2:", "truncated"]),
        ("letters.pdb good.pdb", &["letters.pdb: line 1:", "columns 31 to 38", "`2.5oo`"]),
        ("good.pdb cut.cif", &["cut.cif: line 2:", "`Cartn_x`"]),
        ("good.pdb other.pdb", &["no matching chain", "chain A of the model", "chain B of the target"]),
        ("water.pdb good.pdb", &["amino acids in the model"]),
        ("good.pdb water.pdb", &["amino acids in the target"]),
        ("good.pdb good.pdb --atoms CA,CA", &["--atoms", "`CA`"]),
        ("good.pdb good.pdb --atoms CA,,N", &["--atoms"]),
    ] {
        check(&folder, &format!("score {arguments}"), words);
    }
}

#[test]
fn checkpoints_that_cannot_be_converted() {
    let folder = folder("checkpoints");
    let file = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).expect("written");
    let good = torch_archive(b"\x80\x02}.", &[]);
    file("good.pt", &good);
    file("cut.pt", &good[..good.len() - 5]);
    file("other.pt", b"hello");
    file("old.pt", b"\x80\x02\x8a\x0al\xfc");
    file("evil.pt", &torch_archive(b"\x80\x02cos\nsystem\nX\x0b\0\0\0touch owned\x85R.", &[]));
    for (arguments, words) in [
        ("", &["convert"][..]),
        ("convert good.pt", &["--output"]),
        ("convert missing.pt -o o", &["missing.pt", "cannot be opened"]),
        ("convert . -o o", &["directory", "checkpoint of torch"]),
        ("convert other.pt -o o", &["other.pt", "zip archive"]),
        ("convert cut.pt -o o", &["cut.pt", "truncated"]),
        ("convert old.pt -o o", &["before version 1.6"]),
        ("convert evil.pt -o o", &["evil.pt: is refused", "`os.system`"]),
        ("convert good.pt -o o", &["good.pt: holds no tensors"]),
        ("convert good.pt -o o --key model", &["no entry `model`", "there are none"]),
        ("convert good.pt -o nowhere/o", &["no directory `nowhere`"]),
    ] {
        check(&folder, &format!("weights {arguments}"), words);
    }
}
