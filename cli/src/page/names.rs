//! The sub-module that each operation belongs to, from the operations' names alone.

use std::collections::{BTreeMap, BTreeSet};

/// Names of sub-modules, and which one each operation belongs to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Modules {
    /// In the order in which they run.
    pub(super) names: Vec<String>,
    /// For each operation.
    pub(super) of: Vec<usize>,
}

impl Modules {
    /// Sub-modules of a program's operations, in the order they run.
    ///
    /// An operation's name is a path: the fields of the parameters around it, then its own. The first field
    /// names the sub-module; where that holds several that have parts themselves, the first two do. What
    /// stands beside sub-modules (a residual update) counts with what ran before it.
    pub(super) fn of(program: &str, operations: &[&str]) -> Modules {
        let paths: Vec<(String, Vec<&str>)> = operations.iter().map(|operation| path(operation)).collect();
        let stacks: BTreeSet<&str> = paths.iter().map(|(stack, _)| stack.as_str()).filter(|s| !s.is_empty()).collect();
        // Where there is one stack of layers only, its name tells nothing.
        let several = stacks.len() > 1;
        let mut children: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for (stack, path) in &paths {
            if let [first, second, _, ..] = path[..] {
                children.entry((stack, first)).or_default().insert(second);
            }
        }
        let divided = |stack: &str, first: &str| children.get(&(stack, first)).is_some_and(|c| c.len() > 1);
        let nested = paths.iter().any(|(_, path)| path.len() > 1);
        let name = |(stack, path): &(String, Vec<&str>)| -> Option<String> {
            let name = match path[..] {
                [] if nested => return None,
                [] => program.to_string(),
                [first] if divided(stack, first) => return None,
                [first, second, ..] if divided(stack, first) => format!("{first}.{second}"),
                [first, ..] => first.to_string(),
            };
            Some(if several && !stack.is_empty() { format!("{stack}.{name}") } else { name })
        };
        let named: Vec<Option<String>> = paths.iter().map(name).collect();
        let mut last = named.iter().flatten().next().cloned().unwrap_or_else(|| program.to_string());
        let mut modules = Modules { names: Vec::new(), of: Vec::new() };
        for name in named {
            last = name.unwrap_or(last);
            let known = modules.names.iter().position(|n| *n == last);
            modules.of.push(known.unwrap_or_else(|| {
                modules.names.push(last.clone());
                modules.names.len() - 1
            }));
        }
        modules
    }
}

/// The stack of layers that an operation stands in, and the fields around it there.
fn path(operation: &str) -> (String, Vec<&str>) {
    // Several operations of one call stand where the first one does.
    let operation = operation.split(" + ").next().unwrap_or(operation);
    let words: Vec<&str> = if operation.contains(' ') { vec![] } else { operation.split('.').collect() };
    let from = words.iter().rposition(|word| *word == "{}").map_or(0, |at| at + 1);
    let fields = &words[from..];
    (words[..from].join("."), fields[..fields.len().saturating_sub(1)].to_vec())
}

/// What an operation is called inside its sub-module.
pub(crate) fn short<'a>(operation: &'a str, module: &str) -> &'a str {
    let inside = operation.rfind("{}.").map_or(operation, |at| &operation[at + 3..]);
    let module = module.rfind("{}.").map_or(module, |at| &module[at + 3..]);
    inside.strip_prefix(module).and_then(|rest| rest.strip_prefix('.')).unwrap_or(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_the_fields_that_hold_parts() {
        let of = |operations: &[&str]| {
            let modules = Modules::of("model", operations);
            modules.of.iter().map(|&k| modules.names[k].clone()).collect::<Vec<_>>()
        };
        let block =
            ["copy of m", "row.mha.q.contract", "m", "pair.out.a.contract", "pair.in.a.contract", "pair.z", "z"];
        assert_eq!(of(&block), ["row", "row", "row", "pair.out", "pair.in", "pair.in", "pair.in"]);
        let layers = ["blocks.{}.row.mha.q.contract", "blocks.{}.m", "linear.contract"];
        assert_eq!(of(&layers), ["row", "row", "linear"]);
        let stacks = ["extra.{}.row.q.contract", "main.{}.row.q.contract"];
        assert_eq!(of(&stacks), ["extra.{}.row", "main.{}.row"]);
        assert_eq!(of(&["x", "linear.contract", "y"]), ["model", "linear", "model"]);
        assert_eq!(of(&["row.q.contract + k.contract", "col.a + b"]), ["row", "col"]);
        assert_eq!(of(&[]), [""; 0]);
        assert_eq!(short("blocks.{}.row.mha.weights", "row"), "mha.weights");
        assert_eq!(short("m", "row"), "m");
    }
}
