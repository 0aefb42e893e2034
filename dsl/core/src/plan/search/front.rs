//! Pareto fronts of peak and time: a shortest-path problem over the stretches that an order is cut into.

use std::rc::Rc;

use super::candidate::Candidate;

/// A point on a path through a piece, with its predecessor. The only one at position 0 has none.
pub(super) struct Point {
    pub peak: u64,
    pub time: u64,
    pub candidate: usize,
    pub before: usize,
}

/// The Pareto front at each position.
pub(super) fn fronts(end: usize, candidates: &[Rc<Candidate>]) -> Vec<Vec<Point>> {
    let mut points: Vec<Vec<Point>> = (0..=end).map(|_| Vec::new()).collect();
    points[0].push(Point { peak: 0, time: 0, candidate: 0, before: 0 });
    let mut settled = 0;
    for k in worth_having(candidates) {
        let candidate = &candidates[k];
        while settled < candidate.l {
            settled += 1;
            thin(&mut points[settled]);
        }
        let (earlier, later) = points.split_at_mut(candidate.r);
        for (before, point) in earlier[candidate.l].iter().enumerate() {
            let (peak, time) = (point.peak.max(candidate.peak), point.time.saturating_add(candidate.time));
            later[0].push(Point { peak, time, candidate: k, before });
        }
    }
    points[(settled + 1).min(end)..].iter_mut().for_each(thin);
    points
}

/// The Pareto-optimal candidates of each stretch, by start.
fn worth_having(candidates: &[Rc<Candidate>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    let key = |k: usize| (candidates[k].l, candidates[k].r, candidates[k].peak, candidates[k].time, k);
    order.sort_unstable_by_key(|k| key(*k));
    let mut last = None;
    order.retain(|&k| {
        let (l, r, _, time, _) = key(k);
        let beaten = last.is_some_and(|(stretch, best)| stretch == (l, r) && time >= best);
        if !beaten {
            last = Some(((l, r), time));
        }
        !beaten
    });
    order
}

/// Keeps the Pareto-optimal points.
fn thin(points: &mut Vec<Point>) {
    points.sort_unstable_by_key(|p| (p.peak, p.time, p.candidate, p.before));
    let mut best = u64::MAX;
    points.retain(|p| {
        p.time < best && {
            best = p.time;
            true
        }
    });
}

/// The front of ways through items of a loop's body: which candidates, peak and time.
pub(super) fn paths(end: usize, candidates: &[Rc<Candidate>]) -> Vec<(Vec<usize>, u64)> {
    let points = fronts(end, candidates);
    let ways = points[end].iter().map(|last| {
        let (mut at, mut point, mut picks) = (end, last, Vec::new());
        while at > 0 {
            picks.push(point.candidate);
            at = candidates[point.candidate].l;
            point = &points[at][point.before];
        }
        picks.reverse();
        (picks, last.peak)
    });
    ways.collect()
}
