//! The local distance difference test on Cα atoms (Mariani et al. 2013): no superposition takes part.

use super::{Point, squared_distance};

/// Pairs of the target that count are nearer than this, in Å.
const RADIUS: f64 = 15.0;
/// A distance is kept at each of these if it changes by less, in Å.
const THRESHOLDS: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

/// The share of the target's distances that the model keeps, a mean over four thresholds; none if there are none.
pub(super) fn lddt(model: &[Point], target: &[Point]) -> Option<f64> {
    let (mut pairs, mut kept) = (0u64, 0u64);
    for i in 0..target.len() {
        for j in 0..i {
            let distance = squared_distance(target[i], target[j]).sqrt();
            if distance < RADIUS {
                let change = (distance - squared_distance(model[i], model[j]).sqrt()).abs();
                pairs += 1;
                kept += THRESHOLDS.iter().filter(|threshold| change < **threshold).count() as u64;
            }
        }
    }
    (pairs > 0).then(|| kept as f64 / (pairs * THRESHOLDS.len() as u64) as f64)
}
