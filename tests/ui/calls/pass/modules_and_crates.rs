//! Functions, structs and axes of other modules and crates, methods, named arguments.

#[crease::model]
mod triangle {
    pub type R = Axis;
    pub const C: usize = 64;

    pub struct Outgoing {
        linear_p: Linear<C, C>,
        linear_g: Linear<C, C>,
    }

    fn gate(z: Tensor<R, R, C>, w: Outgoing) -> Tensor<R, R, C> {
        sigmoid(linear(z, w.linear_g))
    }

    /// The update of an edge.
    pub fn update(z: Tensor<R, R, C>, mask: Tensor<R, R>, w: Outgoing) -> Tensor<R, R, C> {
        let p = linear(z, w.linear_p) * unsqueeze(mask, 2);
        einsum("ikc,jkc->ijc", p, p) * gate(z, w)
    }
}

#[crease::model]
mod trunk {
    use super::triangle::{C, Outgoing as Update, R, update as outgoing};
    use crease_tests::pooling::pooled;

    pub struct Trunk {
        out: Update,
    }

    #[budget("4 GiB", R = 64)]
    pub fn run(z: Tensor<R, R, C>, mask: Tensor<R, R>, w: Trunk) -> (Tensor<R, R, C>, Tensor<R, C>) {
        let z = z + outgoing(z, w = w.out, mask = mask);
        (z, pooled(z).relu())
    }
}

fn main() {
    let model = trunk::run();
    let signature = model.signature().expect("a signature");
    let outputs: Vec<usize> = signature.outputs.iter().map(|output| output.shape.len()).collect();
    assert_eq!(outputs, [3, 2]);
    let names: Vec<&str> = signature.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(names[0], "out.linear_p.weight");
    let graph = model.elaborate(&Default::default(), &Default::default()).expect("a graph").graph;
    assert_eq!(graph.outputs.len(), 2);
}
