//! How the rows of entities lie in the state's column family, and what their bytes mean (`linnet.state.v1`).
//!
//! | first byte | then | value |
//! |---|---|---|
//! | `a` | address | a user's account: together and in order, for listing |
//! | `h` | address | a conference's head: the same |
//! | `f` | shard, entity | the last record that its rows reflect |
//! | `l` | shard, entity, part | what makes a conversation unfinished: pending messages, occupants, an open session |
//! | `r` | shard, entity, part | every other row |
//! | `c` | shard | the checkpoint |
//!
//! An epoch is not part of the keys: it tells apart what several nodes write into one place, and this database has one
//! writer; the checkpoint says which epoch its rows reflect.

mod account;
pub(crate) mod conversation;
mod head;
pub(crate) mod key;
pub(crate) mod user;

use crate::StoreError;
use event_log::codec::CodecError;

/// A row cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RowError {
    /// The disk failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its value is not what it should be.
    #[error("a row of the state cannot be read: {0}")]
    Value(#[from] CodecError),
    /// Its key is not what it should be.
    #[error("a row of the state has a key of an unknown kind")]
    Key,
}

impl From<prost::DecodeError> for RowError {
    fn from(error: prost::DecodeError) -> Self {
        Self::Value(error.into())
    }
}

/// A key and its new value; `None`: gone.
pub(crate) type Write = (Vec<u8>, Option<Vec<u8>>);
