//! The oracle: what a graph means, in 64-bit floats and plain loops. It knows nothing of plans.
//!
//! For tests: no code that a user runs calls it.

use std::collections::BTreeMap;

use crate::ir::{
    Access, AxisRef, Expr, ExtentError, Graph, Index, Instr, Node, Norm, Op, PerValue, RowOp, Sizes, layer_name,
};

/// A dense tensor, row-major.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Tensor {
    /// The extent of each axis.
    pub shape: Vec<u64>,
    /// The elements, last axis fastest.
    pub data: Vec<f64>,
}

/// Why a graph could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OracleError {
    /// A size is missing or invalid.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// An input or weight is missing or has another shape.
    #[error("`{name}` must be a tensor of shape {expected:?}, found {found:?}")]
    Tensor {
        /// Which.
        name: String,
        /// Its shape under the sizes.
        expected: Vec<u64>,
        /// The shape given, if any.
        found: Option<Vec<u64>>,
    },
}

impl Tensor {
    /// A tensor of one value.
    pub fn filled(shape: Vec<u64>, value: f64) -> Tensor {
        let count: u64 = shape.iter().product();
        Tensor { data: vec![value; count as usize], shape }
    }
}

/// Named tensors.
pub type Tensors = BTreeMap<String, Tensor>;

/// Evaluates a graph. `tensors` holds inputs and weights by name.
///
/// # Errors
/// A missing size, or a missing or misshapen tensor.
pub fn evaluate(graph: &Graph, sizes: &Sizes, tensors: &Tensors) -> Result<Tensors, OracleError> {
    let inputs: Vec<&Tensor> =
        graph.inputs.iter().map(|p| find(tensors, &p.name, &graph.shape(p.value, sizes)?)).collect::<Result<_, _>>()?;
    let inputs = inputs.into_iter().cloned().collect();
    let outputs = run(graph, sizes, inputs, tensors, &[])?;
    Ok(graph.outputs.iter().map(|p| p.name.clone()).zip(outputs).collect())
}

fn find<'a>(tensors: &'a Tensors, name: &str, shape: &[u64]) -> Result<&'a Tensor, OracleError> {
    match tensors.get(name) {
        Some(tensor) if tensor.shape == shape => Ok(tensor),
        other => {
            let found = other.map(|t| t.shape.clone());
            Err(OracleError::Tensor { name: name.into(), expected: shape.to_vec(), found })
        }
    }
}

fn run(
    graph: &Graph,
    sizes: &Sizes,
    inputs: Vec<Tensor>,
    tensors: &Tensors,
    layers: &[u64],
) -> Result<Vec<Tensor>, OracleError> {
    let mut values = graph.per_value(Tensor::default());
    for (port, tensor) in graph.inputs.iter().zip(inputs) {
        values[port.value] = tensor;
    }
    for port in &graph.params {
        let shape = graph.shape(port.value, sizes)?;
        values[port.value] = find(tensors, &layer_name(&port.name, layers), &shape)?.clone();
    }
    for node in graph.nodes.values() {
        if let Op::Repeat(repeat) = &node.op {
            let mut state: Vec<Tensor> = node.operands.iter().map(|o| values[o.value].clone()).collect();
            for layer in 0..repeat.count.eval(sizes)? {
                let layers: Vec<u64> = layers.iter().copied().chain([layer]).collect();
                let next = run(&repeat.body, sizes, state.clone(), tensors, &layers)?;
                state.splice(..repeat.carried, next);
            }
            for (result, tensor) in node.results.iter().zip(state) {
                values[result.value] = tensor;
            }
            continue;
        }
        let shape = graph.shape(node.result().value, sizes)?;
        let extents = node.indices.iter().map(|e| e.eval(sizes)).collect::<Result<Vec<_>, _>>()?;
        values[node.result().value] = evaluate_node(node, &extents, &shape, &values, sizes)?;
    }
    Ok(graph.outputs.iter().map(|p| values[p.value].clone()).collect())
}

