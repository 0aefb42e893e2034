//! Random small graphs from a seed, for tests and benches: every operation of the builder, in any order, over
//! axes `A`, `B` and `C`.

use crate::builder::{Builder, EinsumSpec, Fault};
use crate::ir::{Binary, Extent, Graph, Op, Sizes, Unary, ValueId, layer_name};
use crate::oracle::{Tensor, Tensors};

/// The axes of every random graph.
pub const AXES: [&str; 3] = ["A", "B", "C"];
/// Layers of a random loop over layers.
const LAYERS: u64 = 3;

/// Seeded choices; the same seed gives the same on every machine.
#[derive(Clone, Debug)]
pub struct Choices(u64);

impl Choices {
    /// The choices of a seed.
    pub fn new(seed: u64) -> Choices {
        Choices(seed)
    }

    /// 64 random bits (SplitMix64).
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another one; 0 below 0.
    pub fn next(&mut self, below: usize) -> usize {
        (self.bits() % below.max(1) as u64) as usize
    }

    /// A number in -1..1 that 32 bits hold.
    pub fn noise(&mut self) -> f64 {
        f64::from(((self.bits() >> 40) as f32 / (1u64 << 24) as f32 - 0.5) * 2.0)
    }

    /// Extents of the axes: mostly small, sometimes 0 or 1.
    pub fn sizes(&mut self) -> Sizes {
        let mut extent = || match self.next(18) {
            0 => 0,
            1 | 2 => 1,
            3..=5 => 9 + self.next(11) as u64,
            _ => 2 + self.next(7) as u64,
        };
        AXES.iter().map(|axis| ((*axis).to_string(), extent())).collect()
    }
}

/// One more operation on any earlier value.
fn step(b: &mut Builder, values: &mut Vec<ValueId>, c: &mut Choices, param: &mut usize) {
    let x = values[c.next(values.len())];
    let shape = b.shape(x).to_vec();
    let rank = shape.len();
    let axis = c.next(rank);
    let letter = |e: &Extent| e.to_string().to_lowercase();
    let made = match c.next(13) {
        0 => Some(b.unary([Unary::Sigmoid, Unary::Relu, Unary::Tanh, Unary::Neg][c.next(4)], x)),
        1 => {
            let y = values[c.next(values.len())];
            b.binary([Binary::Add, Binary::Mul, Binary::Sub, Binary::Max][c.next(4)], x, y).ok()
        }
        2 | 3 => {
            let y = values[c.next(values.len())];
            let (xs, ys) = (b.shape(x).to_vec(), b.shape(y).to_vec());
            let letters = |s: &[Extent]| s.iter().map(letter).collect::<Vec<_>>();
            let (xl, yl) = (letters(&xs), letters(&ys));
            let unique = |l: &[String]| (1..l.len()).all(|k| !l[..k].contains(&l[k]));
            let mut all = xl.clone();
            all.extend(yl.iter().filter(|l| !xl.contains(l)).cloned());
            let gone = c.next(all.len() + 1);
            let result: Vec<String> =
                all.iter().enumerate().filter(|(k, _)| *k != gone).map(|(_, l)| l.clone()).collect();
            let fine = unique(&xl) && unique(&yl) && result.len() <= 4;
            fine.then(|| b.einsum(&EinsumSpec { operands: vec![xl, yl], result }, &[x, y]).ok()).flatten()
        }
        4 if rank > 1 => b.sum(x, &[axis]).ok(),
        5 if rank > 1 => b.max(x, &[axis]).ok(),
        6 if rank > 0 => b.softmax(x, axis).ok(),
        // A small ε would make 32-bit noise around a row of equal elements as large as an answer.
        7 if rank > 0 => b.layer_norm(x, None, None, 0.05).ok(),
        8 if rank > 1 => {
            let mut order: Vec<usize> = (0..rank).collect();
            order.rotate_left(1 + c.next(rank - 1));
            b.permute(x, &order).ok()
        }
        9 if rank > 0 => {
            *param += 1;
            let (name, width) = (format!("w{param}"), shape[rank - 1].clone());
            let out: Extent = AXES[c.next(3)].into();
            let (weight, bias) = (
                b.param(format!("{name}.weight"), vec![out.clone(), width]),
                b.param(format!("{name}.bias"), vec![out]),
            );
            b.linear(x, weight, Some(bias)).ok()
        }
        10 if rank > 0 && rank < 4 => b.concat(&[x, x], axis).ok(),
        11 if rank > 1 && rank < 4 => b.join(x, c.next(rank - 1)).ok(),
        12 if rank > 0 && rank < 4 => b.mean(x, &[axis]).ok().and_then(|y| {
            if rank == 1 {
                return None;
            }
            let y = b.unsqueeze(y, axis).ok()?;
            b.binary(Binary::Sub, x, y).ok()
        }),
        _ => None,
    };
    if let Some(value) = made.filter(|v| b.shape(*v).len() <= 4) {
        values.push(value);
    }
}

/// A graph of at least `least` operations and fewer than `most`, some of which may come to nothing; with
/// `layers`, some graphs loop over layers.
pub fn graph(c: &mut Choices, (least, most): (usize, usize), layers: bool) -> Graph {
    let mut b = Builder::new("random");
    let mut values = Vec::new();
    for k in 0..1 + c.next(3) {
        let rank = 1 + c.next(3);
        let shape = (0..rank).map(|_| AXES[c.next(3)].into()).collect();
        values.push(b.input(format!("x{k}"), shape));
    }
    let mut param = 0;
    let layered = layers && c.next(4) == 0;
    for _ in 0..least + c.next(most - least) {
        step(&mut b, &mut values, c, &mut param);
    }
    if layered {
        let (carried, other) = (values[c.next(values.len())], values[c.next(values.len())]);
        let made = b.repeat::<Fault>(LAYERS.into(), &[carried], &[other], |b, state, others| {
            let mut values = vec![state[0], others[0]];
            let mut layer = 100;
            for _ in 0..3 {
                step(b, &mut values, c, &mut layer);
            }
            let shape = b.shape(state[0]).to_vec();
            let same = values.iter().rev().copied().find(|v| b.shape(*v) == shape);
            let scale = b.param("layers.{}.scale", vec![]);
            let next = b.binary(Binary::Mul, same.unwrap_or(state[0]), scale)?;
            Ok(vec![next])
        });
        values.extend(made.unwrap_or_default());
    }
    b.output("last", values[values.len() - 1]);
    let other = values[c.next(values.len())];
    b.output("other", other);
    b.finish()
}

/// Random values for every input and parameter of a graph.
///
/// # Errors
/// A size that is missing or out of range.
pub fn tensors(graph: &Graph, sizes: &Sizes, c: &mut Choices) -> Result<Tensors, crate::ir::ExtentError> {
    let mut all = Tensors::new();
    for port in graph.inputs.iter().chain(&graph.params) {
        let shape = graph.shape(port.value, sizes)?;
        for layer in 0..if port.name.contains("{}") { LAYERS } else { 1 } {
            let mut tensor = Tensor::filled(shape.clone(), 0.0);
            tensor.data.iter_mut().for_each(|x| *x = c.noise());
            all.insert(layer_name(&port.name, &[layer]), tensor);
        }
    }
    for node in graph.nodes.values() {
        if let Op::Repeat(repeat) = &node.op {
            let body = Graph { inputs: vec![], ..repeat.body.clone() };
            all.extend(tensors(&body, sizes, c)?);
        }
    }
    Ok(all)
}
