//! The walk through a plan's steps: loops with their counters, and when each call runs.

use super::walk::{Open, Walk};
use super::{MOST, PlanFault, call};
use crate::plan::data::{LoopId, Plan, Step};

/// The most kernel calls and iterations of loops in a run: more than a day, at a few microseconds each.
const MOST_CALLS: u64 = 1 << 36;

pub(super) fn check(plan: &Plan) -> Result<(), PlanFault> {
    let loops = count(&plan.steps);
    if plan.loops != loops {
        return Err(format!("the plan has {loops} loops, but states {}", plan.loops).into());
    }
    let mut walk = Walk {
        plan,
        open: vec![None; loops].into(),
        layers: Vec::new(),
        used: vec![false; loops].into(),
        turns: 1,
        calls: 0,
        moment: 0,
    };
    walk.steps(&plan.steps)
}

fn count(steps: &[Step]) -> usize {
    let loops = steps.iter().map(|step| match step {
        Step::Call(_) => 0,
        Step::Chunk { body, .. } | Step::Layers { body, .. } => 1 + count(body),
    });
    loops.sum()
}

impl Walk<'_> {
    fn steps(&mut self, steps: &[Step]) -> Result<(), PlanFault> {
        for step in steps {
            match step {
                Step::Call(call) => {
                    let at = |problem| PlanFault { operation: Some(call.origin.clone()), problem };
                    if call.moment < self.moment || call.moment >= self.plan.times.len() as u64 {
                        let problem = format!("runs at moment {} after {}", call.moment, self.moment);
                        return Err(at(problem));
                    }
                    self.moment = call.moment;
                    self.calls = self.calls.saturating_add(self.turns);
                    call::check(self, call).map_err(at)?;
                }
                Step::Chunk { id, total, chunk, body, .. } => {
                    if *chunk == 0 || *chunk > MOST || *total > MOST {
                        return Err(format!("loop {id} has {chunk} of {total} positions per iteration").into());
                    }
                    let open = Open::Chunk { total: *total, turn: (*chunk).min(*total) };
                    self.inside(*id, open, total.div_ceil(*chunk), body)?;
                }
                Step::Layers { id, count, body } => {
                    self.layers.push((*id, *count));
                    self.inside(*id, Open::Layers, *count, body)?;
                    self.layers.pop();
                }
            }
            if self.calls > MOST_CALLS {
                return Err(
                    format!("the plan takes more than {MOST_CALLS} kernel calls and iterations of loops").into()
                );
            }
        }
        Ok(())
    }

    fn inside(&mut self, id: LoopId, open: Open, turns: u64, body: &[Step]) -> Result<(), PlanFault> {
        if self.used.get(id) != Some(&false) {
            return Err(format!("loop {id} of {} occurs twice or has no counter", self.used.len()).into());
        }
        let before = self.turns;
        self.turns = before.saturating_mul(turns);
        // An iteration takes time even where nothing is called in it.
        self.calls = self.calls.saturating_add(self.turns);
        self.used[id] = true;
        self.open[id] = Some(open);
        self.steps(body)?;
        self.open[id] = None;
        self.turns = before;
        Ok(())
    }
}
