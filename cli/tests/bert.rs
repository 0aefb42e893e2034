//! BERT's encoder against plain loops, on small random weights and on MiniLM's where they are at hand.

mod common;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use common::*;

/// A tensor to make: name, shape, how far its numbers go, about which.
type Made = (String, Vec<usize>, f32, f32);

/// Weights of an encoder with a vocabulary of 30.
fn small_encoder(layers: usize, width: usize, inner: usize) -> Tensors {
    let norm = |name: String| {
        [(format!("{name}.weight"), vec![width], 0.3, 1.0), (format!("{name}.bias"), vec![width], 0.3, 0.0)]
    };
    let mut parts: Vec<Made> = Vec::new();
    for (name, count) in [("word", 30), ("position", 16), ("token_type", 2)] {
        parts.push((format!("embeddings.{name}_embeddings.weight"), vec![count, width], 1.0, 0.0));
    }
    parts.extend(norm("embeddings.LayerNorm".into()));
    for at in (0..layers).map(|k| format!("encoder.layer.{k}")) {
        for (name, rows, columns) in [
            ("attention.self.query", width, width),
            ("attention.self.key", width, width),
            ("attention.self.value", width, width),
            ("attention.output.dense", width, width),
            ("intermediate.dense", inner, width),
            ("output.dense", width, inner),
        ] {
            parts.push((format!("{at}.{name}.weight"), vec![rows, columns], 0.6, 0.0));
            parts.push((format!("{at}.{name}.bias"), vec![rows], 0.3, 0.0));
        }
        parts.extend(norm(format!("{at}.attention.output.LayerNorm")));
        parts.extend(norm(format!("{at}.output.LayerNorm")));
    }
    let made = |(k, (name, shape, scale, about)): (usize, Made)| {
        let mut data = noise(shape.iter().product(), k as u64 + 5);
        data.iter_mut().for_each(|x| *x = *x * scale + about);
        (name, shape, data)
    };
    parts.into_iter().enumerate().map(made).collect()
}

#[test]
fn a_sentence_has_the_vector_that_an_independent_implementation_gives_it() {
    let folder = folder("sentence");
    let (layers, heads, width, inner, tokens) = (2usize, 2usize, 8usize, 12usize, [2.0f32, 7.0, 29.0, 7.0, 3.0]);
    let all = small_encoder(layers, width, inner);
    let (weights, inputs, output) =
        (folder.join("w.safetensors"), folder.join("i.safetensors"), folder.join("o.safetensors"));
    write(&weights, &all, &[]);
    write(&inputs, &vec![("tokens".into(), vec![tokens.len()], tokens.to_vec())], &[]);
    let plain = |path: &Path| path.to_str().expect("plain").to_string();
    let words = ["run", "sentence_embedding", "--set", "ENCODER_HEADS=2", "--weights"].map(str::to_string);
    let rest = [plain(&weights), "--inputs".into(), plain(&inputs), "--output".into(), plain(&output)];
    said(words.into_iter().chain(rest));
    near(&read(&output), &plain_sentence(&all, layers, heads, &tokens), 1e-6);
}

