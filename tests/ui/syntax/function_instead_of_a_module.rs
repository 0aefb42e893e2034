//! A model is a module, so that it sees its axes.

#[crease::model]
fn softmaxed() {}

fn main() {}
