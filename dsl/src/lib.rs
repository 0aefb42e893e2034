//! Crease: a tensor language inside Rust whose memory budget is part of the program.
//!
//! A model is a module with an attribute. It declares the axes of its tensors, its parameters and
//! how many bytes a run may hold; a program that is wrong, or that no plan can run inside its budget, does
//! not compile.
//!
//! ```
//! #[crease::model]
//! mod pooling {
//!     type R = Axis;
//!     const C_Z: usize = 128;
//!
//!     /// The pair representation's mean over one of its sides.
//!     pub fn pooled(z: Tensor<R, R, C_Z>) -> Tensor<R, C_Z> {
//!         mean(z, over = 0)
//!     }
//! }
//!
//! let model = pooling::pooled();
//! ```
//!
//! Inside the module everything is valid Rust syntax, so it is formatted and highlighted as such, but it is a
//! language of its own: tensors are values, operations are functions (`softmax(x, over = R)`, or a position
//! where an axis occurs twice), and `einsum!([i, j, c] = a[i, k, c] * b[j, k, c])` names indices. Models use
//! each other's public items by `use`, across modules and crates. A public function may promise its memory,
//! `#[budget("2 GiB", R = 384)]`, which is then planned while it compiles, and allow plans to keep values between
//! operations in fewer bits, `#[precision(bf16)]`.

pub use crease_macros::model;

/// The README's model, compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// Used by generated code; not part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use crease_core::lang::Model;
    pub use crease_macros::__finish as finish;

    /// A placeholder library for a module with mistakes, so that they are the only errors.
    pub mod no_library {
        /// No library.
        pub const __CREASE_LIBRARY: &str = "";
        /// No promises.
        pub const __CREASE_PROMISES: &str = "";
    }
}
