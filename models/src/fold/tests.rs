use super::fasta::parse;
use super::*;
use crate::structure::Structure;

fn check(text: &str, expected: &str) {
    let found = match parse(text) {
        Err((line, problem)) => format!("{line}: {problem}"),
        Ok(antibodies) => {
            let chain = |chain: &ChainSequence| format!("{} {}", chain.id, chain.residues);
            let one = |antibody: &Antibody| {
                let chains: Vec<String> = antibody.chains.iter().map(chain).collect();
                format!("{}: {}", antibody.name, chains.join(", "))
            };
            antibodies.iter().map(one).collect::<Vec<_>>().join("; ")
        }
    };
    assert_eq!(found, expected, "{text}");
}

#[test]
fn records_become_antibodies() {
    check(">one\nQIQL\nvq\n", "one: H QIQLVQ");
    check(">H\nQI\n>L\nDI\n", ": H QI, L DI");
    check(">a:L\nDI\n>b\nEV\n>a:H\nQI\n", "a: L DI, H QI; b: H EV");
    check(">a two:words\nQI:DI", "a two:words: H QI, L DI");
    check(">a\nQI/\nDI", "a: H QI, L DI");
    check(">heavy\nQI\n>Light chain\nDI", ": H QI, L DI");
    check(">1NCB_2|Chain B[auth L]|FAB|MOUSE\nDI\n>1NCB_3|Chain C[auth H]|FAB\nQI\n", "1NCB: L DI, H QI");
    check(">9ABC_1|Chains A, B|NANOBODY\nQI\n", "9ABC: A QI");
    check("\u{feff}; a comment\n>x\n\nQ I\r\n", "x: H QI");
    // Records of their own may share a name.
    check(">x\nQI\n>x\nEV\n", "x: H QI; x: H EV");
}

#[test]
fn what_is_no_antibody_is_told() {
    check("", "0: has no sequences: expected FASTA, `>name` and then amino acids");
    check("QIQL", "1: expected a line `>name` first, found `QIQL`");
    check(">a\n>b\nQI", "1: `a` has no amino acids");
    check(">a\nQI:", "1: `a` has no amino acids");
    let letters = "expected one of the twenty amino acids ACDEFGHIKLMNPQRSTVWY";
    check(">a\nQI\nQXI", &format!("3: `a` has `X` in column 2: {letters}"));
    check(">a\nQ\u{1b}", &format!("2: `a` has `\\u{{1b}}` in column 2: {letters}"));
    check(">a\nQI:DI:EV", "1: `a` has 3 chains: expected a heavy and a light one, or a single one");
    let chains = "1: `a` has 3 chains: expected a heavy and a light one, or a single one";
    check(">a:H\nQI\n>a:L\nDI\n>a:N\nEV", chains);
    check(">a:H\nQI\n>a:H\nDI", "3: `a` has two chains `H`: name other antibodies' chains `name:H`");
}

#[test]
fn long_chains_are_told() {
    let long = parse(&format!(">a\n{}\n", "Q".repeat(511))).expect("an antibody");
    assert!(long[0].at_most(511, "x.fa").is_ok());
    let told = long[0].at_most(510, "x.fa").expect_err("too long").to_string();
    assert_eq!(told, "x.fa:1: chain `H` of `a` has 511 residues: the encoder reads at most 510");
}

#[test]
fn tokens_are_the_vocabularys() {
    let text = "[PAD]\n[CLS]\n[SEP]\n".to_string() + &"ACDEFGHIKLMNPQRSTVWY".split("").collect::<Vec<_>>().join("\n");
    let vocabulary = Vocabulary::parse(&text, "v").expect("whole");
    // A blank line stands before the A.
    assert_eq!(vocabulary.tokens("ACA"), [1.0, 4.0, 5.0, 4.0, 2.0]);
    let told = Vocabulary::parse("[CLS]\n[SEP]\nA\n", "v").expect_err("no C").to_string();
    assert_eq!(told, "v: there is no token `C`: expected a vocabulary of amino acids, a token a line");
}

/// Two residues whose frames are the world's, 3.8 Å apart on x, and their expected errors.
fn two() -> (Vec<f32>, Vec<f32>) {
    let ideal = [[0.0, 0.0, -1.458], [0.0; 3], [-1.193_234_4, -0.768_540_8, 0.551_262_7], [0.0, 1.426, 0.531]];
    let moved = |k: usize| ideal.iter().flat_map(move |[x, y, z]| [x + 3.8 * k as f32, *y, *z]);
    ((0..2).flat_map(moved).collect(), vec![1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 4.0])
}

#[test]
fn predictions_become_structures() {
    let (coordinates, errors) = two();
    let prediction = Prediction { coordinates: &coordinates, errors: &errors };
    assert_eq!(prediction.residue_errors(), [1.0, 2.0]);
    assert_eq!(prediction.root_mean_square(), 2.5_f64.sqrt());
    let antibody = &parse(">x\nGA\n").expect("whole")[0];
    let structure: Structure = prediction.structure(antibody);
    let residues = &structure.chain("H").expect("the chain").residues;
    let names = |k: usize| residues[k].atoms.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(" ");
    assert_eq!((residues[0].name.as_str(), names(0)), ("GLY", "N CA C O".to_string()));
    assert_eq!((residues[1].name.as_str(), names(1)), ("ALA", "N CA C O CB".to_string()));
    assert_eq!((residues[1].number, residues[1].atoms[0].b_factor), (2, 2.0));
    let position = |k: usize, name: &str| residues[k].atom(name).expect("an atom").position;
    let apart = |a: [f64; 3], b: [f64; 3]| (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt();
    for k in 0..2 {
        assert!((apart(position(k, "C"), position(k, "O")) - 1.231).abs() < 1e-6);
        // The angle CA-C-O, from the three sides.
        let (a, b, c) = (1.231, apart(position(k, "C"), position(k, "CA")), apart(position(k, "O"), position(k, "CA")));
        let angle = ((a * a + b * b - c * c) / (2.0 * a * b)).acos();
        assert!((angle - 2.108).abs() < 1e-6, "{angle}");
    }
    // The oxygen stands opposite the next residue's nitrogen, seen along CA-C.
    assert!(apart(position(0, "O"), position(1, "N")) > apart(position(0, "C"), position(1, "N")));
}

#[test]
fn the_expected_error_of_a_model_is_that_of_nine_atoms_of_ten() {
    let errors: Vec<f32> = (0..=10).map(|k| k as f32).rev().collect();
    assert_eq!(Prediction { coordinates: &[], errors: &errors }.error(), 9.0);
    assert_eq!(Prediction { coordinates: &[], errors: &[2.0, 1.0] }.error(), 1.9);
    assert_eq!(Prediction { coordinates: &[], errors: &[] }.error(), 0.0);
}
