//! What a node can run: a page for each, over the house that they share.

pub(crate) mod frontend;
mod house;
pub(crate) mod standard;

pub(crate) use house::certificate_names;
