//! A plan told to people: as a page to look at, as text, as JSON.

mod choices;
mod json;
mod page;
mod parts;
mod story;
mod text;
mod tree;
mod words;

pub(crate) use story::Story;
pub(crate) use words::memory_parts;
