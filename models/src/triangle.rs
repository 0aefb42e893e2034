//! What updates the pair representation: triangle multiplication, triangle attention, transitions.

/// Triangle updates (Jumper et al. 2021, supplement 1.6.5 to 1.6.8).
#[crease::model]
pub mod triangle {
    use crate::attention::attention::{Attention, attend};

    /// Templates; 1 in the main stacks.
    type T = Axis;
    /// Residues.
    type R = Axis;
    /// Rows and columns of what a transition works on.
    type A = Axis;
    /// See `A`.
    type B = Axis;
    /// One projection for both sides of a multiplication (multimer, version 3).
    const FUSED_PROJECTIONS: bool = false;

    /// Triangle multiplication with `H` hidden channels.
    pub struct TriangleMultiplication<const C: usize, const H: usize> {
        layer_norm_in: LayerNorm<C>,
        layer_norm_out: LayerNorm<H>,
        linear_a_p: Linear<C, H>,
        linear_a_g: Linear<C, H>,
        linear_b_p: Linear<C, H>,
        linear_b_g: Linear<C, H>,
        linear_ab_p: Linear<C, { 2 * H }>,
        linear_ab_g: Linear<C, { 2 * H }>,
        linear_g: Linear<C, C>,
        linear_z: Linear<H, C>,
    }

    /// A projection, gated; masked where there is a mask.
    pub fn gated_linear<const C: usize, const H: usize>(
        x: Tensor<T, R, R, C>,
        mask: Option<Tensor<R, R>>,
        projection: Linear<C, H>,
        gate: Linear<C, H>,
    ) -> Tensor<T, R, R, H> {
        let y = sigmoid(linear(x, gate)) * linear(x, projection);
        if let Some(mask) = mask { rearrange("i j -> 1 i j 1", mask) * y } else { y }
    }

    fn sides<const C: usize, const H: usize>(
        x: Tensor<T, R, R, C>,
        mask: Tensor<R, R>,
        w: TriangleMultiplication<C, H>,
    ) -> (Tensor<T, R, R, H>, Tensor<T, R, R, H>) {
        if FUSED_PROJECTIONS {
            let ab = gated_linear(x, Some(mask), w.linear_ab_p, w.linear_ab_g);
            (slice(ab, 3, 0, H), slice(ab, 3, H, 2 * H))
        } else {
            let a = gated_linear(x, Some(mask), w.linear_a_p, w.linear_a_g);
            let b = gated_linear(x, Some(mask), w.linear_b_p, w.linear_b_g);
            (a, b)
        }
    }

    /// The sum over k of a(ik) b(jk): edges that leave i and j.
    pub fn multiply_edges_out<const H: usize>(a: Tensor<T, R, R, H>, b: Tensor<T, R, R, H>) -> Tensor<T, R, R, H> {
        einsum("tikc,tjkc->tijc", a, b)
    }

    /// The sum over k of a(ki) b(kj): edges that enter i and j.
    pub fn multiply_edges_in<const H: usize>(a: Tensor<T, R, R, H>, b: Tensor<T, R, R, H>) -> Tensor<T, R, R, H> {
        einsum("tkic,tkjc->tijc", a, b)
    }

    /// What a sum over k adds to each edge: normed, projected, gated by the edge.
    pub fn finish<const C: usize, const H: usize>(
        x: Tensor<T, R, R, C>,
        sum: Tensor<T, R, R, H>,
        norm: LayerNorm<H>,
        projection: Linear<H, C>,
        gate: Linear<C, C>,
    ) -> Tensor<T, R, R, C> {
        linear(layer_norm(sum, norm), projection) * sigmoid(linear(x, gate))
    }

    /// The update of edge ij from the edges that leave i and j (algorithm 11).
    pub fn multiply_outgoing<const C: usize, const H: usize>(
        z: Tensor<T, R, R, C>,
        mask: Tensor<R, R>,
        w: TriangleMultiplication<C, H>,
    ) -> Tensor<T, R, R, C> {
        let x = layer_norm(z, w.layer_norm_in);
        let (a, b) = sides(x, mask, w);
        finish(x, multiply_edges_out(a, b), w.layer_norm_out, w.linear_z, w.linear_g)
    }

    /// The update of edge ij from the edges that enter i and j (algorithm 12).
    pub fn multiply_incoming<const C: usize, const H: usize>(
        z: Tensor<T, R, R, C>,
        mask: Tensor<R, R>,
        w: TriangleMultiplication<C, H>,
    ) -> Tensor<T, R, R, C> {
        let x = layer_norm(z, w.layer_norm_in);
        let (a, b) = sides(x, mask, w);
        finish(x, multiply_edges_in(a, b), w.layer_norm_out, w.linear_z, w.linear_g)
    }

    /// Triangle attention: the pair bias comes from the same normed tensor.
    pub struct TriangleAttention<const C: usize, const H: usize, const D: usize> {
        layer_norm: LayerNorm<C>,
        linear: LinearNoBias<C, H>,
        mha: Attention<C, H, D>,
    }

    /// Attention along each row of z (algorithm 13).
    pub fn attend_starting<const C: usize, const H: usize, const D: usize>(
        z: Tensor<T, R, R, C>,
        mask: Tensor<R, R>,
        w: TriangleAttention<C, H, D>,
    ) -> Tensor<T, R, R, C> {
        let x = layer_norm(z, w.layer_norm);
        let bias = rearrange("t i j h -> t h i j", linear(x, w.linear));
        attend(x, mask, Some(bias), w.mha)
    }

    /// Attention along each column of z (algorithm 14): the starting node's on the transposed tensor.
    pub fn attend_ending<const C: usize, const H: usize, const D: usize>(
        z: Tensor<T, R, R, C>,
        mask: Tensor<R, R>,
        w: TriangleAttention<C, H, D>,
    ) -> Tensor<T, R, R, C> {
        let update = attend_starting(transpose(z, 1, 2), transpose(mask, 0, 1), w);
        transpose(update, 1, 2)
    }

    /// A perceptron with one hidden layer, `N` times as wide.
    pub struct Transition<const C: usize, const N: usize> {
        layer_norm: LayerNorm<C>,
        linear_1: Linear<C, { N * C }>,
        linear_2: Linear<{ N * C }, C>,
    }

    /// The transition of each element (algorithms 9 and 15); masked where the model says so.
    pub fn transition<const C: usize, const N: usize>(
        x: Tensor<A, B, C>,
        mask: Tensor<A, B>,
        masked: bool,
        w: Transition<C, N>,
    ) -> Tensor<A, B, C> {
        let y = linear(relu(linear(layer_norm(x, w.layer_norm), w.linear_1)), w.linear_2);
        if masked { y * mask } else { y }
    }
}