/// Calls `each` with every point of the given indices, the last one fastest; the others stay as they are.
fn for_points(extents: &[u64], over: &[Index], point: &mut [u64], each: &mut dyn FnMut(&[u64])) {
    match over.split_first() {
        None => each(point),
        Some((&first, rest)) => {
            for position in 0..extents[first] {
                point[first] = position;
                for_points(extents, rest, point, each);
            }
        }
    }
}

fn offset(access: &Access, shape: &[u64], extents: &[u64], point: &[u64], sizes: &Sizes) -> usize {
    let mut offset = 0;
    for (axis, extent) in access.axes.iter().zip(shape) {
        let position = match axis {
            AxisRef::Index(i) => point[*i],
            AxisRef::Unit => 0,
            AxisRef::Joined(o, i) => point[*o] * extents[*i] + point[*i],
            AxisRef::Shifted(i, start) => point[*i] + start.eval(sizes).expect("a bound graph"),
        };
        offset = offset * extent + position;
    }
    offset as usize
}

fn evaluate_node(
    node: &Node,
    extents: &[u64],
    shape: &[u64],
    values: &PerValue<Tensor>,
    sizes: &Sizes,
) -> Result<Tensor, OracleError> {
    let result = node.result();
    for access in &node.operands {
        for (axis, &size) in access.axes.iter().zip(&values[access.value].shape) {
            if let AxisRef::Shifted(i, start) = axis
                && start.eval(sizes)? + extents[*i] > size
            {
                return Err(
                    ExtentError::OutOfRange(format!("{start} + {}", extents[*i]), "beyond the axis".into()).into()
                );
            }
        }
    }
    let mut out = Tensor::filled(shape.to_vec(), 0.0);
    let place = |point: &[u64]| offset(result, shape, extents, point, sizes);
    let read = |k: usize, point: &[u64]| {
        let access = &node.operands[k];
        let tensor = &values[access.value];
        tensor.data.get(offset(access, &tensor.shape, extents, point, sizes)).copied().unwrap_or(f64::NAN)
    };
    let scalar = |expr: &Expr, point: &[u64], row: &[f64]| scalar(expr, node, point, extents, row, sizes, &read);
    let kept: Vec<Index> = (0..extents.len()).filter(|&i| result.mentions(i)).collect();
    let gone: Vec<Index> = (0..extents.len()).filter(|&i| !result.mentions(i)).collect();
    let mut point = vec![0; extents.len()];
    match &node.op {
        Op::Pointwise(expr) => {
            for_points(extents, &kept, &mut point, &mut |p| out.data[place(p)] = scalar(expr, p, &[]))
        }
        Op::View => for_points(extents, &kept, &mut point, &mut |p| out.data[place(p)] = read(0, p)),
        Op::Contract(contraction) => for_points(extents, &kept, &mut point, &mut |p| {
            let mut row = Vec::new();
            for_points(extents, &gone, &mut p.to_vec(), &mut |q| row.push(read(0, q)));
            if let Some(Norm { epsilon, .. }) = contraction.norm {
                row = transform(RowOp::Normalize { epsilon }, &row);
            }
            let [scale, offset] = contraction.affine();
            let mut sums = vec![0.0; contraction.sums];
            let mut elements = row.into_iter();
            for_points(extents, &gone, &mut p.to_vec(), &mut |q| {
                let x = elements.next().expect("one element a point");
                let x = x * scale.map_or(1.0, |k| read(k, q)) + offset.map_or(0.0, |k| read(k, q));
                sums.iter_mut().enumerate().for_each(|(s, sum)| *sum += x * read(1 + s, q));
            });
            out.data[place(p)] = scalar(&contraction.after, p, &sums);
        }),
        Op::Attend { factor, key, inner, causal, .. } => for_points(extents, &kept, &mut point, &mut |p| {
            let (mut logits, mut values) = (Vec::new(), Vec::new());
            for_points(extents, &[*key], &mut p.to_vec(), &mut |at| {
                if causal.is_some_and(|query| at[*key] > at[query]) {
                    return;
                }
                let mut logit = (3..node.operands.len()).map(|k| read(k, at)).sum::<f64>();
                let factor = scalar(factor, at, &[]);
                for_points(extents, &[*inner], &mut at.to_vec(), &mut |q| logit += factor * read(0, q) * read(1, q));
                logits.push(logit);
                values.push(read(2, at));
            });
            let weights = transform(RowOp::Softmax, &logits);
            out.data[place(p)] = weights.iter().zip(&values).map(|(w, v)| w * v).sum();
        }),
        Op::Rows { before, row, over, after } => {
            let outer: Vec<Index> = kept.iter().copied().filter(|i| !over.contains(i)).collect();
            for_points(extents, &outer, &mut point, &mut |p| {
                let mut elements = Vec::new();
                for_points(extents, over, &mut p.to_vec(), &mut |q| elements.push(scalar(before, q, &[])));
                if row.consumes() {
                    out.data[place(p)] = scalar(after, p, &[fold(*row, &elements)]);
                    return;
                }
                let mut done = transform(*row, &elements).into_iter();
                for_points(extents, over, &mut p.to_vec(), &mut |q| {
                    out.data[place(q)] = scalar(after, q, &[done.next().expect("one element a point")]);
                });
            });
        }
        Op::Concat { along } => {
            let mut start = 0;
            for (k, operand) in node.operands.iter().enumerate() {
                let axis = result.axis_of(*along).expect("a concatenation's index is in its result");
                let AxisRef::Index(own) = operand.axes[axis] else { unreachable!("checked by the spec") };
                let over: Vec<Index> = kept.iter().map(|&i| if i == *along { own } else { i }).collect();
                for_points(extents, &over, &mut point, &mut |p| {
                    let mut q = p.to_vec();
                    q[*along] = start + p[own];
                    out.data[place(&q)] = read(k, p);
                });
                start += extents[own];
            }
        }
        Op::Repeat(_) => unreachable!("a repeat is evaluated layer by layer"),
    }
    Ok(out)
}

