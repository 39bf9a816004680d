//! The rows of an entity as a value: `linnet.state.v1.Entity`.

use crate::{RowError, rows::key};
use domain::{ConversationId, Home, Shard};
use event_log::{Checkpoint, Offset, Stamp, WriterId};
use prost::Message as _;
use proto::state;

/// All rows of an entity, as of one record of the log.
#[derive(Clone, PartialEq, Eq)]
pub struct EntityRows {
    /// The last record that they reflect.
    pub reflects: Offset,
    /// In the order of their keys: the table and what follows the entity, and the value.
    pub(crate) rows: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What the record of an entity holds.
pub enum Value {
    /// The entity.
    Whole(EntityRows),
    /// Where to find it: in so many parts.
    Parts {
        /// As of this record of the log.
        reflects: Offset,
        /// How many.
        parts: u32,
    },
}

impl EntityRows {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let row = |(key, value): &(Vec<u8>, Vec<u8>)| state::EntityRow {
            key: key.clone().into(),
            value: value.clone().into(),
        };
        let rows = self.rows.iter().map(row).collect();
        state::Entity { reflects: self.reflects.0, rows, parts: 0 }.encode_to_vec()
    }

    /// What says that the entity lies in so many parts.
    pub fn encode_parts(reflects: Offset, parts: u32) -> Vec<u8> {
        state::Entity { reflects: reflects.0, rows: Vec::new(), parts }.encode_to_vec()
    }

    /// From bytes.
    pub fn decode(bytes: &[u8]) -> Result<Value, RowError> {
        let entity = state::Entity::decode(bytes)?;
        let reflects = Offset(entity.reflects);
        if entity.parts > 0 {
            return Ok(Value::Parts { reflects, parts: entity.parts });
        }
        let rows = entity.rows.into_iter().map(|row| (row.key.to_vec(), row.value.to_vec())).collect();
        Ok(Value::Whole(Self { reflects, rows }))
    }
}

/// The keys of an entity's rows in the database begin with one of these; the first byte is the table.
pub(crate) fn prefixes(shard: Shard, home: &Home) -> Vec<Vec<u8>> {
    let mut prefixes = vec![key::entity(key::UNFINISHED, shard, home), key::entity(key::REST, shard, home)];
    match home {
        Home::User(address) => prefixes.push(key::listed(key::ACCOUNTS, address)),
        Home::Conversation(ConversationId::Conference(address)) => {
            prefixes.push(key::listed(key::CONFERENCES, address));
        }
        Home::Conversation(ConversationId::Between(..)) => {}
    }
    prefixes
}

/// Whether rows under this prefix may have more behind it.
pub(crate) fn has_parts(prefix: &[u8]) -> bool {
    matches!(prefix.first(), Some(&(key::UNFINISHED | key::REST)))
}

/// A checkpoint as bytes: `linnet.state.v1.Checkpoint`.
pub fn encode_checkpoint(checkpoint: Checkpoint) -> Vec<u8> {
    state::Checkpoint {
        offset: checkpoint.offset.0,
        epoch: checkpoint.current.epoch,
        writer: checkpoint.current.writer.0,
    }
    .encode_to_vec()
}

/// The same from bytes.
pub fn decode_checkpoint(value: &[u8]) -> Result<Checkpoint, RowError> {
    let row = state::Checkpoint::decode(value)?;
    let current = Stamp { epoch: row.epoch, writer: WriterId(row.writer) };
    Ok(Checkpoint { offset: Offset(row.offset), current })
}
