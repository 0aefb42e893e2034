//! Names and layers of weights, and files of every type of numbers.

use std::io::Write;

use crease_core::entity::EntityRef;
use crease_core::plan::{LoopId, PlanParam};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::*;

fn param(name: &str, shape: &[u64], layers: &[u64]) -> PlanParam {
    let layers = layers.iter().enumerate().map(|(id, count)| (LoopId::new(id), *count)).collect();
    PlanParam { name: name.into(), shape: shape.to_vec(), layers, streamed: false }
}

/// All layers of a weight, one after the other.
fn all(weights: &Weights, param: &PlanParam) -> Result<Vec<f32>, WeightsError> {
    let mut all = Vec::new();
    for source in weights.resolve(param)? {
        let mut numbers = vec![0.0; source.count];
        source.read(&mut numbers)?;
        all.extend(numbers);
    }
    Ok(all)
}

#[test]
fn layers_are_found_one_by_one_and_stacked_and_turns_read_the_same() {
    let check = |tensors: &[(&str, &[usize], &[f32])], layers: &[u64], expected: &[f32]| {
        let mut weights = Weights::new("given tensors");
        tensors.iter().for_each(|(name, shape, data)| weights.insert(*name, shape.to_vec(), data.to_vec()));
        assert_eq!(all(&weights, &param("b.{}.w", &[1], layers)).expect("they are there"), expected);
    };
    let apart: [(&str, &[usize], &[f32]); 2] = [("b.0.w", &[1], &[1.0]), ("b.1.w", &[1], &[2.0])];
    let stacked: [(&str, &[usize], &[f32]); 1] = [("b.w", &[2, 1], &[1.0, 2.0])];
    for tensors in [&apart[..], &stacked] {
        check(tensors, &[2], &[1.0, 2.0]);
        check(tensors, &[2, 3], &[1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
        check(tensors, &[2, 0], &[]);
    }
}

/// A file of one tensor `w`, its numbers so many bytes off a multiple of eight.
fn file(dtype: Dtype, shape: &[usize], bytes: &[u8], off: usize) -> tempfile::NamedTempFile {
    let view = TensorView::new(dtype, shape.to_vec(), bytes).expect("shape and bytes agree");
    let mut whole = safetensors::serialize([("w", view)], None).expect("a file");
    let header = u64::from_le_bytes(whole[..8].try_into().expect("eight bytes"));
    whole[..8].copy_from_slice(&(header + off as u64).to_le_bytes());
    let end = 8 + header as usize;
    whole.splice(end..end, vec![b' '; off]);
    let mut file = tempfile::NamedTempFile::new().expect("a place for a file");
    file.write_all(&whole).expect("room for a file");
    file
}

#[test]
fn numbers_of_every_type_are_read_wherever_they_begin() {
    // More than are read at a time.
    let numbers: Vec<f32> = (0..70_000).map(|k| (k % 251) as f32).collect();
    let check = |dtype: Dtype, number: &dyn Fn(f32) -> Vec<u8>| {
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| number(*x)).collect();
        for off in [0, 1, 2] {
            let file = file(dtype, &[2, 35_000], &bytes, off);
            let weights = Weights::open(file.path()).expect("a file of weights");
            for param in [param("w", &[2, 35_000], &[]), param("{}.w", &[35_000], &[2])] {
                assert!(all(&weights, &param).expect("numbers") == numbers, "{dtype:?}, {off} off");
            }
        }
    };
    check(Dtype::F32, &|x| x.to_le_bytes().into());
    check(Dtype::F64, &|x| f64::from(x).to_le_bytes().into());
    check(Dtype::F16, &|x| half::f16::from_f32(x).to_le_bytes().into());
    check(Dtype::BF16, &|x| half::bf16::from_f32(x).to_le_bytes().into());
    check(Dtype::I32, &|x| (x as i32).to_le_bytes().into());
    check(Dtype::I64, &|x| (x as i64).to_le_bytes().into());
    check(Dtype::U8, &|x| vec![x as u8]);
}

#[test]
fn what_is_wrong_is_said_of_the_tensor() {
    let check = |dtype, shape: &[usize], bytes: &[u8], words: &str| {
        let file = file(dtype, shape, bytes, 0);
        let weights = Weights::open(file.path()).expect("a file of weights");
        let error = all(&weights, &param("w", &[1], &[])).expect_err(words).to_string();
        assert!(error.contains(words) && error.contains(&file.path().display().to_string()), "{error}");
    };
    check(Dtype::F32, &[2], &[0; 8], "tensor `w` must be [1], found [2]");
    check(Dtype::F32, &[1], &f32::NAN.to_le_bytes(), "tensor `w` has NaN at element 0: expected finite numbers");
    check(Dtype::F64, &[1], &1e39f64.to_le_bytes(), "tensor `w` has inf at element 0");
    check(Dtype::I32, &[1], &((1 << 24) + 1i32).to_le_bytes(), "tensor `w` holds integers beyond 2^24");
    check(Dtype::U64, &[1], &[0; 8], "tensor `w` holds U64: expected F32, F16, BF16, F64 or integers up to 2^24");
}

#[test]
fn a_file_that_is_cut_after_it_was_opened_is_an_error() {
    let file = file(Dtype::F32, &[100_000], &[0; 400_000], 0);
    let weights = Weights::open(file.path()).expect("a file of weights");
    let w = param("w", &[100_000], &[]);
    assert!(all(&weights, &w).is_ok());
    file.as_file().set_len(4096).expect("cut");
    let error = all(&weights, &w).expect_err("it is gone").to_string();
    assert!(error.contains("of a file that now has 4096 (was it cut short?)"), "{error}");
    // Names and shapes are known without the numbers.
    assert!(weights.resolve(&w).is_ok());
    assert!(weights.resolve(&param("v", &[1], &[])).is_err());
}
