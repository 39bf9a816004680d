//! Which prefix stands for which namespace (Namespaces in XML 1.0). A stream header's declarations hold for all of
//! its stanzas (RFC 6120 §4.8); in a WebSocket each message stands alone (RFC 7395 §3.3.3).

use super::{
    StreamError,
    escape::unescape_attribute,
    tokens::{Name, same},
};
use crate::{limits::DECLARATIONS, ns};
use smallvec::SmallVec;
use std::borrow::Cow;

/// The declarations that hold at the top of a stanza.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Scope {
    /// What practically every stream header declares: `jabber:client` as the default, `stream` as prefix.
    #[default]
    Usual,
    /// Nothing: each message of a WebSocket declares its own.
    Framed,
    /// `jabber:client` as the default and these prefixes with their namespaces.
    Declared(Box<[(Box<str>, Box<str>)]>),
}

impl Scope {
    fn default_namespace(&self) -> &str {
        if *self == Self::Framed { "" } else { ns::CLIENT }
    }

    fn resolve(&self, prefix: &str) -> Option<&str> {
        match self {
            Self::Usual => (prefix == "stream").then_some(ns::STREAMS),
            Self::Framed => None,
            Self::Declared(all) => {
                all.iter().find(|(known, _)| **known == *prefix).map(|(_, uri)| uri.as_ref())
            }
        }
    }
}

/// The declarations of the elements that are open now, on top of a [`Scope`].
pub(crate) struct Bindings<'a> {
    scope: &'a Scope,
    declared: SmallVec<[Declared<'a>; 6]>,
}

struct Declared<'a> {
    prefix: &'a str,
    uri: Cow<'a, str>,
    /// Of the element that declares it; the top element has 0.
    depth: usize,
}

/// What a prefix stands for.
pub(crate) struct Resolved<'b> {
    pub(crate) uri: &'b str,
    /// Who declared it: 0 the scope, 1 the top element, 2 a child of it and so on.
    pub(crate) level: usize,
}

impl<'a> Bindings<'a> {
    pub(crate) fn new(scope: &'a Scope) -> Self {
        Self { scope, declared: SmallVec::new() }
    }

    /// Takes up an attribute of the element at `depth` if it is a declaration, and says whether it was one.
    pub(crate) fn declare(
        &mut self,
        name: &Name<'a>,
        raw: &'a str,
        depth: usize,
    ) -> Result<bool, StreamError> {
        let prefix = match (name.prefix(), name.local()) {
            ("", "xmlns") => "",
            ("xmlns", prefix) => prefix,
            _ => return Ok(false),
        };
        let uri = unescape_attribute(raw);
        // Namespaces in XML 1.0 §3: these two cannot be given to or taken by anything else.
        let reserved = prefix == "xmlns" || (prefix == "xml") != (uri == ns::XML) || uri == XMLNS;
        if reserved || (uri.is_empty() && !prefix.is_empty()) {
            return Err(StreamError::NotWellFormed);
        }
        if self.declared.len() >= DECLARATIONS {
            return Err(StreamError::PolicyViolation);
        }
        self.declared.push(Declared { prefix, uri, depth });
        Ok(true)
    }

    /// Forgets the declarations of the element at `depth`, which has ended.
    pub(crate) fn leave(&mut self, depth: usize) {
        while self.declared.last().is_some_and(|d| d.depth >= depth) {
            self.declared.pop();
        }
    }

    /// The prefixes declared by elements that are open.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.declared.iter().filter(|d| !d.prefix.is_empty()).map(|d| (d.prefix, d.uri.as_ref()))
    }

    /// The namespace of an element without or with a prefix.
    pub(crate) fn resolve(&self, prefix: &str) -> Result<Resolved<'_>, StreamError> {
        if let Some(found) = self.declared.iter().rev().find(|d| same(d.prefix, prefix)) {
            return Ok(Resolved { uri: &found.uri, level: found.depth + 1 });
        }
        match prefix {
            "" => Ok(Resolved { uri: self.scope.default_namespace(), level: 0 }),
            // Bound everywhere, so it may be counted as declared by whoever uses it.
            "xml" => Ok(Resolved { uri: ns::XML, level: usize::MAX }),
            _ => match self.scope.resolve(prefix) {
                Some(uri) => Ok(Resolved { uri, level: 0 }),
                None => Err(StreamError::BadNamespacePrefix),
            },
        }
    }
}

const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
