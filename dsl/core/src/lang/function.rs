//! A function of a library: its graph under given settings, and its signature.

use super::ast::{Constant, Library, Literal, Named, Span};
use super::diagnostic::{Code, Diagnostic};
use super::elaborate::{build, constant_sizes, output_names};
use super::program::{FunctionId, Program, suggest};
use super::settings::{Options, Settings};
use super::types::Ty;
use crate::ir::{Extent, Graph, Sizes};

/// A function's graph under given settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Elaborated {
    /// The graph.
    pub graph: Graph,
    /// Sizes of the constants that were kept as symbols.
    pub sizes: Sizes,
    /// The value of every setting, defaults included.
    pub settings: Settings,
    /// Names of the outputs that are records, in order.
    pub records: Vec<String>,
}

/// A function's signature, for display.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// The function.
    pub name: String,
    /// Its documentation.
    pub doc: String,
    /// Inputs.
    pub inputs: Vec<Tensor>,
    /// Outputs.
    pub outputs: Vec<Tensor>,
    /// Weights; `{}` in a name is a layer's number.
    pub parameters: Vec<Parameter>,
    /// Axes that get their sizes when a plan is made.
    pub axes: Vec<Named>,
    /// Constants with their defaults, each of which is a setting.
    pub settings: Vec<Constant>,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<Extent>,
    /// Whether it may be absent.
    pub optional: bool,
}

/// A weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its checkpoint name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<Extent>,
    /// Whether it may be absent.
    pub optional: bool,
    /// How many there are for each `{}` of the name, the first one's first.
    pub counts: Vec<Extent>,
}

/// The graph of a function of a library's last module.
///
/// # Errors
/// All mistakes: an unknown function or setting, or any that `check` reports.
pub fn elaborate(
    library: &Library,
    function: &str,
    settings: &Settings,
    options: &Options,
) -> Result<Elaborated, Vec<Diagnostic>> {
    let (program, id) = find(library, function)?;
    let endless = super::check::endless(&program);
    if !endless.is_empty() {
        return Err(endless);
    }
    let values = settings.resolve(&program)?;
    let (graph, records) = build(&program, id, &values, options)?;
    let graph = crate::fuse::assume_ones(&graph, &options.ones);
    let symbols = graph.symbols();
    let mut sizes = constant_sizes(&values);
    sizes.retain(|name, _| symbols.contains(name));
    Ok(Elaborated { graph, sizes, settings: values.into_iter().collect(), records })
}

/// The signature of a function of a library's last module.
///
/// # Errors
/// An unknown function, or types that cannot be resolved.
pub fn signature(library: &Library, function: &str) -> Result<Signature, Vec<Diagnostic>> {
    let (program, id) = find(library, function)?;
    let mut wrong = super::check::endless(&program);
    let types = program.signature(id, &mut wrong);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let declared = program.function(id);
    let (mut inputs, mut parameters) = (Vec::new(), Vec::new());
    for (param, ty) in declared.params.iter().zip(&types.params) {
        let (inner, optional) = match ty {
            Ty::Optional(inner) => (&**inner, true),
            ty => (ty, false),
        };
        if let Ty::Tensor(shape) = inner {
            inputs.push(Tensor { name: param.name.text.clone(), shape: shape.clone(), optional });
        } else {
            let mut leaves = Vec::new();
            program.leaves(ty, "", &mut leaves);
            parameters.extend(leaves.into_iter().map(|leaf| Parameter {
                name: leaf.name,
                shape: leaf.shape,
                optional: leaf.optional,
                counts: leaf.counts,
            }));
        }
    }
    let results = match &types.result {
        Ty::Tuple(parts) => parts.clone(),
        ty => vec![ty.clone()],
    };
    let names = output_names(declared, results.len());
    let outputs = names.into_iter().zip(results).filter_map(|(name, ty)| match ty {
        Ty::Tensor(shape) => Some(Tensor { name, shape, optional: false }),
        _ => None,
    });
    let mut axes: Vec<Named> = Vec::new();
    for axis in program.modules.iter().rev().flat_map(|m| &m.axes) {
        let symbol = program.symbol(&axis.name.text);
        if types.bound.contains(&symbol) && axes.iter().all(|a| a.name.text != axis.name.text) {
            axes.push(axis.clone());
        }
    }
    for generic in declared.generics.iter().filter(|g| types.bound.contains(&program.symbol(&g.text))) {
        axes.push(Named { name: generic.clone(), doc: String::new() });
    }
    Ok(Signature {
        name: declared.name.text.clone(),
        doc: declared.doc.clone(),
        inputs,
        outputs: outputs.collect(),
        parameters,
        axes,
        settings: constants(&program),
    })
}

/// Every constant once, the library's own module's first.
fn constants(program: &Program) -> Vec<Constant> {
    let mut constants: Vec<Constant> = Vec::new();
    for constant in program.modules.iter().rev().flat_map(|m| &m.constants) {
        if constants.iter().all(|c| c.name.text != constant.name.text) {
            let value: Literal = program.constants.get(&constant.name.text).copied().unwrap_or(constant.value);
            constants.push(Constant { value, ..constant.clone() });
        }
    }
    constants
}

fn find<'a>(library: &'a Library, function: &str) -> Result<(Program<'a>, FunctionId), Vec<Diagnostic>> {
    let missing = |text: String| vec![Diagnostic::new(Code::CallsUnknown, Span(0), text)];
    let Some(program) = Program::new(library) else {
        return Err(missing("the library has no module".into()));
    };
    let home = program.modules[program.home];
    let Some(k) = home.functions.iter().position(|f| f.name.text == function) else {
        let mut wrong = missing(format!("module `{}` has no function `{function}`", home.name));
        let names: Vec<String> = home.functions.iter().map(|f| f.name.text.clone()).collect();
        wrong[0].help = suggest(function, &names);
        return Err(wrong);
    };
    let id = (program.home, k);
    Ok((program, id))
}
