//! Names of the parameters of layers.

/// The name of a layered parameter: each `{}` replaced by a layer's number, outermost first.
pub fn layer_name(name: &str, layers: &[u64]) -> String {
    layers.iter().fold(name.to_string(), |text, layer| text.replacen("{}", &layer.to_string(), 1))
}

/// The name of a layered parameter in a checkpoint that stacks its layers: without the `{}`.
pub fn stacked_name(name: &str) -> String {
    name.replace("{}.", "").replace(".{}", "")
}
