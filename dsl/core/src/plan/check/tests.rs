//! Plans of random graphs pass; changed in any number they are refused or stay inside their buffers.

use cranelift_entity::PrimaryMap;
use serde_json::Value;

use super::*;
use crate::kernel::Kernel;
use crate::plan::data::{ALIGNMENT, Base, Call, KernelId, Length, Memory, Place, Slot, SlotId, SlotKind, Step};
use crate::plan::{InstructionSet, Planner, Target};
use crate::random::{Choices, graph};

/// The leanest plan of a random graph, where kernels start for free, so that there are loops.
fn random_plan(seed: u64) -> Plan {
    let mut choices = Choices::new(seed);
    let graph = graph(&mut choices, (2, 11), true);
    let target = Target { call: 0, ..Target::shipped(InstructionSet::Avx2, 2) };
    Planner::new(&graph, &choices.sizes(), &target).expect("a planner").leanest().clone()
}

/// Applies a change to the first of these plans to which it applies, and expects a fault that says so.
fn refused(change: impl Fn(&mut Plan) -> bool, fault: &str) {
    let mut changed = 0;
    for mut plan in (0..200).map(random_plan) {
        plan.verify().expect("a lawful plan");
        if change(&mut plan) {
            changed += 1;
            let found = plan.verify().expect_err("a change that matters").to_string();
            assert!(found.contains(fault), "{found}\n{plan}");
            if changed == 3 {
                return;
            }
        }
    }
    panic!("no plan can be changed so: {fault}");
}

/// Every call, with whether the kernel satisfies a condition.
fn calls(plan: &mut Plan, change: &mut dyn FnMut(&Kernel, &mut Call) -> bool) -> bool {
    fn walk(
        steps: &mut [Step],
        kernels: &PrimaryMap<KernelId, Kernel>,
        change: &mut dyn FnMut(&Kernel, &mut Call) -> bool,
    ) -> bool {
        steps.iter_mut().any(|step| match step {
            Step::Call(call) => change(&kernels[call.kernel].clone(), call),
            Step::Chunk { body, .. } | Step::Layers { body, .. } => walk(body, kernels, change),
        })
    }
    let kernels = plan.kernels.clone();
    walk(&mut plan.steps, &kernels, change)
}

#[test]
fn a_move_is_the_step_of_the_index_that_follows_its_loop() {
    let moved = |f: &'static dyn Fn(&mut Place) -> bool| {
        move |plan: &mut Plan| {
            calls(plan, &mut |_, call| call.operands.iter_mut().chain(&mut call.results).any(&mut |p: &mut Place| f(p)))
        }
    };
    refused(moved(&|place| place.moves.first_mut().map(|m| m.1 -= 1).is_some()), "moves by");
    refused(moved(&|place| place.moves.first_mut().map(|m| m.1 *= 2).is_some()), "moves by");
    refused(moved(&|place| place.moves.first().copied().map(|m| place.moves.push(m)).is_some()), "moves by");
}

#[test]
fn addresses_count_where_an_index_is_empty() {
    // A sum over nothing still writes its zeros.
    let change = |plan: &mut Plan| {
        let slots = plan.slots.clone();
        calls(plan, &mut |kernel, call| {
            let Kernel::Contract(contract) = kernel else { return false };
            let Base::Slot(slot) = call.results[0].base else { return false };
            let fixed = contract.contracted.iter().all(|i| matches!(call.lengths[*i], Length::Fixed(_)));
            if !fixed || slots[slot].bytes == 0 || contract.contracted.is_empty() {
                return false;
            }
            contract.contracted.iter().for_each(|i| call.lengths[*i] = Length::Fixed(0));
            call.results[0].offset += slots[slot].bytes / 4;
            true
        })
    };
    refused(change, "of a buffer of");
}

