//! How much a planner explored: the sizes of its e-graphs.

use std::rc::Rc;

use super::budget::Planner;
use crate::plan::search::{Part, Search};
use crate::rules::Forms;

/// The e-graphs of a planner, together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Explored {
    /// Graphs explored: pieces of the program, each in all its variants.
    pub graphs: usize,
    /// Nodes of their e-graphs.
    pub nodes: usize,
    /// Classes of their e-graphs.
    pub classes: usize,
    /// Most rounds of the rules that any of them took.
    pub iterations: usize,
    /// Whether the rules saturated in all of them.
    pub saturated: bool,
}

impl Planner {
    /// What was explored to make this planner.
    pub fn explored(&self) -> Explored {
        let mut sum = Explored { saturated: true, ..Explored::default() };
        add(&self.search, &mut sum);
        sum
    }
}

fn add(search: &Search, sum: &mut Explored) {
    for part in &search.parts {
        match part {
            Part::Layers { inner, .. } => add(inner, sum),
            Part::Nodes { variants, .. } => {
                // The orders of a graph share its forms.
                let mut last: Option<&Rc<Forms>> = None;
                for piece in variants {
                    if last.is_some_and(|forms| Rc::ptr_eq(forms, &piece.forms)) {
                        continue;
                    }
                    last = Some(&piece.forms);
                    sum.graphs += 1;
                    sum.nodes += piece.forms.size;
                    sum.classes += piece.forms.classes;
                    sum.iterations = sum.iterations.max(piece.forms.iterations);
                    sum.saturated &= piece.forms.saturated;
                }
            }
        }
    }
}
