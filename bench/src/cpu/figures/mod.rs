//! Figures written down: lines while they come, a page and a picture in the end.

pub(super) mod roofline;
pub(super) mod table;
pub(super) mod told;
