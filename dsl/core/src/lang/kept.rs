//! A cache of plans between builds: each is stored under the digest of its inputs, with the digest of its contents.

use crate::digest::digest;
use crate::ir::Sizes;
use crate::plan::{Plan, Target};

/// Where plans are kept, by the digest of everything they depend on.
pub trait Keeper {
    /// The text stored under this digest.
    fn find(&self, inputs: &str) -> Option<String>;
    /// Stores a text under a digest. A failure is not an error: the next build plans again.
    fn keep(&self, inputs: &str, text: &str);
}

/// The digest of everything that a plan depends on; `graph` is the digest of graph and planner.
pub(super) fn inputs(graph: &str, sizes: &Sizes, budget: u64, target: &Target) -> String {
    let asked = serde_json::to_string(&(sizes, budget, target)).expect("sizes and targets are plain data");
    digest(&[graph, &asked])
}

/// The plan stored for these inputs, if it is present and unchanged.
///
/// A forged plan with a matching digest is still possible: it runs only if [`Plan::check`] accepts it.
pub(super) fn find(keeper: &dyn Keeper, inputs: &str) -> Option<Plan> {
    let text = keeper.find(inputs)?;
    let (known, plan) = text.split_once('\n')?;
    if known != digest(&[inputs, plan]) {
        return None;
    }
    let plan: Plan = serde_json::from_str(plan).ok()?;
    plan.verify().is_ok().then_some(plan)
}

pub(super) fn keep(keeper: &dyn Keeper, inputs: &str, plan: &Plan) {
    let plan = serde_json::to_string(plan).expect("plans are plain data");
    keeper.keep(inputs, &format!("{}\n{plan}", digest(&[inputs, &plan])));
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use super::*;
    use crate::builder::Builder;
    use crate::plan::{InstructionSet, Planner};

    #[derive(Default)]
    struct Memory(RefCell<BTreeMap<String, String>>);

    impl Keeper for Memory {
        fn find(&self, inputs: &str) -> Option<String> {
            self.0.borrow().get(inputs).cloned()
        }

        fn keep(&self, inputs: &str, text: &str) {
            self.0.borrow_mut().insert(inputs.to_string(), text.to_string());
        }
    }

    #[test]
    fn only_the_plan_that_was_kept_is_found() {
        let mut b = Builder::new("sample");
        let x = b.input("x", vec!["R".into(), 8.into()]);
        let y = b.softmax(x, 1).expect("a softmax");
        b.output("y", y);
        let (sizes, target) = ([("R".to_string(), 5)].into(), Target::shipped(InstructionSet::Avx2, 1));
        let plan = Planner::new(&b.finish(), &sizes, &target).expect("a planner").plan(None).expect("a plan");
        let memory = Memory::default();
        keep(&memory, "inputs", &plan);
        assert_eq!(find(&memory, "inputs"), Some(plan));
        assert_eq!(find(&memory, "other inputs"), None);
        let text = memory.find("inputs").expect("it was kept");
        // The same text under another digest, and every change of a single character.
        memory.keep("other inputs", &text);
        assert_eq!(find(&memory, "other inputs"), None);
        for (at, character) in text.char_indices().step_by(7) {
            let other = if character == '1' { '2' } else { '1' };
            let changed = [&text[..at], &other.to_string(), &text[at + character.len_utf8()..]].concat();
            memory.keep("inputs", &changed);
            assert_eq!(find(&memory, "inputs"), None, "{at}");
        }
    }
}
