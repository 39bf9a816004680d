//! The XMPP door: bytes to commands, events to bytes (RFC 6120, 6121, 7395). Machines only: no I/O, no clock.
//!
//! `wire` cuts bytes into elements, `stanza` reads and writes them, `sasl` proves who is there, `stream` carries a
//! connection from its first byte to bound and beyond, `bosh` lets one live on HTTP requests, `component` serves the
//! domains of others, and `session` with `xep` is what is said after that.

pub mod bosh;
pub mod component;
#[doc(hidden)]
pub mod fuzz;
pub mod limits;
pub mod ns;
pub mod sasl;
pub mod session;
pub mod stanza;
pub mod stream;
pub mod wire;
pub mod xep;
