//! What breaks a rule and waits to be mended: none is right.

/// Where lines are still too wide.
pub(crate) const WIDE: &[&str] = &["dsl/", "macros/", "models/", "runtime/", "tests/ui/"];

/// Files that are too long.
pub(crate) const LONG: &[&str] = &[
    "dsl/core/src/lang/ast.rs",
    "dsl/core/src/rules/laws.rs",
    "runtime/src/cpu/attend.rs",
    "runtime/src/cpu/contract.rs",
];

/// Folders that are too full.
pub(crate) const FULL: &[&str] = &[
    "dsl/core/src/fuse",
    "models/src",
    "models/src/cli",
    "models/src/cli/bench/cpu",
    "models/tests",
    "runtime/src/cpu",
];

/// Files that do not say what they are for.
pub(crate) const SILENT: &[&str] = &["models/src/cli/fold/report/tests.rs", "models/src/fold/tests.rs"];

/// Modules, and those of their parts that import each other.
pub(crate) const CIRCLES: &[(&str, &str)] = &[
    ("models::cli", "plan"),
    ("models::cli", "report"),
    ("models::cli::bench", "cheap"),
    ("models::cli::bench", "fast"),
    ("models::cli::bench", "kept"),
    ("models::cli::bench", "monotone"),
    ("models::cli::bench", "near"),
    ("models::cli::bench", "planner"),
    ("models::cli::bench", "rivals"),
    ("models::cli::bench::cpu", "measure"),
    ("models::cli::bench::cpu", "peer"),
    ("runtime", "backend"),
    ("runtime", "run"),
    ("runtime::cpu", "contract"),
    ("runtime::cpu", "contract_plan"),
    ("runtime::cpu::jit", "call"),
    ("runtime::cpu::jit", "emit"),
    ("dsl/core", "build"),
    ("dsl/core", "ir"),
    ("dsl/core", "kernel"),
    ("dsl/core::ir", "graph"),
    ("dsl/core::ir", "op"),
    ("dsl/core::lang", "elaborate"),
    ("dsl/core::lang", "model"),
    ("dsl/core::lang", "promise"),
    ("dsl/core::lang", "types"),
    ("dsl/core::lang::elaborate", "builtin"),
    ("dsl/core::lang::elaborate", "call"),
];