#[test]
fn working_memory_is_there_alive_and_large_enough() {
    let smaller = |plan: &mut Plan| {
        let slot = plan.slots.values_mut().find(|slot| slot.kind == SlotKind::Scratch && slot.bytes > 0);
        let changed = slot.map(|slot| slot.bytes -= 64).is_some();
        restate(plan);
        changed
    };
    refused(smaller, "bytes of working memory, but needs");
    refused(|plan| calls(plan, &mut |_, call| call.scratch.take().is_some()), "has no working memory");
    let elsewhere = |plan: &mut Plan| {
        calls(plan, &mut |_, call| match (call.results[0].base, call.scratch) {
            (Base::Slot(slot), Some(_)) => call.scratch.replace(slot).is_some(),
            _ => false,
        })
    };
    refused(elsewhere, "working memory");
    refused(|plan| std::mem::replace(&mut plan.target.threads, 0) > 0, "threads");
}

/// Says of the memory what the buffers say, so that only what was changed is at fault.
fn restate(plan: &mut Plan) {
    let found = plan.memory.clone();
    plan.memory = Memory {
        weights: found.weights,
        operation: found.operation,
        ..Memory::fullest(plan.slots.values().as_slice())
    };
    let end = |slot: &Slot| slot.offset + slot.bytes.next_multiple_of(ALIGNMENT);
    plan.memory.arena = plan.slots.values().map(end).max().unwrap_or(0);
}

#[test]
fn a_result_overlaps_only_what_is_read_before_it_is_replaced() {
    // Another offset in the same buffer, and an operand of another kind.
    let shifted = |plan: &mut Plan| {
        let bytes: PrimaryMap<SlotId, u64> = plan.slots.values().map(|slot| slot.bytes).collect();
        calls(plan, &mut |kernel, call| {
            let Kernel::Nest(nest) = kernel else { return false };
            let (Some(read), Some(written)) = (call.operands.first_mut(), call.results.first()) else { return false };
            let Base::Slot(slot) = written.base else { return false };
            if read.base != written.base || nest.loads[0].steps.iter().sum::<i64>() == 0 || bytes[slot] < 64 {
                return false;
            }
            let longest =
                (0..nest.indices).find(|i| nest.loads[0][*i] == 1 && matches!(call.lengths[*i], Length::Fixed(3..)));
            let Some(i) = longest else { return false };
            let Length::Fixed(n) = call.lengths[i] else { return false };
            call.lengths[i] = Length::Fixed(n - 1);
            read.offset += 1;
            true
        })
    };
    refused(shifted, "overwrites memory that it still reads");
    let product = |plan: &mut Plan| {
        calls(plan, &mut |kernel, call| {
            let Kernel::Contract(_) = kernel else { return false };
            let (from, to) = (call.operands[0].clone(), &mut call.results[0]);
            if !matches!(from.base, Base::Slot(_)) || from.base == to.base {
                return false;
            }
            call.operands[0] = to.clone();
            true
        })
    };
    let mut found = 0;
    for mut plan in (0..200).map(random_plan) {
        if product(&mut plan) {
            let fault = plan.verify().map_err(|fault| fault.to_string());
            found += usize::from(
                fault.is_err_and(|f| f.contains("overwrites") || f.contains("reaches") || f.contains("moves")),
            );
        }
    }
    assert!(found > 3, "{found}");
}

#[test]
fn counters_turns_and_layers_are_bounded() {
    refused(
        |plan| {
            plan.loops += 1;
            true
        },
        "loops, but states",
    );
    refused(
        |plan| {
            plan.loops = usize::MAX;
            true
        },
        "loops, but states",
    );
    let chunk = |f: &'static dyn Fn(&mut u64, &mut u64)| {
        move |plan: &mut Plan| {
            plan.steps.iter_mut().any(|step| match step {
                Step::Chunk { total, chunk, .. } => {
                    f(total, chunk);
                    true
                }
                _ => false,
            })
        }
    };
    refused(chunk(&|_, chunk| *chunk = 0), "positions per iteration");
    refused(chunk(&|_, chunk| *chunk = u64::MAX), "positions per iteration");
    refused(chunk(&|total, _| *total = u64::MAX), "positions per iteration");
    refused(chunk(&|total, _| *total *= 100), "of a buffer of");
    let layers = |plan: &mut Plan| {
        plan.steps.iter_mut().any(|step| match step {
            Step::Layers { count, .. } => {
                *count += 1;
                true
            }
            _ => false,
        })
    };
    refused(layers, "outside its layers");
    refused(
        |plan| {
            plan.steps.len() > 1 && {
                plan.steps.swap(0, 1);
                true
            }
        },
        "",
    );
}

