//! The client's side of stream management (XEP-0198): what was heard is counted, what was sent is kept until the server
//! has acknowledged it.

use std::collections::VecDeque;
use xmpp::stanza::Element;

const NS: &str = "urn:xmpp:sm:3";

/// Its state; it outlives a connection.
#[derive(Clone, Debug, Default)]
pub struct Management {
    /// For resumption.
    pub id: String,
    /// Stanzas heard.
    pub heard: u32,
    /// Stanzas that the server has acknowledged.
    pub acknowledged: u32,
    /// How often the server has said how many.
    pub answers: u64,
    /// Sent, and not acknowledged.
    pub open: VecDeque<String>,
}

impl Management {
    pub(super) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    pub(super) fn sent(&mut self, stanza: &str) {
        self.open.push_back(stanza.to_owned());
    }

    /// Counts it if it is a stanza; true if it was for management alone.
    pub(super) fn takes(&mut self, element: &Element) -> bool {
        match (element.name(), element.namespace()) {
            ("message" | "presence" | "iq", "jabber:client") => {
                self.heard = self.heard.wrapping_add(1);
                false
            }
            ("r", NS) => true,
            ("a", NS) => {
                self.acknowledge(element);
                true
            }
            _ => false,
        }
    }

    pub(super) fn answer(&self) -> String {
        format!("<a xmlns='{NS}' h='{}'/>", self.heard)
    }

    /// Whether the server may say that it has dealt with so many.
    pub(super) fn may_be(&self, element: &Element) -> bool {
        let h: Option<u32> = element.attribute("h").and_then(|h| h.parse().ok());
        h.is_some_and(|h| h.wrapping_sub(self.acknowledged) as usize <= self.open.len())
    }

    /// Takes the server's count from an `<a/>` or a `<resumed/>`.
    pub(super) fn acknowledge(&mut self, element: &Element) {
        let h: u32 = element.attribute("h").and_then(|h| h.parse().ok()).expect("a count");
        let new = h.wrapping_sub(self.acknowledged) as usize;
        assert!(
            new <= self.open.len(),
            "{h} acknowledged, {} open after {}",
            self.open.len(),
            self.acknowledged
        );
        self.open.drain(..new);
        self.acknowledged = h;
        self.answers += 1;
    }
}
