//! What a node can run: a page for each.

pub(crate) mod standard;
