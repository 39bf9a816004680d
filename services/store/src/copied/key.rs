//! Keys of the records of `linnet.state`: what they are of, and the epoch of who put them, so that a late record of a
//! former owner stands beside the newer one and cannot take its place.
//!
//! | first byte | then | value |
//! |---|---|---|
//! | `c` | epoch | the checkpoint |
//! | `e` | entity, epoch | the entity, or how many parts it has |
//! | `p` | entity, last record reflected, which part, epoch | a part of a large entity |

use crate::{RowError, rows::key};
use domain::{Home, Shard};
use event_log::Offset;

const CHECKPOINT: u8 = b'c';
const ENTITY: u8 = b'e';
const PART: u8 = b'p';

/// The key of a record of `linnet.state`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CopyKey {
    /// Up to where the shard's records of this writer reflect the log.
    Checkpoint {
        /// Of who put it.
        epoch: u64,
    },
    /// An entity.
    Entity {
        /// Which.
        home: Home,
        /// Of who put it.
        epoch: u64,
    },
    /// A part of an entity that is too large for one record.
    Part {
        /// Of which entity.
        home: Home,
        /// As of this record of the log.
        reflects: Offset,
        /// Which part, from 0.
        index: u32,
        /// Of who put it.
        epoch: u64,
    },
}

impl CopyKey {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Checkpoint { epoch } => [&[CHECKPOINT][..], &epoch.to_be_bytes()].concat(),
            Self::Entity { home, epoch } => [&entity(ENTITY, home)[..], &epoch.to_be_bytes()].concat(),
            Self::Part { home, reflects, index, epoch } => [
                &entity(PART, home)[..],
                &reflects.0.to_be_bytes(),
                &index.to_be_bytes(),
                &epoch.to_be_bytes(),
            ]
            .concat(),
        }
    }

    /// From bytes; `None` is a key of a kind that this release does not know, which it leaves alone.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>, RowError> {
        let Some((kind, mut rest)) = bytes.split_first() else { return Ok(None) };
        let key = match *kind {
            CHECKPOINT => Self::Checkpoint { epoch: number(&mut rest)? },
            ENTITY => Self::Entity { home: key::take_home(&mut rest)?, epoch: number(&mut rest)? },
            PART => {
                let home = key::take_home(&mut rest)?;
                let reflects = Offset(number(&mut rest)?);
                let (index, epoch) = rest.split_first_chunk().ok_or(RowError::Key)?;
                rest = epoch;
                Self::Part { home, reflects, index: u32::from_be_bytes(*index), epoch: number(&mut rest)? }
            }
            _ => return Ok(None),
        };
        key::end(rest)?;
        Ok(Some(key))
    }
}

fn entity(kind: u8, home: &Home) -> Vec<u8> {
    // The shard is the partition's number.
    let key = key::entity(kind, Shard(0), home);
    [&key[..1], &key[3..]].concat()
}

fn number(rest: &mut &[u8]) -> Result<u64, RowError> {
    let (number, after) = rest.split_first_chunk().ok_or(RowError::Key)?;
    *rest = after;
    Ok(u64::from_be_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Address, ConversationId};
    use proptest::prelude::*;

    #[test]
    fn keys_come_back_as_they_were() {
        let (alice, bob) = (Address::parse("alice@linnet.test"), Address::parse("bob@linnet.test"));
        let (alice, bob) = (alice.expect("valid"), bob.expect("valid"));
        let homes = [
            Home::User(alice.clone()),
            Home::Conversation(ConversationId::between(alice.clone(), bob)),
            Home::Conversation(ConversationId::Conference(alice)),
        ];
        let mut keys = vec![CopyKey::Checkpoint { epoch: 7 }];
        for home in homes {
            keys.push(CopyKey::Entity { home: home.clone(), epoch: u64::MAX });
            keys.push(CopyKey::Part { home, reflects: Offset(9), index: 3, epoch: 2 });
        }
        for key in keys {
            assert_eq!(CopyKey::decode(&key.encode()), Ok(Some(key)));
        }
        assert_eq!(CopyKey::decode(b"zebra"), Ok(None));
        assert_eq!(CopyKey::decode(b"c1234567"), Err(RowError::Key));
        assert_eq!(CopyKey::decode(b"c123456789"), Err(RowError::Key));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(Some(key)) = CopyKey::decode(&bytes) {
                prop_assert_eq!(CopyKey::decode(&key.encode()), Ok(Some(key)));
            }
        }
    }
}
