//! What is wrong with items, where it points and what is said.

use super::check_mistakes as check;

#[test]
fn items() {
    check(
        "enum E {}
            impl X {}
            trait T {}
            static S: f32 = 1.0;
            mod inner {}
            fn f() { fn g() {} } macro_rules! m { () => {} }
            extern crate z;
            union U { a: u32 }",
        &[
            "enum: [syntax-item] an enum has no place in a model",
            "impl: [syntax-item] an `impl` has no place in a model",
            "trait: [syntax-item] a trait has no place in a model",
            "static: [syntax-item] a static has no place in a model",
            "mod: [syntax-item] a module has no place in a model",
            "fn: [syntax-item] a body holds statements, not items",
            "macro_rules: [syntax-item] a macro has no place in a model",
            "extern: [syntax-item] `extern crate` has no place in a model",
            "union: [syntax-item] a union has no place in a model",
        ],
    );
}

#[test]
fn visibility() {
    check(
        "pub(crate) type R = Axis; pub(super) fn f() {} struct S { pub(crate) x: Tensor<R> }",
        &[
            "pub: [syntax-visibility] `pub(crate)` is neither the module's own nor everyone's",
            "pub: [syntax-visibility] `pub(super)` is neither the module's own nor everyone's",
            "pub: [syntax-visibility] `pub(crate)` is neither the module's own nor everyone's",
        ],
    );
}

#[test]
fn attributes() {
    check(
        "#[inline] fn f() {} #[derive(Clone)] struct S { #[serde(skip)] x: f32 } #[cfg(x)] type R = Axis;",
        &[
            "inline: [syntax-attribute] `inline` means nothing here",
            "derive: [syntax-attribute] `derive` means nothing here",
            "serde: [syntax-attribute] `serde` means nothing here",
            "cfg: [syntax-attribute] `cfg` means nothing here",
        ],
    );
}

#[test]
fn generics() {
    check(
        "fn f<'a, T, const N: bool, const M: usize = 3>() where T: X {}
            struct S<T> {}
            type R<const N: usize> = Axis;",
        &[
            "'a: [syntax-generics] `'a` is a lifetime, and tensors are values",
            "T: [syntax-generics] `T` stands for a type, and only sizes can be generic",
            "bool: [syntax-generics] `N` is a size, so it is a `usize`",
            "3: [syntax-generics] a generic size has no default",
            "where: [syntax-generics] `where` has nothing to say in a model",
            "T: [syntax-generics] `T` stands for a type, and only sizes can be generic",
            "const: [syntax-generics] an axis has no generics",
        ],
    );
}

#[test]
fn imports() {
    check(
        "use super::*; use a::{b, c::*};",
        &[
            "*: [syntax-import] a model cannot see what `*` stands for",
            "*: [syntax-import] a model cannot see what `*` stands for",
        ],
    );
}

#[test]
fn axes() {
    check(
        "type R = usize; type S = Vec<f32>;",
        &[
            "usize: [syntax-axis] `type` declares an axis, and `usize` is none",
            "Vec: [syntax-axis] `type` declares an axis, and `Vec<f32>` is none",
        ],
    );
}

#[test]
fn constants() {
    check(
        r#"const A: u32 = 1;
            const B: usize = 2.0;
            const C: f32 = 3;
            const D: bool = 1;
            const E: usize = 2 * A;
            const F: usize = -1;
            const G: f32 = 1.0f64;
            const H: &str = "x";"#,
        &[
            "u32: [syntax-constant] a constant cannot be `u32`",
            "2.0: [syntax-constant] `B` is a `usize`, and `2.0` is none",
            "3: [syntax-constant] `C` is an `f32`, and `3` is an integer",
            "1: [syntax-constant] `D` is a `bool`, and `1` is none",
            "2: [syntax-constant] the value of `E` is not written as a single number or flag",
            "-: [syntax-constant] the value of `F` is not written as a single number or flag",
            "1.0f64: [syntax-constant] the value of `G` is not written as a single number or flag",
            "&: [syntax-constant] a constant cannot be `&str`",
        ],
    );
}

#[test]
fn types() {
    check(
        "fn f(a: &Tensor<R>, b: &mut Tensor<R>, c: f64, d: Vec<X>, e: u32, g: [f32], h: impl X, i: Axis, j: Option, k: _, l: fn(), m: Self, n: Box<X>) {}",
        &[
            "&: [syntax-reference] tensors are values: there are no references",
            "&: [syntax-reference] tensors are values: there are no references",
            "f64: [syntax-type] `f64` is no type of a model",
            "Vec: [syntax-type] `Vec` is no type of a model",
            "u32: [syntax-type] `u32` is no type of a model",
            "[f32]: [syntax-type] `[f32]` is no type of a model",
            "impl: [syntax-type] `impl X` is no type of a model",
            "Axis: [syntax-type] `Axis` is no type of a model",
            "Option: [syntax-type] `Option` is no type of a model",
            "_: [syntax-type] `_` is no type of a model",
            "fn: [syntax-type] `fn()` is no type of a model",
            "Self: [syntax-type] `Self` is no type of a model",
            "Box: [syntax-type] `Box` is no type of a model",
        ],
    );
}

