//! Records to rows: the fold itself, one batch at a time.
//!
//! Invariants: what a batch puts depends on the records before it alone, so folding again puts the same; a message is in
//! the histories that its fact names and in no other.

use crate::{beginning::Beginning, keys};
use bytes::Bytes;
use domain::{
    Address, ConversationId, Home, Timestamp,
    conversation::{Fact, Readers},
    history::HistoryId,
    user,
};
use event_log::{Checkpoint, Entry, Facts, Record, Stamp, codec};
use std::collections::HashMap;
use store::{Batch, Column, Store, StoreError};

/// A row to be put.
pub(crate) type Row = (Vec<u8>, Vec<u8>);

/// The rows of one batch of a shard's records.
pub(crate) struct Fold<'s> {
    store: &'s Store,
    batch: Batch<'s>,
    /// Those that this batch has changed: they are not in the store yet.
    beginnings: HashMap<Address, Beginning>,
}

impl<'s> Fold<'s> {
    pub(crate) fn new(store: &'s Store) -> Self {
        Self { store, batch: store.batch(), beginnings: HashMap::new() }
    }

    /// Takes a valid record, given its bytes as they are in the log.
    pub(crate) fn take(&mut self, stamp: Stamp, entry: &Entry, record: &Bytes) -> Result<(), StoreError> {
        if let (Home::User(user), Facts::User(facts)) = (&entry.home, &entry.facts) {
            for fact in facts {
                if let user::Fact::AccountCreated { at, .. } = fact {
                    self.begin(user, *at)?;
                }
            }
        }
        rows(stamp, entry, record, &mut |(key, value)| self.batch.put(Column::History, &key, &value));
        Ok(())
    }

    /// Writes the rows, and how far the shard is folded with them.
    pub(crate) fn write(mut self, shard: domain::Shard, reached: Checkpoint) -> Result<(), StoreError> {
        self.batch.put(Column::History, &keys::progress(shard), &keys::encode_progress(reached));
        self.batch.write()
    }

    /// Whoever has an address now does not read what its former holders wrote and were written.
    fn begin(&mut self, user: &Address, at: Timestamp) -> Result<(), StoreError> {
        let known = self.beginnings.get(user).copied();
        let beginning = known.map_or_else(|| Beginning::of(self.store, user), Ok)?.again(at);
        self.batch.put(Column::History, &keys::beginning(user), &beginning.encode());
        self.beginnings.insert(user.clone(), beginning);
        Ok(())
    }
}

/// The rows of what was said in one record.
pub(crate) fn rows(stamp: Stamp, entry: &Entry, record: &Bytes, put: &mut impl FnMut(Row)) {
    let (Home::Conversation(id), Facts::Conversation(facts)) = (&entry.home, &entry.facts) else { return };
    for fact in facts {
        let Fact::Said { number, at, from, readers, .. } = fact else { continue };
        let place = HistoryId::new(id, *number, *at);
        let mut file = |talk: &ConversationId, users: &[&Address]| {
            let text = keys::conversation_text(talk);
            put((keys::at(&keys::of_conversation(&text), place), alone(stamp, id, facts, fact, record)));
            for user in users {
                put((keys::at(&keys::of_user(user), place), text.clone()));
            }
        };
        match (id, readers) {
            (ConversationId::Between(one, other), _) if one == other => file(id, &[one]),
            (ConversationId::Between(one, other), _) => file(id, &[one, other]),
            (ConversationId::Conference(_), Readers::All) => file(id, &[]),
            // For each of the two it is talk with the conference, in the own history alone.
            (ConversationId::Conference(conference), Readers::Whispered(hearer)) => {
                let mut whispered = |user: &Address| {
                    file(&ConversationId::between(user.clone(), conference.clone()), &[user]);
                };
                whispered(&from.user);
                if *hearer != from.user {
                    whispered(hearer);
                }
            }
            (ConversationId::Conference(_), Readers::Nobody) => {}
        }
    }
}

/// A row holds one message: who reads it pays for that alone, however much was decided together.
fn alone(stamp: Stamp, id: &ConversationId, facts: &[Fact], fact: &Fact, record: &Bytes) -> Vec<u8> {
    if facts.len() == 1 {
        return record.to_vec();
    }
    codec::encode_conversation(stamp, id, std::slice::from_ref(fact)).into()
}

/// What was said, from the value of a conversation's row.
pub(crate) fn said(value: Bytes) -> Option<domain::endpoint::Said> {
    let Ok(Record::Facts(_, entry)) = codec::decode(value) else { return None };
    let (Home::Conversation(id), Facts::Conversation(facts)) = (entry.home, entry.facts) else { return None };
    domain::endpoint::Said::of(&id, facts.first()?)
}

#[cfg(test)]
mod tests;
