//! What is wrong in a body, where it points and what is said.

use super::check_mistakes as check;

#[test]
fn assignments() {
    check(
        "fn f() { x.y = 1; x[0] = 2; f(x) = 3; x %= 2; x <<= 1; (a, b.c) = y; }",
        &[
            "x: [syntax-assign] `x.y` is no variable, so it cannot be assigned",
            "x: [syntax-assign] `x[0]` is no variable, so it cannot be assigned",
            "f: [syntax-assign] `f(x)` is no variable, so it cannot be assigned",
            "%: [syntax-operator] a model has no `%=` here",
            "<: [syntax-operator] a model has no `<<=` here",
            "b: [syntax-assign] `b.c` is no variable, so it cannot be assigned",
        ],
    );
}

#[test]
fn literals_and_operators() {
    check(
        r#"fn f() { 'c'; b"x"; 1u8; 2i32; 1.0f64; x % 2; a & b; a << 1; a ^ b; a | b; }"#,
        &[
            "'c': [syntax-literal] `'c'` is no value of a model",
            r#"b"x": [syntax-literal] `b"x"` is no value of a model"#,
            "1u8: [syntax-literal] `1u8` is no value of a model",
            "2i32: [syntax-literal] `2i32` is no value of a model",
            "1.0f64: [syntax-literal] `1.0f64` is no value of a model",
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
            ":: [syntax-path] sizes are not given in a call",
            "<: [syntax-path] sizes are not given in a call",
            "<: [calls-callee] `<X as Y>::f` is no function's name",
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
            ";: [syntax-expression] a list names each of its parts",
            "S: [syntax-expression] parameters are not made in a model: they come from a checkpoint",
            "unsafe: [syntax-expression] nothing in a model is unsafe",
            "async: [syntax-expression] a model has no `async`: what runs at the same time is the plan's business",
            "await: [syntax-expression] a model has no `await`: what runs at the same time is the plan's business",
            "const: [syntax-expression] everything about sizes is constant anyway",
            "': [syntax-expression] a block has no label",
            "=: [syntax-expression] an assignment is a statement, not a value",
            "_: [syntax-expression] `_` is no value",
            "loop: [control-loop] `loop` runs an unknown number of times, and a plan knows every step",
        ],
    );
}

#[test]
fn endless_control() {
    check(
        "fn f() { while x { } loop {} match x { _ => 1 }; if a { return x; } x? }",
        &[
            "while: [control-loop] `while` runs an unknown number of times, and a plan knows every step",
            "loop: [control-loop] `loop` runs an unknown number of times, and a plan knows every step",
            "match: [control-match] a model has no `match`",
            "return: [control-return] `return` can only end a function",
            "?: [control-return] `?` returns early, and nothing in a model fails",
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
            "i: [control-for] a turn does not know its number: all have the same parameters",
            ".: [control-for] turns are counted from 0 up to a size, which is not reached",
            ".: [control-for] turns are counted from 0 up to a size, which is not reached",
            "'a: [control-for] `'a` names a loop that nothing can leave",
            "for: [control-for] `for` gives no value",
            "[a, b]: [syntax-pattern] `[a, b]` is no pattern of a model",
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
            "None: [control-condition] `if let` asks whether something is there, and `None` is not `Some(name)`",
            "let: [control-condition] `let` is a condition by itself, not a part of one",
            "1: [syntax-pattern] `1` is no pattern of a model",
            "let: [control-condition] `let` is a condition by itself, not a part of one",
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
            "einsum: [einsum-form] the result of an einsum has its indices on the left of `=`",
            "einsum: [einsum-form] the result of an einsum has its indices on the left of `=`",
            "x: [einsum-form] the result of an einsum is its indices alone",
            "a: [einsum-factor] a factor of an einsum is a name, a field, a call or stands in parentheses",
            "einsum: [einsum-factor] an einsum has a factor on each side of `*`",
            "b: [einsum-factor] a factor of an einsum ends in its indices",
            "3: [einsum-index] `3` is no index of an einsum",
            "j: [einsum-index] `j k` is no index of an einsum",
            "[i]: [einsum-factor] a factor of an einsum ends in its indices",
            "&: [einsum-factor] a factor of an einsum is a name, a field, a call or stands in parentheses",
            "-: [einsum-factor] a factor of an einsum is a name, a field, a call or stands in parentheses",
        ],
    );
}

#[test]
fn calls() {
    check(
        "fn f() { g(a = 1, 2, b.c = 3); (x.f)(y); g(1)(2) }",
        &[
            "2: [calls-order] this argument has no name and follows `a = …`",
            "b: [calls-name] `b.c` is no argument's name",
            "(x.f): [calls-callee] `(x.f)` is no function's name",
            "g: [calls-callee] `g(1)` is no function's name",
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
