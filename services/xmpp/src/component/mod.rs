//! The Jabber Component Protocol (XEP-0114): a program beside the server that serves a domain of its own.
//!
//! [`Link`] is its connection, [`Peer`] what stands here for all addresses of its domain, whether it is connected or not.

mod ask;
mod inward;
mod link;
mod outward;
mod peer;
#[cfg(test)]
mod tests;

pub use link::{Components, Event, Link, Out, Secret};
pub use peer::{Output, Peer};
