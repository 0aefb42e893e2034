//! The page of a fold, made of chains that were never folded.

use std::time::Duration;

use crease_core::builder::Builder;
use crease_core::ir::{Extent, Sizes, Unary};
use crease_core::plan::{InstructionSet, Planner, Target, naive};
use crease_models::fold::{Antibody, ChainSequence, Prediction};
use serde_json::Value;

use super::Report;
use super::page::{SCRIPT, STYLE};
use crate::page::Timeline;
use crate::terminal::Ran;

/// The page of chains that were never folded: a zigzag with errors that grow, by so many models; the first's stands
/// elsewhere than the others'.
fn page(name: &str, chains: &[&str], models: &[u32]) -> String {
    let named = "HL".chars().zip(chains);
    let chains = named.map(|(id, residues)| ChainSequence { id, residues: (*residues).into() }).collect();
    let antibody = Antibody { name: name.into(), chains, line: 1 };
    let count: usize = antibody.chains.iter().map(|chain| chain.residues.len()).sum();
    let atom = |k: usize| [0.95 * k as f32, (k % 3) as f32, (k / 4 % 2) as f32];
    let coordinates: Vec<f32> = (0..4 * count).flat_map(atom).collect();
    let errors: Vec<f32> = (0..4 * count).map(|k| 0.5 + (k / 4) as f32 * 0.25).collect();
    let turned: Vec<f32> = coordinates.as_chunks::<3>().0.iter().flat_map(|[x, y, z]| [5.0 - y, *x, *z]).collect();
    let of = |k| Prediction { coordinates: if k == 0 { &turned } else { &coordinates }, errors: &errors };
    let predictions: Vec<Prediction<'_>> = (0..models.len()).map(of).collect();

    let mut builder = Builder::new("antibody");
    let input = builder.input("<x>", vec![Extent::symbol("N")]);
    let value = builder.unary(Unary::Exp, input);
    builder.output("<out>", value);
    let (graph, sizes) = (builder.finish(), Sizes::from([("N".to_string(), 1000)]));
    let planner = Planner::new(&graph, &sizes, &Target::shipped(InstructionSet::Portable, 1)).expect("a planner");
    let (plan, naive) = (planner.plan(Some(1 << 20)).expect("a plan"), naive(&graph, &sizes).expect("it runs"));
    let (planned, took) = (Duration::from_millis(20), Duration::from_secs(3));
    let ran = Ran { plan: &plan, planned, took, measured: None };
    Report::new(&antibody, (models, &predictions), 0, &ran, Timeline::new(&plan, &naive)).page()
}

fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").expect("data");
    serde_json::from_str(rest.split_once("</script>").expect("it ends").0).expect("JSON")
}

#[test]
fn the_page_has_residues_errors_models_and_the_plan() {
    let page = page("1ncb", &["QIQ", "DI"], &[1, 5]);
    let data = data(&page);
    assert_eq!(data["chains"][1], serde_json::json!({ "id": "L", "first": 3, "count": 2, "letters": "DI" }));
    assert_eq!(data["names"]["Q"], "GLN");
    for model in data["models"].as_array().expect("a list") {
        assert_eq!(model["errors"], serde_json::json!([0.5, 0.75, 1.0, 1.25, 1.5]));
        assert_eq!(
            (model["ca"].as_array().map(Vec::len), model["side"].as_array().map(Vec::len)),
            (Some(15), Some(15))
        );
    }
    // Models are laid on each other.
    let places = |model: usize| -> Vec<f64> {
        let all = data["models"][model]["ca"].as_array().expect("a list").iter();
        all.map(|x| x.as_f64().expect("a number")).collect()
    };
    assert!(places(0).iter().zip(places(1)).all(|(a, b)| (a - b).abs() < 0.011), "{:?} {:?}", places(0), places(1));
    assert_eq!(data["plan"]["budget"], 1 << 20);
    assert_eq!(data["plan"]["moments"].as_array().map(Vec::len), Some(1));
    // The root mean square of the errors, and the least sure residue.
    for words in
        ["1ncb", "chain H, 3 residues", "1.06 Å off", "model 5", "ILE 2 in chain L, 1.50 Å", "3.00 s", "1.00 MiB"]
    {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn names_are_only_text() {
    let page = page("<script>alert(1)</script> & \"x\"", &["QI", "DI"], &[1]);
    assert!(!page.contains("<script>alert") && !page.contains("& \"x\""));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;"));
    assert_eq!(page.matches("</script>").count(), 2);
}

#[test]
fn a_single_chain_a_single_residue_and_no_name_make_a_page() {
    for chains in [&["QVQLQ"][..], &["Q"], &["Q", "D"]] {
        let page = page("", chains, &[3]);
        assert_eq!(data(&page)["chains"].as_array().map(Vec::len), Some(chains.len()));
        assert!(page.contains("<h1><b>antibody</b> ") && !page.contains("data-model=\""));
    }
}

#[test]
fn the_page_stands_alone() {
    let page = page("1ncb", &["QIQ", "DI"], &[1, 5]);
    assert!(!page.contains("://") && !page.contains("@import") && !page.contains("src=") && !page.contains("href="));
    assert!(!SCRIPT.contains("</script") && !STYLE.contains("</style"));
}
