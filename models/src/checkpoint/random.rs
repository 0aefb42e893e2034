//! Random weights, for runs without a checkpoint.

use crease_core::plan::Plan;
use crease_runtime::Weights;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Weights for every parameter of a plan: layer norms start at one, biases at zero, and matrices are
/// near-normal with variance 1 / inputs. A tensor's numbers hang on the seed and its name, not on the plan.
pub fn random_weights(plan: &Plan, seed: u64) -> Weights {
    let mut weights = Weights::new(format!("random weights (seed {seed})"));
    for param in plan.params.values() {
        let shape: Vec<usize> = param.shape.iter().map(|e| *e as usize).collect();
        for name in param.names() {
            weights.insert(name.clone(), shape.clone(), tensor(&name, &shape, seed));
        }
    }
    weights
}

fn tensor(name: &str, shape: &[usize], seed: u64) -> Vec<f32> {
    let elements = shape.iter().product();
    let mut parts = name.rsplit('.');
    let (last, layer) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if last == "bias" {
        return vec![0.0; elements];
    }
    if layer.starts_with("layer_norm") {
        return vec![1.0; elements];
    }
    let inputs = shape.last().copied().unwrap_or(1).max(1);
    // The sum of four numbers below 2^16 has this standard deviation; no function of the platform takes part.
    const DEVIATION: f32 = 37_837.23;
    let scale = 1.0 / ((inputs as f32).sqrt() * DEVIATION);
    let mut random = ChaCha8Rng::from_seed(key(name, seed));
    let mut draw = || {
        let bits = random.next_u64();
        let sum: u64 = (0..4).map(|k| bits >> (16 * k) & 0xffff).sum();
        (sum as f32 - 131_070.0) * scale
    };
    let mut numbers = Vec::with_capacity(elements);
    numbers.extend(std::iter::repeat_with(&mut draw).take(elements));
    numbers
}

/// The seed, and the name's FNV-1a hash.
fn key(name: &str, seed: u64) -> [u8; 32] {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&hash.to_le_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_have_their_variance_and_other_tensors_their_start() {
        let made = tensor("a.linear.weight", &[400, 100], 1);
        let mean = made.iter().sum::<f32>() / made.len() as f32;
        let square = made.iter().map(|x| x * x).sum::<f32>() / made.len() as f32;
        assert!(mean.abs() < 2e-3 && (square - 0.01).abs() < 3e-4, "{mean} {square}");
        assert_eq!(tensor("a.linear.bias", &[3], 1), [0.0; 3]);
        assert_eq!(tensor("a.layer_norm_m.weight", &[3], 1), [1.0; 3]);
    }

    #[test]
    fn numbers_hang_on_name_and_seed() {
        let made = |name, seed| tensor(name, &[4, 4], seed);
        assert_eq!(made("a.weight", 1), made("a.weight", 1));
        assert_ne!(made("a.weight", 1), made("b.weight", 1));
        assert_ne!(made("a.weight", 1), made("a.weight", 2));
    }
}
