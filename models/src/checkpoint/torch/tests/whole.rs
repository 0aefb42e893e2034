//! Checkpoints in which nothing is wrong.

use super::*;

#[track_caller]
fn check(test: &str, pickle: Pickle, key: Option<&str>, expected: &[&str]) {
    let found = converted(test, &checkpoint(pickle), key);
    let expected: String = expected.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(found, Ok(expected), "{test}");
}

const THREE: &str = "w [3] [1.0, 2.0, 3.0]";

#[test]
fn a_dictionary_of_tensors() {
    check("dict", Pickle::new().dict("w", Pickle::three), None, &[THREE]);
    let ordered = Pickle::new().global("collections OrderedDict").raw(b")R").text("w").three().raw(b"s");
    check("ordered", ordered.clone(), None, &[THREE]);
    // Versions of modules are kept beside the entries.
    let built = ordered.dict("_metadata", |p| p.dict("version", |p| p.int(1))).raw(b"b");
    check("metadata", built, None, &[THREE]);
    let parameter = |p: Pickle| p.global("torch._utils _rebuild_parameter").raw(b"(").three().raw(b"\x88").raw(b"}tR");
    check("parameter", Pickle::new().dict("w", parameter), None, &[THREE]);
    let memoized = Pickle::new().raw(b"}(").text("w").three().raw(b"q\x07").text("tied").raw(b"h\x07u");
    check("tied", memoized, None, &["tied [3] [1.0, 2.0, 3.0]", THREE]);
    let newer = Pickle(vec![0x80, 4]).raw(b"\x95\x08\0\0\0\0\0\0\0}\x8c\x01w").three().raw(b"s");
    check("protocol", newer, None, &[THREE]);
}

#[test]
fn views_of_a_storage() {
    let storage = ("FloatStorage", "0", 3);
    let view = |offset, shape: &'static [i32], strides: &'static [i32]| {
        Pickle::new().dict("w", |p| p.tensor(storage, offset, shape, strides))
    };
    check("slice", view(1, &[2], &[1]), None, &["w [2] [2.0, 3.0]"]);
    check("step", view(0, &[2], &[2]), None, &["w [2] [1.0, 3.0]"]);
    check("scalar", view(2, &[], &[]), None, &["w [] [3.0]"]);
    check("column", view(0, &[3, 1], &[1, 7]), None, &["w [3, 1] [1.0, 2.0, 3.0]"]);
    check("none", view(3, &[5, 0], &[9, 9]), None, &["w [5, 0] []"]);
    // Two rows of two, transposed: 1 2 / 3 4 becomes 1 3 / 2 4.
    let pickle = Pickle::new().dict("w", |p| p.tensor(("FloatStorage", "0", 4), 0, &[2, 2], &[1, 2]));
    let bytes = archive(&[("m/data.pkl", &pickle.end()), ("m/data/0", &floats(&[1.0, 2.0, 3.0, 4.0]))]);
    assert_eq!(converted("turned", &bytes, None), Ok("w [2, 2] [1.0, 3.0, 2.0, 4.0]\n".into()));
}

#[test]
fn kinds_of_numbers() {
    for (kind, bytes, number) in [
        ("DoubleStorage", 1.5f64.to_le_bytes().to_vec(), "1.5"),
        ("FloatStorage", 1.5f32.to_le_bytes().to_vec(), "1.5"),
        ("HalfStorage", half::f16::from_f32(1.5).to_le_bytes().to_vec(), "1.5"),
        ("BFloat16Storage", half::bf16::from_f32(1.5).to_le_bytes().to_vec(), "1.5"),
        ("LongStorage", (-3i64).to_le_bytes().to_vec(), "-3.0"),
        ("IntStorage", (-3i32).to_le_bytes().to_vec(), "-3.0"),
        ("ByteStorage", vec![7], "7.0"),
        ("BoolStorage", vec![1], "1.0"),
    ] {
        let pickle = Pickle::new().dict("w", |p| p.tensor((kind, "0", 1), 0, &[1], &[1])).end();
        let bytes = archive(&[("data.pkl", &pickle), ("data/0", &bytes), ("byteorder", b"little")]);
        assert_eq!(converted(kind, &bytes, None), Ok(format!("w [1] [{number}]\n")), "{kind}");
    }
}

