//! The targets that are plays.

pub(crate) mod conversation;
pub(crate) mod session;
pub(crate) mod user;
