//! A single kernel: what every device may rely on before it sees an address.

use std::collections::BTreeSet;

use super::MOST;
use crate::ir::{Expr, Instr};
use crate::kernel::{Attend, Contract, Kernel, Nest, Strides};

/// The most indices, operands or instructions that a device has to expect.
const MOST_PARTS: usize = 4096;

/// What an expression may use.
struct Names<'a> {
    /// Operands to load.
    loads: usize,
    /// Indices whose position may be read.
    indices: usize,
    /// Results of the row operation, or sums.
    rows: usize,
    /// Whether an operand has an axis to gather along.
    gathers: &'a dyn Fn(usize) -> bool,
}

pub(super) fn check(kernel: &Kernel) -> Result<(), String> {
    let (operands, results) = (kernel.operands(), kernel.results());
    let indices = kernel.indices();
    if indices > MOST_PARTS || operands.len() > MOST_PARTS {
        return Err(format!("has {indices} indices and {} operands", operands.len()));
    }
    for (k, strides) in operands.into_iter().chain(results).enumerate() {
        if strides.len() != indices {
            return Err(format!("has {indices} indices and {} strides of operand {k}", strides.len()));
        }
        if let Some(stride) = strides.iter().find(|stride| !(0..=MOST as i64).contains(*stride)) {
            return Err(format!("steps by {stride} in operand {k}"));
        }
    }
    match kernel {
        Kernel::Nest(nest) => check_nest(nest),
        Kernel::Contract(contract) => check_contract(contract),
        Kernel::Attend(attend) => check_attend(attend),
    }
}

fn check_nest(nest: &Nest) -> Result<(), String> {
    if nest.gathers.len() != nest.loads.len() {
        return Err(format!("has {} operands, but gather information for {}", nest.loads.len(), nest.gathers.len()));
    }
    let gathered = nest.gathers.iter().flatten();
    for axis in gathered {
        if !(0..=MOST as i64).contains(&axis.stride) || axis.extent > MOST {
            return Err(format!("gathers from {} places that are {} apart", axis.extent, axis.stride));
        }
    }
    let gathers = |k: usize| nest.gathers[k].is_some();
    let names = |rows| Names { loads: nest.loads.len(), indices: nest.indices, rows, gathers: &gathers };
    let Some(row) = &nest.row else {
        if !nest.before.0.is_empty() {
            return Err("has a prologue but no row operation".into());
        }
        return check_expr(&nest.after, &names(0));
    };
    check_expr(&nest.before, &names(0))?;
    check_expr(&nest.after, &names(1))?;
    check_indices("row", &row.over, nest.indices)?;
    if !row.op.consumes() {
        return match nest.store.format.is_single() {
            true => Ok(()),
            false => Err("keeps rows in a narrow format".into()),
        };
    }
    let consumed = |i: &usize| row.over.contains(i);
    if row.over.iter().any(|i| nest.store[*i] != 0) {
        return Err("steps along a consumed index in its result".into());
    }
    let read_after = |instr: &Instr| match instr {
        Instr::Load(k) | Instr::Gather { source: k, .. } => row.over.iter().any(|i| nest.loads[*k][*i] != 0),
        Instr::Position(i) => consumed(i),
        _ => false,
    };
    match nest.after.0.iter().any(read_after) {
        true => Err("reads along a consumed index after its row".into()),
        false => Ok(()),
    }
}

fn check_contract(contract: &Contract) -> Result<(), String> {
    check_indices("contracted", &contract.contracted, contract.indices)?;
    let operands = contract.operands().count() + contract.parts.len();
    if contract.parts.is_empty() || contract.parts.iter().any(|part| part.sums.is_empty()) {
        return Err("has no sums".into());
    }
    if operands > Contract::OPERANDS {
        return Err(format!("has {operands} operands and results, at most {} are possible", Contract::OPERANDS));
    }
    let contracted = |i: usize| contract.contracted.contains(&i);
    let only_contracted = |strides: &Strides| (0..contract.indices).all(|i| contracted(i) || strides[i] == 0);
    let no_contracted = |strides: &Strides| contract.contracted.iter().all(|i| strides[*i] == 0);
    if let Some(norm) = &contract.norm
        && !norm.scale.iter().chain(&norm.offset).all(only_contracted)
    {
        return Err("scales or shifts a norm by more than a row".into());
    }
    for part in &contract.parts {
        let names = Names { loads: part.loads.len(), indices: 0, rows: part.sums.len(), gathers: &|_| false };
        check_expr(&part.after, &names)?;
        if part.after.0.len() > Contract::INSTRUCTIONS + Contract::OPERANDS {
            return Err(format!("has an epilogue of {} instructions", part.after.0.len()));
        }
        if !part.loads.iter().chain([&part.store]).all(no_contracted) {
            return Err("steps along a contracted index in a result or its epilogue".into());
        }
        if part.accumulate && (part.sums.len() > 1 || !part.after.is_row() || contract.norm.is_some()) {
            return Err("has an epilogue on a sum that is added to its result".into());
        }
    }
    Ok(())
}

fn check_attend(attend: &Attend) -> Result<(), String> {
    let &Attend { key, inner, channel, causal, .. } = attend;
    let own: Vec<usize> = [key, inner, channel].into_iter().chain(causal).collect();
    check_indices("key, inner, channel and query", &own, attend.indices)?;
    let lacks = |strides: &Strides, indices: &[usize]| indices.iter().all(|i| strides[*i] == 0);
    let queries: Vec<usize> = causal.into_iter().collect();
    let fits = lacks(&attend.q, &[key, channel])
        && lacks(&attend.k, &[channel])
        && lacks(&attend.v, &[inner])
        && lacks(&attend.k, &queries)
        && lacks(&attend.v, &queries)
        && lacks(&attend.store, &[key, inner])
        && attend.added.iter().all(|added| lacks(added, &[inner, channel]))
        && attend.running.iter().all(|running| lacks(running, &[key, inner, channel]));
    match fits {
        true => Ok(()),
        false => Err("has its key, inner, channel or query index on the wrong operands".into()),
    }
}

fn check_indices(what: &str, indices: &[usize], most: usize) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match indices.iter().all(|i| *i < most && seen.insert(i)) {
        true => Ok(()),
        false => Err(format!("has {indices:?} as its {what} indices, expected distinct ones of {most}")),
    }
}

fn check_expr(expr: &Expr, names: &Names<'_>) -> Result<(), String> {
    if expr.0.is_empty() || expr.0.len() > MOST_PARTS {
        return Err(format!("has an expression of {} instructions", expr.0.len()));
    }
    for (place, instr) in expr.0.iter().enumerate() {
        let fine = match instr {
            Instr::Load(k) => *k < names.loads,
            Instr::Const(_) | Instr::Unary(..) | Instr::Binary(..) | Instr::Select(..) => true,
            // Sizes are numbers in a plan.
            Instr::Size(_) => false,
            Instr::Position(i) => *i < names.indices,
            Instr::Gather { source, .. } => *source < names.loads && (names.gathers)(*source),
            Instr::Row(k) => *k < names.rows,
        };
        if !fine || instr.arguments().into_iter().flatten().any(|argument| argument >= place) {
            return Err(format!("has a malformed instruction {place}: {instr:?}"));
        }
    }
    Ok(())
}