/// Objects stand beside the tensors, as in checkpoints of PyTorch Lightning: they are passed over.
#[test]
fn the_dictionary_is_found_among_others() {
    let object = |p: Pickle| {
        let made = p.global("argparse Namespace").raw(b")\x81}").text("rate").int(1).raw(b"sb");
        made.raw(b"0").global("my.models Kind").int(1).raw(b"\x85R")
    };
    let state = Pickle::new().raw(b"}(").text("hyper_parameters").dict("a", object).text("state_dict");
    let state = state.dict("w", Pickle::three).text("other").dict("v", Pickle::three).raw(b"u");
    let skipped = ["skipped argparse.Namespace", "skipped my.models.Kind"];
    check("state", state.clone(), None, &[&[THREE][..], &skipped].concat());
    check("chosen", state, Some("other"), &[&["v [3] [1.0, 2.0, 3.0]"][..], &skipped].concat());
    let only = Pickle::new().raw(b"}(").text("model").dict("w", Pickle::three).text("step").int(3).raw(b"u");
    check("only", only, None, &[THREE]);
    let deep = Pickle::new().dict("ema", |p| p.dict("params", |p| p.dict("w", Pickle::three)));
    check("deep", deep.clone(), Some("ema.params"), &[THREE]);
    let two = deep.clone().raw(b"(").text("optimizer").raw(b"](").int(1).raw(b"e").text("step").int(2).raw(b"u");
    check("no_others", two, None, &["params.w [3] [1.0, 2.0, 3.0]"]);
    check("nested", deep, Some("ema"), &["params.w [3] [1.0, 2.0, 3.0]"]);
}

/// What no tensor needs is passed over and told: classes and functions of anybody's modules, named or called.
#[test]
fn what_no_tensor_needs_is_passed_over() {
    let settings = |p: Pickle| {
        let named = p.raw(b"](").global("my.training run").global("torch._C._nn gelu").global("my.module Outer.Inner");
        let partial = named.global("functools partial").global("my.module loss").raw(b"\x85R(").int(1).raw(b"tb");
        let lower = partial.global("my.config attrs").raw(b")\x81").global("re _compile").text("a").raw(b"\x85R");
        let scalar = lower.global("numpy.core.multiarray scalar").global("numpy dtype").text("f8").raw(b"\x85R\x85R");
        scalar
            .global("types SimpleNamespace")
            .raw(b")R")
            .global("my.module Outer.Inner")
            .raw(b")\x81")
            .global("__builtin__ getattr")
            .global("my.module Outer")
            .text("Inner")
            .raw(b"\x86Re")
    };
    let lightning = settings(Pickle::new().raw(b"}(").text("hyper_parameters")).text("state_dict");
    let skipped = ["functools.partial", "my.config.attrs", "my.module.Outer.Inner", "numpy.core.multiarray.scalar"];
    let more = ["numpy.dtype", "re._compile", "types.SimpleNamespace"];
    let skipped: Vec<String> = skipped.iter().chain(&more).map(|name| format!("skipped {name}")).collect();
    let expected: Vec<&str> = [THREE].into_iter().chain(skipped.iter().map(String::as_str)).collect();
    check("lightning", lightning.dict("w", Pickle::three).raw(b"u"), None, &expected);
}

/// Each tensor begins at a multiple of its numbers' size, whatever their names.
#[test]
fn large_numbers_come_first() {
    let byte = |p: Pickle| p.tensor(("ByteStorage", "1", 1), 0, &[1], &[1]);
    let pickle = byte(Pickle::new().raw(b"}(").text("a")).text("b").three().raw(b"u").end();
    let bytes = archive(&[("m/data.pkl", &pickle), ("m/data/0", &floats(&[1.0, 2.0, 3.0])), ("m/data/1", &[9])]);
    let (from, to) = (file("order", &bytes), file("order-made", b""));
    convert(&from, &to, None).expect("converted");
    let header = String::from_utf8_lossy(&std::fs::read(&to).expect("read")).into_owned();
    let _ = (std::fs::remove_file(&from), std::fs::remove_file(&to));
    assert!(header.contains(r#""a":{"data_offsets":[12,13],"dtype":"U8""#), "{header}");
}
