//! Monotone: more memory never costs time.

use crease_cli::terminal::CliError;
use serde_json::json;

use super::scope::Scope;
use crate::block::Blocks;
use crate::report::Report;

pub(super) fn monotone(report: &mut Report, scope: &Scope, blocks: &mut Blocks) -> Result<(), CliError> {
    let budgets = scope.count(40, 12);
    for &(s, r) in scope.large() {
        report.doing(format!("{budgets} budgets at s={s} r={r}"));
        let block = blocks.at((s, r))?;
        let mut times = Vec::new();
        for k in 0..budgets {
            times.push(block.within(block.between(k * 1000 / (budgets - 1)))?.time);
        }
        let rises = times.windows(2).filter(|pair| pair[1] > pair[0]).count();
        let text =
            format!("s={s} r={r}: over {budgets} budgets the predicted time rises with the budget {rises} times");
        report.line("monotone", &text, Some(rises == 0), json!({ "s": s, "r": r, "nanoseconds": times }))?;
    }
    Ok(())
}
