//! Parameters: paths through structs are names in the checkpoint.

use super::value::Val;
use super::walk::{Elaborator, Mode};
use crate::ir::Extent;
use crate::lang::program::{Program, StructId};
use crate::lang::settings::Options;
use crate::lang::types::Ty;

/// Deepest nesting of parameter structs that is followed.
const DEEPEST: usize = 64;

/// One tensor of a parameter struct.
pub(in crate::lang) struct Leaf {
    /// Its checkpoint name; `{}` is a layer's number.
    pub(in crate::lang) name: String,
    /// Its shape.
    pub(in crate::lang) shape: Vec<Extent>,
    /// Whether it may be absent.
    pub(in crate::lang) optional: bool,
    /// The counts of the enclosing arrays, outermost first.
    pub(in crate::lang) counts: Vec<Extent>,
}

impl Elaborator<'_> {
    /// A field of a struct at a path.
    pub(super) fn struct_field(&mut self, of: StructId, field: usize, sizes: &[Extent], path: &str) -> Val {
        let ty = self.program.field_type(of, field, sizes);
        let path = join(path, &self.program.structure(of).fields[field].stored);
        self.param(&ty, &path)
    }

    /// The parameter of a type at a path.
    pub(super) fn param(&mut self, ty: &Ty, path: &str) -> Val {
        match ty {
            Ty::Tensor(shape) => Val::Tensor(self.frame.builder.param(path, shape.clone())),
            Ty::Struct(of, sizes) => Val::Struct { of: *of, sizes: sizes.clone(), path: path.to_string() },
            Ty::Array(of, count) => Val::Array { of: of.clone(), count: count.clone(), path: path.to_string() },
            Ty::Optional(of) if self.mode == Mode::Check => Val::Maybe(Box::new(self.param(of, path))),
            Ty::Optional(of) => {
                if absent(self.program, self.options, of, path) {
                    Val::Nothing
                } else {
                    Val::Present(Box::new(self.param(of, path)))
                }
            }
            Ty::Tuple(_) | Ty::Number | Ty::Size | Ty::Flag | Ty::List | Ty::Text | Ty::Unknown => Val::Poison,
        }
    }
}

/// Whether the parameter at a path is absent: either it is listed, or all tensors in it are.
fn absent(program: &Program, options: &Options, of: &Ty, path: &str) -> bool {
    let named = |name: &str| options.absent.contains(name) || options.absent.contains(&name.replace("{}", "0"));
    if named(path) {
        return true;
    }
    let mut leaves = Vec::new();
    program.leaves(of, path, &mut leaves);
    !leaves.is_empty() && leaves.iter().all(|leaf| named(&leaf.name))
}

impl Program<'_> {
    /// Every tensor of a parameter type at a path.
    pub(in crate::lang) fn leaves(&self, ty: &Ty, path: &str, found: &mut Vec<Leaf>) {
        self.walk(ty, path, false, &[], found, 0);
    }

    fn walk(&self, ty: &Ty, path: &str, optional: bool, counts: &[Extent], found: &mut Vec<Leaf>, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match ty {
            Ty::Tensor(shape) => {
                let (name, counts) = (path.to_string(), counts.to_vec());
                found.push(Leaf { name, shape: shape.clone(), optional, counts });
            }
            Ty::Struct(id, sizes) => {
                for (k, field) in self.structure(*id).fields.iter().enumerate() {
                    let ty = self.field_type(*id, k, sizes);
                    self.walk(&ty, &join(path, &field.stored), optional, counts, found, depth + 1);
                }
            }
            Ty::Array(of, count) => {
                let counts: Vec<Extent> = counts.iter().chain([count]).cloned().collect();
                self.walk(of, &join(path, "{}"), optional, &counts, found, depth + 1);
            }
            Ty::Optional(of) => self.walk(of, path, true, counts, found, depth + 1),
            Ty::Tuple(_) | Ty::Number | Ty::Size | Ty::Flag | Ty::List | Ty::Text | Ty::Unknown => {}
        }
    }
}

/// A name below a path; either may be empty.
pub(super) fn join(path: &str, name: &str) -> String {
    match (path.is_empty(), name.is_empty()) {
        (true, _) => name.to_string(),
        (_, true) => path.to_string(),
        (false, false) => format!("{path}.{name}"),
    }
}
