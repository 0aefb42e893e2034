//! A walk over the steps of a plan: every step with the loops around it.

use super::id::LoopId;
use super::plan::Plan;
use super::step::{Call, Step};

/// The loops around a step, outermost first.
pub type Around<'p> = Vec<&'p Step>;

/// Every step, loops before their bodies, each body once.
#[derive(Clone, Debug)]
pub struct Walk<'p> {
    /// What is left of the body of each loop that is open, and of the plan itself.
    rest: Vec<std::slice::Iter<'p, Step>>,
    around: Around<'p>,
}

impl Plan {
    /// Every step with the loops around it, loops before their bodies.
    pub fn walk(&self) -> Walk<'_> {
        Walk { rest: vec![self.steps.iter()], around: Vec::new() }
    }

    /// Every kernel call with the loops around it, in the order in which they run first.
    pub fn calls(&self) -> impl Iterator<Item = (&Call, Around<'_>)> {
        self.walk().filter_map(|(step, around)| match step {
            Step::Call(call) => Some((call, around)),
            Step::Chunk { .. } | Step::Layers { .. } => None,
        })
    }
}

impl Step {
    /// The steps and those in their bodies, in the order of [`Plan::walk`].
    pub fn walk(steps: &[Step]) -> Walk<'_> {
        Walk { rest: vec![steps.iter()], around: Vec::new() }
    }

    /// The body of a loop; empty for a call.
    pub fn body(&self) -> &[Step] {
        match self {
            Step::Call(_) => &[],
            Step::Chunk { body, .. } | Step::Layers { body, .. } => body,
        }
    }

    /// A loop's counter.
    pub fn counter(&self) -> Option<LoopId> {
        match self {
            Step::Call(_) => None,
            Step::Chunk { id, .. } | Step::Layers { id, .. } => Some(*id),
        }
    }
}

impl<'p> Iterator for Walk<'p> {
    type Item = (&'p Step, Around<'p>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(step) = self.rest.last_mut()?.next() else {
                self.rest.pop();
                self.around.pop();
                continue;
            };
            let around = self.around.clone();
            if !matches!(step, Step::Call(_)) {
                self.rest.push(step.body().iter());
                self.around.push(step);
            }
            return Some((step, around));
        }
    }
}

#[cfg(test)]
mod tests {
    use cranelift_entity::EntityRef;

    use super::*;
    use crate::plan::data::KernelId;

    /// Loops of a nest such as `[[0][]]`: a loop around a loop around a call, and an empty loop.
    fn steps(text: &mut std::str::Chars<'_>) -> Vec<Step> {
        let mut list = Vec::new();
        while let Some(letter) = text.next() {
            list.push(match letter {
                '[' => Step::Layers { id: LoopId::new(0), count: 1, body: steps(text) },
                ']' => break,
                moment => Step::Call(Call {
                    kernel: KernelId::new(0),
                    operands: vec![],
                    results: vec![],
                    lengths: vec![],
                    scratch: None,
                    moment: u64::from(moment.to_digit(10).expect("a digit")),
                    origin: String::new(),
                }),
            });
        }
        list
    }

    #[test]
    fn every_step_is_met_once_with_the_loops_around_it() {
        let check = |nest: &str, expected: &str| {
            let steps = steps(&mut nest.chars());
            let shown = Step::walk(&steps).map(|(step, around)| match step {
                Step::Call(call) => format!("{}@{}", call.moment, around.len()),
                Step::Chunk { .. } | Step::Layers { .. } => format!("loop@{}", around.len()),
            });
            assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{nest}");
        };
        check("", "");
        check("01", "0@0 1@0");
        check("0[1[2]3]4", "0@0 loop@0 1@1 loop@1 2@2 3@1 4@0");
        check("[[]][0]", "loop@0 loop@1 loop@0 0@1");
    }
}
