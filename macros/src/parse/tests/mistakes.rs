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
            "enum: [syntax-item] an enum is not allowed in a model",
            "impl: [syntax-item] an `impl` is not allowed in a model",
            "trait: [syntax-item] a trait is not allowed in a model",
            "static: [syntax-item] a static is not allowed in a model",
            "mod: [syntax-item] a module is not allowed in a model",
            "fn: [syntax-item] items are not allowed in a function",
            "macro_rules: [syntax-item] a macro is not allowed in a model",
            "extern: [syntax-item] `extern crate` is not allowed in a model",
            "union: [syntax-item] a union is not allowed in a model",
        ],
    );
}

#[test]
fn visibility() {
    check(
        "pub(crate) type R = Axis; pub(super) fn f() {} struct S { pub(crate) x: Tensor<R> }",
        &[
            "pub: [syntax-visibility] `pub(crate)` is not supported",
            "pub: [syntax-visibility] `pub(super)` is not supported",
            "pub: [syntax-visibility] `pub(crate)` is not supported",
        ],
    );
}

#[test]
fn attributes() {
    check(
        "#[inline] fn f() {} #[derive(Clone)] struct S { #[serde(skip)] x: f32 } #[cfg(x)] type R = Axis;",
        &[
            "inline: [syntax-attribute] `inline` is not allowed here",
            "derive: [syntax-attribute] `derive` is not allowed here",
            "serde: [syntax-attribute] `serde` is not allowed here",
            "cfg: [syntax-attribute] `cfg` is not allowed here",
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
            "'a: [syntax-generics] lifetime `'a` is not allowed: tensors are values",
            "T: [syntax-generics] `T` is a type, but only sizes can be generic",
            "bool: [syntax-generics] `N` is a size, so it must be a `usize`",
            "3: [syntax-generics] a generic size has no default",
            "where: [syntax-generics] a model has no `where` clauses",
            "T: [syntax-generics] `T` is a type, but only sizes can be generic",
            "const: [syntax-generics] an axis has no generics",
        ],
    );
}

#[test]
fn imports() {
    check(
        "use super::*; use a::{b, c::*};",
        &["*: [syntax-import] a model cannot import `*`", "*: [syntax-import] a model cannot import `*`"],
    );
}

#[test]
fn axes() {
    check(
        "type R = usize; type S = Vec<f32>;",
        &[
            "usize: [syntax-axis] `type` declares an axis, but `usize` is not `Axis`",
            "Vec: [syntax-axis] `type` declares an axis, but `Vec<f32>` is not `Axis`",
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
            "2.0: [syntax-constant] `B` is a `usize`, but `2.0` is not",
            "3: [syntax-constant] `C` is an `f32`, but `3` is an integer",
            "1: [syntax-constant] `D` is a `bool`, but `1` is not",
            "2: [syntax-constant] the value of `E` must be a single number or flag",
            "-: [syntax-constant] the value of `F` must be a single number or flag",
            "1.0f64: [syntax-constant] the value of `G` must be a single number or flag",
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
            "f64: [syntax-type] `f64` is not a supported type",
            "Vec: [syntax-type] `Vec` is not a supported type",
            "u32: [syntax-type] `u32` is not a supported type",
            "[f32]: [syntax-type] `[f32]` is not a supported type",
            "impl: [syntax-type] `impl X` is not a supported type",
            "Axis: [syntax-type] `Axis` is not a supported type",
            "Option: [syntax-type] `Option` is not a supported type",
            "_: [syntax-type] `_` is not a supported type",
            "fn: [syntax-type] `fn()` is not a supported type",
            "Self: [syntax-type] `Self` is not a supported type",
            "Box: [syntax-type] `Box` is not a supported type",
        ],
    );
}

#[test]
fn sizes() {
    check(
        "fn f(a: Tensor<'a, _, (R, R), [R], { A / 2 }, { A[0] }, 1.5, X<2>, { let a = 1; a }>, b: [B; f(x)], c: [B; { A[0] }]) {}",
        &[
            "'a: [syntax-size] a lifetime is not a size",
            "_: [syntax-size] `_` is not a size",
            "(R, R): [syntax-size] `(R, R)` is not a size",
            "[R]: [syntax-size] `[R]` is not a size",
            "/: [syntax-size] sizes have no `/`",
            "A: [syntax-size] `A[0]` is not a size",
            "1.5: [syntax-size] `1.5` is not a size",
            "X: [syntax-size] `X<2>` is not a size",
            "{ let a = 1; a }: [syntax-size] a size is one expression",
            "f: [syntax-size] `f(x)` is not a size",
            "A: [syntax-size] `A[0]` is not a size",
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
            "(a, b): [syntax-parameter] an argument must be a name, but `(a, b)` is a pattern",
            "x: [syntax-attribute] `x` is not allowed here",
            "ref: [syntax-parameter] an argument must be a name, but `ref d` is a pattern",
            "_: [syntax-parameter] an argument must be a name, but `_` is a pattern",
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
            "A: [params-struct] the fields of `A` have no names",
            "B: [params-struct] the fields of `B` have no names",
            r#""a..b": [params-name] `a..b` is not a valid name in a checkpoint"#,
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
            "precision: [precision-form] a precision must be the name of a format",
            "f16: [precision-form] `f16` is not a supported format: use `f32` or `bf16`",
            "precision: [precision-form] a precision must be the name of a format",
            "precision: [precision-form] the precision is given twice",
            "precision: [precision-private] `e` is not `pub`, and only public functions are planned",
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
            "budget: [budget-form] missing memory size",
            "budget: [budget-form] missing memory size",
            "R: [budget-form] the memory size must come first",
            "2: [budget-form] the memory size must be a quoted text with a unit",
            "R: [budget-form] a budget is a list of values separated by commas",
            "R: [budget-binding] expected `name = value`, found `R`",
            "3: [budget-binding] `3` is neither an axis nor a setting",
            "x: [budget-binding] `R` needs a number or a flag",
            "R: [budget-binding] `R` is given twice",
            r#""a": [budget-binding] `t` needs a number or a flag"#,
            "1: [budget-binding] a target must be a quoted name",
            "budget: [budget-private] `i` is not `pub`, and only public functions are planned",
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
            "let: [syntax-let] a variable needs a value",
            "[a, b]: [syntax-pattern] `[a, b]` is not a valid pattern",
            "else: [syntax-let] `let … else` is not allowed: a function cannot return early",
            "ref: [syntax-pattern] `ref a` is not a valid pattern",
            "b: [syntax-pattern] `b @ _` is not a valid pattern",
            "A: [syntax-pattern] `A { x }` is not a valid pattern",
            "1: [syntax-pattern] `1` is not a valid pattern",
        ],
    );
}
