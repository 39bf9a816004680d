//! What was said as a message stanza (RFC 6121 §5, XEP-0045 §7.4): what is the same for all who hear it is written once
//! and kept beside it; the reader's own address, stanza id and delay are put around.

use crate::{
    ns,
    stanza::Tag,
    wire::{escape_attribute, escape_text},
    xep::{
        delay::write_delay,
        muc,
        stanza_id::{write_occupant_id, write_origin_id, write_stanza_id},
    },
};
use bytes::Bytes;
use domain::{
    Address, ConversationId, EndpointName, Message,
    endpoint::Said,
    history::HistoryId,
    message::{MessageKind, Traits},
};

/// Who reads a message, and where it will stand.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'r> {
    /// The user who gets it: the stanza id is of their history.
    pub(crate) user: &'r Address,
    /// The endpoint to name in `to`; `None` names what the sender wrote to.
    pub(crate) endpoint: Option<&'r EndpointName>,
    /// Inside another stanza: it must declare its namespace.
    pub(crate) nested: bool,
    /// It comes late: say when it was said.
    pub(crate) late: bool,
    /// Of another domain: no history of ours is theirs.
    pub(crate) foreign: bool,
}

/// Bytes of a stanza beside the text and what it carries: enough for nearly all, so that it is not moved.
const ROOM: usize = 512;

/// Appends what was said as one reader gets it.
pub(crate) fn append(said: &Said, reader: &Reader<'_>, out: &mut Vec<u8>) {
    // What one whispered oneself stands in one's own history as it was sent.
    let own_whisper = reader.nested && is_whisper(said) && said.from.user == *reader.user;
    let shared =
        if own_whisper { written(said, true) } else { said.rendered.by("xmpp", || written(said, false)) };
    out.reserve(shared.len() + ROOM);
    out.extend_from_slice(b"<message");
    if reader.nested {
        append_all(out, &[" xmlns='", ns::CLIENT, "'"]);
    }
    append_to(said, reader, own_whisper, out);
    out.extend_from_slice(&shared);
    let in_own_history = is_whisper(said) || matches!(said.conversation, ConversationId::Between(..));
    if said.number > 0 && !reader.foreign && in_own_history {
        write_stanza_id(reader.user, HistoryId::of(said), out);
    }
    if reader.late {
        let by = match &said.conversation {
            ConversationId::Between(..) => reader.user,
            ConversationId::Conference(conference) => conference,
        };
        write_delay((!reader.foreign).then_some(by), said.at, out);
    }
    out.extend_from_slice(b"</message>");
}

/// Said to one occupant of a conference (XEP-0045 §7.5).
fn is_whisper(said: &Said) -> bool {
    said.to.is_some() && matches!(said.conversation, ConversationId::Conference(_))
}

/// Whom `to` names: the reader's endpoint, or whom the sender wrote to. In the history of a conference it is nobody
/// (XEP-0313 §6.1.2).
fn append_to(said: &Said, reader: &Reader<'_>, own_whisper: bool, out: &mut Vec<u8>) {
    let (bare, name) = match &said.conversation {
        _ if reader.endpoint.is_some() => (reader.user, reader.endpoint),
        ConversationId::Between(lower, higher) => {
            (if said.from.user == *lower { higher } else { lower }, said.to.as_ref())
        }
        ConversationId::Conference(conference) if own_whisper => (conference, said.to.as_ref()),
        ConversationId::Conference(_) if is_whisper(said) => (reader.user, None),
        ConversationId::Conference(_) => return,
    };
    out.extend_from_slice(b" to='");
    append_full(bare, name, out);
    out.push(b'\'');
}

/// From behind `to` to before the end tag: the same for all readers but the speaker of a whisper.
fn written(said: &Said, own_whisper: bool) -> Bytes {
    let message = &said.message;
    let mut out = Vec::with_capacity(message.size() + ROOM);
    out.extend_from_slice(b" from='");
    match &said.conversation {
        ConversationId::Conference(conference) if !own_whisper => {
            append_full(conference, said.nick.as_ref(), &mut out);
        }
        _ => append_full(&said.from.user, Some(&said.from.name), &mut out),
    }
    out.push(b'\'');
    append_attributes(message, &mut out);
    out.push(b'>');
    append_content(message, &mut out);
    if let ConversationId::Conference(conference) = &said.conversation {
        if message.kind != MessageKind::Conference {
            Tag::open_in(&mut out, "x", muc::USER).empty();
        }
        if said.number > 0 && !is_whisper(said) {
            write_stanza_id(conference, HistoryId::of(said), &mut out);
        }
        if let Some(id) = &said.occupant_id {
            write_occupant_id(id, &mut out);
        }
    }
    out.into()
}

fn append_attributes(message: &Message, out: &mut Vec<u8>) {
    for (name, value) in [(" id='", &message.id), (" xml:lang='", &message.language)] {
        if let Some(value) = value {
            out.extend_from_slice(name.as_bytes());
            escape_attribute(value, out);
            out.push(b'\'');
        }
    }
    let type_ = match message.kind {
        // The reader of a message put what its sender's server called an error first (`read`).
        _ if message.traits.has(Traits::SIGNAL) && message.carried.starts_with(b"<error") => "error",
        MessageKind::Normal => return,
        MessageKind::Chat => "chat",
        MessageKind::Conference => "groupchat",
        MessageKind::Headline => "headline",
    };
    append_all(out, &[" type='", type_, "'"]);
}

/// The children that its sender gave it.
fn append_content(message: &Message, out: &mut Vec<u8>) {
    for (start, text, end) in [
        ("<subject>", &message.subject, "</subject>"),
        ("<body>", &message.body, "</body>"),
        ("<thread>", &message.thread, "</thread>"),
    ] {
        if let Some(text) = text {
            out.extend_from_slice(start.as_bytes());
            escape_text(text, out);
            out.extend_from_slice(end.as_bytes());
        }
    }
    if let Some(id) = &message.origin_id {
        write_origin_id(id, out);
    }
    out.extend_from_slice(&message.carried);
}

/// Appends `bare` or `bare/name` as the inside of an attribute.
pub(crate) fn append_full(bare: &Address, name: Option<&EndpointName>, out: &mut Vec<u8>) {
    escape_attribute(bare.as_str(), out);
    if let Some(name) = name.filter(|name| !name.is_nameless()) {
        out.push(b'/');
        escape_attribute(name.as_str(), out);
    }
}

fn append_all(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}
