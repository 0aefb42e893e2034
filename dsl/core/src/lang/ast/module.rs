//! Modules and what they declare.

use serde::{Deserialize, Serialize};

use super::code::Block;
use super::name::{Ident, Span};
use super::types::Type;
use crate::ir::Format;

/// A model module with everything it imports, so that it can be elaborated alone.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Library {
    /// Every module reachable, each after those it imports; the last one is the library's own.
    pub modules: Vec<Module>,
}

/// One `#[crease::model] mod name { … }`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Module {
    /// Name and content hash: equal identities are the same module.
    pub id: String,
    /// The name as written.
    pub name: String,
    /// Documentation of the module.
    pub doc: String,
    /// What other modules provide.
    pub imports: Vec<Import>,
    /// `type R = Axis;`
    pub axes: Vec<Named>,
    /// `const C_Z: usize = 128;`
    pub constants: Vec<Constant>,
    /// Parameter structs.
    pub structs: Vec<Struct>,
    /// Functions.
    pub functions: Vec<Function>,
}

/// One name brought in by `use`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The name used here (`as` applied).
    pub name: Ident,
    /// Identity of the module that has it.
    pub module: String,
    /// Its name there.
    pub item: Ident,
}

/// A declared name with its documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: Ident,
    /// Its documentation.
    pub doc: String,
}

/// A constant of a module: a setting with a default, which may be changed when a plan is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constant {
    /// The name.
    pub name: Ident,
    /// Its documentation.
    pub doc: String,
    /// The default.
    pub value: Literal,
}

/// A constant's value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Literal {
    /// `usize`: a width or a count.
    Size(u64),
    /// `bool`: a flag.
    Flag(bool),
    /// `f32`/`f64`: a number.
    Number(f64),
}

/// A parameter struct.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Struct {
    /// The name.
    pub name: Ident,
    /// Its documentation.
    pub doc: String,
    /// `const C: usize` generics.
    pub generics: Vec<Ident>,
    /// The fields, in order.
    pub fields: Vec<Field>,
}

/// A field of a parameter struct.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The name used in Rust.
    pub name: Ident,
    /// The name in checkpoints: `#[name = "self"]`, else the field's own.
    pub stored: String,
    /// The type.
    pub ty: Type,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// The name.
    pub name: Ident,
    /// Its documentation.
    pub doc: String,
    /// Whether it is `pub`: a model that can be planned and run on its own.
    pub public: bool,
    /// `const C: usize` generics, bound from the arguments' types.
    pub generics: Vec<Ident>,
    /// The parameters.
    pub params: Vec<Param>,
    /// The result's type.
    pub result: Type,
    /// The body.
    pub body: Block,
    /// `#[budget("2 GiB", R = 384)]`, any number.
    pub budgets: Vec<Budget>,
    /// `#[precision(bf16)]`: the narrowest format of values between operations when it is planned on its own.
    #[serde(default, skip_serializing_if = "Format::is_single")]
    pub precision: Format,
}

/// A function's parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// The name.
    pub name: Ident,
    /// Whether it is declared `mut`.
    pub mutable: bool,
    /// The type.
    pub ty: Type,
}

/// A memory budget, checked while compiling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// The text as written, `2 GiB`.
    pub text: String,
    /// The place of the text.
    pub span: Span,
    /// Sizes and settings that it holds for.
    pub bindings: Vec<(Ident, Literal)>,
    /// `target = "avx512"`: the machine that it holds for; none for any.
    #[serde(default)]
    pub target: Option<Ident>,
}
