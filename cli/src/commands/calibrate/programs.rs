//! The programs that are timed, as a user would build them. Their shapes are literals, so building cannot fail.

use crease_core::builder::{Builder, EinsumSpec, Fault};
use crease_core::ir::{Binary, Extent, Graph, Unary, ValueId};

/// Builds a program of one output.
fn program(build: impl FnOnce(&mut Builder) -> Result<ValueId, Fault>) -> Graph {
    let mut builder = Builder::new("calibrate");
    let output = build(&mut builder).expect("the shapes of a calibration agree");
    builder.output("output", output);
    builder.finish()
}

fn shape<const N: usize>(extents: [u64; N]) -> Vec<Extent> {
    extents.map(Extent::literal).to_vec()
}

fn einsum(builder: &mut Builder, text: &str, a: ValueId, b: ValueId) -> Result<ValueId, Fault> {
    builder.einsum(&EinsumSpec::parse(text)?, &[a, b])
}

/// `rows × contracted` times `contracted × columns`.
pub(super) fn product(rows: u64, columns: u64, contracted: u64) -> Graph {
    program(|b| {
        let (x, y) = (b.input("x", shape([rows, contracted])), b.input("y", shape([columns, contracted])));
        einsum(b, "mk,nk->mn", x, y)
    })
}

/// As many products of squares, contracted over few positions.
pub(super) fn products(batch: u64, side: u64, contracted: u64) -> Graph {
    program(|b| {
        let x = b.input("x", shape([batch, contracted, side]));
        let y = b.input("y", shape([batch, contracted, side]));
        einsum(b, "bkm,bkn->bmn", x, y)
    })
}

/// Attention of some heads, with a term added to the logits of all or not.
pub(super) fn attention([heads, queries, keys, channels]: [u64; 4], term: bool) -> Graph {
    program(|b| {
        let q = b.input("q", shape([heads, queries, channels]));
        let k = b.input("k", shape([heads, keys, channels]));
        let v = b.input("v", shape([heads, keys, channels]));
        let mut logits = einsum(b, "hqc,hkc->hqk", q, k)?;
        if term {
            let added = b.input("added", shape([1, queries, keys]));
            logits = b.binary(Binary::Add, logits, added)?;
        }
        let weights = b.softmax(logits, 2)?;
        einsum(b, "hqk,hkc->hqc", weights, v)
    })
}

/// `x + y` of so many elements.
pub(super) fn sum(elements: u64) -> Graph {
    program(|b| {
        let (x, y) = (b.input("x", shape([elements])), b.input("y", shape([elements])));
        b.binary(Binary::Add, x, y)
    })
}

/// A function of each element.
pub(super) fn function(f: Unary, elements: u64) -> Graph {
    program(|b| {
        let x = b.input("x", shape([elements]));
        Ok(b.unary(f, x))
    })
}

/// `functions` simple functions of each element, one after another.
pub(super) fn arithmetic(functions: usize, elements: u64) -> Graph {
    program(|b| {
        let x = b.input("x", shape([elements]));
        let step = |value, k| b.binary(if k % 2 == 0 { Binary::Mul } else { Binary::Add }, value, x);
        (0..functions).try_fold(x, step)
    })
}

/// Softmax of each row.
pub(super) fn softmax(rows: u64, length: u64) -> Graph {
    program(|b| {
        let x = b.input("x", shape([rows, length]));
        b.softmax(x, 1)
    })
}

/// Layer norm of each row.
pub(super) fn normalize(rows: u64, length: u64) -> Graph {
    program(|b| {
        let x = b.input("x", shape([rows, length]));
        let (scale, offset) = (b.input("scale", shape([length])), b.input("offset", shape([length])));
        b.layer_norm(x, Some(scale), Some(offset), 1e-5)
    })
}
