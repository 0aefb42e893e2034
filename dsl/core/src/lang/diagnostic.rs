//! What can be wrong with a model, and how it is said.

use std::fmt;

use super::ast::Span;

/// One mistake, on the smallest part of the source at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of mistake.
    pub code: Code,
    /// Where it stands.
    pub span: Span,
    /// What was expected and what was found, in one line.
    pub message: String,
    /// Other places that take part: where the other axis came from.
    pub notes: Vec<(Span, String)>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A mistake without notes.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, span, message: message.into(), notes: Vec::new(), help: None }
    }

    /// Adds another place that takes part.
    #[must_use]
    pub fn note(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.notes.push((span, text.into()));
        self
    }

    /// Adds another place whose only news is where it is: nothing for a definition without a place, which is
    /// an imported one.
    #[must_use]
    pub fn place(self, span: Span, text: impl Into<String>) -> Diagnostic {
        if span == Span::default() { self } else { self.note(span, text) }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    /// Without a source at hand: the message, its notes and the help, one a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.code.text())?;
        self.notes.iter().try_for_each(|(_, note)| write!(f, "\n  {note}"))?;
        self.help.iter().try_for_each(|help| write!(f, "\n  help: {help}"))
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// Every kind of mistake. Each has a compile-fail case; a test says so.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The code as printed: `topic-mistake`.
            pub fn text(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// Two operands of an arithmetic operation disagree on an axis.
    AxesMismatch = "axes-mismatch",
    // Found by elaboration.
    /// An operand's axes fit the other's in more than one way.
    AxesAmbiguous = "axes-ambiguous",
    /// An axis position beyond the rank, or one named twice.
    AxesPosition = "axes-position",
    /// An axis named where it stands more than once.
    AxesTwice = "axes-twice",
    /// An axis named that the tensor does not have.
    AxesAbsent = "axes-absent",
    /// A split, join or rearrangement whose sizes do not multiply up.
    AxesReshape = "axes-reshape",
    /// A rearrangement that cannot be read.
    AxesPattern = "axes-pattern",
    /// A slice that ends before it starts, or beyond the axis.
    AxesRange = "axes-range",
    /// A size that is no axis, constant or generic.
    AxesUnknown = "axes-unknown",
    /// An axis or generic that no parameter's type names by itself.
    AxesUnbound = "axes-unbound",
    /// An argument that gives an axis or generic a second meaning.
    AxesConflict = "axes-conflict",
    /// Something that is no size where one is needed.
    AxesSize = "axes-size",
    /// An einsum text that cannot be read.
    EinsumSyntax = "einsum-syntax",
    /// A letter of the result that no operand has, or that stands twice.
    EinsumLetter = "einsum-letter",
    /// An operand with another number of axes than letters, or another number of operands.
    EinsumRank = "einsum-rank",
    /// A letter that stands for two sizes.
    EinsumExtent = "einsum-extent",
    /// A field that a struct does not have.
    ParamsField = "params-field",
    /// A field that no function reads, where its neighbours are read.
    ParamsUnused = "params-unused",
    /// An optional value used as if it were there.
    ParamsOptional = "params-optional",
    /// An index into something that has none, or beyond its end.
    ParamsIndex = "params-index",
    /// Two parameters of a function with one checkpoint name.
    ParamsCollision = "params-collision",
    /// Another number of sizes than the struct takes.
    ParamsGenerics = "params-generics",
    /// A struct that does not exist.
    ParamsUnknown = "params-unknown",
    /// A struct that contains itself.
    ParamsRecursive = "params-recursive",
    /// A function that does not exist.
    CallsUnknown = "calls-unknown",
    /// A name that stands for nothing.
    CallsVariable = "calls-variable",
    /// Another number of arguments than the function takes.
    CallsCount = "calls-count",
    /// An argument of another kind than the function takes.
    CallsType = "calls-type",
    /// An argument's name that the function does not have, or one given twice.
    CallsNamed = "calls-named",
    /// A function that calls itself.
    CallsRecursion = "calls-recursion",
    /// An imported name that its module does not have.
    CallsImport = "calls-import",
    /// A parameter that its function never reads.
    CallsUnused = "calls-unused",
    /// A function that cannot be planned by itself.
    CallsRoot = "calls-root",
    /// An operator between things that it does not join.
    CallsOperator = "calls-operator",
    /// An assignment to something that cannot be assigned.
    ControlAssign = "control-assign",
    /// A variable assigned a value of another type.
    ControlShape = "control-shape",
    /// A written type that the value does not have.
    ControlAnnotation = "control-annotation",
    /// A function or branch without the result it must give.
    ControlMissing = "control-missing",
    /// A result of another type than declared.
    ControlResult = "control-result",
    /// Two branches of different types.
    ControlBranches = "control-branches",
    /// A branch on numbers known only while running.
    ControlTensor = "control-tensor",
    /// A branch on something that is no flag.
    ControlFlag = "control-flag",
    /// A loop over something that has no layers.
    ControlLayers = "control-layers",
    /// A variable changed in a loop that cannot be carried from layer to layer.
    ControlCarried = "control-carried",
    /// A loop or statement that changes nothing.
    ControlIdle = "control-idle",
    /// Two records of one name, or a layer number where there is no layer.
    ControlRecord = "control-record",
    /// A number needed before it is known.
    ControlKnown = "control-known",
    /// A pattern with another number of names than the value has parts.
    ControlPattern = "control-pattern",
    /// An expression nested too deep.
    ControlDepth = "control-depth",
    /// One name declared twice.
    SyntaxDuplicate = "syntax-duplicate",
    /// A bound name that is neither an axis of the function nor a constant.
    BudgetName = "budget-name",
    /// An axis of the function that a budget does not bind.
    BudgetAxis = "budget-axis",
    /// A setting that does not exist or is of another type.
    BudgetSetting = "budget-setting",
    // Found by planning.
    /// A target that there is no table for.
    BudgetTarget = "budget-target",
    /// Sizes that no plan can be made for: a slice beyond its axis, more elements than can be counted.
    BudgetSizes = "budget-sizes",
    /// A budget that no plan keeps.
    BudgetRefused = "budget-refused",
    // Read from the syntax.
    /// `#[crease::model]` on something that is no inline module.
    SyntaxModule = "syntax-module",
    /// `#[crease::model(…)]`: the attribute takes nothing.
    SyntaxArguments = "syntax-arguments",
    /// An item that a model does not have: an enum, an `impl`, a nested module.
    SyntaxItem = "syntax-item",
    /// `pub(crate)` and its like.
    SyntaxVisibility = "syntax-visibility",
    /// An attribute that means nothing where it stands.
    SyntaxAttribute = "syntax-attribute",
    /// A lifetime, a type parameter, a default, a `where`.
    SyntaxGenerics = "syntax-generics",
    /// `use super::*`.
    SyntaxImport = "syntax-import",
    /// A `type` that is not `Axis`.
    SyntaxAxis = "syntax-axis",
    /// A constant of another type, or a value that is no literal of its type.
    SyntaxConstant = "syntax-constant",
    /// A type that a model does not have.
    SyntaxType = "syntax-type",
    /// Something in a tensor's brackets that is no size.
    SyntaxSize = "syntax-size",
    /// `async`, `unsafe`, `const` or `extern` on a function.
    SyntaxFunction = "syntax-function",
    /// A parameter of a function that is no plain name.
    SyntaxParameter = "syntax-parameter",
    /// A pattern beyond names, `_` and tuples.
    SyntaxPattern = "syntax-pattern",
    /// An assignment to something that is no variable.
    SyntaxAssign = "syntax-assign",
    /// A `let` without a value, or with `else`.
    SyntaxLet = "syntax-let",
    /// A character, a byte string, a number of a foreign type.
    SyntaxLiteral = "syntax-literal",
    /// An operator that tensors do not have.
    SyntaxOperator = "syntax-operator",
    /// `&x`, `*x`.
    SyntaxReference = "syntax-reference",
    /// `self`, or sizes given in a call.
    SyntaxPath = "syntax-path",
    /// A macro other than `einsum!`.
    SyntaxMacro = "syntax-macro",
    /// An expression that a model does not have: a closure, a cast, a struct.
    SyntaxExpression = "syntax-expression",
    /// `while` and `loop`.
    ControlLoop = "control-loop",
    /// `match`.
    ControlMatch = "control-match",
    /// `return` before a function's end.
    ControlReturn = "control-return",
    /// `break` and `continue`.
    ControlBreak = "control-break",
    /// A `for` that does not run over layers, or stands as a value.
    ControlFor = "control-for",
    /// An `if let` that is not `Some(name)`, or joins `let` with something else.
    ControlCondition = "control-condition",
    /// An `einsum!` without its `=` or its indices of the result.
    EinsumForm = "einsum-form",
    /// A factor without indices, or one that needs parentheses.
    EinsumFactor = "einsum-factor",
    /// Something that is no index between a factor's brackets.
    EinsumIndex = "einsum-index",
    /// `#[budget]` that does not begin with its bytes.
    BudgetForm = "budget-form",
    /// The bytes of a budget are no number with a unit.
    BudgetSize = "budget-size",
    /// A binding that is no `R = 384`, or stands twice.
    BudgetBinding = "budget-binding",
    /// A budget on a function that is not `pub`.
    BudgetPrivate = "budget-private",
    /// `#[precision]` that names no format, or stands twice.
    PrecisionForm = "precision-form",
    /// A precision of a function that is not `pub`.
    PrecisionPrivate = "precision-private",
    /// `#[name]` that gives no name.
    ParamsName = "params-name",
    /// A struct whose fields have no names.
    ParamsStruct = "params-struct",
    /// An argument without a name after one with.
    CallsOrder = "calls-order",
    /// A call of something that is no name.
    CallsCallee = "calls-callee",
    /// Something that is no name on the left of a named argument's `=`.
    CallsName = "calls-name",
}
