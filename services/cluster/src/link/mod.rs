//! Links: between two lives of two nodes a reliable queue in both directions, over one gRPC stream.
//!
//! Numbered, acknowledged when the receiver has taken, sent again after a reconnect, bounded. Invariant: within a session
//! every message is taken once, in order; where that cannot be kept the session is lost, once, and both sides begin anew.

pub(crate) mod dial;
pub(crate) mod pace;
pub(crate) mod queue;
pub(crate) mod registry;
pub(crate) mod run;
pub(crate) mod serve;
#[cfg(test)]
mod tests;
pub(crate) mod tls;
pub(crate) mod wire;
