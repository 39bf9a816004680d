//! The state of a shard's entities: written as changed rows with the checkpoint that they reflect, read back entity by
//! entity.
//!
//! Invariant: rows and checkpoint change in one batch, so a crash leaves both as they were or both as they are.

use crate::{
    Batch, Column, Direction, RowError, Store, StoreError,
    copied::{decode_checkpoint, encode_checkpoint},
    limits::PAGE,
    rows::{Write, conversation, key, user},
};
use domain::{
    Address, ConversationId, Home, Shard,
    account::Account,
    conversation::{self as c, ConferenceHead},
    user as u,
};
use event_log::Checkpoint;
use std::ops::ControlFlow;

/// Changed rows on their way to the disk.
pub struct Snapshot<'a> {
    pub(crate) shard: Shard,
    pub(crate) batch: Batch<'a>,
}

impl Snapshot<'_> {
    /// A row of a user of this shard.
    pub fn user(&mut self, address: &Address, row: &u::Row) {
        self.put(user::encode(self.shard, address, row));
    }

    /// A row of a conversation of this shard.
    pub fn conversation(&mut self, id: &ConversationId, row: &c::Row) {
        let (row, mark) = conversation::encode(self.shard, id, row);
        self.put(row);
        if let Some(mark) = mark {
            self.put(mark);
        }
    }

    fn put(&mut self, (key, value): Write) {
        match value {
            Some(value) => self.batch.put(Column::State, &key, &value),
            None => self.batch.delete(Column::State, &key),
        }
    }

    /// Writes the rows, which reflect the log up to this checkpoint. Not synced: what is lost with the power is folded
    /// from the log again. Blocks.
    pub fn commit(mut self, checkpoint: Checkpoint) -> Result<(), StoreError> {
        self.batch.put(Column::State, &key::checkpoint(self.shard), &encode_checkpoint(checkpoint));
        self.batch.write()
    }
}

impl Store {
    /// Begins a snapshot of what changed in a shard.
    pub fn snapshot(&self, shard: Shard) -> Snapshot<'_> {
        Snapshot { shard, batch: self.batch() }
    }

    /// Up to where the rows of a shard reflect the log; the default one for a shard without rows.
    pub fn checkpoint(&self, shard: Shard) -> Result<Checkpoint, RowError> {
        let Some(value) = self.get(Column::State, &key::checkpoint(shard))? else {
            return Ok(Checkpoint::default());
        };
        decode_checkpoint(&value)
    }

    /// Shows every row of a user; none if there is no such user.
    pub fn load_user(&self, address: &Address, mut show: impl FnMut(u::Row)) -> Result<(), RowError> {
        if let Some(value) = self.get(Column::State, &key::listed(key::ACCOUNTS, address))? {
            show(u::Row::Account(Some(Box::new(user::decode_account(&value)?))));
        }
        let home = Home::User(address.clone());
        let prefix = key::entity(key::REST, home.shard(self.shards()), &home);
        self.each(&prefix, |key, value| {
            show(user::decode(&key[prefix.len()..], value)?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Shows every row of a conversation; none if nothing is known of it.
    pub fn load_conversation(
        &self,
        id: &ConversationId,
        mut show: impl FnMut(c::Row),
    ) -> Result<(), RowError> {
        let home = Home::Conversation(id.clone());
        let shard = home.shard(self.shards());
        if let ConversationId::Conference(_) = id
            && let Some(value) = self.get(Column::State, &conversation::head_key(shard, id))?
        {
            show(c::Row::Head(Box::new(conversation::decode_head(&value)?)));
        }
        for table in [key::REST, key::UNFINISHED] {
            let prefix = key::entity(table, shard, &home);
            self.each(&prefix, |key, value| {
                conversation::decode(&key[prefix.len()..], value)?.into_iter().for_each(&mut show);
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(())
    }

    /// The conversations of a shard that something is left to do for: unconfirmed messages, occupants, a session that
    /// is open. Who takes the shard wakes these.
    pub fn unfinished(&self, shard: Shard) -> Result<Vec<ConversationId>, RowError> {
        let mut found: Vec<ConversationId> = Vec::new();
        self.each(&key::shard(key::UNFINISHED, shard), |key, _| {
            let id = key::conversation(key)?;
            if found.last() != Some(&id) {
                found.push(id);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// A page of users in the order of their addresses: those after `after`, at most `max`, at most [`PAGE`].
    pub fn users(&self, after: Option<&Address>, max: usize) -> Result<Vec<(Address, Account)>, RowError> {
        self.page(key::ACCOUNTS, after, max, |value| user::decode_account(value).map(Some))
    }

    /// How many accounts there are. Reads them all.
    pub fn count_users(&self) -> Result<u64, RowError> {
        let mut count = 0;
        self.each(&[key::ACCOUNTS], |_, _| {
            count += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(count)
    }

    /// A page of conferences in the order of their addresses, without those that have ended.
    pub fn conferences(
        &self,
        after: Option<&Address>,
        max: usize,
    ) -> Result<Vec<(Address, ConferenceHead)>, RowError> {
        self.page(key::CONFERENCES, after, max, |value| Ok(conversation::decode_head(value)?.conference))
    }

    fn page<T>(
        &self,
        table: u8,
        after: Option<&Address>,
        max: usize,
        decode: impl Fn(&[u8]) -> Result<Option<T>, RowError>,
    ) -> Result<Vec<(Address, T)>, RowError> {
        let from = after.map_or(vec![table], |after| [&key::listed(table, after)[..], &[0]].concat());
        let max = max.clamp(1, PAGE);
        let mut page = Vec::new();
        self.range(&from, &key::after(&[table]), |key, value| {
            if let Some(entry) = decode(value)? {
                page.push((key::address(&key[1..])?, entry));
            }
            Ok(if page.len() < max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(page)
    }

    pub(crate) fn each(
        &self,
        prefix: &[u8],
        show: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, RowError>,
    ) -> Result<(), RowError> {
        self.range(prefix, &key::after(prefix), show)
    }

    fn range(
        &self,
        from: &[u8],
        to: &[u8],
        mut show: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, RowError>,
    ) -> Result<(), RowError> {
        let mut outcome = Ok(());
        self.scan(Column::State, (from, to), Direction::Up, |key, value| {
            show(key, value).unwrap_or_else(|error| {
                outcome = Err(error);
                ControlFlow::Break(())
            })
        })?;
        outcome
    }
}
