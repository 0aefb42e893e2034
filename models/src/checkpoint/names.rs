//! Which names of a checkpoint are a model's: prefixes of whole models, and names of older checkpoints.

use std::collections::{BTreeMap, BTreeSet};

use crease_core::ir::stacked_name;

/// Older OpenFold checkpoints keep a block's later parts under `core`; read as today's names.
const RENAMED: [(&str, &str); 4] = [
    (".core.msa_transition.", ".msa_transition."),
    (".core.outer_product_mean.", ".outer_product_mean."),
    (".core.tri_", ".pair_stack.tri_"),
    (".core.pair_transition.", ".pair_stack.pair_transition."),
];

/// A checkpoint's name as models write it.
pub(super) fn current(name: &str) -> String {
    RENAMED.iter().fold(name.to_string(), |name, (old, new)| name.replace(old, new))
}

/// A name with `{}` for each number between dots.
pub fn pattern(name: &str) -> String {
    let part = |part: &str| match part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty() {
        true => "{}".to_string(),
        false => part.to_string(),
    };
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// What stands before a model's names: the prefix under which most of them are found, the shortest and first of
/// several. Empty, or ends in a dot. `expected` has patterns.
pub(super) fn prefix<'a>(names: impl Iterator<Item = &'a str>, expected: &BTreeSet<String>) -> String {
    // A stacked checkpoint has `blocks.x` for `blocks.{}.x`.
    let stacked: BTreeMap<String, &String> = expected.iter().map(|e| (stacked_name(e), e)).collect();
    // What follows a prefix has no more dots than the model's names: a name of a million dots is not tried a million times.
    let most_dots = expected.iter().map(|name| name.matches('.').count()).max().unwrap_or_default();
    let mut found: BTreeMap<&str, BTreeSet<&String>> = BTreeMap::new();
    for name in names {
        let starts = name.rmatch_indices('.').map(|(at, _)| at + 1).chain([0]);
        for start in starts.take(1 + most_dots) {
            let rest = pattern(&name[start..]);
            if let Some(hit) = expected.get(&rest).or_else(|| stacked.get(&rest).copied()) {
                found.entry(&name[..start]).or_default().insert(hit);
            }
        }
    }
    let best = found.iter().max_by_key(|(prefix, hits)| (hits.len(), std::cmp::Reverse((prefix.len(), **prefix))));
    best.map(|(prefix, _)| (*prefix).to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], expected: &[&str], answer: &str) {
        let expected = expected.iter().map(|e| (*e).to_string()).collect();
        assert_eq!(prefix(names.iter().copied(), &expected), answer);
    }

    #[test]
    fn prefixes_are_found() {
        let model = ["blocks.{}.row.weight", "linear.weight"];
        check(&["blocks.0.row.weight", "linear.weight"], &model, "");
        check(&["a.b.blocks.0.row.weight", "a.b.linear.weight", "c.linear.weight"], &model, "a.b.");
        check(&["x.extra.blocks.0.row.weight", "x.evo.blocks.0.row.weight", "x.evo.linear.weight"], &model, "x.evo.");
        check(&["evo.blocks.row.weight", "evo.linear.weight"], &model, "evo.");
        check(&["evo.blocks.1.row.weight", "evo.blocks.0.row.weight"], &["row.weight"], "evo.blocks.0.");
        check(&["something"], &model, "");
    }

    #[test]
    fn older_names_are_read() {
        assert_eq!(
            current("evoformer.blocks.3.core.tri_mul_in.linear_g.bias"),
            "evoformer.blocks.3.pair_stack.tri_mul_in.linear_g.bias"
        );
        assert_eq!(current("blocks.0.core.msa_transition.linear_1.bias"), "blocks.0.msa_transition.linear_1.bias");
        assert_eq!(current("blocks.0.msa_att_row.mha.linear_q.weight"), "blocks.0.msa_att_row.mha.linear_q.weight");
    }
}
