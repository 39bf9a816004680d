//! A message on its way to the client: direct, or as a copy of the user's other talk (XEP-0280 1.0.1).

use super::render::{Reader, append};
use crate::{
    ns,
    session::{Session, Turn},
    stanza::Tag,
    xep::{
        csi::{Class, Slot, Urgency},
        forward::write_forwarded,
    },
};
use domain::{
    ConversationId,
    endpoint::{Delivery, How, Said},
    message::{MessageKind, Traits},
};

/// The client gets it; or does not want it, and then it counts as received.
pub(crate) fn deliver(session: &mut Session, turn: &mut Turn<'_>, delivery: &Delivery) {
    let said = &*delivery.said;
    let mut xml = Vec::new();
    match delivery.how {
        How::Direct => direct(session, said, delivery.late, &mut xml),
        _ if !session.carbons || !is_copied(said) => {
            if delivery.serial > 0 {
                session.skip(delivery.serial, turn.out);
            }
            return;
        }
        How::ReceivedElsewhere => copy(session, said, "received", delivery.late, &mut xml),
        How::SentElsewhere => copy(session, said, "sent", delivery.late, &mut xml),
    }
    let serial = (delivery.serial > 0).then_some(delivery.serial);
    session.send_serial(turn, xml.into(), serial, || urgency(said));
}

fn direct(session: &Session, said: &Said, late: bool, xml: &mut Vec<u8>) {
    let conference = matches!(said.conversation, ConversationId::Conference(_));
    // To the bare address if the sender wrote to that (RFC 6121 §8.5.2.1.1).
    let addressed = conference || said.to.as_ref() == Some(&session.me.name);
    let own = said.from.user == session.me.user && !conference;
    let endpoint = (addressed || own).then_some(&session.me.name);
    append(said, &Reader { user: &session.me.user, endpoint, nested: false, late, foreign: false }, xml);
}

/// XEP-0280 §6.1: what people say to each other, not what was said in a conference.
fn is_copied(said: &Said) -> bool {
    !matches!(said.conversation, ConversationId::Conference(_)) && said.message.kind != MessageKind::Headline
}

fn copy(session: &Session, said: &Said, direction: &'static str, late: bool, xml: &mut Vec<u8>) {
    let reader = Reader { user: &session.me.user, endpoint: None, nested: true, late, foreign: false };
    let mut tag =
        Tag::open(xml, "message").attr("from", session.me.user.as_str()).attr_shown("to", &session.me);
    if said.message.kind == MessageKind::Chat {
        tag = tag.attr("type", "chat");
    }
    tag.content(|xml| {
        Tag::open_in(xml, direction, ns::CARBONS)
            .content(|xml| write_forwarded(None, |xml| append(said, &reader, xml), xml));
    });
}

fn urgency(said: &Said) -> Urgency {
    if !said.message.traits.has(Traits::TYPING) {
        return Urgency::Now;
    }
    let source = match (&said.conversation, &said.nick) {
        (ConversationId::Conference(conference), Some(nick)) => format!("{conference}/{nick}"),
        _ => said.from.to_string(),
    };
    Urgency::Latest(Slot { class: Class::Typing, source: source.into() })
}
