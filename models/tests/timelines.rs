//! What a plan says about its moments, its pieces and other budgets.

use crease_core::lang::{Options, Settings};
use crease_core::plan::{InstructionSet, Planner, Target, naive, naive_peak};

/// A planner of a small model, and its naive program's peaks as two functions say them.
fn small(stack: bool) -> (Planner, u64, u64) {
    use crease_models::evoformer::evoformer::{evoformer_block, evoformer_stack};
    let model = if stack { evoformer_stack() } else { evoformer_block() };
    let model = model.elaborate(&Settings::new(), &Options::default()).expect("a graph");
    let mut sizes = model.sizes.clone();
    sizes.extend([("S".to_string(), 32), ("R".to_string(), 64)]);
    let planner = Planner::new(&model.graph, &sizes, &Target::shipped(InstructionSet::Avx2, 2)).expect("a planner");
    let timeline = naive(&model.graph, &sizes).expect("it runs");
    assert!(timeline.values.iter().all(|v| v.first <= v.last && v.last < timeline.operations.len() as u64));
    (planner, timeline.peak(), naive_peak(&model.graph, &sizes).expect("a peak"))
}

#[test]
fn the_moments_of_a_plan_take_its_time_and_its_pieces_follow_each_other() {
    for stack in [false, true] {
        let (planner, peak, same) = small(stack);
        assert_eq!(peak, same);
        for plan in [planner.plan(None).expect("a plan"), planner.leanest().clone()] {
            assert_eq!(plan.times.iter().sum::<u64>(), plan.time);
            assert_eq!(plan.verify(), Ok(()));
            assert!(plan.pieces.windows(2).all(|w| w[0].last < w[1].first));
            let choices = planner.choices(&plan);
            assert_eq!(choices.len(), plan.pieces.len());
            for choice in &choices {
                let moments = &plan.times[choice.first as usize..=choice.last as usize];
                assert_eq!(choice.ways[choice.taken].time, moments.iter().sum::<u64>());
                assert!(choice.layers == 1 || stack && choice.layers == 48);
                assert!(choice.ways.windows(2).all(|w| w[0].peak < w[1].peak && w[0].time > w[1].time));
                assert!(choice.ways.iter().all(|w| w.loops.iter().all(|l| l.operations > 0 && l.chunk < l.total)));
            }
        }
    }
}

#[test]
fn every_point_of_the_curve_is_the_plan_of_its_budget() {
    let planner = small(false).0;
    let points = planner.curve().expect("points");
    assert!(points.windows(2).all(|w| w[0].budget < w[1].budget && w[0].time > w[1].time), "{points:?}");
    assert_eq!(points[0].budget, planner.leanest().memory.total());
    assert_eq!(points[points.len() - 1].time, planner.plan(None).expect("a plan").time);
    for point in points {
        assert_eq!(planner.plan(Some(point.budget)).expect("it fits").time, point.time);
    }
}
