//! What is wrong, where it points and what is said.

use super::read;

/// A module's items; for each mistake `token: [code] message`, in order.
fn check(items: &str, expected: &[&str]) {
    let source = read(items);
    let found: Vec<String> = source
        .mistakes
        .iter()
        .map(|mistake| {
            let token = source.places.get(mistake.span).source_text();
            let (code, message) = (mistake.code.text(), &mistake.message);
            format!("{}: [{code}] {message}", token.unwrap_or_default())
        })
        .collect();
    assert_eq!(found, expected, "{items}");
    for mistake in &source.mistakes {
        let help = mistake.help.as_deref().unwrap_or_default();
        assert!(!help.is_empty() && !help.ends_with('.'), "{}: {help}", mistake.message);
    }
}
#[test]
fn show() {
    for items in [
        "enum E {} impl X {} trait T {} static S: f32 = 1.0; mod inner {} fn f() { fn g() {} } macro_rules! m { () => {} } extern crate z; union U { a: u32 }",
        "pub(crate) type R = Axis; pub(super) fn f() {} struct S { pub(crate) x: Tensor<R> }",
        "#[inline] fn f() {} #[derive(Clone)] struct S { #[serde(skip)] x: f32 } #[cfg(x)] type R = Axis;",
        "fn f<'a, T, const N: bool, const M: usize = 3>() where T: X {} struct S<T> {} type R<const N: usize> = Axis;",
        "use super::*; use a::{b, c::*};",
        "type R = usize; type S = Vec<f32>;",
        "const A: u32 = 1; const B: usize = 2.0; const C: f32 = 3; const D: bool = 1; const E: usize = 2 * A; const F: usize = -1; const G: f32 = 1.0f64; const H: &str = \"x\";",
        "fn f(a: &Tensor<R>, b: &mut Tensor<R>, c: f64, d: Vec<X>, e: u32, g: [f32], h: impl X, i: Axis, j: Option, k: _, l: fn(), m: Self, n: Box<X>) {}",
        "fn f(a: Tensor<'a, _, (R, R), [R], { A / 2 }, { A[0] }, 1.5, X<2>, { let a = 1; a }>, b: [B; f(x)]) {} fn g(x: Tensor(R)) {}",
        "async fn a() {} const fn b() {} unsafe fn c() {} extern \"C\" fn d() {}",
        "fn f(self, &self, (a, b): (f32, f32), #[x] c: f32, ref d: f32, _: f32) {}",
        "struct A; struct B(f32); struct C { #[name = \"a.b\"] x: f32, #[name] y: f32, #[name(x)] z: f32, #[name = 3] w: f32 }",
        "#[budget] pub fn a() {} #[budget()] pub fn b() {} #[budget(R = 3)] pub fn c() {} #[budget(2)] pub fn d() {} #[budget(\"2 gigabytes\", R = 4)] pub fn e() {} #[budget(\"2 GiB\" R)] pub fn g() {} #[budget(\"2 GiB\", R, 3 = 4, R = x, R = 1, R = 2, t = \"a\")] pub fn h() {} #[budget(\"1 B\")] fn i() {}",
        "fn f() { let x; let [a, b] = y; let Some(a) = y else { return; }; let (ref a, b @ _) = x; let A { x } = y; let 1 = 2; }",
        "fn f() { x.y = 1; x[0] = 2; f(x) = 3; x %= 2; x <<= 1; (a, b.c) = y; }",
        "fn f() { 'c'; b\"x\"; 1u8; 2i32; 1.0f64; x % 2; a & b; a << 1; a ^ b; a | b; }",
        "fn f() { &x; &mut x; *x; g(&a, &b) }",
        "fn f() { linear::<C, D>(x); x.f::<C>(); <X as Y>::f(x); self.x; self; }",
        "fn f() { println!(\"x\"); vec![1]; x + std::format!(\"a\") }",
        "fn f() { |x| x; x as f32; 0..4; [x; 3]; S { a: 1 }; unsafe { x }; async { x }; y.await; const { 1 }; 'a: { x }; a = (b = 2); g(_); loop { break; continue; } }",
        "fn f() { while x { } loop {} match x { _ => 1 }; if a { return x; } x? }",
        "fn f() { for i in 0..4 { x = i } 'a: for i in y {} let z = for i in y {}; for [a, b] in y {} }",
        "fn f() { if let None = x { a } else { b }; if let Some(y) = x && c { a } if let Some(1) = x {} if (let Some(a) = b) {} }",
        "fn f() { einsum!(); einsum!(a[i]); einsum!(x = a[i]); einsum!([i] = a + b[i]); einsum!([i] = a[i] * ); einsum!([i] = a[i] * b); einsum!([i] = a[i, 3, j k] * [i]); einsum!([i] = &a[i]); einsum!([i] = -a[i]) }",
        "fn f() { g(a = 1, 2, b.c = 3, a = 4); (x.f)(y); g(1)(2) }",
        "fn f() { /// doc\n let x = 1; #[allow(unused)] let y = 2; #[x] z }",
    ] {
        let source = read(items);
        println!("\n## {items}");
        for mistake in &source.mistakes {
            let token = source.places.get(mistake.span).source_text();
            println!("{}: [{}] {}\n      help: {}", token.unwrap_or_default(), mistake.code.text(), mistake.message, mistake.help.as_deref().unwrap_or("NONE"));
        }
    }
}
