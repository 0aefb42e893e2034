//! A function with two promises, for two lengths, one of them with another width.

#[crease::model]
mod triangle {
    type R = Axis;
    const C: usize = 32;

    pub struct Outgoing {
        linear_a: Linear<C, C>,
        linear_b: Linear<C, C>,
    }

    #[budget("1 GiB", R = 32)]
    #[budget("4 GiB", R = 64, C = 16)]
    pub fn outgoing(z: Tensor<R, R, C>, w: Outgoing) -> Tensor<R, R, C> {
        einsum("ikc,jkc->ijc", linear(z, w.linear_a), linear(z, w.linear_b))
    }
}

fn main() {
    let model = triangle::outgoing();
    let library = model.library().expect("a library");
    let budgets = &library.modules[0].functions[0].budgets;
    let texts: Vec<&str> = budgets.iter().map(|budget| budget.text.as_str()).collect();
    assert_eq!(texts, ["1 GiB", "4 GiB"]);
    let axes = model.signature().expect("a signature").axes;
    assert_eq!(axes.iter().map(|axis| axis.name.text.as_str()).collect::<Vec<_>>(), ["R"]);
}