#[test]
fn sizes() {
    check(
        "fn f(a: Tensor<'a, _, (R, R), [R], { A / 2 }, { A[0] }, 1.5, X<2>, { let a = 1; a }>, b: [B; f(x)], c: [B; { A[0] }]) {}",
        &[
            "'a: [syntax-size] a lifetime is no size",
            "_: [syntax-size] `_` says no size",
            "(R, R): [syntax-size] `(R, R)` is no size",
            "[R]: [syntax-size] `[R]` is no size",
            "/: [syntax-size] sizes have no `/`",
            "A: [syntax-size] `A[0]` is no size",
            "1.5: [syntax-size] `1.5` is no size",
            "X: [syntax-size] `X<2>` is no size",
            "{ let a = 1; a }: [syntax-size] a size is one expression",
            "f: [syntax-size] `f(x)` is no size",
            "A: [syntax-size] `A[0]` is no size",
        ],
    );
}

#[test]
fn function_words() {
    check(
        r#"async fn a() {} const fn b() {} unsafe fn c() {} extern "C" fn d() {}"#,
        &[
            "async: [syntax-function] a model's function cannot be `async`",
            "const: [syntax-function] a model's function cannot be `const`",
            "unsafe: [syntax-function] a model's function cannot be `unsafe`",
            "extern: [syntax-function] a model's function cannot be `extern`",
        ],
    );
}

#[test]
fn function_arguments() {
    check(
        "fn f(&mut self, (a, b): (f32, f32), #[x] c: f32, ref d: f32, _: f32) {}",
        &[
            "self: [syntax-parameter] a model's function has no `self`",
            "(a, b): [syntax-parameter] an argument has one name, and `(a, b)` is a pattern",
            "x: [syntax-attribute] `x` means nothing here",
            "ref: [syntax-parameter] an argument has one name, and `ref d` is a pattern",
            "_: [syntax-parameter] an argument has one name, and `_` is a pattern",
        ],
    );
}

#[test]
fn parameters() {
    check(
        r#"struct A;
            struct B(f32);
            struct C { #[name = "a..b"] x: f32, #[name] y: f32, #[name(x)] z: f32, #[name = 3] w: f32 }"#,
        &[
            "A: [params-struct] the parameters of `A` have no names",
            "B: [params-struct] the parameters of `B` have no names",
            r#""a..b": [params-name] `a..b` is no part of a checkpoint's name"#,
            "name: [params-name] `#[name]` gives the field's name in checkpoints",
            "name: [params-name] `#[name]` gives the field's name in checkpoints",
            "name: [params-name] `#[name]` gives the field's name in checkpoints",
        ],
    );
}

#[test]
fn precisions() {
    check(
        r#"#[precision] pub fn a() {}
            #[precision(f16)] pub fn b() {}
            #[precision("bf16")] pub fn c() {}
            #[precision(bf16)] #[precision(f32)] pub fn d() {}
            #[precision(bf16)] fn e() {}"#,
        &[
            "precision: [precision-form] a precision is the name of a format",
            "f16: [precision-form] `f16` is no format that values are kept in: there are `f32` and `bf16`",
            "precision: [precision-form] a precision is the name of a format",
            "precision: [precision-form] the precision is said twice",
            "precision: [precision-private] `e` is not `pub`, so it is never planned by itself",
        ],
    );
}

#[test]
fn budgets() {
    check(
        r#"#[budget] pub fn a() {}
            #[budget()] pub fn b() {}
            #[budget(R = 3)] pub fn c() {}
            #[budget(2)] pub fn d() {}
            #[budget("2 gigabytes", R = 4)] pub fn e() {}
            #[budget("2 GiB" R)] pub fn g() {}
            #[budget("2 GiB", R, 3 = 4, R = x, R = 1, R = 2, t = "a", target = 1)] pub fn h() {}
            #[budget("1 B")] fn i() {}"#,
        &[
            "budget: [budget-form] a budget names its bytes",
            "budget: [budget-form] a budget names its bytes",
            "R: [budget-form] a budget begins with its bytes",
            "2: [budget-form] the bytes of a budget are text with a unit",
            "R: [budget-form] a budget is a list of values between commas",
            "R: [budget-binding] `R` says nothing about the promise",
            "3: [budget-binding] `3` is no axis and no setting",
            "x: [budget-binding] `R` needs a number or a flag",
            "R: [budget-binding] `R` is bound twice",
            r#""a": [budget-binding] `t` needs a number or a flag"#,
            "1: [budget-binding] a target is a name between quotes",
            "budget: [budget-private] `i` is not `pub`, so it is never planned by itself",
        ],
    );
}

#[test]
fn bindings() {
    check(
        "fn f() {
            let x;
            let [a, b] = y;
            let Some(a) = y else { return; };
            let (ref a, b @ _) = x;
            let A { x } = y;
            let 1 = 2;
        }",
        &[
            "let: [syntax-let] a variable begins with a value",
            "[a, b]: [syntax-pattern] `[a, b]` is no pattern of a model",
            "else: [syntax-let] `let … else` cannot leave a model's function",
            "ref: [syntax-pattern] `ref a` is no pattern of a model",
            "b: [syntax-pattern] `b @ _` is no pattern of a model",
            "A: [syntax-pattern] `A { x }` is no pattern of a model",
            "1: [syntax-pattern] `1` is no pattern of a model",
        ],
    );
}
