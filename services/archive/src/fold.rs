//! Records to rows: the fold itself, without a thread and without a disk.

use crate::keys;
use bytes::Bytes;
use domain::{ConversationId, Home, conversation::Fact, history::HistoryId};
use event_log::{Entry, Facts, Record, codec};

/// A row to be put.
pub(crate) type Row = (Vec<u8>, Vec<u8>);

/// The rows of one valid record, given its bytes as they are in the log.
pub(crate) fn rows(entry: &Entry, record: &Bytes, put: &mut impl FnMut(Row)) {
    let (Home::Conversation(id), Facts::Conversation(facts)) = (&entry.home, &entry.facts) else { return };
    let mut texts = None;
    for (index, fact) in facts.iter().enumerate() {
        let Fact::Said { number, at, to, .. } = fact else { continue };
        // What was whispered in a conference is nobody's history but the two's, and theirs holds two-party talk only.
        if matches!(id, ConversationId::Conference(_)) && to.is_some() {
            continue;
        }
        let (text, prefix) = texts.get_or_insert_with(|| {
            let text = keys::conversation_text(id);
            let prefix = keys::of_conversation(&text);
            (text, prefix)
        });
        let place = HistoryId::new(id, *number, *at);
        let mut value = Vec::with_capacity(record.len() + 2);
        // A turn decides few facts; the codec refuses a record with more than a u16 holds.
        value.extend_from_slice(&u16::try_from(index).unwrap_or(u16::MAX).to_be_bytes());
        value.extend_from_slice(record);
        put((keys::at(prefix, place), value));
        if let ConversationId::Between(lower, higher) = id {
            put((keys::at(&keys::of_user(lower), place), text.clone()));
            if higher != lower {
                put((keys::at(&keys::of_user(higher), place), text.clone()));
            }
        }
    }
}

/// What was said, from the value of a conversation's row.
pub(crate) fn said(value: &[u8]) -> Option<domain::endpoint::Said> {
    let (index, record) = value.split_first_chunk::<2>()?;
    let Ok(Record::Facts(_, entry)) = codec::decode(Bytes::copy_from_slice(record)) else { return None };
    let (Home::Conversation(id), Facts::Conversation(facts)) = (entry.home, entry.facts) else { return None };
    domain::endpoint::Said::of(&id, facts.get(usize::from(u16::from_be_bytes(*index)))?)
}
