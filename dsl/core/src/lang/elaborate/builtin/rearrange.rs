//! `rearrange("i j (h d) -> h i j d", x, h = H)`: axes split, moved and joined by name.

use std::collections::BTreeMap;

use super::arguments::Arguments;
use crate::ir::{Extent, ValueId, shape_text};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::elaborate::value::Val;
use crate::lang::elaborate::walk::Elaborator;
use crate::lang::elaborate::words::source;

/// One axis of a side: no name means extent 1, several names are joined.
type Axis = Vec<String>;

impl Elaborator<'_> {
    pub(super) fn rearrange(&mut self, args: &Arguments) -> Option<Val> {
        let (at, pattern) = args.get("pattern");
        let Val::Text(text) = pattern else { return self.wrong_kind(at, pattern, "a text like \"i j -> j i\"") };
        let x = self.tensor(args.get("x"))?;
        let mut given: BTreeMap<&str, Extent> = BTreeMap::new();
        for (name, at, val) in args.others() {
            given.insert(name, self.size((at, val))?);
        }
        let (left, right) = match sides(text) {
            Ok(sides) => sides,
            Err(message) => {
                let mistake = Diagnostic::new(Code::AxesPattern, at.span, message);
                self.fail(
                    mistake.help("write it as \"i j (h d) -> h i j d\": names between spaces, `1` for an added axis"),
                );
                return None;
            }
        };
        let shape = self.shape(x).to_vec();
        if left.len() != shape.len() {
            let tensor = args.get("x").0;
            let (name, shape) = (source(tensor), shape_text(&shape));
            let text = format!("\"{text}\" has {} axes on its left and `{name}` is {shape}", left.len());
            let mistake = Diagnostic::new(Code::AxesPattern, at.span, text);
            let mistake = mistake.note(self.provenance(tensor), format!("`{name}` is {shape}"));
            self.fail(
                mistake.help("left of `->`, write one name for each axis, or a group in parentheses to split it"),
            );
            return None;
        }
        if let Some((unknown, label, _)) = args.others().find(|(name, ..)| !left.iter().flatten().any(|n| n == name)) {
            let text = format!("\"{text}\" has no axis `{unknown}`");
            self.wrong(Code::CallsNamed, label.span, text);
            return None;
        }
        match self.rearranged(x, &shape, &left, &right, &given) {
            Ok(id) => Some(Val::Tensor(id)),
            Err((code, message, help)) => {
                let tensor = args.get("x").0;
                let origin = format!("`{}` is {}", source(tensor), shape_text(&shape));
                let mut mistake = Diagnostic::new(code, at.span, message).note(self.provenance(tensor), origin);
                mistake.help = help;
                self.fail(mistake);
                None
            }
        }
    }

    fn rearranged(
        &mut self,
        x: ValueId,
        shape: &[Extent],
        left: &[Axis],
        right: &[Axis],
        given: &BTreeMap<&str, Extent>,
    ) -> Result<ValueId, (Code, String, Option<String>)> {
        let fault = |f: crate::builder::Fault| (Code::AxesReshape, f.message, f.help);
        let mut id = x;
        let mut names: Vec<String> = Vec::new();
        for (group, extent) in left.iter().zip(shape) {
            if group.is_empty() {
                if *extent != Extent::literal(1) {
                    let text = format!("`1` is written for an axis of size {extent}");
                    return Err((Code::AxesReshape, text, None));
                }
                id = self.frame.builder.pick(id, names.len(), Extent::literal(0)).map_err(fault)?;
                continue;
            }
            let sizes = group_sizes(group, extent, given)?;
            id = self.split_axis(id, names.len(), &sizes).map_err(fault)?;
            names.extend(group.iter().cloned());
        }
        let wanted: Vec<&String> = right.iter().flatten().collect();
        let order: Vec<usize> = wanted.iter().filter_map(|n| names.iter().position(|m| m == *n)).collect();
        if order.iter().enumerate().any(|(k, o)| k != *o) {
            id = self.frame.builder.permute(id, &order).map_err(fault)?;
        }
        for (place, group) in right.iter().enumerate() {
            if group.is_empty() {
                id = self.frame.builder.unsqueeze(id, place).map_err(fault)?;
            }
            for _ in 1..group.len() {
                id = self.frame.builder.join(id, place).map_err(fault)?;
            }
        }
        Ok(id)
    }
}

