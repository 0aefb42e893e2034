//! What is right, and the tree it gives.

use super::{print, read};

/// A module's items, and how they are read.
fn check(items: &str, expected: &str) {
    let source = read(items);
    let mistakes: Vec<&str> = source.mistakes.iter().map(|m| m.message.as_str()).collect();
    assert!(mistakes.is_empty(), "{items}\n{mistakes:?}");
    assert_eq!(print::module(&source.module), expected, "{items}");
}

/// A function's body, and how it is read.
fn body(body: &str, expected: &str) {
    let source = read(&format!("fn f() {{ {body} }}"));
    let mistakes: Vec<&str> = source.mistakes.iter().map(|m| m.message.as_str()).collect();
    assert!(mistakes.is_empty(), "{body}\n{mistakes:?}");
    assert_eq!(print::block(&source.module.functions[0].body), expected, "{body}");
}

#[test]
fn items() {
    check("type R = Axis;", "axis R");
    check("/// residues\n type R = Axis;", "axis R // residues");
    check("#[rustfmt::skip] pub type R = Axis;", "axis R");
    check("const C_Z: usize = 128;", "C_Z = 128");
    check("pub const FIRST: bool = true;", "FIRST = true");
    check("const EPS: f32 = 1e-5;", "EPS = 1e-5");
    check("const INF: f32 = -(1e9);", "INF = -1000000000.0");
    check("use super::a::{b, c as d}; use x::y;", "");
}

#[test]
fn structs() {
    check(
        "struct Linear<const I: usize, const O: usize> { weight: Tensor<O, I>, bias: Option<Tensor<O>> }",
        "struct Linear<I, O> weight: T<O, I>, bias: T<O>?",
    );
    check(
        "pub struct Outgoing { #[name = \"self\"] pub own: Linear<C_Z, { H * D }>, r#type: a::B }",
        "struct Outgoing<> own(self): Linear<C_Z, (H * D)>, type: a::B<>",
    );
    check(
        "struct Stack { blocks: [Block<4>; N_BLOCKS], pair: (Tensor, Tensor<{ (A + B) - 1 }>) }",
        "struct Stack<> blocks: [Block<4>; N_BLOCKS], pair: (T<>, T<((A + B) - 1)>)",
    );
}

#[test]
fn functions() {
    check(
        "pub fn f<const C: usize>(mut x: Tensor<R, C>, eps: f32, n: usize, on: bool) -> (Tensor<R>, W) { g(x) }",
        "pub fn f<C>(mut x: T<R, C>, eps: f32, n: usize, on: bool) -> (T<R>, W<>) {g(x)}",
    );
    check(
        "#[budget(\"2 GiB\", R = 384, first = true, eps = 1e-5, target = \"avx512\")] #[budget(\"512MiB\")] pub fn f() {}",
        "@2 GiB[R=384, first=true, eps=1e-5, avx512] @512MiB[] pub fn f<>() -> () {}",
    );
    check("#[precision(bf16)] pub fn f() {}", "~bf16 pub fn f<>() -> () {}");
    check("#[precision(f32)] pub fn f() {}", "pub fn f<>() -> () {}");
    check("fn f() -> Tensor<R> { let x = 1; return x; }", "fn f<>() -> T<R> {let x = 1; x}");
}

#[test]
fn statements() {
    body("let x = 1; let (mut a, _): (Tensor<R>, f32) = g(x);", "{let x = 1; let (mut a, _): (T<R>, f32) = g(x);}");
    body("x = 1; x += y; x -= y; x *= y; x /= y;", "{x = 1; x Add= y; x Sub= y; x Mul= y; x Div= y;}");
    body("(m, z) = block(m, z, w);", "{(m, z) = block(m, z, w);}");
    body("for block in w.blocks { m = m + block(m); }", "{for block in w.blocks {m = (m Add block(m));};}");
    body("for (k, b) in enumerate(w.blocks) { m = b } m", "{for (k, b) in enumerate(w.blocks) {m = b;}; m}");
    body("if FIRST { m = x; }", "{if FIRST {m = x;};}");
    body("if A { m = x; } else { m = y; }", "{if A {m = x;} else {m = y;};}");
    body("record(x, \"name\"); x", "{record(x, \"name\"); x}");
}

#[test]
fn choices() {
    body("if A { x } else { y }", "{if A {x} else {y}}");
    body("if A && n > 2 { x } else if !B { y } else { z }", "{if (A And (n Gt 2)) {x} else {if (Not B) {y} else {z}}}");
    body("let y = if let Some(b) = w.bias { x + b } else { x }; y", "{let y = if b = w.bias {(x Add b)} else {x}; y}");
    body("if A { m = x; } else if B { m = y; }", "{if A {m = x;} else {if B {m = y;};};}");
}

#[test]
fn expressions() {
    body("a + b * -c / 2.5 - 1", "{((a Add ((b Mul (Neg c)) Div 2.5)) Sub 1)}");
    body("softmax(x, over = R)", "{softmax(x, over=R)}");
    body("x.linear(w.q).sigmoid()", "{sigmoid(linear(x, w.q))}");
    body("triangle::outgoing(z, super::b::MASK, w)", "{triangle::outgoing(z, super::b::MASK, w)}");
    body("((a, b), [c, d], None, true)", "{((a, b), [c, d], nothing, true)}");
    body("w.blocks[0].x.1", "{w.blocks[0].x[1]}");
    body("{ let y = x; y }", "{{let y = x; y}}");
    body("einsum(\"ikc,jkc->ijc\", a, b)", "{einsum(\"ikc,jkc->ijc\", a, b)}");
    body("1f32 + 2usize", "{(1.0 Add 2)}");
    body("a == b || a != b && a <= b", "{((a Eq b) Or ((a Ne b) And (a Le b)))}");
}

#[test]
fn einsums() {
    body("einsum!([i, j, c] = a[i, k, c] * b[j, k, c])", "{einsum [i, j, c] = a[i, k, c] * b[j, k, c]}");
    body(
        "let p = einsum!([] = w.a[i] * f(x, y)[i,] * (a + b)[i]);",
        "{let p = einsum [] = w.a[i] * f(x, y)[i] * (a Add b)[i];}",
    );
    body("einsum!([i] = w.blocks[0][i] * s[]) + 1", "{(einsum [i] = w.blocks[0][i] * s[] Add 1)}");
}

#[test]
fn documentation_and_mentions() {
    let source = read("//! About it.\n //! More.\n use a::b; fn f(x: Tensor<R, c::C>) -> d::D { b(x) }");
    assert_eq!(source.module.doc, "About it.\nMore.");
    let mentions: Vec<String> = source.mentions.iter().map(super::super::path_text).collect();
    assert_eq!(mentions, ["R", "c::C", "d::D", "b", "x"]);
    assert_eq!(source.uses, ["b"]);
}

#[test]
fn a_definition_has_no_places() {
    let item = syn::parse_str("mod m { type R = Axis; pub fn f(x: Tensor<R>) -> Tensor<R> { x + 1 } }");
    let definition = super::super::definition(&item.expect("a module"));
    let json = serde_json::to_string(&definition).expect("JSON");
    assert!(json.contains("\"span\":0") && !json.contains("\"span\":1"), "{json}");
    let back = serde_json::from_str(&json).expect("a module");
    assert_eq!(definition, back);
}
