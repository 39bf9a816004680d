//! What an element beside the text of a message means to the server (XEP-0085, 0184, 0280, 0308, 0333, 0334, 0359,
//! 0380, 0384, 0421, 0424, 0444): one table for all of them, so that the message path looks at each element once.

use super::{delay, muc, stanza_id};
use domain::message::Traits;

/// XEP-0085: chat states.
pub(crate) use super::stanza_id::NS as STANZA_IDS;
const CHAT_STATES: &str = "http://jabber.org/protocol/chatstates";
/// XEP-0334: hints.
const HINTS: &str = "urn:xmpp:hints";

/// What to do with a child of a message or presence that a client sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meaning {
    /// Carry it; it says this about the message.
    Carried(Traits),
    /// It says this about the message and is for this server only.
    Taken(Traits),
    /// A typing state: carried, and the message is one if there is nothing else in it.
    Typing,
    /// The sender's unique id for the message.
    OriginId,
    /// Only a server may say this: leave it out.
    Forged,
}

/// What a child of this name and namespace means.
pub(crate) fn meaning(name: &str, namespace: &str) -> Meaning {
    match (name, namespace) {
        ("origin-id", stanza_id::NS) => Meaning::OriginId,
        // Copies are made by servers: one from a client pretends to be another's talk (XEP-0280 §11).
        (_, stanza_id::NS | stanza_id::OCCUPANT | delay::NS | muc::USER)
        | ("received" | "sent", crate::ns::CARBONS) => Meaning::Forged,
        (_, CHAT_STATES) => Meaning::Typing,
        ("private", crate::ns::CARBONS) => Meaning::Taken(Traits::NO_COPY),
        (hint, HINTS) => Meaning::Carried(hinted(hint)),
        ("received", "urn:xmpp:receipts")
        | ("received" | "displayed" | "acknowledged", "urn:xmpp:chat-markers:0") => {
            Meaning::Carried(Traits::RECEIPT)
        }
        ("replace", "urn:xmpp:message-correct:0") => Meaning::Carried(Traits::CORRECTION),
        ("retract", "urn:xmpp:message-retract:1") | ("apply-to", "urn:xmpp:fasten:0") => {
            Meaning::Carried(Traits::RETRACTION)
        }
        ("reactions", "urn:xmpp:reactions:0") => Meaning::Carried(Traits::REACTION),
        ("encrypted", "eu.siacs.conversations.axolotl" | "urn:xmpp:omemo:1" | "urn:xmpp:omemo:2")
        | ("encryption", "urn:xmpp:eme:0")
        | ("openpgp", "urn:xmpp:openpgp:0")
        | ("x", "jabber:x:encrypted") => Meaning::Carried(Traits::ENCRYPTED),
        _ => Meaning::Carried(Traits::default()),
    }
}

fn hinted(hint: &str) -> Traits {
    match hint {
        "no-store" | "no-permanent-store" => Traits::NO_STORE,
        "no-copy" => Traits::NO_COPY,
        "store" => Traits::STORE,
        _ => Traits::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_servers_say_is_left_out() {
        for (name, namespace) in [
            ("stanza-id", "urn:xmpp:sid:0"),
            ("delay", "urn:xmpp:delay"),
            ("occupant-id", "urn:xmpp:occupant-id:0"),
            ("x", "http://jabber.org/protocol/muc#user"),
            ("sent", "urn:xmpp:carbons:2"),
        ] {
            assert_eq!(meaning(name, namespace), Meaning::Forged, "{name}");
        }
        assert_eq!(meaning("anything", "urn:example"), Meaning::Carried(Traits::default()));
    }
}
