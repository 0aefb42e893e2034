//! Which names of a pickle mean something. None is ever called: what a call would give is made here, or is opaque.

use safetensors::tensor::Dtype;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// `collections.OrderedDict`: a dictionary.
    Dict,
    /// A view of a storage.
    Tensor,
    /// What is given first: a parameter is its tensor, a `torch.Size` its tuple.
    First,
    /// A kind of storage.
    Storage(Dtype),
    /// An object of it is opaque.
    Class,
    /// What it gives is opaque.
    Harmless,
    /// It may be named, as torch names `torch.float32`, but not called.
    Function,
    /// A file that names it is refused.
    Refused,
}

/// Modules through which a pickle would reach beyond itself. Nothing would come of it here; but whoever meets such a
/// file should know. Old protocols have the names of Python 2: `commands` for `subprocess`.
const SYSTEM: [&str; 24] = [
    "asyncio",
    "bdb",
    "cPickle",
    "cProfile",
    "commands",
    "ctypes",
    "importlib",
    "io",
    "marshal",
    "multiprocessing",
    "nt",
    "os",
    "pdb",
    "pickle",
    "posix",
    "pty",
    "runpy",
    "shutil",
    "signal",
    "socket",
    "subprocess",
    "sys",
    "timeit",
    "webbrowser",
];

/// Built-in types; what else is built in, `eval` first of all, is refused.
const TYPES: [&str; 15] = [
    "bool",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "object",
    "range",
    "set",
    "slice",
    "str",
    "tuple",
];

/// Functions and classes of lower-case names that make plain values.
const HARMLESS: [(&str, &str); 17] = [
    ("_codecs", "encode"),
    ("collections", "defaultdict"),
    ("collections", "deque"),
    ("copy_reg", "_reconstructor"),
    ("copyreg", "_reconstructor"),
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("datetime", "time"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("numpy", "dtype"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("torch", "device"),
    ("torch.serialization", "_get_layout"),
];

/// The meaning of a name in a module.
pub(super) fn meaning(module: &str, name: &str) -> Meaning {
    let root = module.split('.').next().unwrap_or_default();
    match (module, name) {
        ("collections", "OrderedDict") => Meaning::Dict,
        ("torch._utils", "_rebuild_tensor_v2") => Meaning::Tensor,
        ("torch._utils", "_rebuild_parameter") | ("torch", "Size") => Meaning::First,
        ("torch", "DoubleStorage") => Meaning::Storage(Dtype::F64),
        ("torch", "FloatStorage") => Meaning::Storage(Dtype::F32),
        ("torch", "HalfStorage") => Meaning::Storage(Dtype::F16),
        ("torch", "BFloat16Storage") => Meaning::Storage(Dtype::BF16),
        ("torch", "LongStorage") => Meaning::Storage(Dtype::I64),
        ("torch", "IntStorage") => Meaning::Storage(Dtype::I32),
        ("torch", "ShortStorage") => Meaning::Storage(Dtype::I16),
        ("torch", "CharStorage") => Meaning::Storage(Dtype::I8),
        ("torch", "ByteStorage") => Meaning::Storage(Dtype::U8),
        ("torch", "BoolStorage") => Meaning::Storage(Dtype::BOOL),
        ("builtins" | "__builtin__", name) if TYPES.contains(&name) => Meaning::Harmless,
        ("builtins" | "__builtin__", _) => Meaning::Refused,
        _ if SYSTEM.contains(&root) => Meaning::Refused,
        // A dotted name goes through attributes, and by them anywhere.
        (_, name) if name.contains('.') => Meaning::Refused,
        known if HARMLESS.contains(&known) => Meaning::Harmless,
        ("torch._utils" | "torch._tensor", name) if name.starts_with("_rebuild_") => Meaning::Harmless,
        (_, name) if name.starts_with(|first: char| first.is_uppercase()) => Meaning::Class,
        _ => Meaning::Function,
    }
}
