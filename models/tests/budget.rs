//! What a plan says is what a run uses: nothing is allocated while running, nothing outside the arena is
//! written, and what the program adds to the plan's bytes stays below its promise. One test, alone in its
//! process: the allocator counts for everybody.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use crease_core::ir::Format;
use crease_core::lang::{Options, Settings};
use crease_core::plan::Planner;
use crease_models::checkpoint::random_weights;
use crease_runtime::{Checks, Cpu, Executable};

/// The system's allocator, counting.
struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);
static HELD: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is the system allocator's own, with the caller's own arguments; only numbers are added.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        HELD.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Overhead beyond a plan: code, kernels, names.
const OVERHEAD: u64 = 64 << 20;

#[test]
fn a_run_uses_what_its_plan_says() {
    let cpu = Cpu::new(Some(2)).expect("this machine");
    for (name, precision, sizes) in [
        ("evoformer_block", Format::Single, &[("S", 24), ("R", 37)][..]),
        ("evoformer_block", Format::Bf16, &[("S", 24), ("R", 37)]),
        ("extra_msa_stack", Format::Single, &[("S", 19), ("R", 11)]),
        ("template_pair_stack", Format::Bf16, &[("T", 2), ("R", 13)]),
    ] {
        let entry = crease_models::registry().iter().find(|e| e.name == name).expect("a model");
        let settings = Settings::new();
        let options = Options { precision: Some(precision), ..Options::default() };
        let model = (entry.model)().elaborate(&settings, &options).expect("a graph");
        let mut all = model.sizes.clone();
        all.extend(sizes.iter().map(|(axis, size)| ((*axis).to_string(), *size)));
        let planner = Planner::new(&model.graph, &all, &cpu.target()).expect("a planner").holding_weights();
        let (least, most) = (planner.leanest().memory.total(), planner.plan(None).expect("a plan").memory.total());
        for budget in [None, Some(most), Some(least + most.saturating_sub(least) / 2), Some(least)] {
            let plan = planner.plan(budget).expect("a plan").check().expect("a lawful plan");
            assert!(budget.is_none_or(|b| plan.memory.total() <= b), "{name} at {budget:?}: over budget");
            let before = HELD.load(Ordering::Relaxed);
            let weights = random_weights(&plan, 1);
            let mut run = Executable::new(&plan, &weights, &cpu, Checks { poison: true }).expect("a run");
            for turn in 0..2 {
                for port in &plan.inputs {
                    let input = run.input(&port.name).expect("an input");
                    input.iter_mut().enumerate().for_each(|(k, x)| *x = ((k * 7919) % 13) as f32 / 6.0 - 1.0);
                }
                let calls = CALLS.load(Ordering::Relaxed);
                run.run().expect("runs");
                let made = CALLS.load(Ordering::Relaxed) - calls;
                assert!(turn == 0 || made == 0, "{name} at {budget:?}: {made} allocations while running");
            }
            assert!(run.high_water() as u64 <= plan.memory.arena, "{name} at {budget:?}: beyond the arena");
            for port in &plan.outputs {
                let numbers = run.output(&port.name).expect("an output");
                assert!(numbers.iter().all(|x| x.is_finite()), "{name} at {budget:?}: `{}` is not finite", port.name);
            }
            // The arena is mapped, not allocated: what is held beside the weights is overhead.
            let held = HELD.load(Ordering::Relaxed).saturating_sub(before);
            assert!(held <= plan.memory.weights + OVERHEAD, "{name} at {budget:?}: holds {held} bytes");
        }
    }
}
