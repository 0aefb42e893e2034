//! Files that were made to do harm: each is refused in one line that says why.

use super::*;

#[track_caller]
fn check(test: &str, pickle: Pickle, words: &[&str]) {
    let error = converted(test, &checkpoint(pickle), None).expect_err(test);
    assert!(error.starts_with("FILE: ") && error.lines().count() == 1, "{error}");
    for word in words {
        assert!(error.contains(word), "{test}: `{word}` is not in: {error}");
    }
}

/// A checkpoint that also makes something.
fn beside(make: impl FnOnce(Pickle) -> Pickle) -> Pickle {
    make(Pickle::new().raw(b"}(").text("state_dict").dict("w", Pickle::three).text("x")).raw(b"u")
}

fn calling(name: &str) -> Pickle {
    beside(|p| p.global(name).text("touch owned").raw(b"\x85R"))
}

#[test]
fn calls_are_refused_by_name() {
    check("os", calling("os system"), &["is refused", "`os.system`"]);
    check("posix", calling("posix system"), &["is refused", "`posix.system`"]);
    check("eval", calling("builtins eval"), &["is refused", "`builtins.eval`"]);
    check("getattr", calling("__builtin__ getattr"), &["is refused", "`__builtin__.getattr`"]);
    let attribute = |name: &'static str| {
        beside(move |p| p.global("builtins getattr").global("my.module Class").text(name).raw(b"\x86R"))
    };
    check("attribute", attribute("__subclasses__"), &["is refused", "`builtins.getattr`"]);
    let module = beside(|p| p.global("builtins getattr").global("torch.serialization os").text("System").raw(b"\x86R"));
    check("module", module, &["is refused", "`builtins.getattr`"]);
    check("popen", calling("subprocess Popen"), &["is refused", "`subprocess.Popen`"]);
    check("python2", calling("commands Popen"), &["is refused", "`commands.Popen`"]);
    check("hub", calling("torch.hub load"), &["is refused", "calls `torch.hub.load`"]);
    check("nested", calling("torch.storage _load_from_bytes"), &["is refused", "`torch.storage._load_from_bytes`"]);
    check("numpy", calling("numpy.testing._private.utils runstring"), &["is refused", "runstring"]);
    check("other_load", calling("my.module load"), &["is refused", "calls `my.module.load`"]);
    check("code", calling("types FunctionType"), &["is refused", "`types.FunctionType`"]);
    check("through", calling("torch.serialization os.system"), &["is refused", "`torch.serialization.os.system`"]);
    check("dotted", calling("my.module Class.method"), &["is refused", "`my.module.Class.method`"]);
    let newer = beside(|p| p.raw(b"\x8c\x02os\x8c\x06system\x93").text("touch owned").raw(b"\x85R"));
    check("stack", newer, &["is refused", "`os.system`"]);
    let oldest = Pickle(b"(ios\nsystem\n".to_vec());
    check("instance", oldest, &["is refused", "`os.system`"]);
    check("other_instance", Pickle(b"(imy\nClass\n".to_vec()), &["`my.Class`", "torch does not write"]);
    // To name what reaches the system is enough.
    check("named", beside(|p| p.global("os system")), &["is refused", "names `os.system`"]);
    let called = beside(|p| p.global("my Class").raw(b")\x81)R"));
    check("object", called, &["is refused", "it calls an object made by `my.Class`"]);
    check("lines", calling("os\u{1b}[2J system"), &["\\u{1b}"]);
}

#[test]
fn objects_are_no_tensors() {
    let object = |p: Pickle| p.global("my.models Net").raw(b")\x81}b");
    check("whole_model", object(Pickle::new()), &["made by `my.models.Net`", "expected a dictionary"]);
    let within = object(Pickle::new().raw(b"}(").text("w").three().text("v")).raw(b"u");
    check("within", within, &["holds `v`", "made by `my.models.Net`", "expected a tensor"]);
    let made = Pickle::new().dict("w", |p| p.global("my.module make").three().raw(b"\x85R"));
    check("made", made, &["holds `w`", "made by `my.module.make`", "expected a tensor"]);
    let kind = Pickle::new().dict("w", |p| p.tensor(("ComplexFloatStorage", "0", 3), 0, &[3], &[1]));
    check("kind", kind, &["storage of type `torch.ComplexFloatStorage`, which is not supported"]);
    let quantized = Pickle::new().dict("w", |p| p.global("torch._utils _rebuild_qtensor").raw(b")R"));
    check("quantized", quantized, &["holds `w`", "`torch._utils._rebuild_qtensor`"]);
}

