//! What is wrong in a body, where it points and what is said.

use super::check_mistakes as check;

#[test]
fn assignments() {
    check(
        "fn f() { x.y = 1; x[0] = 2; f(x) = 3; x %= 2; x <<= 1; (a, b.c) = y; }",
        &[
            "x: [syntax-assign] `x.y` is not a variable, so it cannot be assigned",
            "x: [syntax-assign] `x[0]` is not a variable, so it cannot be assigned",
            "f: [syntax-assign] `f(x)` is not a variable, so it cannot be assigned",
            "%: [syntax-operator] a model has no `%=` here",
            "<: [syntax-operator] a model has no `<<=` here",
            "b: [syntax-assign] `b.c` is not a variable, so it cannot be assigned",
        ],
    );
}

#[test]
fn literals_and_operators() {
    check(
        r#"fn f() { 'c'; b"x"; 1u8; 2i32; 1.0f64; x % 2; a & b; a << 1; a ^ b; a | b; }"#,
        &[
            "'c': [syntax-literal] `'c'` is not a valid literal",
            r#"b"x": [syntax-literal] `b"x"` is not a valid literal"#,
            "1u8: [syntax-literal] `1u8` is not a valid literal",
            "2i32: [syntax-literal] `2i32` is not a valid literal",
            "1.0f64: [syntax-literal] `1.0f64` is not a valid literal",
            "%: [syntax-operator] a model has no `%` here",
            "&: [syntax-operator] a model has no `&` here",
            "<: [syntax-operator] a model has no `<<` here",
            "^: [syntax-operator] a model has no `^` here",
            "|: [syntax-operator] a model has no `|` here",
        ],
    );
}

#[test]
fn references() {
    check(
        "fn f() { &x; &mut x; *x; g(&a, &b) }",
        &[
            "&: [syntax-reference] tensors are values: there are no references",
            "&: [syntax-reference] tensors are values: there are no references",
            "*: [syntax-reference] tensors are values: there is nothing to dereference",
            "&: [syntax-reference] tensors are values: there are no references",
            "&: [syntax-reference] tensors are values: there are no references",
        ],
    );
}

#[test]
fn paths() {
    check(
        "fn f() { linear::<C, D>(x); x.f::<C>(); <X as Y>::f(x); self.x; self; }",
        &[
            ":: [syntax-path] sizes cannot be given in a call",
            "<: [syntax-path] sizes cannot be given in a call",
            "<: [calls-callee] `<X as Y>::f` is not the name of a function",
            "self: [syntax-path] a model has no `self`",
            "self: [syntax-path] a model has no `self`",
        ],
    );
}

#[test]
fn macros() {
    check(
        r#"fn f() { println!("x"); vec![1]; x + std::format!("a") }"#,
        &[
            "println: [syntax-macro] a model cannot call the macro `println!`",
            "vec: [syntax-macro] a model cannot call the macro `vec!`",
            "std: [syntax-macro] a model cannot call the macro `std::format!`",
        ],
    );
}

#[test]
fn foreign_expressions() {
    check(
        "fn f() {
            |x| x;
            x as f32;
            0..4;
            [x; 3];
            S { a: 1 };
            unsafe { x };
            async { x };
            y.await;
            const { 1 };
            'a: { x };
            a = (b = 2);
            g(_);
            loop { break; continue; }
        }",
        &[
            "|: [syntax-expression] a model has no closures",
            "as: [syntax-expression] a model has no `as`",
            ".: [syntax-expression] a model has no ranges",
            ";: [syntax-expression] a list must name each of its elements",
            "S: [syntax-expression] parameters cannot be constructed in a model: they come from a checkpoint",
            "unsafe: [syntax-expression] nothing in a model is unsafe",
            "async: [syntax-expression] a model has no `async`: the plan decides what runs in parallel",
            "await: [syntax-expression] a model has no `await`: the plan decides what runs in parallel",
            "const: [syntax-expression] a model has no `const` blocks",
            "': [syntax-expression] a block has no label",
            "=: [syntax-expression] an assignment is a statement, not a value",
            "_: [syntax-expression] `_` is not a value",
            "loop: [control-loop] `loop` runs an unknown number of times, but a plan lists every step",
        ],
    );
}

