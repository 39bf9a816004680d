//! How far each entity's rows are: the last record that they reflect. A replay begins at the shard's checkpoint, which
//! is the oldest record that some entity still needs, and passes over what the others have.

use crate::{
    Column, RowError, Snapshot, Store,
    rows::{conversation::is_occupant, key},
};
use domain::{Address, ConversationId, Home};
use event_log::Offset;
use std::ops::ControlFlow;

impl Snapshot<'_> {
    /// The rows of this entity reflect its records up to and including this one.
    pub fn reflects(&mut self, home: &Home, offset: Offset) {
        let key = key::entity(key::REFLECTS, self.shard, home);
        self.batch.put(Column::State, &key, &offset.0.to_be_bytes());
    }
}

impl Store {
    /// The last record that the rows of this entity reflect; `None` if it has none.
    pub fn reflects(&self, home: &Home) -> Result<Option<Offset>, RowError> {
        let key = key::entity(key::REFLECTS, home.shard(self.shards()), home);
        match self.get(Column::State, &key)? {
            None => Ok(None),
            Some(value) => {
                let offset = value.try_into().map_err(|_| RowError::Key)?;
                Ok(Some(Offset(u64::from_be_bytes(offset))))
            }
        }
    }

    /// How many endpoints are in a conference.
    pub fn count_occupants(&self, conference: &Address) -> Result<u32, RowError> {
        let home = Home::Conversation(ConversationId::Conference(conference.clone()));
        let prefix = key::entity(key::UNFINISHED, home.shard(self.shards()), &home);
        let mut count = 0;
        self.each(&prefix, |key, _| {
            count += u32::from(is_occupant(&key[prefix.len()..]));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(count)
    }
}
