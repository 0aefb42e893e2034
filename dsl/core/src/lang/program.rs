//! A library with names resolved: the contents of each module, and the prelude.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use strsim::levenshtein;

use super::ast::{Constant, Field, Function, Ident, Library, Literal, Module, SizeExpr, SizeKind, Span, Struct};
use super::ast::{Type, TypeKind};

/// A struct: module and position.
pub(super) type StructId = (usize, usize);
/// A function: module and position.
pub(super) type FunctionId = (usize, usize);

/// The modules of a library, the prelude's last.
pub(super) struct Program<'a> {
    pub(super) modules: Vec<&'a Module>,
    /// Every constant by bare name, with its default: the root module's where it has one.
    pub(super) constants: BTreeMap<String, Literal>,
    /// The library's own module.
    pub(super) home: usize,
}

/// Parameter structs that need no declaration.
static PRELUDE: LazyLock<Module> = LazyLock::new(|| Module {
    id: "prelude".into(),
    name: "prelude".into(),
    doc: "Parameter structs that every model knows.".into(),
    structs: vec![
        layer("Linear", "`x · weightᵀ + bias`.", &["I", "O"], &[("weight", &["O", "I"]), ("bias", &["O"])]),
        layer("LinearNoBias", "`x · weightᵀ`.", &["I", "O"], &[("weight", &["O", "I"])]),
        layer("LayerNorm", "Scale and offset of a layer norm.", &["C"], &[("weight", &["C"]), ("bias", &["C"])]),
    ],
    ..Module::default()
});

fn layer(name: &str, doc: &str, generics: &[&str], fields: &[(&str, &[&str])]) -> Struct {
    let ident = |text: &str| Ident { text: text.into(), span: Span(0) };
    let size = |text: &&str| SizeExpr { kind: SizeKind::Name((*text).into()), span: Span(0) };
    let field = |(name, shape): &(&str, &[&str])| Field {
        name: ident(name),
        stored: (*name).into(),
        ty: Type { kind: TypeKind::Tensor(shape.iter().map(size).collect()), span: Span(0) },
    };
    Struct {
        name: ident(name),
        doc: doc.into(),
        generics: generics.iter().map(|g| ident(g)).collect(),
        fields: fields.iter().map(field).collect(),
    }
}

impl<'a> Program<'a> {
    /// The program of a library that has at least one module.
    pub(super) fn new(library: &'a Library) -> Option<Program<'a>> {
        let home = library.modules.len().checked_sub(1)?;
        let mut modules: Vec<&'a Module> = library.modules.iter().collect();
        modules.push(&PRELUDE);
        let all = modules.iter().flat_map(|m| &m.constants);
        let constants = all.map(|c| (c.name.text.clone(), c.value)).collect();
        Some(Program { modules, constants, home })
    }

    pub(super) fn structure(&self, id: StructId) -> &'a Struct {
        &self.modules[id.0].structs[id.1]
    }

    pub(super) fn function(&self, id: FunctionId) -> &'a Function {
        &self.modules[id.0].functions[id.1]
    }

    /// The symbol of an axis or generic: its name, marked where a constant has the same.
    pub(super) fn symbol(&self, name: &str) -> String {
        if self.constants.contains_key(name) { format!("{name}'") } else { name.to_string() }
    }

    pub(super) fn find_struct(&self, module: usize, name: &str) -> Option<StructId> {
        let prelude = self.modules.len() - 1;
        let find = |m: usize, n: &str| self.modules[m].structs.iter().position(|s| s.name.text == n).map(|k| (m, k));
        self.resolve(module, name, &find, 0).or_else(|| find(prelude, last_segment(name)))
    }

    pub(super) fn find_function(&self, module: usize, name: &str) -> Option<FunctionId> {
        let find = |m: usize, n: &str| self.modules[m].functions.iter().position(|f| f.name.text == n).map(|k| (m, k));
        self.resolve(module, name, &find, 0)
    }

    pub(super) fn find_constant(&self, module: usize, name: &str) -> Option<&'a Constant> {
        let find = |m: usize, n: &str| self.modules[m].constants.iter().find(|c| c.name.text == n);
        self.resolve(module, name, &find, 0)
    }

    /// The axis' own name.
    pub(super) fn find_axis(&self, module: usize, name: &str) -> Option<&'a str> {
        let find =
            |m: usize, n: &str| self.modules[m].axes.iter().find(|a| a.name.text == n).map(|a| a.name.text.as_str());
        self.resolve(module, name, &find, 0)
    }

    fn resolve<T>(
        &self,
        module: usize,
        name: &str,
        find: &dyn Fn(usize, &str) -> Option<T>,
        depth: usize,
    ) -> Option<T> {
        const LONGEST_CHAIN: usize = 32;
        if depth > LONGEST_CHAIN {
            return None;
        }
        if let Some(own) = find(module, name) {
            return Some(own);
        }
        let imports = &self.modules[module].imports;
        for import in imports.iter().filter(|i| i.name.text == name) {
            if let Some(from) = self.module(&import.module)
                && let Some(item) = self.resolve(from, &import.item.text, find, depth + 1)
            {
                return Some(item);
            }
        }
        let (path, item) = name.rsplit_once("::")?;
        let owner = last_segment(path);
        let by_import = imports.iter().find(|i| i.name.text == owner).and_then(|i| self.module(&i.module));
        let by_name = || self.modules.iter().rposition(|m| m.name == owner);
        self.resolve(by_import.or_else(by_name)?, item, find, depth + 1)
    }

    /// The module of an identity.
    pub(super) fn module(&self, id: &str) -> Option<usize> {
        self.modules.iter().position(|m| m.id == id)
    }

    /// Every name of one sort that a module sees, for suggestions.
    pub(super) fn names(&self, module: usize, of: impl Fn(&'a Module) -> Vec<&'a str>) -> Vec<String> {
        let own = self.modules[module];
        let mut names: Vec<String> = of(own).into_iter().map(str::to_string).collect();
        for import in &own.imports {
            let has = self.module(&import.module).is_some_and(|m| of(self.modules[m]).contains(&&*import.item.text));
            if has {
                names.push(import.name.text.clone());
            }
        }
        names
    }
}

/// The name at the end of a path.
pub(super) fn last_segment(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// A help for an unknown name: similar names, else all names.
pub(super) fn suggest(name: &str, there: &[String]) -> Option<String> {
    const MOST_LISTED: usize = 10;
    let mut near: Vec<(usize, &String)> = there
        .iter()
        .map(|other| (levenshtein(&name.to_lowercase(), &other.to_lowercase()), other))
        .filter(|(d, other)| {
            *d <= (1 + name.chars().count() / 4).min(name.chars().count().max(other.chars().count()) / 2)
        })
        .collect();
    near.sort();
    near.dedup();
    let quoted = |names: Vec<&String>| names.into_iter().map(|n| format!("`{n}`")).collect::<Vec<_>>();
    if !near.is_empty() {
        return Some(format!("did you mean {}?", quoted(near.into_iter().take(3).map(|n| n.1).collect()).join(" or ")));
    }
    let mut all = there.iter().collect::<Vec<_>>();
    all.sort();
    all.dedup();
    match all.len() {
        0 => None,
        n if n > MOST_LISTED => {
            Some(format!("there are {} and {} more", quoted(all[..MOST_LISTED].to_vec()).join(", "), n - MOST_LISTED))
        }
        1 => Some(format!("there is `{}`", all[0])),
        _ => Some(format!("there are {}", quoted(all).join(", "))),
    }
}
