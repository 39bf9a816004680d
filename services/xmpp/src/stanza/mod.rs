//! Stanzas (RFC 6120 §8): read as deep as they are routed, written without a tree in between.
//!
//! [`Stanza`] knows the attributes that route and where each child begins; [`Child`] looks into one; [`Element`] is a
//! small tree for payloads; [`Tag`] writes straight into a buffer.

mod child;
mod element;
mod error;
mod parse;
mod read;
mod tag;
#[cfg(test)]
mod tests;

pub use child::Child;
pub use element::{Attribute, Element, Node};
pub use error::{Condition, ErrorKind, write_error, write_refusal};
pub use tag::Tag;

use crate::wire::{Scope, StreamError};
use bytes::Bytes;
use parse::{Outline, Span};
use std::borrow::Cow;

/// What a top-level element is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// `<message/>` in `jabber:client`.
    Message,
    /// `<presence/>` in `jabber:client`.
    Presence,
    /// `<iq/>` in `jabber:client`.
    Iq,
    /// Anything else: the stream's own talk (SASL, stream management, client state).
    Nonza,
}

/// One top-level element: checked to be well-formed to its last byte, read only one level deep.
#[derive(Clone)]
pub struct Stanza {
    bytes: Bytes,
    outline: Outline,
    scope: Scope,
}

impl Stanza {
    /// Reads one complete element that stands in `scope`.
    ///
    /// Errors: `not-well-formed`, `restricted-xml`, `bad-namespace-prefix`, or `policy-violation` at a limit.
    pub fn parse(bytes: Bytes, scope: &Scope) -> Result<Self, StreamError> {
        let outline = parse::outline(&bytes, scope)?;
        Ok(Self { bytes, outline, scope: scope.clone() })
    }

    /// Message, presence, iq or something else.
    pub fn kind(&self) -> Kind {
        self.outline.kind
    }

    /// The element's name without prefix.
    pub fn name(&self) -> &str {
        self.outline.name.of(&self.bytes)
    }

    /// The element's namespace.
    pub fn namespace(&self) -> &str {
        self.outline.namespace.of(&self.bytes).unwrap_or_default()
    }

    /// Whether it has this name and namespace.
    pub fn is(&self, name: &str, namespace: &str) -> bool {
        self.name() == name && self.namespace() == namespace
    }

    /// The `to` attribute, as written.
    pub fn to(&self) -> Option<&str> {
        self.outline.routing[0].of(&self.bytes)
    }

    /// The `from` attribute, as written.
    pub fn from(&self) -> Option<&str> {
        self.outline.routing[1].of(&self.bytes)
    }

    /// The `id` attribute.
    pub fn id(&self) -> Option<&str> {
        self.outline.routing[2].of(&self.bytes)
    }

    /// The `type` attribute.
    pub fn type_(&self) -> Option<&str> {
        self.outline.routing[3].of(&self.bytes)
    }

    /// Whether its type is that of an iq that asks for an answer: `get` or `set`.
    pub fn is_request(&self) -> bool {
        matches!(self.type_(), Some("get" | "set"))
    }

    /// Whether an iq is as RFC 6120 §8.2.3 wants it: an id, a known type, and for a request exactly one child.
    pub fn is_sound_iq(&self) -> bool {
        self.id().is_some()
            && match self.type_() {
                Some("get" | "set") => self.children().len() == 1,
                Some("result") => self.children().len() <= 1,
                Some("error") => true,
                _ => false,
            }
    }

    /// The `xml:lang` attribute.
    pub fn lang(&self) -> Option<&str> {
        self.outline.routing[4].of(&self.bytes)
    }

    /// Any attribute without a prefix, looked up when asked for.
    pub fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        read::attribute(Span::whole(&self.bytes).of(&self.bytes), name)
    }

    /// The text directly inside, references resolved.
    pub fn text(&self) -> Cow<'_, str> {
        read::text(Span::whole(&self.bytes).of(&self.bytes))
    }

    /// The child elements, in order.
    pub fn children(&self) -> impl ExactSizeIterator<Item = Child<'_>> {
        self.outline.children.iter().map(|entry| Child::new(self, entry))
    }

    /// The first child of this name and namespace.
    pub fn child(&self, name: &str, namespace: &str) -> Option<Child<'_>> {
        self.children().find(|child| child.is(name, namespace))
    }

    /// The first child, whatever it is: an iq request has exactly one (RFC 6120 §8.2.3).
    pub fn payload(&self) -> Option<Child<'_>> {
        self.children().next()
    }

    /// The whole element as it came, in the scope of its stream.
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The whole element as a tree.
    pub fn element(&self) -> Element {
        // It was checked to its last byte when it was parsed.
        read::tree(Span::whole(&self.bytes).of(&self.bytes), &self.scope)
            .unwrap_or_else(|_| Element::new("", ""))
    }
}

impl std::fmt::Debug for Stanza {
    /// Shows the kind and the size only: the content is the user's own.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}({} bytes)", self.outline.kind, self.bytes.len())
    }
}
