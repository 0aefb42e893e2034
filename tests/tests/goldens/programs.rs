//! The named programs of the goldens: small enough to read, at sizes where memory makes a difference.

use std::collections::BTreeSet;

use crease_core::ir::{Format, Graph, Sizes};
use crease_core::lang::{Model, Options, Settings};
use crease_models::{attention, evoformer, geometry, gpt, structure_module};

/// What is made of the shipped models' parts, and what they have no example of.
#[crease::model]
pub mod small {
    use crease_models::triangle::triangle::{
        Transition, TriangleMultiplication, multiply_outgoing, transition as changed,
    };

    /// Positions, residues or samples.
    type N = Axis;
    /// Another number of them.
    type M = Axis;
    /// Channels.
    const C: usize = 32;
    /// Words that are known.
    const VOCABULARY: usize = 1000;
    /// Layers of a stack.
    const LAYERS: usize = 6;

    /// Triangle multiplication as a residual update.
    pub fn triangle_multiplication(
        z: Tensor<N, N, C>,
        mask: Tensor<N, N>,
        w: TriangleMultiplication<C, C>,
    ) -> Tensor<N, N, C> {
        z + squeeze(multiply_outgoing(unsqueeze(z, 0), mask, w), 0)
    }

    /// A transition as a residual update.
    pub fn transition(x: Tensor<N, M, C>, mask: Tensor<N, M>, w: Transition<C, 4>) -> Tensor<N, M, C> {
        x + changed(x, mask, true, w)
    }

    /// A norm, and two projections that read it.
    pub struct NormLinear {
        norm: LayerNorm<C>,
        key: LinearNoBias<C, { 2 * C }>,
        value: Linear<C, C>,
    }

    /// A norm into the products that read it.
    pub fn norm_linear(x: Tensor<N, C>, w: NormLinear) -> (Tensor<N, { 2 * C }>, Tensor<N, C>) {
        let y = layer_norm(x, w.norm);
        (linear(y, w.key), linear(y, w.value))
    }

    /// A table of vectors.
    pub struct Table {
        words: Tensor<VOCABULARY, C>,
        places: Tensor<VOCABULARY, C>,
    }

    /// The vectors of words and of their places, one after the other.
    pub fn lookup(words: Tensor<N>, w: Table) -> Tensor<N, { 2 * C }> {
        let place = slice(w.places, 0, 0, N);
        concat(gather(w.words, 0, words), place, axis = 1)
    }

    /// A perceptron.
    pub struct Perceptron {
        first: Linear<C, { 8 * C }>,
        second: Linear<{ 8 * C }, { 8 * C }>,
        third: Linear<{ 8 * C }, C>,
    }

    /// A perceptron with two hidden layers.
    pub fn perceptron(x: Tensor<N, C>, w: Perceptron) -> Tensor<N, C> {
        linear(gelu(linear(gelu(linear(x, w.first)), w.second)), w.third)
    }

    /// One layer of a stack.
    pub struct Layer {
        norm: LayerNorm<C>,
        inner: Linear<C, { 4 * C }>,
        outer: Linear<{ 4 * C }, C>,
    }

    /// A stack of layers.
    pub struct Stack {
        layers: [Layer; LAYERS],
    }

    /// Residual layers, whose weights are held or streamed.
    pub fn stack_of_layers(mut x: Tensor<N, C>, w: Stack) -> Tensor<N, C> {
        for layer in w.layers {
            x = x + linear(relu(linear(layer_norm(x, layer.norm), layer.inner)), layer.outer);
        }
        x
    }

    /// Sums and a maximum over samples, of what is computed for each: folds that accumulate.
    pub fn folds(x: Tensor<N, C>, y: Tensor<N, C>) -> (Tensor<C, C>, Tensor<C>) {
        let a = exp(x * 0.5) + y;
        let b = tanh(y) * x;
        (einsum("nc,nd->cd", a, b), max(a, over = 0))
    }

