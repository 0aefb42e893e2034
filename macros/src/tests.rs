//! What a model becomes, and how definitions meet: on tokens, without a compiler.

use crease_core::lang::ast::Library;
use proc_macro2::TokenStream;
use quote::quote;

use crate::{emit, link};

/// What the attribute makes of `tokens`, without spaces.
fn expanded(arguments: &str, tokens: &str) -> String {
    let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
    squeezed(&emit::model(parse(arguments), parse(tokens)))
}

fn squeezed(tokens: &TokenStream) -> String {
    tokens.to_string().split_whitespace().collect()
}

/// The library that the end of a chain exports.
fn exported(finished: &TokenStream) -> Library {
    let file: syn::File = syn::parse2(finished.clone()).expect("items");
    let json = file.items.iter().find_map(|item| match item {
        syn::Item::Const(item) => match &*item.expr {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(json), .. }) => Some(json.value()),
            _ => None,
        },
        _ => None,
    });
    serde_json::from_str(&json.expect("a library")).expect("JSON")
}

const LATE: &str = "pub mod late { pub type R = Axis; pub fn late_fn(x: Tensor<R>) -> Tensor<R> { x } }";

#[test]
fn a_module_without_imports_ends_its_chain_at_once() {
    let text = expanded("", LATE);
    assert!(text.starts_with("pubmodlate{"), "{text}");
    assert!(text.contains("pubstructR{_declared:()}"), "{text}");
    assert!(text.contains("pubfnlate_fn()->::crease::__private::Model{"), "{text}");
    assert!(text.contains("fnlate_fn(x:Tensor<R>)->Tensor<R>"), "{text}");
    assert!(text.contains("::crease::__private::finish!{{}[]{pubmodlate{"), "{text}");
}

#[test]
fn each_mention_of_an_import_is_called_once() {
    let text =
        expanded("", "mod m { use super::late::{late_fn as f, R}; fn g(x: Tensor<R>) -> Tensor<R> { f(f(a::f(x))) } }");
    let name = "crease_model_definition_of";
    let chain = format!("{name}_R!{{{{}}[{{{name}_f}}{{{name}_f_1}}{{::crease::__private::finish}}]");
    assert!(text.contains(&chain), "{text}");
    assert!(text.contains("useself::fascrease_model_definition_of_f"), "{text}");
    assert!(text.contains("usea::fascrease_model_definition_of_f"), "{text}");
}

#[test]
fn definitions_meet_in_the_order_of_imports() {
    let item: TokenStream = LATE.parse().expect("tokens");
    let late = exported(&link::finish(quote!({} [] { #item })));
    let json = serde_json::to_string(&late).expect("JSON");
    let user = quote!(
        mod user {
            use super::late::{R, late_fn as f};
            pub fn g(x: Tensor<R>) -> Tensor<R> {
                f(x)
            }
        }
    );
    let finished = link::finish(quote!({ {"R" #json} {"late_fn" #json} } [] { #user }));
    let library = exported(&finished);
    let names: Vec<&str> = library.modules.iter().map(|module| module.name.as_str()).collect();
    assert_eq!(names, ["late", "user"]);
    let imports = library.modules[1].imports.iter();
    let imports: Vec<_> = imports.map(|i| (i.name.text.as_str(), i.item.text.as_str(), &i.module)).collect();
    assert_eq!(imports, [("R", "R", &late.modules[0].id), ("f", "late_fn", &late.modules[0].id)]);
}

#[test]
fn a_module_that_imports_mistakes_says_nothing() {
    let user = quote!(
        mod user {
            use super::late::f;
            pub fn g(x: f32) -> f32 {
                f(x)
            }
        }
    );
    let text = squeezed(&link::finish(quote!({ {"f"} } [] { #user })));
    assert!(!text.contains("compile_error") && !text.contains("__CREASE_LIBRARY"), "{text}");
    assert!(text.contains("{\"g\"}"), "{text}");
}

#[test]
fn a_private_item_is_refused_by_name() {
    let text = expanded("", "mod late { enum E {} fn hidden() {} pub fn open() {} }");
    assert!(text.contains("{\"hidden\"\"late\"\"fnhidden\"}") && text.contains("{\"open\"}"), "{text}");
    let user = quote!(
        mod user {
            use super::late::hidden as h;
            pub fn g(x: f32) -> f32 {
                h(x)
            }
        }
    );
    let text = squeezed(&link::finish(quote!({ {"hidden" "late" "fn hidden"} } [] { #user })));
    assert!(text.contains("[calls-import]`hidden`isprivatetothemodule`late`"), "{text}");
    assert_eq!(text.matches("compile_error").count(), 1, "{text}");
}

#[test]
fn what_is_no_model_is_said() {
    for (arguments, tokens, code) in [
        ("", "mod m;", "[syntax-module]"),
        ("", "fn f() {}", "[syntax-module]"),
        ("", "", "[syntax-module]"),
        ("", "mod m { fn f(&self, self) {} }", "[syntax-module]"),
        ("x = 1", "mod m {}", "[syntax-arguments]"),
        ("", "mod m { enum E {} }", "[syntax-item]"),
    ] {
        let text = expanded(arguments, tokens);
        assert!(text.contains("compile_error") && text.contains(code), "{tokens}: {text}");
    }
    let text = squeezed(&link::finish(quote!(1 2 3)));
    assert!(text.contains("compile_error"), "{text}");
}

/// Keeps plans in memory and counts what it is asked.
#[derive(Default)]
struct Shelf {
    plans: std::cell::RefCell<std::collections::BTreeMap<String, String>>,
    kept: std::cell::Cell<usize>,
}

impl crease_core::lang::Keeper for Shelf {
    fn find(&self, inputs: &str) -> Option<String> {
        self.plans.borrow().get(inputs).cloned()
    }

    fn keep(&self, inputs: &str, plan: &str) {
        self.kept.set(self.kept.get() + 1);
        self.plans.borrow_mut().insert(inputs.to_string(), plan.to_string());
    }
}

#[test]
fn a_plan_that_was_kept_is_checked_and_taken() {
    let library = |size: u32| -> Library {
        let text = format!(
            "pub mod m {{ pub type R = Axis; #[budget(\"1 MiB\", R = {size})] \
             pub fn f(x: Tensor<R, R>) -> Tensor<R, R> {{ softmax(x, over = 1) }} }}"
        );
        let item: TokenStream = text.parse().expect("tokens");
        exported(&link::finish(quote!({} [] { #item })))
    };
    let shelf = Shelf::default();
    let promises = |size: u32| crease_core::lang::promises(&library(size), &shelf).expect("promises kept");
    let first = promises(100);
    assert_eq!((first.len(), shelf.kept.get()), (1, 1));
    assert_eq!(promises(100), first);
    assert_eq!(shelf.kept.get(), 1, "the plan kept is taken");
    assert_ne!(promises(101), first);
    assert_eq!(shelf.kept.get(), 2, "another size is another plan");
    // What is kept may be damaged, or another program's.
    for damaged in ["", "{}", &serde_json::to_string(&promises(101)[0].plan).expect("JSON")] {
        let keys: Vec<String> = shelf.plans.borrow().keys().cloned().collect();
        keys.iter().for_each(|key| _ = shelf.plans.borrow_mut().insert(key.clone(), damaged.to_string()));
        assert_eq!(promises(100), first);
    }
}
