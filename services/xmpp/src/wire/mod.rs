//! Bytes to top-level elements: framing (RFC 6120 §4, RFC 7395 §3), the XML that is allowed (RFC 6120 §11), names.
//!
//! [`Framer`] finds where an element ends without looking at a byte twice; [`crate::stanza::Stanza`] and
//! [`Header`] then read the element in one pass, checking everything that XML and RFC 6120 §11.1 forbid.

mod attributes;
mod bindings;
mod chars;
mod error;
mod escape;
mod framer;
mod header;
mod tokens;

pub use bindings::Scope;
pub use error::StreamError;
pub use escape::{escape_attribute, escape_text};
pub use framer::{Framer, Piece};
pub use header::Header;

pub(crate) use attributes::{Start, read_start};
pub(crate) use bindings::Bindings;
pub(crate) use chars::checked;
pub(crate) use escape::{is_plain_value, unescape_attribute, unescape_text};
pub(crate) use header::skip_declaration;
pub(crate) use tokens::{InTag, Token, Tokens};
