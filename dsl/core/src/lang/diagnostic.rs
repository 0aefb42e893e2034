//! Diagnostics: the kinds of mistakes in a model, and their messages.

use std::fmt;

use super::ast::Span;

/// One mistake, at the smallest part of the source that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of mistake.
    pub code: Code,
    /// Where it is.
    pub span: Span,
    /// What was expected and what was found, in one line.
    pub message: String,
    /// Related places, such as where the other axis comes from.
    pub notes: Vec<(Span, String)>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A mistake without notes.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, span, message: message.into(), notes: Vec::new(), help: None }
    }

    /// Adds a related place.
    #[must_use]
    pub fn note(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.notes.push((span, text.into()));
        self
    }

    /// Adds a related place only if its location is known; imported definitions have none, and
    /// without it the note would say nothing.
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
    /// Without the source: the message, its notes and the help, one per line.
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
    /// An axis name that occurs more than once in the tensor.
    AxesTwice = "axes-twice",
    /// An axis named that the tensor does not have.
    AxesAbsent = "axes-absent",
    /// A split, join or rearrangement where the product of the sizes is wrong.
    AxesReshape = "axes-reshape",
    /// A rearrangement that cannot be read.
    AxesPattern = "axes-pattern",
    /// A slice that ends before it starts, or beyond the axis.
    AxesRange = "axes-range",
    /// A size that is not an axis, constant or generic.
    AxesUnknown = "axes-unknown",
    /// An axis or generic that is not a whole axis of any parameter.
    AxesUnbound = "axes-unbound",
    /// An argument that gives an axis or generic a second meaning.
    AxesConflict = "axes-conflict",
    /// Something other than a size where one is needed.
    AxesSize = "axes-size",
    /// An einsum text that cannot be read.
    EinsumSyntax = "einsum-syntax",
    /// A letter of the result that no operand has, or that occurs twice.
    EinsumLetter = "einsum-letter",
    /// A wrong number of letters for an operand, or a wrong number of operands.
    EinsumRank = "einsum-rank",
    /// A letter with two sizes.
    EinsumExtent = "einsum-extent",
    /// A field that a struct does not have.
    ParamsField = "params-field",
    /// A field that no function reads, where its neighbours are read.
    ParamsUnused = "params-unused",
    /// An optional value used without a check.
    ParamsOptional = "params-optional",
    /// An index into something that has none, or beyond its end.
    ParamsIndex = "params-index",
    /// Two parameters of a function with one checkpoint name.
    ParamsCollision = "params-collision",
    /// A wrong number of sizes for a struct.
    ParamsGenerics = "params-generics",
    /// A struct that does not exist.
    ParamsUnknown = "params-unknown",
    /// A struct that contains itself.
    ParamsRecursive = "params-recursive",
    /// A function that does not exist.
    CallsUnknown = "calls-unknown",
    /// An unknown name.
    CallsVariable = "calls-variable",
    /// A wrong number of arguments.
    CallsCount = "calls-count",
    /// An argument of the wrong kind.
    CallsType = "calls-type",
    /// An argument's name that the function does not have, or one given twice.
    CallsNamed = "calls-named",
    /// A function that calls itself.
    CallsRecursion = "calls-recursion",
    /// An imported name that its module does not have.
    CallsImport = "calls-import",
    /// A parameter that its function never reads.
    CallsUnused = "calls-unused",
    /// A function that cannot be planned on its own.
    CallsRoot = "calls-root",
    /// An operator on operands that it does not accept.
    CallsOperator = "calls-operator",
    /// An assignment to something that cannot be assigned.
    ControlAssign = "control-assign",
    /// A variable assigned a value of another type.
    ControlShape = "control-shape",
    /// A written type that the value does not have.
    ControlAnnotation = "control-annotation",
    /// A function or branch without its result.
    ControlMissing = "control-missing",
    /// A result of another type than declared.
    ControlResult = "control-result",
    /// Two branches of different types.
    ControlBranches = "control-branches",
    /// A branch on numbers known only while running.
    ControlTensor = "control-tensor",
    /// A branch on something that is not a flag.
    ControlFlag = "control-flag",
    /// A loop over something that has no layers.
    ControlLayers = "control-layers",
    /// A variable changed in a loop that cannot be carried from layer to layer.
    ControlCarried = "control-carried",
    /// A loop or statement without effect.
    ControlIdle = "control-idle",
    /// Two records with one name, or a layer number outside a loop over layers.
    ControlRecord = "control-record",
    /// A number needed before it is known.
    ControlKnown = "control-known",
    /// A pattern whose number of names differs from the number of parts of the value.
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
    /// A target without a cost table.
    BudgetTarget = "budget-target",
    /// Sizes that cannot be planned: a slice beyond its axis, too many elements.
    BudgetSizes = "budget-sizes",
    /// A budget that no plan meets.
    BudgetRefused = "budget-refused",
    // Read from the syntax.
    /// `#[crease::model]` on something other than an inline module.
    SyntaxModule = "syntax-module",
    /// `#[crease::model(…)]`: the attribute takes no arguments.
    SyntaxArguments = "syntax-arguments",
    /// An unsupported item: an enum, an `impl`, a nested module.
    SyntaxItem = "syntax-item",
    /// `pub(crate)` and its like.
    SyntaxVisibility = "syntax-visibility",
    /// An attribute that is not allowed in its place.
    SyntaxAttribute = "syntax-attribute",
    /// A lifetime, a type parameter, a default, a `where`.
    SyntaxGenerics = "syntax-generics",
    /// `use super::*`.
    SyntaxImport = "syntax-import",
    /// A `type` that is not `Axis`.
    SyntaxAxis = "syntax-axis",
    /// A constant of an unsupported type, or a value that is not a literal of its type.
    SyntaxConstant = "syntax-constant",
    /// An unsupported type.
    SyntaxType = "syntax-type",
    /// Something other than a size in a tensor's brackets.
    SyntaxSize = "syntax-size",
    /// `async`, `unsafe`, `const` or `extern` on a function.
    SyntaxFunction = "syntax-function",
    /// A function parameter that is not a plain name.
    SyntaxParameter = "syntax-parameter",
    /// A pattern beyond names, `_` and tuples.
    SyntaxPattern = "syntax-pattern",
    /// An assignment to something that is not a variable.
    SyntaxAssign = "syntax-assign",
    /// A `let` without a value, or with `else`.
    SyntaxLet = "syntax-let",
    /// A character, a byte string, a number of an unsupported type.
    SyntaxLiteral = "syntax-literal",
    /// An operator that tensors do not have.
    SyntaxOperator = "syntax-operator",
    /// `&x`, `*x`.
    SyntaxReference = "syntax-reference",
    /// `self`, or sizes given in a call.
    SyntaxPath = "syntax-path",
    /// A macro other than `einsum!`.
    SyntaxMacro = "syntax-macro",
    /// An unsupported expression: a closure, a cast, a struct.
    SyntaxExpression = "syntax-expression",
    /// `while` and `loop`.
    ControlLoop = "control-loop",
    /// `match`.
    ControlMatch = "control-match",
    /// `return` before a function's end.
    ControlReturn = "control-return",
    /// `break` and `continue`.
    ControlBreak = "control-break",
    /// A `for` that does not run over layers, or that is used as a value.
    ControlFor = "control-for",
    /// An `if let` that is not `Some(name)`, or that combines `let` with other conditions.
    ControlCondition = "control-condition",
    /// An `einsum!` without its `=` or its indices of the result.
    EinsumForm = "einsum-form",
    /// A factor without indices, or one that needs parentheses.
    EinsumFactor = "einsum-factor",
    /// Something other than an index between a factor's brackets.
    EinsumIndex = "einsum-index",
    /// `#[budget]` without a memory size at its beginning.
    BudgetForm = "budget-form",
    /// A memory size that is not a number with a unit.
    BudgetSize = "budget-size",
    /// A binding that is not of the form `R = 384`, or that is repeated.
    BudgetBinding = "budget-binding",
    /// A budget on a function that is not `pub`.
    BudgetPrivate = "budget-private",
    /// `#[precision]` without a format, or repeated.
    PrecisionForm = "precision-form",
    /// A precision on a function that is not `pub`.
    PrecisionPrivate = "precision-private",
    /// `#[name]` without a name.
    ParamsName = "params-name",
    /// A struct whose fields have no names.
    ParamsStruct = "params-struct",
    /// An argument without a name after one with.
    CallsOrder = "calls-order",
    /// A call of something that is not a name.
    CallsCallee = "calls-callee",
    /// Something other than a name on the left of a named argument's `=`.
    CallsName = "calls-name",
}