/// The extents of the names of one axis; at most one is inferred from the others.
fn group_sizes(
    group: &[String],
    extent: &Extent,
    given: &BTreeMap<&str, Extent>,
) -> Result<Vec<Extent>, (Code, String, Option<String>)> {
    let known = |name: &String| given.get(name.as_str()).cloned();
    let missing: Vec<&String> = group.iter().filter(|n| known(n).is_none()).collect();
    let product = group.iter().filter_map(known).fold(Extent::literal(1), |p, e| p * e);
    let refuse = |text: String, help: String| Err((Code::AxesReshape, text, Some(help)));
    let rest = match missing.as_slice() {
        [] if product == *extent => None,
        [] => {
            let text = format!("`({})` is {product}, but the axis is {extent}", group.join(" "));
            return refuse(text, "give sizes whose product is the size of the axis".into());
        }
        [_] if product == Extent::literal(1) => Some(extent.clone()),
        [one] => match extent.divided(&product) {
            Some(rest) => Some(rest),
            None => {
                let text =
                    format!("`({})` is {extent}, which is not known to be a multiple of {product}", group.join(" "));
                return refuse(
                    text,
                    format!("declare the size of the axis as a product: `{{ {product} * {} }}`", one.to_uppercase()),
                );
            }
        },
        [first, ..] => {
            let text = format!("the sizes of {} names of `({})` are unknown", missing.len(), group.join(" "));
            return refuse(text, format!("give all sizes but one: `{first} = …`"));
        }
    };
    Ok(group.iter().map(|n| known(n).or_else(|| rest.clone()).unwrap_or_default()).collect())
}

/// Both sides of a pattern, with the same names on each.
fn sides(text: &str) -> Result<(Vec<Axis>, Vec<Axis>), String> {
    let (left, right) = text.split_once("->").ok_or_else(|| format!("\"{text}\" has no `->`"))?;
    let (left, right) = (side(left)?, side(right)?);
    for (here, there, where_) in [(&left, &right, "right"), (&right, &left, "left")] {
        let names: Vec<&String> = here.iter().flatten().collect();
        for (k, name) in names.iter().enumerate() {
            if names[..k].contains(name) {
                return Err(format!("`{name}` occurs twice on one side of \"{text}\""));
            }
            if !there.iter().flatten().any(|n| n == *name) {
                return Err(format!("`{name}` is missing on the {where_} of \"{text}\""));
            }
        }
    }
    Ok((left, right))
}

fn side(text: &str) -> Result<Vec<Axis>, String> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut axes: Vec<Axis> = Vec::new();
    let mut open: Option<Axis> = None;
    for word in spaced.split_whitespace() {
        match (word, &mut open) {
            ("(", None) => open = Some(Vec::new()),
            ("(", Some(_)) => return Err(format!("nested `(` in \"{}\"", text.trim())),
            (")", _) => axes.push(open.take().ok_or_else(|| format!("unmatched `)` in \"{}\"", text.trim()))?),
            ("1", None) => axes.push(Vec::new()),
            (name, _)
                if !name.chars().all(|c| c.is_alphanumeric() || c == '_')
                    || name.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                return Err(format!("`{name}` is not the name of an axis"));
            }
            (name, Some(group)) => group.push(name.to_string()),
            (name, None) => axes.push(vec![name.to_string()]),
        }
    }
    if open.is_some() {
        return Err(format!("unclosed `(` in \"{}\"", text.trim()));
    }
    Ok(axes)
}
