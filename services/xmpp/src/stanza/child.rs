//! One child of a stanza, looked into when asked for.

use super::{Element, Stanza, parse::Entry, read};
use crate::{ns, wire::Scope};
use bytes::Bytes;
use std::borrow::Cow;

/// A view of one child of a [`Stanza`].
#[derive(Clone, Copy)]
pub struct Child<'s> {
    stanza: &'s Stanza,
    entry: &'s Entry,
}

impl<'s> Child<'s> {
    pub(super) fn new(stanza: &'s Stanza, entry: &'s Entry) -> Self {
        Self { stanza, entry }
    }

    /// Its name without prefix.
    pub fn name(&self) -> &'s str {
        self.entry.name.of(&self.stanza.bytes)
    }

    /// Its namespace.
    pub fn namespace(&self) -> &'s str {
        self.entry.namespace.of(&self.stanza.bytes).unwrap_or_default()
    }

    /// Whether it has this name and namespace.
    pub fn is(&self, name: &str, namespace: &str) -> bool {
        self.name() == name && self.namespace() == namespace
    }

    /// An attribute without a prefix.
    pub fn attribute(&self, name: &str) -> Option<Cow<'s, str>> {
        read::attribute(self.raw(), name)
    }

    /// Its `xml:lang`.
    pub fn lang(&self) -> Option<Cow<'s, str>> {
        read::attribute(self.raw(), "xml:lang")
    }

    /// The text directly inside, references resolved.
    pub fn text(&self) -> Cow<'s, str> {
        read::text(self.raw())
    }

    /// It and all below as a tree.
    pub fn element(&self) -> Element {
        let alone = self.entry.portable.then(|| read::tree(self.raw(), &Scope::Usual).ok()).flatten();
        alone.unwrap_or_else(|| {
            let index = self.stanza.outline.children.iter().position(|entry| std::ptr::eq(entry, self.entry));
            let whole = self.stanza.element();
            let found = whole.children().nth(index.unwrap_or_default()).cloned();
            found.unwrap_or(whole)
        })
    }

    /// Appends its bytes so that they mean the same in any stanza whose default namespace is `jabber:client`:
    /// verbatim where they use no declaration from outside, else written anew.
    pub fn append_fragment(&self, out: &mut Vec<u8>) {
        if self.entry.portable {
            out.extend_from_slice(self.entry.span.bytes(&self.stanza.bytes));
        } else {
            self.element().write(ns::CLIENT, out);
        }
    }

    /// Like [`Self::append_fragment`], as bytes of their own, which keep nothing else in memory.
    pub fn fragment(&self) -> Bytes {
        let mut out = Vec::new();
        self.append_fragment(&mut out);
        out.into()
    }

    fn raw(&self) -> &'s str {
        self.entry.span.of(&self.stanza.bytes)
    }
}
