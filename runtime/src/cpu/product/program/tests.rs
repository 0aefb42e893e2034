//! Functions over tiles: the same bits on every instruction set as one number at a time.

use super::*;
use crate::cpu::numbers::arithmetic::Plain;
use crate::cpu::numbers::elements::Elements;
use crate::cpu::numbers::functions::tests::SAME;

/// A tile of so many rows of an instruction set's columns, through a program of one function.
fn apply(isa: InstructionSet, program: &TileProgram, xs: &[f32], columns: usize) -> Vec<f32> {
    let (mut xs, mut ys) = (xs.to_vec(), vec![0.0_f32; xs.len()]);
    let size = (xs.len() / columns, columns);
    let mut registers = Registers::new();
    let corner = |from: *mut f32| Corner { from: Elements::single(from), row: columns as isize, column: 1 };
    let (from, to) = (corner(xs.as_mut_ptr()), corner(ys.as_mut_ptr()));
    // SAFETY: the caller asks for instructions that are here; operand and result are a tile each, without overlap.
    unsafe { program.run(isa, &mut registers, &[from], (0, 0), size, to) };
    ys
}

#[test]
fn functions_give_the_same_bits_on_every_instruction_set() {
    // All exponents and both signs; what is no number stays none.
    let xs: Vec<f32> = (0..u32::MAX).step_by(400_009).map(f32::from_bits).collect();
    for (function, plain) in SAME {
        let program = TileProgram::compile(&Expr(vec![Instr::Load(0), Instr::Unary(function, 0)]), 0).unwrap();
        for isa in [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512] {
            if !isa.is_here() {
                continue;
            }
            let columns = 2 * isa.lanes();
            for tile in xs.chunks_exact(isa.rows() * columns) {
                for (x, y) in tile.iter().zip(apply(isa, &program, tile, columns)) {
                    let expected = plain(&mut Plain, *x);
                    let same = y.to_bits() == expected.to_bits() || (y.is_nan() && expected.is_nan());
                    assert!(same, "{isa:?}: {function:?}({x:e}) is {y:e}, not {expected:e}");
                }
            }
        }
    }
}
