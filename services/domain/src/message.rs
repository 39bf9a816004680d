//! An instant message as the domain knows it: text that every door can show, and what one door's clients put
//! beside it, carried unharmed.

use bytes::Bytes;
use std::sync::Arc;

/// How a message wants to be treated (RFC 6121 §5.2.2, without its `error`, which is no message of a person).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum MessageKind {
    /// A single message outside a talk.
    #[default]
    Normal,
    /// Part of a two-party talk.
    Chat,
    /// Said to a conference.
    Conference,
    /// A notice for those online now; never kept.
    Headline,
}

/// What a message holds besides, or instead of, text: it decides about keeping and archiving. A set of flags.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Traits(pub u16);

impl Traits {
    /// Only a typing state (XEP-0085, RFC 3994): relayed, never logged.
    pub const TYPING: Self = Self(1);
    /// A delivery receipt or read marker for an earlier message (XEP-0184, XEP-0333, RFC 5438).
    pub const RECEIPT: Self = Self(2);
    /// Corrects an earlier message (XEP-0308).
    pub const CORRECTION: Self = Self(4);
    /// Retracts an earlier message (XEP-0424).
    pub const RETRACTION: Self = Self(8);
    /// Reacts to an earlier message (XEP-0444).
    pub const REACTION: Self = Self(16);
    /// The content is encrypted end to end (XEP-0380); `body` is a hint for clients that cannot read it.
    pub const ENCRYPTED: Self = Self(32);
    /// The sender asks that it be kept nowhere (XEP-0334 `no-store`).
    pub const NO_STORE: Self = Self(64);
    /// The sender asks that other endpoints of both sides get no copy (XEP-0334 `no-copy`, XEP-0280 `private`).
    pub const NO_COPY: Self = Self(128);
    /// The sender asks that it be kept though it has no text (XEP-0334 `store`).
    pub const STORE: Self = Self(256);
    /// Sent by a protocol for another's session (an error, a call signal): relayed, never logged.
    pub const SIGNAL: Self = Self(512);

    /// Both sets together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any of `other`'s flags is set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// One message. Cheap to clone; the domain never changes one after it was accepted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Message {
    /// The sender's own id for it, echoed to the recipient (XMPP `id`); at most 256 bytes.
    pub id: Option<Arc<str>>,
    /// The sender's unique id (XEP-0359 `origin-id`): a retry with the same one is accepted once.
    pub origin_id: Option<Arc<str>>,
    /// How it wants to be treated.
    pub kind: MessageKind,
    /// What it holds besides text.
    pub traits: Traits,
    /// Plain text.
    pub body: Option<Arc<str>>,
    /// The language of `body` and `subject` (BCP 47), if the sender named it.
    pub language: Option<Arc<str>>,
    /// A subject line.
    pub subject: Option<Arc<str>>,
    /// The thread it belongs to.
    pub thread: Option<Arc<str>>,
    /// Elements of the sender's protocol that the domain does not read, as that door wrote them
    /// (XMPP: well-formed sibling elements in `jabber:client` context); a door that speaks another protocol leaves
    /// them out.
    pub carried: Bytes,
}

impl Message {
    /// Whether it becomes a fact (numbered, kept, archived) or is only relayed to those online.
    pub fn is_durable(&self) -> bool {
        let unloggable = Traits::TYPING.with(Traits::SIGNAL).with(Traits::NO_STORE);
        let speaks = self.body.is_some()
            || self.subject.is_some()
            || self.traits.has(
                Traits::RECEIPT
                    .with(Traits::CORRECTION)
                    .with(Traits::RETRACTION)
                    .with(Traits::REACTION)
                    .with(Traits::ENCRYPTED)
                    .with(Traits::STORE),
            );
        self.kind != MessageKind::Headline && speaks && !self.traits.has(unloggable)
    }

    /// Whether it sets the topic of a conference that it is said to: a subject and no text (XEP-0045 §8.1).
    pub fn is_topic(&self) -> bool {
        self.subject.is_some() && self.body.is_none()
    }

    /// Bytes that it holds, for limits and counters.
    pub fn size(&self) -> usize {
        let text = |t: &Option<Arc<str>>| t.as_ref().map_or(0, |t| t.len());
        text(&self.id)
            + text(&self.origin_id)
            + text(&self.body)
            + text(&self.language)
            + text(&self.subject)
            + text(&self.thread)
            + self.carried.len()
    }
}
