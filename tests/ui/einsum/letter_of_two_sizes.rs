//! Outgoing edges share their second residue; `k` stands for a residue and for channels here.

#[crease::model]
mod triangle {
    type S = Axis;
    type R = Axis;
    const C: usize = 128;

    pub fn as_text(a: Tensor<S, R, C>, b: Tensor<S, R, C>) -> Tensor<R, R, C> {
        einsum("sic,sjk->ijc", sigmoid(a), b) * einsum("ikc,jck->ijc", a, b)
    }

    pub fn as_tokens(a: Tensor<S, R, C>, b: Tensor<S, R, C>) -> Tensor<R, R, C> {
        einsum!([i, j, c] = a[s, i, c] * b[j, s, c])
    }
}

fn main() {}
