//! History: what a user or a member of a conference may read back of what was said (XMPP: XEP-0313). Questions and
//! answers only; the records are a fold of the log, kept by the archive.

use crate::{Address, ConversationId, Timestamp, endpoint::Said};
use std::{fmt, str::FromStr, sync::Arc};
use xxhash_rust::xxh3::xxh3_64;

/// The place of a message in every history that it appears in; ordered by time, the same for all its readers, and
/// known as soon as the message is numbered (XMPP: the `stanza-id` of XEP-0359).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HistoryId {
    /// When it was accepted.
    pub at: Timestamp,
    /// Which conversation, hashed: tells messages of the same millisecond apart.
    pub conversation: u32,
    /// Its number there.
    pub number: u64,
}

impl HistoryId {
    /// The place of this message.
    pub fn of(said: &Said) -> Self {
        Self::new(&said.conversation, said.number, said.at)
    }

    /// The place of message `number` of a conversation.
    pub fn new(conversation: &ConversationId, number: u64, at: Timestamp) -> Self {
        let hash = match conversation {
            ConversationId::Between(lower, higher) => {
                xxh3_64(lower.as_str().as_bytes()).wrapping_mul(31) ^ xxh3_64(higher.as_str().as_bytes())
            }
            ConversationId::Conference(address) => xxh3_64(address.as_str().as_bytes()),
        };
        let conversation = u32::try_from(hash >> 32).expect("a u64 shifted by 32 is a u32");
        Self { at, conversation, number }
    }

    /// 20 bytes that sort as the ids do.
    pub fn to_key(self) -> [u8; 20] {
        let mut key = [0; 20];
        key[..8].copy_from_slice(&self.at.0.to_be_bytes());
        key[8..12].copy_from_slice(&self.conversation.to_be_bytes());
        key[12..].copy_from_slice(&self.number.to_be_bytes());
        key
    }

    /// The inverse of [`Self::to_key`]; `None` if the key has another length.
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let at = Timestamp(u64::from_be_bytes(key.get(..8)?.try_into().ok()?));
        let conversation = u32::from_be_bytes(key.get(8..12)?.try_into().ok()?);
        let number = u64::from_be_bytes(key.get(12..20)?.try_into().ok()?);
        (key.len() == 20).then_some(Self { at, conversation, number })
    }
}

impl fmt::Display for HistoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}{:08x}{:x}", self.at.0, self.conversation, self.number)
    }
}

/// The text is no history id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an id of a message in the history")]
pub struct NotAnId;

impl FromStr for HistoryId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let hex = |range| {
            u64::from_str_radix(text.get::<std::ops::Range<usize>>(range).ok_or(NotAnId)?, 16)
                .map_err(|_| NotAnId)
        };
        let conversation = u32::try_from(hex(12..20)?).map_err(|_| NotAnId)?;
        Ok(Self { at: Timestamp(hex(0..12)?), conversation, number: hex(20..text.len())? })
    }
}

/// Which part of a history is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    /// Of a user's: only the talk with this address.
    pub with: Option<Address>,
    /// Only from then on.
    pub start: Option<Timestamp>,
    /// Only until then.
    pub end: Option<Timestamp>,
    /// Only these messages; empty: no such filter.
    pub ids: Vec<HistoryId>,
    /// Only after this one (XEP-0059 `after`).
    pub after: Option<HistoryId>,
    /// Only before this one (XEP-0059 `before`).
    pub before: Option<HistoryId>,
    /// The newest page first (an empty XEP-0059 `before`); within a page the order is always old to new.
    pub last_page: bool,
    /// Messages of a page at most; at most [`crate::limits::HISTORY_PAGE`].
    pub max: u32,
}

/// Whose history.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Owner {
    /// All two-party talk of this user, and what was whispered by and to it.
    User(Address),
    /// A conference, of which the asker has leave to read ([`crate::conversation::ConferenceCommand::ReadHistory`]).
    Conference {
        /// Which.
        address: Address,
        /// When it was made: what was said before is of another one.
        since: Timestamp,
    },
}

impl Owner {
    /// The address that it goes by.
    pub fn address(&self) -> &Address {
        let (Self::User(address) | Self::Conference { address, .. }) = self;
        address
    }
}

/// A page of history.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Old to new.
    pub records: Vec<Record>,
    /// There is nothing further in the direction asked.
    pub complete: bool,
}

/// The ends of a history (XEP-0313 §5 archive metadata).
#[derive(Clone, Debug, Default)]
pub struct Ends {
    /// The oldest message.
    pub first: Option<HistoryId>,
    /// The newest message.
    pub last: Option<HistoryId>,
}

/// One message of the past.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place.
    pub id: HistoryId,
    /// What was said.
    pub said: Arc<Said>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_text_and_key_and_sort_by_time() {
        let id = |at, number| HistoryId { at: Timestamp(at), conversation: 0xdead_beef, number };
        let early = id(1_700_000_000_000, u64::MAX);
        let late = id(1_700_000_000_001, 1);
        for id in [early, late] {
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(HistoryId::from_key(&id.to_key()), Some(id));
        }
        assert!(early < late && early.to_key() < late.to_key());
        for text in ["", "x", "000000000000000000", "00000000000000000000g"] {
            assert_eq!(text.parse::<HistoryId>(), Err(NotAnId), "{text}");
        }
    }
}
