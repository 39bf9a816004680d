//! What the nodes of a pool are to each other, beside the log that they share.
//!
//! [`wire`] is what their homes and sessions say to each other.

pub mod limits;
pub mod wire;
