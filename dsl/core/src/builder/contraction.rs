//! einsum and linear.

use super::arithmetic::Arg;
use super::fault::{Fault, FaultKind};
use super::graph::Builder;
use crate::ir::{Access, AxisRef, Binary, Expr, Extent, Instr, Op, RowOp, ValueId, shape_text};

/// `ikc,jkc->ijc`: the letters of each operand and of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EinsumSpec {
    /// Letters of each operand, one per axis.
    pub operands: Vec<Vec<String>>,
    /// Letters of the result.
    pub result: Vec<String>,
}

impl EinsumSpec {
    /// Reads `ikc,jkc->ijc`; spaces are ignored.
    ///
    /// # Errors
    /// No single `->`, or a character that is not a letter.
    pub fn parse(text: &str) -> Result<EinsumSpec, Fault> {
        let syntax = |message: String| {
            Fault::new(FaultKind::EinsumSyntax, message)
                .help("write it as \"ikc,jkc->ijc\": the letters of each operand, `->`, the letters of the result")
        };
        let (left, right) =
            text.split_once("->").ok_or_else(|| syntax(format!("einsum \"{text}\" has no `->` with a result")))?;
        let letters = |part: &str| -> Result<Vec<String>, Fault> {
            let part = part.chars().filter(|c| !c.is_whitespace());
            part.map(|c| {
                let good = c.is_alphabetic();
                if good {
                    Ok(c.to_string())
                } else {
                    Err(syntax(format!("einsum \"{text}\" has `{c}` where a letter is expected")))
                }
            })
            .collect()
        };
        let operands = left.split(',').map(letters).collect::<Result<Vec<_>, _>>()?;
        Ok(EinsumSpec { operands, result: letters(right)? })
    }
}

impl Builder {
    /// The product of the operands, summed over the letters that the result lacks. More than two
    /// operands are contracted from the left.
    ///
    /// # Errors
    /// Letters that do not fit the operands or each other.
    pub fn einsum(&mut self, spec: &EinsumSpec, operands: &[ValueId]) -> Result<ValueId, Fault> {
        self.check_einsum(spec, operands)?;
        let mut letters = spec.operands[0].clone();
        let mut value = operands[0];
        let diagonal = |names: &[String]| (1..names.len()).any(|k| names[..k].contains(&names[k]));
        // A repeated letter takes the diagonal, and letters of one operand alone are summed first.
        let needed = |letter: &String, from: usize| {
            spec.result.contains(letter) || spec.operands[from..].iter().any(|o| o.contains(letter))
        };
        if diagonal(&letters) || operands.len() == 1 || letters.iter().any(|l| !needed(l, 1)) {
            let keep: Vec<String> =
                if operands.len() == 1 { spec.result.clone() } else { unique(&letters, |l| needed(l, 1)) };
            value = self.reduce_letters(value, &letters, &keep);
            letters = keep;
        }
        for k in 1..operands.len() {
            let (mut right, mut names) = (operands[k], spec.operands[k].clone());
            let wanted = |l: &String| letters.contains(l) || needed(l, k + 1);
            if diagonal(&names) || names.iter().any(|l| !wanted(l)) {
                let keep = unique(&names, wanted);
                right = self.reduce_letters(right, &names, &keep);
                names = keep;
            }
            let all: Vec<String> = unique(&letters.iter().chain(&names).cloned().collect::<Vec<_>>(), |_| true);
            let result: Vec<String> = if k + 1 == operands.len() {
                spec.result.clone()
            } else {
                all.iter().filter(|l| needed(l, k + 1)).cloned().collect()
            };
            value = self.product(value, &letters, right, &names, &result);
            letters = result;
        }
        Ok(value)
    }

    fn check_einsum(&self, spec: &EinsumSpec, operands: &[ValueId]) -> Result<(), Fault> {
        if spec.operands.len() != operands.len() {
            let text = format!("the einsum has {} operands, found {}", spec.operands.len(), operands.len());
            return Err(Fault::new(FaultKind::EinsumRank, text));
        }
        let mut extents: Vec<(&String, &Extent, usize)> = Vec::new();
        for (k, (letters, &value)) in spec.operands.iter().zip(operands).enumerate() {
            let shape = self.shape(value);
            if letters.len() != shape.len() {
                let text = format!(
                    "operand `{}` has {} axes {}, but the einsum gives it {} letters `{}`",
                    self.graph().values[value].name,
                    shape.len(),
                    shape_text(shape),
                    letters.len(),
                    letters.concat()
                );
                return Err(Fault::new(FaultKind::EinsumRank, text).at(k));
            }
            for (letter, extent) in letters.iter().zip(shape) {
                match extents.iter().find(|(l, ..)| *l == letter) {
                    Some((_, known, first)) if *known != extent => {
                        let text =
                            format!("letter `{letter}` is {known} in operand {first} and {extent} in operand {k}");
                        return Err(Fault::new(FaultKind::EinsumExtent, text).at(k).letter(letter));
                    }
                    Some(_) => {}
                    None => extents.push((letter, extent, k)),
                }
            }
        }
        for (position, letter) in spec.result.iter().enumerate() {
            let text = if spec.result[..position].contains(letter) {
                format!("letter `{letter}` occurs twice in the result")
            } else if extents.iter().any(|(l, ..)| *l == letter) {
                continue;
            } else {
                format!("letter `{letter}` of the result is in no operand")
            };
            return Err(Fault::new(FaultKind::EinsumLetter, text).letter(letter));
        }
        Ok(())
    }

