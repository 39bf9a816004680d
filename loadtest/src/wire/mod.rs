//! The XMPP wire as cheaply as a load generator can read it: frames, a few look-ups in a stanza, and SCRAM.
//!
//! It trusts the server that it measures to send well-formed XML (RFC 6120 §11.4) and reads no more than it needs.

pub(crate) mod scanner;
pub(crate) mod scram;
pub(crate) mod stanza;

/// The namespace of stream management (XEP-0198).
pub(crate) const SM: &str = "urn:xmpp:sm:3";
