//! Sizes that tensors at hand imply: axes from inputs, widths from weights.

use crease_core::ir::{Extent, Sizes};
use crease_core::lang::ast::Literal;
use crease_models::checkpoint::{Checkpoint, TensorFile};

use super::model::Chosen;

/// An extent as people write it.
pub(crate) fn shown(shape: &[Extent]) -> String {
    let parts: Vec<String> = shape.iter().map(Extent::to_string).collect();
    format!("[{}]", parts.join(", "))
}

/// What is known of sizes, and what must hold.
#[derive(Debug, Default)]
pub(crate) struct Equations {
    known: Sizes,
    open: Vec<(Extent, u64)>,
}

impl Equations {
    /// With the settings that the user gave.
    pub(crate) fn new(chosen: &Chosen) -> Equations {
        let sizes = chosen.settings.iter().filter_map(|(name, value)| match value {
            Literal::Size(size) => Some((name.to_string(), size)),
            _ => None,
        });
        Equations { known: sizes.collect(), open: Vec::new() }
    }

    /// A tensor has this shape. One of another rank says nothing; it is refused where shapes are checked.
    pub(crate) fn shape(&mut self, extents: &[Extent], found: &[usize]) {
        if extents.len() == found.len() {
            self.open.extend(extents.iter().cloned().zip(found.iter().map(|n| *n as u64)));
        }
    }

    /// The inputs that a file has, under a prefix.
    pub(crate) fn inputs(&mut self, chosen: &Chosen, file: &TensorFile, prefix: &str) {
        for input in &chosen.signature.inputs {
            if let Some(found) = file.shape(&file.input(prefix, &input.name)) {
                self.shape(&input.shape, found);
            }
        }
    }

    /// The parameters that a checkpoint has, and how many layers of them.
    pub(crate) fn weights(&mut self, chosen: &Chosen, checkpoint: &Checkpoint) {
        for parameter in &chosen.signature.parameters {
            if let Some((shape, layers)) = checkpoint.shape(parameter) {
                self.shape(&parameter.shape, &shape);
                self.open.extend(parameter.counts.iter().cloned().zip(layers));
            }
        }
    }

    /// Every size that follows. Where the equations disagree the first ones win.
    pub(crate) fn solve(mut self) -> Sizes {
        loop {
            let before = self.known.len();
            for (extent, size) in &self.open {
                if let Some((symbol, value)) = solution(extent, *size, &self.known) {
                    self.known.insert(symbol, value);
                }
            }
            if self.known.len() == before {
                return self.known;
            }
        }
    }
}

/// The one unknown symbol of an extent that is linear in it, and its value.
fn solution(extent: &Extent, size: u64, known: &Sizes) -> Option<(String, u64)> {
    let mut unknown = extent.symbols().filter(|s| !known.contains_key(*s));
    let symbol = unknown.next()?.to_string();
    if unknown.next().is_some() {
        return None;
    }
    let at = |value: u64| {
        let mut sizes: Sizes = known.clone();
        sizes.insert(symbol.clone(), value);
        extent.eval(&sizes).ok()
    };
    let (zero, one, two) = (at(0)?, at(1)?, at(2)?);
    let slope = one.checked_sub(zero)?;
    if slope == 0 || two.checked_sub(one) != Some(slope) {
        return None;
    }
    let rest = size.checked_sub(zero)?;
    rest.is_multiple_of(slope).then_some((symbol, rest / slope))
}

/// Takes inferred constants as settings, and gives the axes' sizes.
pub(crate) fn adopt(chosen: &mut Chosen, found: &Sizes) -> Sizes {
    let sizes: Vec<String> = chosen.signature.settings.iter().map(|c| c.name.text.clone()).collect();
    for name in sizes {
        let size = found.get(&name).copied();
        if let (Some(size), Some(Literal::Size(_)), false) = (size, chosen.default_of(&name), chosen.is_set(&name)) {
            chosen.settings.set(name, size);
        }
    }
    let axes = chosen.signature.axes.iter().map(|a| a.name.text.clone());
    axes.filter_map(|axis| found.get(&axis).map(|size| (axis, *size))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(extents: &[(Extent, u64)], expected: &[(&str, u64)]) {
        let equations = Equations { known: Sizes::new(), open: extents.to_vec() };
        let expected: Sizes = expected.iter().map(|(n, v)| ((*n).to_string(), *v)).collect();
        assert_eq!(equations.solve(), expected);
    }

    #[test]
    fn sizes_follow_from_shapes() {
        let (c, h, d): (Extent, Extent, Extent) = ("C".into(), "H".into(), "D".into());
        check(&[(h.clone() * d.clone(), 32), (h.clone(), 4)], &[("H", 4), ("D", 8)]);
        check(&[(c.clone() * 4.into(), 32)], &[("C", 8)]);
        check(&[(c.clone() * 2.into() + 1.into(), 65)], &[("C", 32)]);
        // Squares, products of unknowns and odd halves stay open.
        check(&[(c.clone() * c.clone(), 64)], &[]);
        check(&[(h * d, 32)], &[]);
        check(&[(c * 2.into(), 33)], &[]);
    }
}
