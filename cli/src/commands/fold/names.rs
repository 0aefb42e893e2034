//! What structures and pages are called.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crease_models::fold::Antibody;

/// What an antibody is called in messages.
pub(super) fn of(antibody: &Antibody) -> String {
    let word = antibody.name.split_whitespace().next().unwrap_or_default();
    if word.is_empty() { "antibody".into() } else { crease_models::shown(word) }
}

/// Where what is made of each antibody is written: the file that was asked for, of several with each one's name, or its
/// number where it has none or shares it.
pub(super) fn outputs(asked: &Path, antibodies: &[Antibody]) -> Vec<PathBuf> {
    if antibodies.len() == 1 {
        return vec![asked.to_path_buf()];
    }
    let stem = asked.file_stem().unwrap_or_default().to_string_lossy();
    let ending = asked.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let (mut paths, mut taken) = (Vec::new(), HashSet::new());
    for (k, antibody) in antibodies.iter().enumerate() {
        let word = antibody.name.split_whitespace().next().unwrap_or_default();
        let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
        let name: String = word.chars().take(60).map(safe).collect();
        let path = |name: &str| asked.with_file_name(format!("{stem}_{name}{ending}"));
        let before = if name.is_empty() { String::new() } else { format!("{name}_") };
        // A number may be part of another's name, so the next ones are tried, too.
        let numbered = (k + 1..).map(|number| path(&format!("{before}{number}")));
        let own = (!name.is_empty()).then(|| path(&name));
        let free = own.into_iter().chain(numbered).find(|path| taken.insert(path.clone()));
        paths.extend(free);
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: &str, names: &[&str], expected: &[&str]) {
        let antibody = |name: &&str| Antibody { name: (*name).into(), chains: Vec::new(), line: 1 };
        let antibodies: Vec<Antibody> = names.iter().map(antibody).collect();
        let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
        assert_eq!(outputs(Path::new(asked), &antibodies), expected);
    }

    #[test]
    fn every_structure_has_a_place_of_its_own() {
        check("out/x.pdb", &["1ncb"], &["out/x.pdb"]);
        check("out/x.pdb", &["1ncb", "a/b c"], &["out/x_1ncb.pdb", "out/x_a_b.pdb"]);
        check("x.cif", &["a", "a", ""], &["x_a.cif", "x_a_2.cif", "x_3.cif"]);
        check("page", &["a", "b"], &["page_a", "page_b"]);
        check("x.pdb", &["a_3", "a", "a"], &["x_a_3.pdb", "x_a.pdb", "x_a_4.pdb"]);
    }
}
