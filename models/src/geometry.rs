//! Rotations, frames and the attention that sees them.

/// Quaternions, and invariant point attention (Jumper et al. 2021, supplement 1.8.2).
#[crease::model]
pub mod geometry {
    /// Residues.
    type R = Axis;

    /// The rotation of each quaternion (w, x, y, z), of any length but 0, as a matrix that acts on columns.
    pub fn rotations(q: Tensor<R, 4>) -> Tensor<R, 3, 3> {
        let (w, x) = (pick(q, 1, 0), pick(q, 1, 1));
        let (y, z) = (pick(q, 1, 2), pick(q, 1, 3));
        let s = 2.0 / (w * w + x * x + y * y + z * z);
        let first = stack(1.0 - s * (y * y + z * z), s * (x * y - z * w), s * (x * z + y * w), axis = 1);
        let second = stack(s * (x * y + z * w), 1.0 - s * (x * x + z * z), s * (y * z - x * w), axis = 1);
        let third = stack(s * (x * z - y * w), s * (y * z + x * w), 1.0 - s * (x * x + y * y), axis = 1);
        stack(first, second, third, axis = 1)
    }

    /// Hamilton's product a b, for rotations: first b, then a.
    pub fn product(a: Tensor<R, 4>, b: Tensor<R, 4>) -> Tensor<R, 4> {
        let (aw, ax) = (pick(a, 1, 0), pick(a, 1, 1));
        let (ay, az) = (pick(a, 1, 2), pick(a, 1, 3));
        let (bw, bx) = (pick(b, 1, 0), pick(b, 1, 1));
        let (by, bz) = (pick(b, 1, 2), pick(b, 1, 3));
        let w = aw * bw - ax * bx - ay * by - az * bz;
        let x = aw * bx + ax * bw + ay * bz - az * by;
        let y = aw * by - ax * bz + ay * bw + az * bx;
        let z = aw * bz + ax * by - ay * bx + az * bw;
        stack(w, x, y, z, axis = 1)
    }

    /// Points of each residue's own frame as the world sees them.
    pub fn to_world<const H: usize, const P: usize>(
        points: Tensor<R, H, P, 3>,
        rotation: Tensor<R, 3, 3>,
        translation: Tensor<R, 3>,
    ) -> Tensor<R, H, P, 3> {
        einsum("rab,rhpb->rhpa", rotation, points) + rearrange("r a -> r 1 1 a", translation)
    }

    /// Points of the world as each residue's own frame sees them.
    pub fn to_frame<const H: usize, const P: usize>(
        points: Tensor<R, H, P, 3>,
        rotation: Tensor<R, 3, 3>,
        translation: Tensor<R, 3>,
    ) -> Tensor<R, H, P, 3> {
        einsum("rab,rhpa->rhpb", rotation, points - rearrange("r a -> r 1 1 a", translation))
    }

    /// Natural logarithm of 1 + eˣ.
    pub fn softplus<const H: usize>(x: Tensor<H>) -> Tensor<H> {
        max(x, 0.0) + log(1.0 + exp(-abs(x)))
    }

    /// Squared distances of the points of i and j, summed over the points of a head.
    pub fn squared_distances<const H: usize, const P: usize>(
        a: Tensor<R, H, P, 3>,
        b: Tensor<R, H, P, 3>,
    ) -> Tensor<H, R, R> {
        let apart = rearrange("i h p x -> h i 1 p x", a) - rearrange("j h p x -> h 1 j p x", b);
        sum(apart * apart, over = [3, 4])
    }

    /// What the weights of invariant point attention gather: scalars, points (in i's frame), the points' lengths,
    /// and the pair representation.
    pub fn gather_by<const H: usize, const D: usize, const P: usize, const Z: usize>(
        weights: Tensor<H, R, R>,
        scalars: Tensor<R, H, D>,
        points: Tensor<R, H, P, 3>,
        pair: Tensor<R, R, Z>,
        rotation: Tensor<R, 3, 3>,
        translation: Tensor<R, 3>,
    ) -> (Tensor<R, H, D>, Tensor<R, H, P, 3>, Tensor<R, H, P>, Tensor<R, H, Z>) {
        let scalar = einsum("hij,jhd->ihd", weights, scalars);
        let point = to_frame(einsum("hij,jhpx->ihpx", weights, points), rotation, translation);
        let length = sqrt(sum(point * point, over = 3) + 1e-8);
        (scalar, point, length, einsum("hij,ijz->ihz", weights, pair))
    }
}