/// Whether the only output is near what was expected.
fn near(output: &HashMap<String, (Vec<usize>, Vec<f32>)>, expected: &[f64], allowed: f64) {
    let [(_, found)] = output.values().collect::<Vec<_>>()[..] else { panic!("one output") };
    let apart = found.iter().zip(expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
    assert!(found.len() == expected.len() && apart < allowed, "{apart}: {found:?} {expected:?}");
}

#[test]
fn minilm_gives_a_sentence_the_vector_that_plain_loops_give_it() {
    let named = std::env::var_os("CREASE_WEIGHTS").map(PathBuf::from);
    let files = match crease_models::checkpoint::MiniLmFiles::find(named.as_deref()) {
        Ok(files) => files,
        Err(error) => return eprintln!("skipped: {error}"),
    };
    let folder = folder("minilm");
    let (inputs, output) = (folder.join("i.safetensors"), folder.join("o.safetensors"));
    // "This is an example sentence", as its tokenizer numbers it.
    let tokens = [101.0, 2023.0, 2003.0, 2019.0, 2742.0, 6251.0, 102.0];
    write(&inputs, &vec![("tokens".into(), vec![tokens.len()], tokens.to_vec())], &[]);
    let plain = |path: &Path| path.to_str().expect("plain").to_string();
    let words = ["run", "sentence_embedding", "--set", "ENCODER_HEADS=12", "--weights"].map(str::to_string);
    let rest = [plain(&files.weights), "--inputs".into(), plain(&inputs), "--output".into(), plain(&output)];
    said(words.into_iter().chain(rest));
    let numbers = read(&files.weights).into_iter().filter(|(name, _)| !name.ends_with("position_ids"));
    let all: Tensors = numbers.map(|(name, (shape, data))| (name, shape, data)).collect();
    near(&read(&output), &plain_sentence(&all, 6, 12, &tokens), 1e-5);
}

/// The encoder in plain loops and 64 bits.
fn plain_sentence(all: &Tensors, layers: usize, heads: usize, tokens: &[f32]) -> Vec<f64> {
    let tensor = |name: &str| {
        let found = all.iter().find(|(known, ..)| known == name).unwrap_or_else(|| panic!("{name}"));
        found.2.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>()
    };
    let linear = |x: &[f64], name: &str| {
        let (weight, bias) = (tensor(&format!("{name}.weight")), tensor(&format!("{name}.bias")));
        let row = |o: usize| (0..x.len()).map(|i| x[i] * weight[o * x.len() + i]).sum::<f64>() + bias[o];
        (0..bias.len()).map(row).collect::<Vec<f64>>()
    };
    let norm = |x: Vec<f64>, name: &str| {
        let (scale, offset) = (tensor(&format!("{name}.weight")), tensor(&format!("{name}.bias")));
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / x.len() as f64;
        let one = |k: usize| (x[k] - mean) / (variance + 1e-12).sqrt() * scale[k] + offset[k];
        (0..x.len()).map(one).collect::<Vec<f64>>()
    };
    let plus = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<f64>>();
    let (word, place) = (tensor("embeddings.word_embeddings.weight"), tensor("embeddings.position_embeddings.weight"));
    let kind = tensor("embeddings.token_type_embeddings.weight");
    let width = kind.len() / 2;
    let embedded = |(k, token): (usize, &f32)| {
        let sum = (0..width).map(|c| word[*token as usize * width + c] + place[k * width + c] + kind[c]).collect();
        norm(sum, "embeddings.LayerNorm")
    };
    let mut x: Vec<Vec<f64>> = tokens.iter().enumerate().map(embedded).collect();
    for layer in 0..layers {
        let at = format!("encoder.layer.{layer}");
        let project =
            |name: &str| x.iter().map(|x| linear(x, &format!("{at}.attention.self.{name}"))).collect::<Vec<_>>();
        let (q, k, v) = (project("query"), project("key"), project("value"));
        let each = width / heads;
        let attended = |i: usize| {
            let mut o = vec![0.0; width];
            for head in (0..width).step_by(each) {
                let dot = |j: usize| (head..head + each).map(|c| q[i][c] * k[j][c]).sum::<f64>() / (each as f64).sqrt();
                let weights: Vec<f64> = (0..x.len()).map(|j| dot(j).exp()).collect();
                let sum: f64 = weights.iter().sum();
                for (j, weight) in weights.iter().enumerate() {
                    (head..head + each).for_each(|c| o[c] += weight / sum * v[j][c]);
                }
            }
            let after = plus(&x[i], &linear(&o, &format!("{at}.attention.output.dense")));
            let after = norm(after, &format!("{at}.attention.output.LayerNorm"));
            let gelu = |x: f64| 0.5 * x * (1.0 + erf(x / std::f64::consts::SQRT_2));
            let hidden = linear(&after, &format!("{at}.intermediate.dense")).into_iter().map(gelu).collect::<Vec<_>>();
            norm(plus(&after, &linear(&hidden, &format!("{at}.output.dense"))), &format!("{at}.output.LayerNorm"))
        };
        x = (0..tokens.len()).map(attended).collect();
    }
    let mean = |c: usize| x.iter().map(|x| x[c]).sum::<f64>() / x.len() as f64;
    let mean: Vec<f64> = (0..width).map(mean).collect();
    let length = mean.iter().map(|x| x * x).sum::<f64>().sqrt();
    mean.iter().map(|x| x / length).collect()
}

/// The error function: by its series where that loses no digits, else by the continued fraction of its complement.
fn erf(x: f64) -> f64 {
    if x.abs() < 2.0 {
        let (mut term, mut sum) = (x, x);
        for n in 1..60 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        return sum * 2.0 / std::f64::consts::PI.sqrt();
    }
    let size = x.abs();
    let below = (1..80).rev().fold(size, |below, n| size + f64::from(n) / 2.0 / below);
    (1.0 - (-size * size).exp() / (below * std::f64::consts::PI.sqrt())).copysign(x)
}
