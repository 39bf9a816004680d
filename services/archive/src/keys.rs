//! The keys of the archive's rows. All sort by time within their prefix.
//!
//! | key | value |
//! |---|---|
//! | `C` conversation `00` history id | a record as in the log, with the message as its one fact |
//! | `U` user `00` history id | the conversation |
//! | `B` user | when its history begins (u64) |
//! | `P` shard (u16) | how far the fold is: offset, epoch and writer (u64 each) |
//!
//! A conversation is one address, or two with `01` between them; neither byte can be part of an address. A user's
//! whispers in a conference are a conversation of the two addresses, for that user alone.

use domain::{Address, ConversationId, Shard, history::HistoryId};
use event_log::{Checkpoint, Offset, Stamp, WriterId};

const END: u8 = 0;
const BETWEEN: u8 = 1;
const ID_BYTES: usize = 20;

/// The text of a conversation in keys and values.
pub(crate) fn conversation_text(id: &ConversationId) -> Vec<u8> {
    match id {
        ConversationId::Between(lower, higher) => {
            let mut text = lower.as_str().as_bytes().to_vec();
            text.push(BETWEEN);
            text.extend_from_slice(higher.as_str().as_bytes());
            text
        }
        ConversationId::Conference(address) => address.as_str().as_bytes().to_vec(),
    }
}

/// What all rows of this conversation begin with, given its text.
pub(crate) fn of_conversation(text: &[u8]) -> Vec<u8> {
    prefix(b'C', text)
}

/// What all rows of this user begin with.
pub(crate) fn of_user(user: &Address) -> Vec<u8> {
    prefix(b'U', user.as_str().as_bytes())
}

/// Where it is kept when the history of this user begins.
pub(crate) fn beginning(user: &Address) -> Vec<u8> {
    [b"B", user.as_str().as_bytes()].concat()
}

/// The row of this message below a prefix.
pub(crate) fn at(prefix: &[u8], id: HistoryId) -> Vec<u8> {
    let mut key = Vec::with_capacity(prefix.len() + ID_BYTES);
    key.extend_from_slice(prefix);
    key.extend_from_slice(&id.to_key());
    key
}

/// The message that a row of a conversation or a user is of.
pub(crate) fn id_of(key: &[u8]) -> Option<HistoryId> {
    HistoryId::from_key(key.get(key.len().checked_sub(ID_BYTES)?..)?)
}

/// Where the progress of a shard is kept.
pub(crate) fn progress(shard: Shard) -> [u8; 3] {
    let [high, low] = shard.0.to_be_bytes();
    [b'P', high, low]
}

/// A progress as a value.
pub(crate) fn encode_progress(checkpoint: Checkpoint) -> [u8; 24] {
    let mut value = [0; 24];
    value[..8].copy_from_slice(&checkpoint.offset.0.to_be_bytes());
    value[8..16].copy_from_slice(&checkpoint.current.epoch.to_be_bytes());
    value[16..].copy_from_slice(&checkpoint.current.writer.0.to_be_bytes());
    value
}

/// The inverse of [`encode_progress`].
pub(crate) fn decode_progress(value: &[u8]) -> Option<Checkpoint> {
    let number = |at: usize| Some(u64::from_be_bytes(value.get(at..at + 8)?.try_into().ok()?));
    let current = Stamp { epoch: number(8)?, writer: WriterId(number(16)?) };
    Some(Checkpoint { offset: Offset(number(0)?), current })
}

fn prefix(kind: u8, text: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(text.len() + 2 + ID_BYTES);
    key.push(kind);
    key.extend_from_slice(text);
    key.push(END);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    #[test]
    fn rows_of_a_conversation_sort_by_time_and_keep_apart_from_others() {
        let address = |text| Address::parse(text).expect("valid");
        let id = |at| HistoryId { at: Timestamp(at), conversation: 7, number: 9 };
        let ab =
            of_conversation(&conversation_text(&ConversationId::between(address("b@x"), address("a@x"))));
        let abc =
            of_conversation(&conversation_text(&ConversationId::between(address("a@x"), address("b@x.c"))));
        assert!(at(&ab, id(1)) < at(&ab, id(2)));
        assert!(!at(&abc, id(1)).starts_with(&ab));
        assert_eq!(id_of(&at(&ab, id(5))), Some(id(5)));
    }

    #[test]
    fn progress_survives() {
        let checkpoint = Checkpoint { offset: Offset(5), current: Stamp { epoch: 3, writer: WriterId(9) } };
        assert_eq!(decode_progress(&encode_progress(checkpoint)), Some(checkpoint));
        assert_eq!(decode_progress(&[0; 23]), None);
    }
}
