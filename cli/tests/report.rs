//! A plan as a page, and what the command says of its moments, pieces and other budgets.

mod common;

use common::*;
use serde_json::Value;

const BLOCK: &str = "plan evoformer_block -d R=64 -d S=32 --threads 2 --target avx2";

/// Makes sure that every element is closed where it was opened, and gives the data inside.
fn parsed(page: &str) -> Value {
    let (before, rest) = page.split_once("<style>").expect("a style");
    let (_, rest) = rest.split_once("</style>").expect("it ends");
    let (body, rest) = rest.split_once("<script type=\"application/json\" id=\"data\">").expect("data");
    let (data, rest) = rest.split_once("</script>").expect("it ends");
    let (_, after) = rest.split_once("</script>").expect("a script");
    let mut open: Vec<&str> = Vec::new();
    for part in [before, body, after] {
        for tag in part.split('<').skip(1) {
            let (tag, text) = tag.split_once('>').expect("a tag ends");
            assert!(!text.contains('>'), "{text}");
            let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
            match tag {
                _ if ["!doctype", "meta", "wbr"].contains(&name) || tag.ends_with('/') => {}
                _ if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "{tag}"),
                _ => open.push(name),
            }
        }
    }
    assert_eq!(open, [""; 0]);
    serde_json::from_str(data).expect("JSON")
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

#[test]
fn a_report_is_one_whole_page_that_says_the_peak_and_where_the_time_goes() {
    let folder = folder("report");
    let path = folder.join("plan.html");
    let free: Value = serde_json::from_str(&said(format!("{BLOCK} --json").split(' '))).expect("JSON");
    let between = number(&free["smallest"]["bytes"]).midpoint(number(&free["memory"]["peak"]));
    let arguments = format!("{BLOCK} --json --budget {between}B --report {}", path.display());
    let plan: Value = serde_json::from_str(&said(arguments.split(' '))).expect("JSON");
    let page = std::fs::read_to_string(&path).expect("a page");
    let data = parsed(&page);
    let peak = crease_core::units::format_bytes(number(&plan["memory"]["peak"]));
    for words in ["evoformer_block", "Fits in", "to spare", &peak, "pair_stack.tri_mul_out", "softmax", "in chunks of"]
    {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("://"), "the page stands alone");
    // One time, wherever it is said.
    let time = number(&plan["predicted_nanoseconds"]);
    let sum = |list: &Value, of: &dyn Fn(&Value) -> u64| list.as_array().expect("a list").iter().map(of).sum::<u64>();
    assert_eq!(sum(&data["moments"], &|m| number(&m[3])), time);
    assert_eq!(sum(&plan["moments"], &|m| number(&m["nanoseconds"])), time);
    assert_eq!(sum(&plan["modules"], &|m| number(&m["nanoseconds"])), time);
    let taken = |piece: &Value| number(&piece["ways"][number(&piece["taken"]) as usize]["nanoseconds"]);
    assert_eq!(sum(&plan["pieces"], &taken), time);
    let (curve, naive) = (plan["curve"].as_array().expect("a list"), plan["naive"].as_array().expect("a list"));
    assert_eq!(curve[0]["budget"], plan["smallest"]["bytes"]);
    assert_eq!(curve[curve.len() - 1]["nanoseconds"], free["predicted_nanoseconds"]);
    assert_eq!(naive.iter().map(|m| number(&m["bytes"])).max(), plan["naive_peak"].as_u64());
}

#[test]
fn stacks_and_the_smallest_sizes_are_reported_too() {
    let folder = folder("reports");
    let path = folder.join("plan.html");
    for model in ["evoformer_stack -d R=16 -d S=8 --budget smallest", "template_pair_stack -d R=1 -d T=1"] {
        said(format!("plan {model} --report {}", path.display()).split(' '));
        let page = std::fs::read_to_string(&path).expect("a page");
        assert!(parsed(&page)["moments"].as_array().is_some_and(|m| !m.is_empty()), "{model}");
    }
}

#[test]
fn the_pictures_in_a_terminal_fit_eighty_columns() {
    let words = said(BLOCK.split(' '));
    let from = words.find("\nmemory ").expect("a picture of memory") + 1;
    let pictures = &words[from..];
    assert!(pictures.lines().all(|line| line.chars().count() <= 80), "{pictures}");
    for part in ["█", "time by part", "choices", "runner-up", "budgets", "this plan", "smallest"] {
        assert!(pictures.contains(part), "{part}:\n{pictures}");
    }
}

#[test]
fn a_report_that_cannot_be_made_leaves_nothing() {
    let folder = folder("no-report");
    let path = folder.join("plan.html");
    let fails = |path: &std::path::Path, more: &str| {
        let output = crease(format!("{BLOCK} {more} --report {}", path.display()).split_whitespace());
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    };
    assert!(fails(&path, "--budget 1MiB").contains("does not fit"));
    assert!(fails(&folder.join("nowhere").join("plan.html"), "").contains("there is no directory"));
    assert!(fails(&folder, "").contains("is a directory"));
    assert_eq!(std::fs::read_dir(&folder).expect("a directory").count(), 0);
}
