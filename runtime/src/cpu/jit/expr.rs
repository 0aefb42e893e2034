//! Scalar expressions at a point.

use cranelift_codegen::ir::types::{F32, F32X4, I32, I32X4};
use cranelift_codegen::ir::{InstBuilder, Value};
use crease_core::ir::Instr;

use super::emit::{At, Emitter, REGISTERS, Shape, Val, Which};

impl Emitter<'_> {
    /// Evaluates all that the indices entered so far determine.
    pub(super) fn settle(&mut self, which: Which, at: &mut At, shape: Shape) {
        let slot = usize::from(which == Which::After);
        let todo: Vec<(usize, Instr)> = match self.code(which) {
            Some(code) => (0..code.instrs.len())
                .filter(|&i| code.live[i] && code.needs[i] & !at.entered == 0 && at.known[slot][i].is_none())
                .map(|i| (i, code.instrs[i].clone()))
                .collect(),
            None => return,
        };
        for (i, instr) in todo {
            let value = self.instr(&instr, slot, at, shape);
            at.known[slot][i] = Some(value);
        }
    }

    fn instr(&mut self, instr: &Instr, slot: usize, at: &At, shape: Shape) -> Val {
        let known = |i: usize| at.known[slot][i].expect("arguments come earlier and need no more");
        match *instr {
            Instr::Load(k) => self.load(at, at.loads[k], &self.nest.loads[k].clone(), shape),
            Instr::Const(number) => Val::One(self.constant(F32, number as f32)),
            Instr::Size(_) => unreachable!("refused when the nest was ordered"),
            Instr::Position(index) => self.position(at, index, shape),
            Instr::Gather { source, at: place } => self.gather(at, source, known(place), shape),
            Instr::Row(_) => at.row.expect("needed only after the row"),
            Instr::Unary(function, a) => self.map(shape, [known(a)], |e, [a]| e.unary(function, a)),
            Instr::Binary(function, a, b) => {
                self.map(shape, [known(a), known(b)], |e, [a, b]| e.binary(function, a, b))
            }
            Instr::Select(c, a, b) => self.map(shape, [known(c), known(a), known(b)], |e, [c, a, b]| e.select(c, a, b)),
        }
    }

    /// Applies a function to each register; once only where no argument differs between lanes.
    pub(super) fn map<const N: usize>(
        &mut self,
        shape: Shape,
        arguments: [Val; N],
        mut function: impl FnMut(&mut Self, [Value; N]) -> Value,
    ) -> Val {
        let mut ones = [None; N];
        for (one, argument) in ones.iter_mut().zip(arguments) {
            *one = match argument {
                Val::One(x) => Some(x),
                Val::Many(_) => None,
            };
        }
        if ones.iter().all(Option::is_some) {
            return Val::One(function(self, ones.map(|one| one.expect("each is one"))));
        }
        let spread = arguments.map(|argument| self.spread(argument, shape));
        self.many(shape, |e, u| function(e, spread.each_ref().map(|registers| registers[u])))
    }

    /// Fills one register after the other.
    pub(super) fn many(&mut self, shape: Shape, mut register: impl FnMut(&mut Self, usize) -> Value) -> Val {
        let first = register(self, 0);
        let mut registers = [first; REGISTERS];
        for (u, place) in registers.iter_mut().enumerate().take(shape.count).skip(1) {
            *place = register(self, u);
        }
        Val::Many(registers)
    }

    /// The value in every register of a shape.
    pub(super) fn spread(&mut self, value: Val, shape: Shape) -> [Value; REGISTERS] {
        match value {
            Val::One(x) if shape.vector => [self.b.ins().splat(F32X4, x); REGISTERS],
            Val::One(x) => [x; REGISTERS],
            Val::Many(registers) => registers,
        }
    }

    fn position(&mut self, at: &At, index: usize, shape: Shape) -> Val {
        let here = at.position[index].expect("needed only where entered");
        let start = self.starts[index].expect("positions read were loaded");
        let here = self.b.ins().iadd(start, here);
        if Some(index) != self.order.lanes || !shape.vector {
            let x = self.b.ins().fcvt_from_sint(F32, here);
            return if Some(index) == self.order.lanes { Val::Many([x; REGISTERS]) } else { Val::One(x) };
        }
        let here = self.b.ins().ireduce(I32, here);
        let here = self.b.ins().splat(I32X4, here);
        self.many(shape, |e, u| {
            let lanes: Vec<u8> = (0..4).flat_map(|lane| (4 * u as i32 + lane).to_le_bytes()).collect();
            let constant = e.b.func.dfg.constants.insert(lanes.into());
            let lanes = e.b.ins().vconst(I32X4, constant);
            let here = e.b.ins().iadd(here, lanes);
            e.b.ins().fcvt_from_sint(F32X4, here)
        })
    }
}
