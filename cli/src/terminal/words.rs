//! Messages on one line, names that may have been meant, times as people read them.

use strsim::levenshtein;

/// A message on one line: lines joined, what cannot be seen escaped, what has no end cut.
pub fn one_line(message: &str) -> String {
    const LONGEST: usize = 800;
    let lines: Vec<&str> = message.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let joined = lines.join("; ");
    let mut line = String::new();
    for (k, c) in joined.chars().enumerate() {
        if k == LONGEST {
            line.push('…');
            break;
        }
        match c {
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    line
}

/// The names of `known` that `name` may have meant, in words.
pub(crate) fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let near = known.iter().map(|k| (levenshtein(&name.to_lowercase(), &k.to_lowercase()), k)).min();
    match near {
        Some((far, near)) if far <= 1 + name.chars().count() / 3 => format!("did you mean `{near}`?"),
        Some(_) => format!("there are {}", known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")),
        None => "there are none".into(),
    }
}

/// Nanoseconds as people read them.
pub fn seconds(nanoseconds: u64) -> String {
    match nanoseconds as f64 * 1e-9 {
        short if short < 1e-3 => format!("{:.0} µs", short * 1e6),
        short if short < 1.0 => format!("{:.1} ms", short * 1e3),
        long if long < 600.0 => format!("{long:.2} s"),
        long => format!("{} min {} s", long as u64 / 60, long as u64 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_line() {
        assert_eq!(one_line("a\n  b\u{1b}[2J\n\n"), "a; b\\u{1b}[2J");
        assert_eq!(one_line(&"x".repeat(5000)).chars().count(), 801);
    }

    #[test]
    fn the_nearest_name_is_meant() {
        let known = ["evoformer_block", "evoformer_stack"];
        assert_eq!(suggestion("evoformer_blok", known), "did you mean `evoformer_block`?");
        assert_eq!(suggestion("zzz", known), "there are `evoformer_block`, `evoformer_stack`");
        assert_eq!(suggestion("zzz", []), "there are none");
    }
}
