//! The table of builtin functions and their parameters.

/// A builtin: its name, its parameters (`?` is optional, `*` takes any number, those after it are given by
/// name), and an example.
pub(super) struct Builtin {
    pub(super) name: &'static str,
    pub(super) params: &'static [&'static str],
    pub(super) usage: &'static str,
}

const fn word(name: &'static str, params: &'static [&'static str], usage: &'static str) -> Builtin {
    Builtin { name, params, usage }
}

#[rustfmt::skip]
pub(super) const WORDS: &[Builtin] = &[
    // Layers.
    word("linear",     &["x", "w", "bias?"],               "linear(x, w.layer)"),
    word("layer_norm", &["x", "w?", "eps?"],               "layer_norm(x, w.norm, eps = 1e-5)"),
    word("softmax",    &["x", "over"],                     "softmax(x, over = AXIS)"),
    word("causal",     &["x", "query", "key"],             "causal(logits, query = AXIS, key = AXIS)"),
    word("einsum",     &["spec", "*"],                     "einsum(\"ikc,jkc->ijc\", a, b)"),
    // Reductions.
    word("sum",        &["x", "over", "keep?"],            "sum(x, over = AXIS)"),
    word("mean",       &["x", "over", "keep?"],            "mean(x, over = AXIS)"),
    word("max",        &["x", "other?", "over?", "keep?"], "max(a, b)` or `max(x, over = AXIS)"),
    word("min",        &["x", "other?", "over?", "keep?"], "min(a, b)` or `min(x, over = AXIS)"),
    // Element by element.
    word("sigmoid",    &["x"],                             "sigmoid(x)"),
    word("relu",       &["x"],                             "relu(x)"),
    word("gelu",       &["x"],                             "gelu(x)"),
    word("exp",        &["x"],                             "exp(x)"),
    word("log",        &["x"],                             "log(x)"),
    word("sqrt",       &["x"],                             "sqrt(x)"),
    word("tanh",       &["x"],                             "tanh(x)"),
    word("erf",        &["x"],                             "erf(x)"),
    word("abs",        &["x"],                             "abs(x)"),
    word("sin",        &["x"],                             "sin(x)"),
    word("cos",        &["x"],                             "cos(x)"),
    word("floor",      &["x"],                             "floor(x)"),
    word("neg",        &["x"],                             "neg(x)"),
    word("recip",      &["x"],                             "recip(x)"),
    word("select",     &["condition", "a", "b"],           "select(condition, a, b)"),
    // Axes.
    word("rearrange",  &["pattern", "x"],                  "rearrange(\"i j (h d) -> h i j d\", x, h = H)"),
    word("permute",    &["x", "order"],                    "permute(x, [1, 0, 2])"),
    word("transpose",  &["x", "a", "b"],                   "transpose(x, 0, 1)"),
    word("unsqueeze",  &["x", "axis"],                     "unsqueeze(x, axis)"),
    word("squeeze",    &["x", "axis"],                     "squeeze(x, axis)"),
    word("split",      &["x", "axis", "into"],             "split(x, axis, [H, D])"),
    word("join",       &["x", "axis"],                     "join(x, axis)"),
    word("slice",      &["x", "axis", "start", "end"],     "slice(x, axis, start, end)"),
    word("pick",       &["x", "axis", "at"],               "pick(x, axis, at)"),
    word("concat",     &["*", "axis"],                     "concat(a, b, axis = 0)"),
    word("stack",      &["*", "axis"],                     "stack(a, b, axis = 0)"),
    word("gather",     &["x", "axis", "at"],               "gather(x, axis, at)"),
    word("one_hot",    &["x", "classes"],                  "one_hot(x, CLASSES)"),
    // Sizes and numbers.
    word("extent",     &["x", "axis"],                     "extent(x, axis)"),
    word("iota",       &["count"],                         "iota(R)"),
    word("positions",  &["count"],                         "positions(R)"),
    word("full",       &["value", "like?", "shape?"],      "full(value, like = x)"),
    word("number",     &["value"],                         "number(FLAG)"),
    // For inspection.
    word("record",     &["name", "x"],                     "record(\"name\", x)"),
    word("Some",       &["value"],                         "Some(x)"),
];

/// Every builtin.
pub(in crate::lang) fn names() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|w| w.name)
}

pub(in crate::lang::elaborate) fn is_builtin(name: &str) -> bool {
    names().any(|n| n == name)
}
