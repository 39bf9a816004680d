//! The few questions that the generator asks of a stanza, answered by scanning its bytes.
//!
//! Invariant: look-ups never fail on odd bytes; what is not found is none. References are not resolved: what the
//! generator looks for (its own addresses and payloads) holds none.

use memchr::{memchr, memmem};

/// A whole element, as the scanner cut it.
#[derive(Clone, Copy)]
pub(crate) struct Stanza<'a>(&'a [u8]);

impl<'a> Stanza<'a> {
    /// Looks at an element's bytes.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The element's qualified name as written.
    pub(crate) fn name(&self) -> &'a [u8] {
        let name = self.0.get(1..).unwrap_or_default();
        let end = name.iter().position(|b| matches!(b, b' ' | b'>' | b'/' | b'\n' | b'\t' | b'\r'));
        &name[..end.unwrap_or(name.len())]
    }

    /// The value of an attribute of the element itself.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'a str> {
        attribute(self.0.get(1 + self.name().len()..)?, name)
    }

    /// Whether the bytes occur anywhere in the element.
    pub(crate) fn has(&self, bytes: &str) -> bool {
        memmem::find(self.0, bytes.as_bytes()).is_some()
    }

    /// The text right inside the first child or grandchild of that name.
    pub(crate) fn text_of(&self, name: &str) -> Option<&'a str> {
        let inside = self.after(name)?;
        let start = memchr(b'>', inside)? + 1;
        if inside[..start].ends_with(b"/>") {
            return Some("");
        }
        let end = start + memchr(b'<', &inside[start..])?;
        std::str::from_utf8(&inside[start..end]).ok()
    }

    /// The attribute of every descendant of that name, in order.
    pub(crate) fn attributes_of(&self, name: &'a str, wanted: &'a str) -> impl Iterator<Item = &'a str> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let inside = Stanza(rest).after(name)?;
            rest = inside;
            Some(attribute(inside, wanted).unwrap_or_default())
        })
    }

    /// The defined condition of an error stanza or stream error, for messages to people.
    pub(crate) fn condition(&self) -> String {
        for space in ["urn:ietf:params:xml:ns:xmpp-stanzas", "urn:ietf:params:xml:ns:xmpp-streams"] {
            let Some(at) = memmem::find(self.0, space.as_bytes()) else { continue };
            let Some(open) = memchr::memrchr(b'<', &self.0[..at]) else { continue };
            return String::from_utf8_lossy(Stanza(&self.0[open..]).name()).into_owned();
        }
        String::from_utf8_lossy(self.name()).into_owned()
    }

    /// What follows `<name` where that is a whole name.
    fn after(&self, name: &str) -> Option<&'a [u8]> {
        let mut from = 1;
        loop {
            let at = from + memmem::find(self.0.get(from..)?, name.as_bytes())?;
            from = at + name.len();
            let whole = matches!(self.0.get(from), Some(b' ' | b'>' | b'/' | b'\n' | b'\t'));
            if whole && self.0[at - 1] == b'<' {
                return Some(&self.0[from..]);
            }
        }
    }
}

/// Walks the attributes of a start tag, given what follows its name.
fn attribute<'a>(mut rest: &'a [u8], wanted: &str) -> Option<&'a str> {
    loop {
        let skip = rest.iter().position(|b| !b.is_ascii_whitespace())?;
        rest = &rest[skip..];
        if matches!(rest[0], b'>' | b'/') {
            return None;
        }
        let equals = memchr(b'=', rest)?;
        let name = rest[..equals].trim_ascii_end();
        rest = rest[equals + 1..].trim_ascii_start();
        let quote = *rest.first()?;
        let end = 1 + memchr(quote, &rest[1..])?;
        if name == wanted.as_bytes() {
            return std::str::from_utf8(&rest[1..end]).ok();
        }
        rest = &rest[end + 1..];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MESSAGE: &[u8] = b"<message from='u1@d/r' xml:lang=\"en\" to = 'u2@d' type='chat'>\
        <bodyguard/><body>hi there</body><empty/><item jid='a'/><item x='1' jid=\"b\">t</item></message>";

    #[test]
    fn finds_names_attributes_and_texts() {
        let stanza = Stanza::new(MESSAGE);
        assert_eq!(stanza.name(), b"message");
        assert_eq!(stanza.attribute("from"), Some("u1@d/r"));
        assert_eq!(stanza.attribute("to"), Some("u2@d"));
        assert_eq!(stanza.attribute("lang"), None);
        assert_eq!(stanza.text_of("body"), Some("hi there"));
        assert_eq!(stanza.text_of("empty"), Some(""));
        assert_eq!(stanza.text_of("subject"), None);
        assert_eq!(stanza.attributes_of("item", "jid").collect::<Vec<_>>(), ["a", "b"]);
        assert!(stanza.has("hi there") && !stanza.has("bye"));
    }

    #[test]
    fn names_the_condition_of_an_error() {
        let error = b"<iq type='error'><error type='auth'>\
            <not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
        assert_eq!(Stanza::new(error).condition(), "not-allowed");
        assert_eq!(Stanza::new(b"<failure/>").condition(), "failure");
    }

    proptest! {
        #[test]
        fn odd_bytes_are_none_not_panic(tail in proptest::collection::vec(any::<u8>(), 0..60), cut in 0..140_usize) {
            let mut bytes = MESSAGE[..cut.min(MESSAGE.len()).max(1)].to_vec();
            bytes.extend(tail);
            let stanza = Stanza::new(&bytes);
            let _ = (stanza.name(), stanza.attribute("to"), stanza.text_of("body"), stanza.condition());
            let _ = stanza.attributes_of("item", "jid").count();
        }
    }
}
