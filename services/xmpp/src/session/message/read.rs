//! A message stanza to the domain's [`Message`] (RFC 6121 §5.2): text that every door can show is taken out, all else
//! is carried as it stands, and what only a server may say is left out.

use crate::{
    limits::{CARRIED_BYTES, MESSAGE_ID_BYTES},
    ns,
    stanza::{Child, Stanza},
    xep::payload::{Meaning, meaning},
};
use domain::{
    Message,
    message::{MessageKind, Traits},
};
use std::sync::Arc;

/// The message is over a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TooLarge(pub(crate) &'static str);

/// Reads a message stanza of any type.
///
/// Errors: an id, or what it carries beside its text, is over its limit.
pub(crate) fn read(stanza: &Stanza) -> Result<Message, TooLarge> {
    let mut reader = Reader::default();
    let error = stanza.type_() == Some("error");
    if error {
        // First among what is carried: that is how it is known for an error when it comes out again.
        reader.message.traits = Traits::SIGNAL;
        if let Some(child) = stanza.child("error", ns::CLIENT) {
            reader.carry(&child);
        }
    }
    for child in stanza.children() {
        if !(error && child.is("error", ns::CLIENT)) {
            reader.take(&child);
        }
    }
    let mut message = reader.finish();
    message.id = stanza.id().map(Arc::from);
    message.kind = kind(stanza.type_());
    if message.language.is_none() && message.body.is_some() {
        message.language = stanza.lang().map(Arc::from);
    }
    within_limits(message)
}

/// An unknown type is to be taken as none (RFC 6121 §5.2.2).
fn kind(type_: Option<&str>) -> MessageKind {
    match type_ {
        Some("chat") => MessageKind::Chat,
        Some("groupchat") => MessageKind::Conference,
        Some("headline") => MessageKind::Headline,
        _ => MessageKind::Normal,
    }
}

fn within_limits(message: Message) -> Result<Message, TooLarge> {
    let long = |id: &Option<Arc<str>>| id.as_ref().is_some_and(|id| id.len() > MESSAGE_ID_BYTES);
    if [&message.id, &message.origin_id, &message.thread, &message.language].into_iter().any(long) {
        return Err(TooLarge("the id, thread or language of a message has at most 256 bytes"));
    }
    if message.carried.len() > CARRIED_BYTES {
        return Err(TooLarge("the message carries too much beside its text"));
    }
    Ok(message)
}

#[derive(Default)]
struct Reader {
    message: Message,
    carried: Vec<u8>,
    typing: bool,
}

impl Reader {
    fn take(&mut self, child: &Child<'_>) {
        if child.namespace() == ns::CLIENT {
            return self.take_text(child);
        }
        match meaning(child.name(), child.namespace()) {
            Meaning::Forged => {}
            Meaning::OriginId => self.message.origin_id = child.attribute("id").map(|id| Arc::from(&*id)),
            Meaning::Taken(traits) => self.message.traits = self.message.traits.with(traits),
            Meaning::Typing => {
                self.typing = true;
                self.carry(child);
            }
            Meaning::Carried(traits) => {
                self.message.traits = self.message.traits.with(traits);
                self.carry(child);
            }
        }
    }

    /// Of several bodies in several languages the first is the text; the others are carried.
    fn take_text(&mut self, child: &Child<'_>) {
        let place = match child.name() {
            "body" => &mut self.message.body,
            "subject" => &mut self.message.subject,
            "thread" if child.attribute("parent").is_none() => &mut self.message.thread,
            _ => return self.carry(child),
        };
        if place.is_some() {
            return self.carry(child);
        }
        *place = Some(Arc::from(&*child.text()));
        if child.name() == "body" {
            self.message.language = child.lang().map(|language| Arc::from(&*language));
        }
    }

    fn carry(&mut self, child: &Child<'_>) {
        child.append_fragment(&mut self.carried);
    }

    fn finish(self) -> Message {
        let mut message = self.message;
        let speaks = Traits::RECEIPT
            .with(Traits::CORRECTION)
            .with(Traits::RETRACTION)
            .with(Traits::REACTION)
            .with(Traits::ENCRYPTED)
            .with(Traits::STORE);
        if self.typing && message.body.is_none() && message.subject.is_none() && !message.traits.has(speaks) {
            message.traits = message.traits.with(Traits::TYPING);
        }
        message.carried = self.carried.into();
        message
    }
}
