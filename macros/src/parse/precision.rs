//! `#[precision(bf16)]`: the narrowest format of values between operations.

use crease_core::ir::Format;
use crease_core::lang::Code;
use syn::{Attribute, Meta};

use super::{Reader, start};

const FORM: &str = "write `#[precision(bf16)]`, or leave it out for single precision";

impl Reader {
    pub(super) fn precision(
        &mut self,
        attribute: &Attribute,
        function: &syn::Ident,
        public: bool,
        found: &mut Option<Format>,
    ) {
        let place = start(attribute.path());
        if !public {
            self.wrong(
                Code::PrecisionPrivate,
                place,
                format!("`{function}` is not `pub`, and only public functions are planned"),
                format!("write `pub fn {function}`, or put the precision on the function that calls it"),
            );
        }
        if found.is_some() {
            self.wrong(Code::PrecisionForm, place, "the precision is given twice", "remove one");
        }
        let named = match &attribute.meta {
            Meta::List(list) => syn::parse2::<syn::Ident>(list.tokens.clone()).ok(),
            Meta::Path(_) | Meta::NameValue(_) => None,
        };
        let place = named.as_ref().map_or(place, syn::Ident::span);
        match named.map(|name| name.to_string().parse::<Format>()) {
            Some(Ok(format)) => *found = Some(format),
            Some(Err(message)) => self.wrong(Code::PrecisionForm, place, message, FORM),
            None => self.wrong(Code::PrecisionForm, place, "a precision must be the name of a format", FORM),
        }
    }
}
