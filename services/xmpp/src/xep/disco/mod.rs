//! Service discovery (XEP-0030 2.5.0, with forms by XEP-0128 1.0.1): who answers under an address and what it can do.
//! What is named here is what is there: each service names its own features.

mod info;
mod request;

pub use info::{Identity, Info};
#[cfg(test)]
pub(crate) use request::account;
pub(crate) use request::{request, server};

/// The namespace of questions about identity and features.
pub const INFO: &str = "http://jabber.org/protocol/disco#info";
/// The namespace of questions about parts.
pub const ITEMS: &str = "http://jabber.org/protocol/disco#items";
