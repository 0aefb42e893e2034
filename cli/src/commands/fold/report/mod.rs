//! A folded antibody as a page.

mod data;
mod page;
#[cfg(test)]
mod tests;

pub(super) use page::Report;
