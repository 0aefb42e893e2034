//! Changes of Rust's tokens, so that most of what is made can still be read as tokens.

use std::str::FromStr;

use fastrand::Rng;
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

use super::{number, rearrange, span};

/// What stands for a group without delimiters, as `macro_rules!` makes them of expressions: the word before its braces.
pub const BARE: &str = "__bare";

/// Groups inside each other that are still gone into.
const DEEPEST: usize = 64;

/// Changes tokens in one group of a source; a source that has none is left.
pub fn change(rng: &mut Rng, data: &mut Vec<u8>, other: &[u8]) {
    let (Some(tokens), other) = (read(data), read(other).unwrap_or_default()) else { return };
    let mut at = rng.usize(0..groups(&tokens));
    let mut donor = rng.usize(0..groups(&other));
    let donors = find(other, &mut donor, 0);
    let made = within(tokens, &mut at, 0, &mut |list| alter(rng, list, &donors));
    *data = TokenStream::from_iter(made).to_string().into_bytes();
}

fn read(data: &[u8]) -> Option<Vec<TokenTree>> {
    let text = std::str::from_utf8(data).ok()?;
    Some(TokenStream::from_str(text).ok()?.into_iter().collect())
}

fn alter(rng: &mut Rng, list: &mut Vec<TokenTree>, donors: &[TokenTree]) {
    let at = rng.usize(0..=list.len());
    match rng.u8(0..8) {
        0 => list.insert(at, token(rng)),
        1 | 2 if at < list.len() => list[at] = other_token(rng, &list[at], donors),
        3 => {
            let place = span(rng, list.len());
            let start = place.start;
            let inside: TokenStream = list.drain(place).collect();
            let by = [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket][rng.usize(0..3)];
            if rng.u8(0..4) == 0 {
                list.insert(start, TokenTree::Group(Group::new(Delimiter::Brace, inside)));
                list.insert(start, TokenTree::Ident(Ident::new(BARE, Span::call_site())));
            } else {
                list.insert(start, TokenTree::Group(Group::new(by, inside)));
            }
        }
        4 if at < list.len() => {
            if let TokenTree::Group(group) = &list[at] {
                let inside = group.stream();
                drop(list.splice(at..=at, inside));
            }
        }
        _ => rearrange(rng, list, donors),
    }
}

/// A token of the same kind, or any.
fn other_token(rng: &mut Rng, old: &TokenTree, donors: &[TokenTree]) -> TokenTree {
    let alike = |token: &&TokenTree| std::mem::discriminant(*token) == std::mem::discriminant(old);
    let donor = rng.choice(donors.iter().filter(alike).collect::<Vec<_>>()).cloned();
    match old {
        TokenTree::Literal(_) if rng.bool() => TokenTree::Literal(literal(rng)),
        _ => donor.unwrap_or_else(|| token(rng)),
    }
}

fn token(rng: &mut Rng) -> TokenTree {
    const WORDS: [&str; 38] = [
        "fn",
        "pub",
        "mod",
        "struct",
        "type",
        "const",
        "use",
        "let",
        "mut",
        "for",
        "in",
        "if",
        "else",
        "match",
        "self",
        "Self",
        "super",
        "crate",
        "as",
        "where",
        "impl",
        "Tensor",
        "Axis",
        "Option",
        "Some",
        "None",
        "usize",
        "f32",
        "bool",
        "true",
        "R",
        "budget",
        "linear",
        "einsum",
        "softmax",
        "rearrange",
        "over",
        "record",
    ];
    match rng.u8(0..4) {
        0 => TokenTree::Literal(literal(rng)),
        1 => {
            let sign = *b"+-*/%^!&|=<>@.,;:#$?~'".get(rng.usize(0..21)).unwrap_or(&b'+');
            let spacing = if rng.bool() { Spacing::Joint } else { Spacing::Alone };
            TokenTree::Punct(Punct::new(sign.into(), spacing))
        }
        _ => TokenTree::Ident(Ident::new(WORDS[rng.usize(0..WORDS.len())], Span::call_site())),
    }
}

fn literal(rng: &mut Rng) -> Literal {
    const TEXTS: [&str; 12] = [
        "",
        "ijc,jkc->ikc",
        "i j k -> k (i j)",
        "->",
        "(",
        "a b",
        "2 GiB",
        "0",
        "99999999999999999999 GiB",
        "é🧬",
        "{}",
        "\0",
    ];
    match rng.u8(0..6) {
        0 => Literal::string(TEXTS[rng.usize(0..TEXTS.len())]),
        1 => Literal::f64_unsuffixed(f64::from_bits(rng.u64(..) & 0x7fef_ffff_ffff_ffff)),
        2 => Literal::u128_unsuffixed(u128::from(number(rng)) << rng.u8(0..64)),
        3 => Literal::character('\u{1}'),
        4 => Literal::f32_suffixed(0.5),
        _ => Literal::u64_unsuffixed(number(rng)),
    }
}

/// How many lists of tokens there are: the whole, and one for each group.
fn groups(tokens: &[TokenTree]) -> usize {
    let inside = tokens.iter().map(|token| match token {
        TokenTree::Group(group) => groups(&group.stream().into_iter().collect::<Vec<_>>()),
        _ => 0,
    });
    1 + inside.sum::<usize>()
}

/// The list of a number.
fn find(tokens: Vec<TokenTree>, at: &mut usize, depth: usize) -> Vec<TokenTree> {
    let mut found = Vec::new();
    within(tokens, at, depth, &mut |list| found.clone_from(list));
    found
}

/// Changes the list of a number, and gives the whole.
fn within(
    mut tokens: Vec<TokenTree>,
    at: &mut usize,
    depth: usize,
    change: &mut dyn FnMut(&mut Vec<TokenTree>),
) -> Vec<TokenTree> {
    if *at == 0 || depth > DEEPEST {
        change(&mut tokens);
        *at = usize::MAX;
        return tokens;
    }
    *at -= 1;
    for token in &mut tokens {
        let TokenTree::Group(group) = token else { continue };
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        match groups(&inside) {
            count if *at >= count => *at -= count,
            _ => {
                let made = within(inside, at, depth + 1, change);
                *group = Group::new(group.delimiter(), made.into_iter().collect());
                break;
            }
        }
    }
    tokens
}

/// The tokens of a source, with groups that have no delimiters where the source says so.
pub fn tokens(data: &[u8]) -> Option<TokenStream> {
    Some(bare(read(data)?))
}

fn bare(list: Vec<TokenTree>) -> TokenStream {
    let mut made: Vec<TokenTree> = Vec::new();
    for token in list {
        let TokenTree::Group(group) = token else {
            made.push(token);
            continue;
        };
        let inside = bare(group.stream().into_iter().collect());
        let marked = matches!(made.last(), Some(TokenTree::Ident(word)) if word == BARE);
        if marked && group.delimiter() == Delimiter::Brace {
            made.pop();
            made.push(TokenTree::Group(Group::new(Delimiter::None, inside)));
        } else {
            made.push(TokenTree::Group(Group::new(group.delimiter(), inside)));
        }
    }
    made.into_iter().collect()
}