fn fold(row: RowOp, elements: &[f64]) -> f64 {
    match row {
        RowOp::Max => elements
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }),
        _ => elements.iter().sum(),
    }
}

fn transform(row: RowOp, elements: &[f64]) -> Vec<f64> {
    let count = elements.len() as f64;
    match row {
        RowOp::Normalize { epsilon } => {
            let mean = elements.iter().sum::<f64>() / count;
            let variance = elements.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
            elements.iter().map(|x| (x - mean) / (variance + epsilon).sqrt()).collect()
        }
        _ => {
            let max = fold(RowOp::Max, elements);
            let exps: Vec<f64> = elements.iter().map(|x| libm::exp(x - max)).collect();
            let sum: f64 = exps.iter().sum();
            exps.iter().map(|e| e / sum).collect()
        }
    }
}

fn scalar(
    expr: &Expr,
    node: &Node,
    point: &[u64],
    extents: &[u64],
    rows: &[f64],
    sizes: &Sizes,
    read: &dyn Fn(usize, &[u64]) -> f64,
) -> f64 {
    let mut leaf = |leaf: &Instr, places: &[f64]| {
        Some(match leaf {
            Instr::Load(k) => read(*k, point),
            Instr::Const(x) => *x,
            Instr::Size(extent) => extent.eval(sizes).expect("a bound graph") as f64,
            Instr::Position(i) => point[*i] as f64,
            Instr::Gather { source, at } => {
                let free =
                    (0..extents.len()).find(|&i| !node.result().mentions(i) && node.operands[*source].mentions(i));
                let free = free.expect("a gathered operand has an index of its own");
                let position = places[*at];
                if position >= 0.0 && position < extents[free] as f64 {
                    let mut there = point.to_vec();
                    there[free] = position as u64;
                    read(*source, &there)
                } else {
                    f64::NAN
                }
            }
            Instr::Row(k) => rows[*k],
            Instr::Unary(..) | Instr::Binary(..) | Instr::Select(..) => return None,
        })
    };
    expr.value(&mut leaf).expect("every leaf of a bound graph has a value")
}
