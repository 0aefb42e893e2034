//! `use` declarations: which names of other models a module knows.

use crease_core::lang::Code;
use syn::UseTree;

use super::Reader;

impl Reader {
    /// Collects the names that a `use` brings in. Paths are left to Rust, which resolves them.
    pub(super) fn use_tree(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => match &*path.tree {
                UseTree::Group(group) => {
                    for tree in &group.items {
                        match tree {
                            UseTree::Name(name) if name.ident == "self" => {
                                self.uses.push(path.ident.clone());
                            }
                            tree => self.use_tree(tree),
                        }
                    }
                }
                tree => self.use_tree(tree),
            },
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(tree)),
            UseTree::Name(name) => self.uses.push(name.ident.clone()),
            UseTree::Rename(rename) => self.uses.push(rename.rename.clone()),
            UseTree::Glob(glob) => self.wrong(
                Code::SyntaxImport,
                glob.star_token.spans[0],
                "a model cannot import `*`",
                "name each item: `use super::triangle::{outgoing, Outgoing};`",
            ),
        }
    }
}
