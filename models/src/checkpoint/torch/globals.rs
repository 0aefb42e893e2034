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
    /// Anything else: an object of it, or what it would give, is opaque.
    Other,
    /// `getattr`, which is how older pickles name a class inside a class, and nothing else here.
    Within,
    /// It may be named, as settings name the function that a model was made with, but not called.
    Runs,
    /// A file that names it is refused.
    Refused,
}

/// Modules through which a pickle would reach beyond itself. Nothing would come of it here; but whoever meets such a
/// file should know. Old protocols have the names of Python 2: `commands` for `subprocess`.
const SYSTEM: [&str; 55] = [
    "_pickle",
    "_posixsubprocess",
    "_winapi",
    "asyncio",
    "bdb",
    "cPickle",
    "cProfile",
    "code",
    "codeop",
    "commands",
    "ctypes",
    "distutils",
    "ensurepip",
    "ftplib",
    "gc",
    "http",
    "httplib",
    "imp",
    "importlib",
    "inspect",
    "io",
    "linecache",
    "marshal",
    "multiprocessing",
    "nt",
    "os",
    "pdb",
    "pickle",
    "pip",
    "pkgutil",
    "popen2",
    "posix",
    "pty",
    "pydoc",
    "requests",
    "runpy",
    "setuptools",
    "shelve",
    "shutil",
    "signal",
    "smtplib",
    "socket",
    "socketserver",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "timeit",
    "trace",
    "types",
    "urllib",
    "urllib2",
    "venv",
    "webbrowser",
    "zipimport",
];

/// Functions that, whatever their module, would read another pickle, open something or run a text.
const RUNS: [&str; 13] = [
    "_load_from_bytes",
    "compile",
    "eval",
    "exec",
    "execfile",
    "load",
    "loads",
    "open",
    "popen",
    "run",
    "runstring",
    "spawn",
    "system",
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
        ("builtins" | "__builtin__", name) if TYPES.contains(&name) => Meaning::Other,
        ("builtins" | "__builtin__", "getattr") => Meaning::Within,
        ("builtins" | "__builtin__", _) => Meaning::Refused,
        // Plain values, as settings of models have them.
        ("types", "MappingProxyType" | "SimpleNamespace") => Meaning::Other,
        _ if SYSTEM.contains(&root) => Meaning::Refused,
        // A dotted name goes through attributes, and by them anywhere; a class inside a class is none of it.
        (_, name) if name.contains('.') && !name.split('.').all(is_class) => Meaning::Refused,
        (_, name) if RUNS.contains(&name) => Meaning::Runs,
        _ => Meaning::Other,
    }
}

/// Whether a name is written as those of classes are.
pub(super) fn is_class(name: &str) -> bool {
    name.starts_with(|first: char| first.is_uppercase())
}
