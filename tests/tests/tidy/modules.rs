//! The modules of a crate, and which names which: every path followed to the module that has its item.

use std::collections::BTreeMap;

use super::Source;
use super::paths::{self, Read, Written};

/// A module's path in its crate; the crate itself has none.
pub(crate) type Module = Vec<String>;

/// A module that names an item of another.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) from: Module,
    pub(crate) to: Module,
    /// The file, and the path as it stands there.
    pub(crate) written: String,
}

/// A crate's modules with what they name.
pub(crate) struct Crate {
    /// By module: the file and what was read of it.
    files: BTreeMap<Module, (String, Read)>,
    /// Modules that stand inside a file.
    inline: BTreeMap<Module, Module>,
}

/// How many times an item may be handed on.
const FARTHEST: usize = 12;

impl Crate {
    /// The crate whose sources are in a folder.
    pub(crate) fn read(sources: &[Source], folder: &str) -> Crate {
        let mut files = BTreeMap::new();
        for source in sources.iter().filter(|source| source.is_rust()) {
            let Some(place) = source.path.strip_prefix(folder).and_then(|path| path.strip_prefix('/')) else {
                continue;
            };
            let place = place.trim_end_matches(".rs");
            let mut module: Module = place.split('/').map(ToString::to_string).collect();
            if ["mod", "lib"].contains(&module[module.len() - 1].as_str()) {
                module.pop();
            }
            if module != ["main"] {
                files.insert(module, (source.path.clone(), paths::read(&source.text)));
            }
        }
        let tests: Vec<Module> = files
            .iter()
            .flat_map(|(module, (_, read))| read.tests.iter().map(move |name| child(module, name)))
            .collect();
        files.retain(|module, _| !tests.iter().any(|tests| module.starts_with(tests)));
        let mut inline = BTreeMap::new();
        for (module, (_, read)) in &files {
            for within in &read.inline {
                inline.insert([module.as_slice(), within].concat(), module.clone());
            }
        }
        Crate { files, inline }
    }

    fn is_module(&self, module: &[String]) -> bool {
        self.files.contains_key(module) || self.inline.contains_key(module)
    }

    /// Every path from one module to another.
    pub(crate) fn imports(&self) -> Vec<Import> {
        let mut found = Vec::new();
        for (file, (path, read)) in &self.files {
            for written in &read.paths {
                // What is only handed on is nobody's import.
                let name = written.binds.clone().unwrap_or_default();
                if written.public && !read.words.contains(&name) {
                    continue;
                }
                let from = [file.as_slice(), &written.within].concat();
                let Some(to) = self.resolve(&from, written, FARTHEST) else { continue };
                if to != from {
                    found.push(Import { from, to, written: format!("{path}: {}", written.names.join("::")) });
                }
            }
        }
        found
    }

    /// The module that has what a path names, if it is of this crate.
    fn resolve(&self, from: &[String], written: &Written, left: usize) -> Option<Module> {
        let left = left.checked_sub(1)?;
        let mut names = written.names.as_slice();
        let mut at = match names.first()?.as_str() {
            "crate" => Module::new(),
            "self" | "super" => from.to_vec(),
            name if self.is_module(&child(from, name)) => child(from, name),
            name => {
                let same = |other: &&Written| *other != written && other.binds.as_deref() == Some(name);
                let (bound, rest) = (self.uses(from).find(same)?, &names[1..]);
                let whole = Written { names: [bound.names.as_slice(), rest].concat(), ..bound.clone() };
                return self.resolve(from, &whole, left);
            }
        };
        while names.first().is_some_and(|name| name == "super") {
            at.pop()?;
            names = &names[1..];
        }
        if names.first().is_some_and(|name| ["crate", "self"].contains(&name.as_str()) || at.last() == Some(name)) {
            names = &names[1..];
        }
        for (k, name) in names.iter().enumerate() {
            if self.is_module(&child(&at, name)) {
                at = child(&at, name);
                continue;
            }
            let same = |other: &&Written| *other != written && other.binds.as_deref() == Some(name);
            let Some(handed) = self.uses(&at).find(same) else { return Some(at) };
            let whole = Written { names: [handed.names.as_slice(), &names[k + 1..]].concat(), ..handed.clone() };
            // What is handed on from another crate belongs to whoever hands it on.
            return self.resolve(&at, &whole, left).or(Some(at));
        }
        Some(at)
    }

    /// The `use`s of a module.
    fn uses(&self, module: &[String]) -> impl Iterator<Item = &Written> {
        let file = self.inline.get(module).map_or(module, Vec::as_slice);
        let within = &module[file.len()..];
        let all = self.files.get(file).into_iter().flat_map(|(_, read)| &read.paths);
        all.filter(move |written| written.binds.is_some() && written.within == within)
    }
}

fn child(module: &[String], name: &str) -> Module {
    [module, &[name.to_string()]].concat()
}
