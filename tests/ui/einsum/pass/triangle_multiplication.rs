//! Triangle multiplication, as a text and as tokens: one and the same graph.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 128;

    pub fn as_text(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum("ikc,jkc->ijc", a, b)
    }

    pub fn as_tokens(a: Tensor<R, R, C>, b: Tensor<R, R, C>) -> Tensor<R, R, C> {
        einsum!([i, j, c] = a[i, k, c] * b[j, k, c])
    }

    /// A factor may be any call, a sum in parentheses, a field.
    pub fn gated(a: Tensor<R, R, C>, b: Tensor<R, R, C>, gate: Tensor<C>) -> Tensor<R, R> {
        einsum!([i, j] = sigmoid(a)[i, k, c] * (a + b)[j, k, c] * gate[c])
    }
}

fn graph(model: crease::__private::Model) -> String {
    let graph = model.elaborate(&Default::default(), &Default::default()).expect("a graph").graph;
    graph.to_string().lines().skip(1).collect::<Vec<_>>().join("\n")
}

fn main() {
    let (text, tokens) = (graph(triangle::as_text()), graph(triangle::as_tokens()));
    assert_eq!(text, tokens);
    assert!(text.contains("[R, R, C]"), "{text}");
    let gated = triangle::gated().signature().expect("a signature");
    assert_eq!(gated.outputs[0].shape.len(), 2);
}
