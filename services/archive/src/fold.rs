//! Records to rows: the fold itself, without a thread and without a disk.
//!
//! Invariant: a message is in the histories that its fact names and in no other.

use crate::keys;
use bytes::Bytes;
use domain::{
    Address, ConversationId, Home,
    conversation::{Fact, Readers},
    history::HistoryId,
};
use event_log::{Entry, Facts, Record, codec};

/// A row to be put.
pub(crate) type Row = (Vec<u8>, Vec<u8>);

/// The rows of one valid record, given its bytes as they are in the log.
pub(crate) fn rows(entry: &Entry, record: &Bytes, put: &mut impl FnMut(Row)) {
    let (Home::Conversation(id), Facts::Conversation(facts)) = (&entry.home, &entry.facts) else { return };
    for (index, fact) in facts.iter().enumerate() {
        let Fact::Said { number, at, from, readers, .. } = fact else { continue };
        let place = HistoryId::new(id, *number, *at);
        let mut value = Vec::with_capacity(record.len() + 2);
        // A turn decides few facts; the codec refuses a record with more than a u16 holds.
        value.extend_from_slice(&u16::try_from(index).unwrap_or(u16::MAX).to_be_bytes());
        value.extend_from_slice(record);
        match (id, readers) {
            (ConversationId::Between(lower, higher), _) => between(lower, higher, place, value, put),
            (ConversationId::Conference(_), Readers::All) => {
                put((keys::at(&keys::of_conversation(&keys::conversation_text(id)), place), value));
            }
            // For each of the two it is talk with the conference.
            (ConversationId::Conference(conference), Readers::Whispered(hearer)) => {
                of_one(&from.user, conference, place, value.clone(), put);
                if *hearer != from.user {
                    of_one(hearer, conference, place, value, put);
                }
            }
            (ConversationId::Conference(_), Readers::Nobody) => {}
        }
    }
}

fn between(lower: &Address, higher: &Address, place: HistoryId, value: Vec<u8>, put: &mut impl FnMut(Row)) {
    let text = keys::conversation_text(&ConversationId::between(lower.clone(), higher.clone()));
    put((keys::at(&keys::of_conversation(&text), place), value));
    if higher != lower {
        put((keys::at(&keys::of_user(higher), place), text.clone()));
    }
    put((keys::at(&keys::of_user(lower), place), text));
}

/// In the history of this user alone, under its talk with somebody.
fn of_one(user: &Address, with: &Address, place: HistoryId, value: Vec<u8>, put: &mut impl FnMut(Row)) {
    let text = keys::conversation_text(&ConversationId::between(user.clone(), with.clone()));
    put((keys::at(&keys::of_conversation(&text), place), value));
    put((keys::at(&keys::of_user(user), place), text));
}

/// What was said, from the value of a conversation's row.
pub(crate) fn said(value: &[u8]) -> Option<domain::endpoint::Said> {
    let (index, record) = value.split_first_chunk::<2>()?;
    let Ok(Record::Facts(_, entry)) = codec::decode(Bytes::copy_from_slice(record)) else { return None };
    let (Home::Conversation(id), Facts::Conversation(facts)) = (entry.home, entry.facts) else { return None };
    domain::endpoint::Said::of(&id, facts.get(usize::from(u16::from_be_bytes(*index)))?)
}

#[cfg(test)]
mod tests;
