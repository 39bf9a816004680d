//! Records to rows: the fold itself, without a thread and without a disk.

use crate::keys;
use bytes::Bytes;
use domain::{ConversationId, Home, conversation::Fact, history::HistoryId};
use event_log::{Entry, Facts, Record, Stamp, codec};

/// A row to be put.
pub(crate) type Row = (Vec<u8>, Vec<u8>);

/// The rows of one valid record, given its bytes as they are in the log.
pub(crate) fn rows(entry: &Entry, stamp: Stamp, record: &Bytes, put: &mut impl FnMut(Row)) {
    let (Home::Conversation(id), Facts::Conversation(facts)) = (&entry.home, &entry.facts) else { return };
    let mut texts = None;
    for fact in facts {
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
        // A row holds one message: who reads it pays for that alone, however much was decided together.
        let value = if facts.len() == 1 {
            record.to_vec()
        } else {
            codec::encode_conversation(stamp, id, std::slice::from_ref(fact)).into()
        };
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
pub(crate) fn said(value: Bytes) -> Option<domain::endpoint::Said> {
    let Ok(Record::Facts(_, entry)) = codec::decode(value) else { return None };
    let (Home::Conversation(id), Facts::Conversation(facts)) = (entry.home, entry.facts) else { return None };
    domain::endpoint::Said::of(&id, facts.first()?)
}
