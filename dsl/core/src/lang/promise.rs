//! Budgets checked while compiling: every `#[budget]` is planned, and rejected with the
//! numbers where no plan meets it.

use serde::{Deserialize, Serialize};

use super::ast::{Budget, Function, Library, Literal};
use super::diagnostic::{Code, Diagnostic};
use super::function::{Elaborated, elaborate};
use super::kept::{self, Keeper};
use super::program::Program;
use super::settings::{Options, Settings};
use crate::digest::{PLANNER, digest};
use crate::ir::{Format, Graph, Sizes};
use crate::plan::{InstructionSet, Plan, PlanError, Planner, Target};
use crate::units::{format_bytes, parse_bytes};

/// The default number of threads whose scratch a budget counts.
const THREADS: u64 = 8;
/// Bisections to find the largest size of an axis that fits.
const BISECTIONS: u32 = 8;

/// A budget that is met: the function, and its plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promised {
    /// The function.
    pub function: String,
    /// The digest of the graph that is planned, and of the planner.
    pub graph: String,
    /// The plan, inside its budget.
    pub plan: Plan,
}

/// Plans every budget of a library's last module, which must have no other mistakes.
///
/// # Errors
/// Every budget that cannot be met.
pub fn promises(library: &Library, keeper: &dyn Keeper) -> Result<Vec<Promised>, Vec<Diagnostic>> {
    let Some(program) = Program::new(library) else { return Ok(Vec::new()) };
    let functions = &program.modules[program.home].functions;
    let promised = functions.iter().flat_map(|f| f.budgets.iter().map(move |b| (f, b)));
    let (mut kept, mut wrong) = (Vec::new(), Vec::new());
    for (function, budget) in promised {
        match Promise::new(&program, library, function, budget).plan(keeper) {
            Ok(Some(plan)) => kept.push(plan),
            Ok(None) => {}
            Err(mistakes) => wrong.extend(mistakes),
        }
    }
    if wrong.is_empty() { Ok(kept) } else { Err(wrong) }
}

/// The digest of a graph and of this planner, which identifies its plans.
pub(super) fn graph_digest(graph: &Graph) -> String {
    digest(&[PLANNER, &serde_json::to_string(graph).expect("graphs are plain data")])
}

/// One `#[budget]`.
struct Promise<'a> {
    library: &'a Library,
    function: &'a Function,
    budget: &'a Budget,
    settings: Settings,
    axes: Sizes,
    threads: u64,
}

impl<'a> Promise<'a> {
    fn new(program: &Program, library: &'a Library, function: &'a Function, budget: &'a Budget) -> Promise<'a> {
        let (mut settings, mut axes, mut threads) = (Settings::new(), Sizes::new(), THREADS);
        for (name, value) in &budget.bindings {
            let is_constant = program.constants.contains_key(&name.text);
            match value {
                Literal::Size(n) if name.text == "threads" && !is_constant => threads = *n,
                value if is_constant => settings.set(name.text.clone(), *value),
                Literal::Size(n) => axes.extend([(name.text.clone(), *n)]),
                Literal::Flag(_) | Literal::Number(_) => {}
            }
        }
        Promise { library, function, budget, settings, axes, threads }
    }

    /// The plan that meets it; none where the budget cannot be parsed, which is reported elsewhere.
    fn plan(&self, keeper: &dyn Keeper) -> Result<Option<Promised>, Vec<Diagnostic>> {
        let wrong = |code, span, text: String| Err(vec![Diagnostic::new(code, span, text)]);
        let Ok(bytes) = parse_bytes(&self.budget.text) else { return Ok(None) };
        let named = self.budget.target.as_ref().map(|t| (InstructionSet::from_name(&t.text), t));
        let instructions = match named {
            Some((None, name)) => {
                let all = InstructionSet::ALL.map(InstructionSet::name).join(", ");
                return wrong(
                    Code::BudgetTarget,
                    name.span,
                    format!("there is no target `{}`: use one of {all}", name.text),
                );
            }
            Some((Some(known), _)) => known,
            None => InstructionSet::Avx2,
        };
        let target = Target::shipped(instructions, self.threads);
        let model = elaborate(self.library, &self.function.name.text, &self.settings, &Options::default())?;
        let sizes = self.sizes(&model, &self.axes);
        let graph = graph_digest(&model.graph);
        let promised =
            |plan| Ok(Some(Promised { function: self.function.name.text.clone(), graph: graph.clone(), plan }));
        let inputs = kept::inputs(&graph, &sizes, bytes, &target);
        if let Some(plan) = kept::find(keeper, &inputs) {
            return promised(plan);
        }
        let planner = match self.planner(&model, &self.axes, &target) {
            Ok(planner) => planner,
            Err(error) => return wrong(Code::BudgetSizes, self.budget.span, error.to_string()),
        };
        let leanest = planner.leanest();
        let least = leanest.memory.total();
        if let Ok(plan) = planner.plan(Some(bytes)) {
            kept::keep(keeper, &inputs, &plan);
            return promised(plan);
        }
        let mistake = Diagnostic::new(
            Code::BudgetRefused,
            self.budget.span,
            format!(
                "`{}` does not fit {}: it needs at least {} ({least} bytes), bound by `{}`",
                self.function.name.text,
                format_bytes(bytes),
                format_bytes(least),
                leanest.memory.operation
            ),
        );
        let parts = format!("weights take {} of that", format_bytes(leanest.memory.weights));
        let fitting: Vec<String> =
            self.axes.keys().filter_map(|axis| self.fits_at(&model, axis, bytes, &target)).collect();
        let mut help = if fitting.is_empty() {
            format!("budget {} or more; no smaller size of a single axis fits", format_bytes(least))
        } else {
            format!("budget {} or more, or use a smaller size: {}", format_bytes(least), fitting.join(", or "))
        };
        if let Some(narrow) = self.in_bf16(&model, &target).filter(|narrow| *narrow <= bytes) {
            help += &format!("; with `#[precision(bf16)]` it needs {}", format_bytes(narrow));
        }
        Err(vec![mistake.note(self.function.name.span, parts).help(help)])
    }

    /// The smallest budget where values between operations are kept in bfloat16.
    fn in_bf16(&self, model: &Elaborated, target: &Target) -> Option<u64> {
        let graph = Graph { precision: Format::Bf16, ..model.graph.clone() };
        let planner = Planner::new(&graph, &self.sizes(model, &self.axes), target).ok()?;
        Some(planner.leanest().memory.total())
    }

    fn planner(&self, model: &Elaborated, axes: &Sizes, target: &Target) -> Result<Planner, PlanError> {
        Planner::new(&model.graph, &self.sizes(model, axes), target)
    }

    fn sizes(&self, model: &Elaborated, axes: &Sizes) -> Sizes {
        model.sizes.iter().chain(axes).map(|(k, v)| (k.clone(), *v)).collect()
    }

    /// `R = 512`: about the largest size of one axis, the others as they are, that fits.
    fn fits_at(&self, model: &Elaborated, axis: &str, bytes: u64, target: &Target) -> Option<String> {
        let fits = |size: u64| {
            let mut axes = self.axes.clone();
            axes.insert(axis.to_string(), size);
            self.planner(model, &axes, target).is_ok_and(|p| p.leanest().memory.total() <= bytes)
        };
        let (mut low, mut high) = (1, *self.axes.get(axis)?);
        if !fits(low) {
            return None;
        }
        for _ in 0..BISECTIONS {
            let middle = low + (high - low) / 2;
            if middle == low {
                break;
            }
            if fits(middle) { low = middle } else { high = middle }
        }
        Some(format!("`{axis} = {low}` fits"))
    }
}