#[test]
fn endless_control() {
    check(
        "fn f() { while x { } loop {} match x { _ => 1 }; if a { return x; } x? }",
        &[
            "while: [control-loop] `while` runs an unknown number of times, but a plan lists every step",
            "loop: [control-loop] `loop` runs an unknown number of times, but a plan lists every step",
            "match: [control-match] a model has no `match`",
            "return: [control-return] `return` is only allowed at the end of a function",
            "?: [control-return] `?` is not allowed: nothing in a model can fail",
        ],
    );
}

#[test]
fn loops() {
    check(
        "fn f() {
            for i in 0..4 { x = i } for _ in 1..4 {} for _ in 0..=4 {} 'a: for i in y {} let z = for i in y {};
            for [a, b] in y {}
        }",
        &[
            "i: [control-for] a loop over `0..N` has no index: every turn has the same parameters",
            ".: [control-for] turns are counted as `0..N`, where `N` is a size",
            ".: [control-for] turns are counted as `0..N`, where `N` is a size",
            "'a: [control-for] label `'a` has no use: no loop can be left early",
            "for: [control-for] `for` has no value",
            "[a, b]: [syntax-pattern] `[a, b]` is not a valid pattern",
        ],
    );
}

#[test]
fn conditions() {
    check(
        "fn f() {
            if let None = x { a } else { b };
            if let Some(y) = x && c { a } if let Some(1) = x {} if (let Some(a) = b) {}
        }",
        &[
            "None: [control-condition] `if let` needs the pattern `Some(name)`, found `None`",
            "let: [control-condition] `let` cannot be combined with other conditions",
            "1: [syntax-pattern] `1` is not a valid pattern",
            "let: [control-condition] `let` cannot be combined with other conditions",
        ],
    );
}

#[test]
fn einsums() {
    check(
        "fn f() {
            einsum!();
            einsum!(a[i]);
            einsum!(x = a[i]);
            einsum!([i] = a + b[i]);
            einsum!([i] = a[i] * );
            einsum!([i] = a[i] * b);
            einsum!([i] = a[i, 3, j k] * [i]);
            einsum!([i] = &a[i]);
            einsum!([i] = -a[i])
        }",
        &[
            "einsum: [einsum-form] the indices of the result of an einsum must be on the left of `=`",
            "einsum: [einsum-form] the indices of the result of an einsum must be on the left of `=`",
            "x: [einsum-form] the result of an einsum must be written as indices only",
            "a: [einsum-factor] a factor of an einsum must be a name, a field, a call or an expression in parentheses",
            "einsum: [einsum-factor] an einsum needs a factor on each side of `*`",
            "b: [einsum-factor] a factor of an einsum must end in its indices",
            "3: [einsum-index] `3` is not an index of an einsum",
            "j: [einsum-index] `j k` is not an index of an einsum",
            "[i]: [einsum-factor] a factor of an einsum must end in its indices",
            "&: [einsum-factor] a factor of an einsum must be a name, a field, a call or an expression in parentheses",
            "-: [einsum-factor] a factor of an einsum must be a name, a field, a call or an expression in parentheses",
        ],
    );
}

#[test]
fn calls() {
    check(
        "fn f() { g(a = 1, 2, b.c = 3); (x.f)(y); g(1)(2) }",
        &[
            "2: [calls-order] argument without a name after `a = …`",
            "b: [calls-name] `b.c` is not the name of an argument",
            "(x.f): [calls-callee] `(x.f)` is not the name of a function",
            "g: [calls-callee] `g(1)` is not the name of a function",
        ],
    );
}

#[test]
fn statement_attributes() {
    check(
        "fn f() { /// doc
 let x = 1; #[allow(unused)] let y = 2; #[x] z }",
        &[
            "/// doc: [syntax-attribute] a statement has no attributes and no documentation",
            "#: [syntax-attribute] a statement has no attributes and no documentation",
            "#: [syntax-attribute] a statement has no attributes and no documentation",
        ],
    );
}