#[test]
fn sizes_are_held_against_the_archive() {
    let with = |storage: (&'static str, &'static str, i32), offset, shape: &'static [i32], strides: &'static [i32]| {
        Pickle::new().dict("w", |p| p.tensor(storage, offset, shape, strides))
    };
    let three = ("FloatStorage", "0", 3);
    check("more", with(("FloatStorage", "0", i32::MAX), 0, &[3], &[1]), &["`w`", "2147483647 numbers", "12 bytes"]);
    check("negative", with(("FloatStorage", "0", -1), 0, &[3], &[1]), &["persistent id that is not a storage"]);
    check("other", with(("FloatStorage", "7", 3), 0, &[3], &[1]), &["no entry `model/data/7`"]);
    check("outside", with(("FloatStorage", "../data.pkl", 3), 0, &[3], &[1]), &["no entry `model/data/../data.pkl`"]);
    check("offset", with(three, 1, &[3], &[1]), &["reaches beyond its storage of 3 numbers"]);
    check("stride", with(three, 0, &[3], &[2]), &["reaches beyond"]);
    check("wide", with(three, 0, &[2, 2], &[i32::MAX, i32::MAX]), &["is larger than its storage"]);
    check("repeated", with(three, 0, &[i32::MAX, i32::MAX], &[0, 0]), &["is larger than its storage"]);
    check("overflow", with(three, 0, &[i32::MAX; 3], &[i32::MAX; 3]), &["is larger than its storage"]);
    check("rank", with(three, 0, &[3], &[]), &["with other arguments than torch does"]);
    check("below", with(three, -1, &[3], &[1]), &["with other arguments than torch does"]);
    let many = (0..4000).fold(Pickle::new().raw(b"}(").text("w").three().raw(b"q\0"), |pickle, k| {
        pickle.text(&k.to_string()).raw(b"h\0")
    });
    // Some twelve thousand bytes out of sixty thousand are fine.
    assert!(converted("many", &checkpoint(many.raw(b"u")), None).is_ok());
}

/// A few bytes that name a large value again and again do not copy it.
#[test]
fn copies_do_not_add_up() {
    let large = Pickle::new().raw(b"(").raw(&b"K\x01".repeat(100_000)).raw(b"tq\0\x85q\x010");
    let sizes = (0..100_000).fold(large.clone().global("torch Size").raw(b"q\x020"), |p, _| p.raw(b"h\x02h\x01R0"));
    assert!(converted("sizes", &checkpoint(sizes.dict("w", Pickle::three)), None).is_ok());
    let shape = large.global("torch._utils _rebuild_tensor_v2").raw(b"((").text("storage").global("torch FloatStorage");
    let shape = shape.text("0").text("cpu").int(3).raw(b"tQK\0h\0h\0\x89}tR");
    check("axes", shape, &["with other arguments than torch does"]);
    let pairs = Pickle::new().global("collections OrderedDict").raw(b"]\x85R");
    check("pairs", pairs, &["with other arguments than torch does"]);
}

#[test]
fn rings_and_depth_end() {
    let ring = Pickle::new().raw(b"}q\0").text("w").raw(b"h\0s");
    check("ring", ring, &["too many dictionaries inside each other"]);
    let deep = (0..100_000).fold(Pickle::new(), |pickle, _| pickle.raw(b"}").text("w"));
    let deep = (0..100_000).fold(deep.three(), |pickle, _| pickle.raw(b"s"));
    let bytes = checkpoint(deep);
    assert!(converted("deep", &bytes, Some("w")).expect_err("deep").contains("too many dictionaries"));
    // Each level holds the one below twice.
    let twice = (0..60).fold(Pickle::new().dict("w", Pickle::three).raw(b"q\0"), |pickle, _| {
        pickle.raw(b"}(").text("a").raw(b"h\0").text("b").raw(b"h\0uq\0")
    });
    assert!(converted("twice", &checkpoint(twice), Some("a")).expect_err("wide").contains("too many dictionaries"));
}
