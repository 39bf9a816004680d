//! What a node can run: a page for each.

pub(crate) mod frontend;
pub(crate) mod standard;
