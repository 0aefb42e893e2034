//! `crease models`: what there is.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use crease_core::lang::ast::Literal;
use crease_models::registry;

use crate::choice::{Chosen, shown};
use crate::terminal::CliError;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Only this model, with every parameter.
    model: Option<String>,
}

pub(super) fn list(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut text = String::new();
    match &arguments.model {
        Some(name) => describe(&mut text, &Chosen::new(name, &[])?, true),
        None => {
            for entry in registry() {
                if !text.is_empty() {
                    text.push('\n');
                }
                describe(&mut text, &Chosen::new(entry.name, &[])?, false);
            }
        }
    }
    crate::terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn describe(text: &mut String, chosen: &Chosen, all: bool) {
    let signature = &chosen.signature;
    let summary = registry().iter().find(|e| e.name == chosen.name).map_or("", |e| e.summary);
    let mut line = |left: &str, right: &str| {
        let _ = writeln!(text, "{}", format!("{left:<24}{right}").trim_end());
    };
    line(&chosen.name, summary);
    line("  inputs", "");
    for input in &signature.inputs {
        line(&format!("    {}", input.name), &format!("{}{}", shown(&input.shape), optional(input.optional)));
    }
    line("  outputs", "");
    for output in &signature.outputs {
        line(&format!("    {}", output.name), &shown(&output.shape));
    }
    line("  axes (-d NAME=SIZE)", "");
    for axis in &signature.axes {
        line(&format!("    {}", axis.name.text), first_line(&axis.doc));
    }
    line("  settings (--set NAME=VALUE)", "");
    for setting in &signature.settings {
        let value = match setting.value {
            Literal::Size(n) => n.to_string(),
            Literal::Flag(b) => b.to_string(),
            Literal::Number(x) => format!("{x:?}"),
        };
        line(&format!("    {}={value}", setting.name.text), &format!(" {}", first_line(&setting.doc)));
    }
    if all {
        line("  parameters", "  ({} is a layer's number)");
        for parameter in &signature.parameters {
            let words = format!("{} {}{}", parameter.name, shown(&parameter.shape), optional(parameter.optional));
            line(&format!("    {words}"), "");
        }
    } else {
        let names = format!("{} names: see crease models {}", signature.parameters.len(), chosen.name);
        line("  parameters", &names);
    }
}

fn first_line(doc: &str) -> &str {
    doc.trim().lines().next().unwrap_or_default().trim()
}

fn optional(optional: bool) -> &'static str {
    if optional { " (may be absent)" } else { "" }
}
