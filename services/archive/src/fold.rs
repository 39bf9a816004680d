//! Records to rows: the fold itself, one batch at a time.
//!
//! Invariant: what a batch puts depends on the records before it alone, so folding again puts the same.

use crate::{beginning::Beginning, keys};
use bytes::Bytes;
use domain::{
    Address, ConversationId, Home, Timestamp,
    conversation::Fact,
    history::{HistoryId, Owner},
    user,
};
use event_log::{Checkpoint, Entry, Facts, Record, Stamp, codec};
use std::collections::HashMap;
use store::{Batch, Column, Store, StoreError};

/// The rows of one batch of a shard's records.
pub(crate) struct Fold<'s> {
    store: &'s Store,
    batch: Batch<'s>,
    /// Those that this batch has looked at: what it changed is not in the store yet.
    beginnings: HashMap<Owner, Beginning>,
}

impl<'s> Fold<'s> {
    pub(crate) fn new(store: &'s Store) -> Self {
        Self { store, batch: store.batch(), beginnings: HashMap::new() }
    }

    /// Takes a valid record, given its bytes as they are in the log.
    pub(crate) fn take(&mut self, stamp: Stamp, entry: &Entry, record: &Bytes) -> Result<(), StoreError> {
        match (&entry.home, &entry.facts) {
            (Home::User(user), Facts::User(facts)) => self.user(user, facts),
            (Home::Conversation(id @ ConversationId::Conference(address)), Facts::Conversation(facts)) => {
                for fact in facts {
                    if self.is_kept(address, fact)? {
                        self.file(id, fact, || alone(stamp, id, facts, fact, record));
                    }
                }
                Ok(())
            }
            (Home::Conversation(id), Facts::Conversation(facts)) => {
                for fact in facts {
                    self.file(id, fact, || alone(stamp, id, facts, fact, record));
                }
                Ok(())
            }
            (Home::User(_), Facts::Conversation(_)) | (Home::Conversation(_), Facts::User(_)) => Ok(()),
        }
    }

    /// Writes the rows, and how far the shard is folded with them.
    pub(crate) fn write(mut self, shard: domain::Shard, reached: Checkpoint) -> Result<(), StoreError> {
        self.batch.put(Column::History, &keys::progress(shard), &keys::encode_progress(reached));
        self.batch.write()
    }

    /// Whoever has an address now does not read what its former holders wrote and were written.
    fn user(&mut self, user: &Address, facts: &[user::Fact]) -> Result<(), StoreError> {
        for fact in facts {
            if let user::Fact::AccountCreated { at, .. } = fact {
                self.begin(Owner::User(user.clone()), |beginning| beginning.again(*at))?;
            }
        }
        Ok(())
    }

    /// Whether this is part of a conference's history; the facts that decide about what follows are noted.
    fn is_kept(&mut self, conference: &Address, fact: &Fact) -> Result<bool, StoreError> {
        let owner = || Owner::Conference(conference.clone());
        match fact {
            Fact::Created { at, configuration, .. } => self.begin(owner(), |beginning| {
                beginning.again(*at);
                beginning.archived = configuration.archived;
            })?,
            Fact::Configured { configuration } => {
                self.begin(owner(), |beginning| beginning.archived = configuration.archived)?;
            }
            Fact::Ended { at, .. } => self.begin(owner(), |beginning| {
                beginning.again(Timestamp(at.0.saturating_add(1)));
                beginning.archived = true;
            })?,
            // What was whispered is nobody's history but the two's, and theirs holds two-party talk only.
            Fact::Said { to: None, .. } => return Ok(self.beginning(owner())?.archived),
            _ => {}
        }
        Ok(false)
    }

    fn beginning(&mut self, owner: Owner) -> Result<Beginning, StoreError> {
        if let Some(known) = self.beginnings.get(&owner) {
            return Ok(*known);
        }
        let beginning = Beginning::of(self.store, &owner)?;
        self.beginnings.insert(owner, beginning);
        Ok(beginning)
    }

    fn begin(&mut self, owner: Owner, change: impl FnOnce(&mut Beginning)) -> Result<(), StoreError> {
        let mut beginning = self.beginning(owner.clone())?;
        change(&mut beginning);
        self.batch.put(Column::History, &keys::beginning(&owner), &beginning.encode());
        self.beginnings.insert(owner, beginning);
        Ok(())
    }

    /// Puts the rows of what was said.
    fn file(&mut self, id: &ConversationId, fact: &Fact, value: impl FnOnce() -> Vec<u8>) {
        let Fact::Said { number, at, .. } = fact else { return };
        let text = keys::conversation_text(id);
        let place = HistoryId::new(id, *number, *at);
        self.batch.put(Column::History, &keys::at(&keys::of_conversation(&text), place), &value());
        if let ConversationId::Between(lower, higher) = id {
            self.batch.put(Column::History, &keys::at(&keys::of_user(lower), place), &text);
            if higher != lower {
                self.batch.put(Column::History, &keys::at(&keys::of_user(higher), place), &text);
            }
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
