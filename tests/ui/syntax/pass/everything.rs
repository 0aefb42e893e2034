//! Documentation, raw names, methods, blocks, tuples: what Rust and a model share.

/// Gated transitions.
#[crease::model]
pub mod everything {
    /// Residues.
    pub type R = Axis;
    /// Channels.
    const C: usize = 64;
    /// Whether there is a gate.
    const GATED: bool = true;
    /// Keeps a quotient finite.
    const EPS: f32 = 1e-8;

    /// A layer and its gate.
    pub struct Layer<const I: usize, const O: usize> {
        /// The layer.
        linear: Linear<I, O>,
        /// What a checkpoint calls `type`.
        r#type: Linear<I, O>,
    }

    // A function of the module alone.
    fn gate<const I: usize, const O: usize>(x: Tensor<R, I>, w: Layer<I, O>) -> Tensor<R, O> {
        return x.linear(w.r#type).sigmoid();
    }

    /// A layer with a gate.
    #[rustfmt::skip]
    pub fn gated(x: Tensor<R, C>, w: Layer<C, { 2 * C }>) -> (Tensor<R, { 2 * C }>, Tensor<R>) {
        let mut y = linear(x, w.linear);
        if GATED && C > 1 {
            y *= gate(x, w);
        }
        let (_, size) = (x, { sum(y * y, over = 1) });
        (y / (sqrt(unsqueeze(size, 1)) + EPS), -size)
    }
}

fn main() {
    let signature = everything::gated().signature().expect("a signature");
    assert_eq!(signature.doc, "A layer with a gate.");
    let names: Vec<&str> = signature.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(names, ["linear.weight", "linear.bias", "type.weight", "type.bias"]);
    let graph = everything::gated().elaborate(&Default::default(), &Default::default()).expect("a graph").graph;
    assert_eq!(graph.outputs.len(), 2);
}
