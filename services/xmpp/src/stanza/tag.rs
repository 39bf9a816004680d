//! Writing elements straight into a buffer: no tree, no strings in between.

use crate::wire::{escape_attribute, escape_text};

/// An element whose start tag is being written; ended by one of [`Tag::empty`], [`Tag::text`], [`Tag::content`].
///
/// ```
/// let mut out = Vec::new();
/// xmpp::stanza::Tag::open(&mut out, "message").attr("type", "chat").content(|out| {
///     xmpp::stanza::Tag::open(out, "body").text("a < b");
/// });
/// assert_eq!(out, b"<message type='chat'><body>a &lt; b</body></message>");
/// ```
#[must_use = "an element must be ended"]
pub struct Tag<'o> {
    out: &'o mut Vec<u8>,
    name: &'static str,
}

impl<'o> Tag<'o> {
    /// Begins an element; `name` is as it shall stand there.
    pub fn open(out: &'o mut Vec<u8>, name: &'static str) -> Self {
        out.push(b'<');
        out.extend_from_slice(name.as_bytes());
        Self { out, name }
    }

    /// Begins an element in a default namespace of its own.
    pub fn open_in(out: &'o mut Vec<u8>, name: &'static str, namespace: &str) -> Self {
        Self::open(out, name).attr("xmlns", namespace)
    }

    /// An attribute; `name` is as it shall stand there.
    pub fn attr(self, name: &str, value: &str) -> Self {
        self.out.push(b' ');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"='");
        escape_attribute(value, self.out);
        self.out.push(b'\'');
        self
    }

    /// An attribute if there is a value.
    pub fn attr_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// An attribute whose value is shown; for numbers, addresses, times.
    pub fn attr_shown(self, name: &str, value: impl std::fmt::Display) -> Self {
        use std::fmt::Write as _;
        self.out.push(b' ');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"='");
        // Writing to a vector cannot fail.
        let _ = write!(Escaping(self.out), "{value}");
        self.out.push(b'\'');
        self
    }

    /// Ends the start tag only: what follows is its content, for as long as the stream is open.
    pub(crate) fn unclosed(self) {
        self.out.push(b'>');
    }

    /// Ends it without content.
    pub fn empty(self) {
        self.out.extend_from_slice(b"/>");
    }

    /// Ends it with this text in it.
    pub fn text(self, text: &str) {
        self.content(|out| escape_text(text, out));
    }

    /// Ends it with what `write` appends in it.
    pub fn content(self, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(b'>');
        write(self.out);
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(self.name.as_bytes());
        self.out.push(b'>');
    }
}

/// Escapes what is written as the inside of an attribute.
struct Escaping<'o>(&'o mut Vec<u8>);

impl std::fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        escape_attribute(text, self.0);
        Ok(())
    }
}
