//! The local distance difference test on Cα atoms (Mariani et al. 2013): no superposition takes part.

use std::collections::HashMap;

use super::{Point, ScoreError, squared_distance};

/// Pairs of the target that count are nearer than this, in Å.
const RADIUS: f64 = 15.0;
/// A distance is kept at each of these if it changes by less, in Å.
const THRESHOLDS: [f64; 4] = [0.5, 1.0, 2.0, 4.0];
/// Most atoms so near to one, on average over a large target; a protein has about 130.
const MOST_NEAR: u64 = 2000;

/// The share of the target's distances that the model keeps, a mean over four thresholds; none if there are none.
pub(super) fn lddt(model: &[Point], target: &[Point]) -> Result<Option<f64>, ScoreError> {
    let cells = cells(target);
    let (mut pairs, mut kept) = (0u64, 0u64);
    for (i, point) in target.iter().enumerate() {
        for j in near(&cells, *point).filter(|j| *j < i) {
            let distance = squared_distance(*point, target[j]).sqrt();
            if distance < RADIUS {
                let change = (distance - squared_distance(model[i], model[j]).sqrt()).abs();
                pairs += 1;
                kept += THRESHOLDS.iter().filter(|threshold| change < **threshold).count() as u64;
            }
        }
        if pairs > MOST_NEAR * target.len() as u64 / 2 {
            return Err(ScoreError::Crowded { most: MOST_NEAR });
        }
    }
    Ok((pairs > 0).then(|| kept as f64 / (pairs * THRESHOLDS.len() as u64) as f64))
}

/// Cubes of the radius's size: atoms that are near stand in the same cube or in one beside it.
type Cube = [i64; 3];

fn cube(point: Point) -> Cube {
    point.map(|x| (x / RADIUS).floor() as i64)
}

/// The places of all points by their cubes.
fn cells(points: &[Point]) -> HashMap<Cube, Vec<usize>> {
    let mut cells: HashMap<Cube, Vec<usize>> = HashMap::new();
    for (k, point) in points.iter().enumerate() {
        cells.entry(cube(*point)).or_default().push(k);
    }
    cells
}

/// The places of points in the cubes around one.
fn near(cells: &HashMap<Cube, Vec<usize>>, point: Point) -> impl Iterator<Item = usize> {
    let [x, y, z] = cube(point);
    let around = (0..27).map(move |k| [x + k % 3 - 1, y + k / 3 % 3 - 1, z + k / 9 - 1]);
    around.filter_map(|cube| cells.get(&cube)).flatten().copied()
}