    /// Sums (and takes diagonals) so that exactly `keep` remain.
    fn reduce_letters(&mut self, value: ValueId, letters: &[String], keep: &[String]) -> ValueId {
        let all = unique(letters, |_| true);
        let (names, over): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|l| keep.contains(l));
        let order: Vec<String> = keep.iter().chain(&over).cloned().collect();
        debug_assert_eq!(names.len(), keep.len());
        let place = |l: &String| order.iter().position(|x| x == l).expect("every letter has a place");
        let indices = self.extents(&order, &[(letters, value)]);
        let access = Access { value, axes: letters.iter().map(|l| AxisRef::Index(place(l))).collect() };
        let result = (0..keep.len()).map(AxisRef::Index).collect();
        let op = if over.is_empty() {
            if keep.len() == letters.len() { Op::View } else { Op::Pointwise(Expr::load(0)) }
        } else {
            Op::Rows {
                before: Expr::load(0),
                row: RowOp::Sum,
                over: (keep.len()..order.len()).collect(),
                after: Expr::row(),
            }
        };
        self.node(op, vec![access], indices, result)
    }

    /// A product of two; a contraction where letters are summed, arithmetic where none are.
    fn product(
        &mut self,
        a: ValueId,
        a_letters: &[String],
        b: ValueId,
        b_letters: &[String],
        result: &[String],
    ) -> ValueId {
        let all = unique(&result.iter().chain(a_letters).chain(b_letters).cloned().collect::<Vec<_>>(), |_| true);
        let place = |l: &String| all.iter().position(|x| x == l).expect("every letter has a place");
        let indices = self.extents(&all, &[(a_letters, a), (b_letters, b)]);
        let access = |value, letters: &[String]| Access {
            value,
            axes: letters.iter().map(|l| AxisRef::Index(place(l))).collect(),
        };
        let operands = vec![access(a, a_letters), access(b, b_letters)];
        let axes = (0..result.len()).map(AxisRef::Index).collect();
        let op = if all.len() > result.len() {
            Op::contract()
        } else {
            let mut expr = Expr(vec![Instr::Load(0), Instr::Load(1)]);
            expr.push(Instr::Binary(Binary::Mul, 0, 1));
            Op::Pointwise(expr)
        };
        self.node(op, operands, indices, axes)
    }

    fn extents(&self, letters: &[String], from: &[(&[String], ValueId)]) -> Vec<Extent> {
        let find = |letter: &String| {
            from.iter().find_map(|(names, value)| {
                names.iter().position(|n| n == letter).map(|axis| self.shape(*value)[axis].clone())
            })
        };
        letters.iter().map(|l| find(l).expect("every letter stands in an operand")).collect()
    }

    /// `x · weightᵀ + bias` over the last axis of x; weight is `[out, in]`, as checkpoints keep it.
    ///
    /// # Errors
    /// A weight that is not a matrix, or widths that disagree.
    pub fn linear(&mut self, x: ValueId, weight: ValueId, bias: Option<ValueId>) -> Result<ValueId, Fault> {
        let (input, matrix) = (self.shape(x).to_vec(), self.shape(weight).to_vec());
        let (Some(width), [out, inner]) = (input.last(), matrix.as_slice()) else {
            let text = format!(
                "a linear layer takes x [.., in] and weight [out, in], not {} and {}",
                shape_text(&input),
                shape_text(&matrix)
            );
            return Err(Fault::new(FaultKind::Mismatch, text).at(1));
        };
        if width != inner {
            let text = format!("the layer takes width {inner}, but x {} has width {width}", shape_text(&input));
            return Err(Fault::new(FaultKind::Mismatch, text).at(0));
        }
        let letter = |k: usize| format!("i{k}");
        let rows: Vec<String> = (0..input.len() - 1).map(letter).collect();
        let x_letters: Vec<String> = rows.iter().cloned().chain(["in".to_string()]).collect();
        let result: Vec<String> = rows.into_iter().chain(["out".to_string()]).collect();
        let product = self.product(x, &x_letters, weight, &["out".to_string(), "in".to_string()], &result);
        let Some(bias) = bias else { return Ok(product) };
        if self.shape(bias) != std::slice::from_ref(out) {
            let text =
                format!("the bias is {}, but the result of the layer has width {out}", shape_text(self.shape(bias)));
            return Err(Fault::new(FaultKind::Mismatch, text).at(2));
        }
        self.add_last(product, bias)
    }

    /// Adds a vector along the last axis, however the other axes are named.
    fn add_last(&mut self, x: ValueId, vector: ValueId) -> Result<ValueId, Fault> {
        let vector = self.leading_units(vector, self.shape(x).len())?;
        self.binary(Binary::Add, Arg::Value(x), Arg::Value(vector))
    }
}

/// The letters accepted by the filter, each once, in order.
fn unique(letters: &[String], pass: impl Fn(&String) -> bool) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for letter in letters {
        if pass(letter) && !seen.contains(letter) {
            seen.push(letter.clone());
        }
    }
    seen
}