    /// Attention of a few queries to many keys, which come slice by slice.
    pub fn many_keys(q: Tensor<M, C>, x: Tensor<N, C>, w: NormLinear) -> Tensor<M, C> {
        let y = layer_norm(x, w.norm);
        let kv = linear(y, w.key);
        let k = slice(kv, 1, 0, C);
        let v = slice(kv, 1, C, 2 * C);
        einsum("ij,jc->ic", softmax(einsum("ic,jc->ij", q, k), over = 1), v)
    }
}

/// A program at a size.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) graph: Graph,
    pub(crate) sizes: Sizes,
}

/// A model with constants, sizes of axes and options.
#[derive(Clone, Copy)]
struct Given<'a> {
    settings: &'a [(&'a str, u64)],
    axes: &'a [(&'a str, u64)],
    ones: &'a [&'a str],
    precision: Option<Format>,
}

impl Given<'_> {
    fn program(&self, name: &'static str, model: &Model) -> Program {
        let settings = self.settings.iter().fold(Settings::new(), |all, (name, value)| all.with(*name, *value));
        let ones: BTreeSet<String> = self.ones.iter().map(ToString::to_string).collect();
        let options = Options { ones, precision: self.precision, ..Options::default() };
        let made = model.elaborate(&settings, &options).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut sizes = made.sizes;
        sizes.extend(self.axes.iter().map(|(axis, size)| (axis.to_string(), *size)));
        Program { name, graph: made.graph, sizes }
    }
}

/// Every named program.
pub(crate) fn programs() -> Vec<Program> {
    let plain = Given { settings: &[], axes: &[], ones: &[], precision: None };
    let pairs = Given { axes: &[("N", 256)], ..plain };
    let alignment = Given {
        settings: &[("C_M", 32), ("C_Z", 16), ("C_HIDDEN_MSA", 8), ("HEADS_MSA", 4)],
        axes: &[("S", 64), ("R", 128)],
        ..plain
    };
    let points = Given { settings: &[("C_S", 48), ("C_Z", 32), ("HEADS_IPA", 4)], axes: &[("R", 200)], ..plain };
    let rows = Given { axes: &[("N", 20_000)], ..plain };
    let grid = Given { axes: &[("N", 128), ("M", 256)], ..plain };
    let masked = Given { ones: &["mask"], ..alignment };
    vec![
        pairs.program("triangle_multiplication", &small::triangle_multiplication()),
        alignment.program("row_attention", &evoformer::evoformer::attend_rows()),
        masked.program("row_attention_unmasked", &evoformer::evoformer::attend_rows()),
        Given { axes: &[("B", 300), ("N", 200), ("C", 32), ("H", 4), ("D", 8)], ..plain }
            .program("global_attention", &attention::attention::attend_globally()),
        Given { settings: &[("C_Z", 16), ("C_HIDDEN_OPM", 8)], axes: &[("S", 64), ("R", 128), ("C", 32)], ..plain }
            .program("outer_product_mean", &evoformer::pair::outer_product_mean()),
        grid.program("transition", &small::transition()),
        Given { precision: Some(Format::Bf16), ..grid }.program("transition_bf16", &small::transition()),
        Given { settings: &[("HEADS", 4), ("D", 16)], axes: &[("N", 2000)], ..plain }
            .program("gpt_block", &gpt::gpt::gpt_block()),
        points.program("point_attention", &structure_module::structure_module::attend_points()),
        Given { axes: &[("R", 500)], ..plain }.program("rotations", &geometry::geometry::rotations()),
        rows.program("norm_linear", &small::norm_linear()),
        Given { axes: &[("N", 900)], ..plain }.program("lookup", &small::lookup()),
        rows.program("perceptron", &small::perceptron()),
        Given { axes: &[("N", 4000)], ..plain }.program("stack_of_layers", &small::stack_of_layers()),
        rows.program("folds", &small::folds()),
        Given { axes: &[("N", 20_000), ("M", 64)], ..plain }.program("many_keys", &small::many_keys()),
    ]
}