#[test]
fn figures_are_those_of_the_buffers() {
    refused(
        |plan| {
            plan.memory.arena += 64;
            true
        },
        "its buffers need",
    );
    refused(
        |plan| {
            plan.memory.weights += 4;
            true
        },
        "for its memory's weights",
    );
    refused(
        |plan| {
            plan.memory.moment += 1;
            true
        },
        "for its memory's moment",
    );
    refused(
        |plan| {
            plan.time += 1;
            true
        },
        "ns, but the plan states",
    );
    refused(
        |plan| {
            plan.budget = plan.memory.total().checked_sub(1);
            plan.budget.is_some()
        },
        "its budget is",
    );
    let overlap = |plan: &mut Plan| {
        let whole: Vec<SlotId> = plan.slots.keys().filter(|k| plan.slots[*k].bytes > 0).collect();
        let together = |a: &Slot, b: &Slot| a.first <= b.last && b.first <= a.last;
        let pair = whole.windows(2).find(|pair| together(&plan.slots[pair[0]], &plan.slots[pair[1]]));
        pair.map(|pair| plan.slots[pair[1]].offset = plan.slots[pair[0]].offset).is_some()
    };
    refused(overlap, "overlap while both are alive");
}

/// Calls `each` with the plan after every change of one number of its JSON.
fn every_change(plan: &Plan, each: &mut dyn FnMut(String, Result<Plan, serde_json::Error>)) {
    fn numbers(value: &Value, path: &mut String, found: &mut Vec<String>) {
        let mut inside = |name: String, value: &Value, path: &mut String| {
            let length = path.len();
            path.push('/');
            path.push_str(&name);
            numbers(value, path, found);
            path.truncate(length);
        };
        match value {
            Value::Array(list) => list.iter().enumerate().for_each(|(k, v)| inside(k.to_string(), v, path)),
            Value::Object(map) => map.iter().for_each(|(k, v)| inside(k.clone(), v, path)),
            Value::Number(_) => found.push(path.clone()),
            _ => {}
        }
    }
    let whole = serde_json::to_value(plan).expect("plans are plain data");
    let mut paths = Vec::new();
    numbers(&whole, &mut String::new(), &mut paths);
    for path in paths {
        let old = whole.pointer(&path).and_then(Value::as_i64);
        let Some(old) = old else { continue };
        let news = [0, old.wrapping_sub(1), old.wrapping_add(1), old.wrapping_mul(2)].map(Value::from);
        for new in news.into_iter().chain([Value::from(u64::MAX), Value::from(i64::MAX)]) {
            let mut changed = whole.clone();
            *changed.pointer_mut(&path).expect("a path of the plan") = new.clone();
            each(format!("{path}: {old} becomes {new}"), serde_json::from_value(changed));
        }
    }
}

#[test]
fn no_changed_number_makes_the_check_panic_and_most_are_refused() {
    let (mut all, mut accepted) = (0, Vec::new());
    for seed in 0..12 {
        every_change(&random_plan(seed), &mut |what, plan| {
            all += 1;
            if plan.is_ok_and(|plan| plan.verify().is_ok()) {
                accepted.push(what);
            }
        });
    }
    assert!(accepted.len() * 2 < all, "{} of {all} changes pass: {accepted:#?}", accepted.len());
}
