//! The rigid motion that brings points nearest to others (Kabsch 1976), by Horn's quaternions: a symmetric 4 × 4 matrix
//! whose largest eigenvector is the rotation, never a reflection.

use super::{Point, squared_distance};
use crate::structure::Structure;

/// A rotation about the origin, then a shift.
#[derive(Clone, Copy, Debug)]
pub(super) struct Motion {
    rotation: [[f64; 3]; 3],
    shift: Point,
}

impl Motion {
    pub(super) fn apply(&self, point: Point) -> Point {
        std::array::from_fn(|k| dot(self.rotation[k], point) + self.shift[k])
    }
}

/// The motion of the first of each pair that makes the sum of squared distances smallest.
pub(super) fn superpose(pairs: impl Iterator<Item = (Point, Point)> + Clone) -> Motion {
    let count = pairs.clone().count().max(1) as f64;
    let (mut from, mut to) = ([0.0; 3], [0.0; 3]);
    for (a, b) in pairs.clone() {
        for k in 0..3 {
            from[k] += a[k] / count;
            to[k] += b[k] / count;
        }
    }
    let mut s = [[0.0; 3]; 3];
    for (a, b) in pairs {
        for i in 0..3 {
            for j in 0..3 {
                s[i][j] += (a[i] - from[i]) * (b[j] - to[j]);
            }
        }
    }
    let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
    let [w, x, y, z] = largest_eigenvector([
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, yy - xx - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, zz - xx - yy],
    ]);
    let rotation = [
        [w * w + x * x - y * y - z * z, 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), w * w - x * x + y * y - z * z, 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ];
    Motion { rotation, shift: std::array::from_fn(|k| to[k] - dot(rotation[k], from)) }
}

impl Structure {
    /// The same, moved so that its atoms of a name come nearest to another structure's, pair by pair in order.
    #[must_use]
    pub fn laid_on(&self, other: &Structure, name: &str) -> Structure {
        let atoms = |of: &Structure| -> Vec<Point> {
            let residues = of.chains.iter().flat_map(|chain| &chain.residues);
            residues.filter_map(|residue| Some(residue.atom(name)?.position)).collect()
        };
        let motion = superpose(atoms(self).into_iter().zip(atoms(other)));
        let mut moved = self.clone();
        let residues = moved.chains.iter_mut().flat_map(|chain| &mut chain.residues);
        residues.flat_map(|residue| &mut residue.atoms).for_each(|atom| atom.position = motion.apply(atom.position));
        moved
    }
}

/// The root of the mean squared distance after superposition; none without points.
pub(super) fn rmsd(model: &[Point], target: &[Point]) -> Option<f64> {
    let pairs = model.iter().copied().zip(target.iter().copied());
    let motion = superpose(pairs.clone());
    let sum: f64 = pairs.map(|(a, b)| squared_distance(motion.apply(a), b)).sum();
    (!model.is_empty()).then(|| (sum / model.len() as f64).sqrt())
}

fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Of a symmetric matrix, by Jacobi's rotations: each makes one number beside the diagonal zero.
fn largest_eigenvector(mut m: [[f64; 4]; 4]) -> [f64; 4] {
    const MOST_SWEEPS: usize = 32;
    let mut vectors = [[0.0; 4]; 4];
    (0..4).for_each(|k| vectors[k][k] = 1.0);
    for _ in 0..MOST_SWEEPS {
        let beside: f64 = (0..4).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| m[i][j] * m[i][j]).sum();
        let diagonal: f64 = (0..4).map(|k| m[k][k] * m[k][k]).sum();
        if beside <= f64::EPSILON * f64::EPSILON * diagonal {
            break;
        }
        for p in 0..3 {
            for q in p + 1..4 {
                if m[p][q] == 0.0 {
                    continue;
                }
                let theta = (m[q][q] - m[p][p]) / (2.0 * m[p][q]);
                let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = tangent * cosine;
                let turn = |a: f64, b: f64| (cosine * a - sine * b, sine * a + cosine * b);
                for row in &mut m {
                    (row[p], row[q]) = turn(row[p], row[q]);
                }
                let turned: [(f64, f64); 4] = std::array::from_fn(|k| turn(m[p][k], m[q][k]));
                (m[p], m[q]) = (turned.map(|(a, _)| a), turned.map(|(_, b)| b));
                for row in &mut vectors {
                    (row[p], row[q]) = turn(row[p], row[q]);
                }
            }
        }
    }
    let largest = (1..4).fold(0, |best, k| if m[k][k] > m[best][best] { k } else { best });
    vectors.map(|row| row[largest])
}
