//! Writing down what changed: rows of entities and the checkpoint of the shard, in one batch, now and then.
//!
//! Invariant: no record at or above the checkpoint is missing from a replay that starts there, and none below it is
//! needed: the checkpoint is the oldest record that some entity's rows do not reflect yet.

use super::{desk::Desk, replay::Replayed, take::TakeError, wake};
use crate::limits;
use domain::{Address, ConversationId, Home, Shard, conversation, user};
use event_log::{Checkpoint, Offset};
use std::collections::BTreeMap;
use store::{RowError, Store};

/// The rows of an entity that changed, and the last record that they reflect.
pub(crate) struct Saved {
    pub(crate) reflects: Option<Offset>,
    pub(crate) rows: Rows,
}

/// Of one entity.
pub(crate) enum Rows {
    User(Address, Vec<user::Row>),
    Conversation(ConversationId, Vec<conversation::Row>),
}

/// Rows handed out and not yet written.
#[derive(Default)]
pub(crate) struct Unsaved {
    rows: Vec<Saved>,
    /// How often rows were handed out since the start.
    handed: u64,
}

impl Desk {
    /// Asks every entity with unsaved facts for its rows; answers how many were asked.
    pub(super) fn ask_for_rows(&self) -> u64 {
        let slots = self.slots.borrow();
        let unsaved = slots.values().filter(|slot| slot.unsaved_from.get().is_some());
        unsaved.map(|slot| slot.actor.ask_for_rows()).count() as u64
    }

    /// How often rows were handed out since the start.
    pub(super) fn rows_handed_out(&self) -> u64 {
        self.unsaved.borrow().handed
    }

    /// From an entity that has no open record: the rows that changed. It reflects all its records then.
    pub(crate) fn hand_out(&self, home: &Home, saved: Saved) {
        if let Some(slot) = self.slots.borrow().get(home) {
            slot.unsaved_from.set(None);
        }
        let mut unsaved = self.unsaved.borrow_mut();
        unsaved.rows.push(saved);
        unsaved.handed += 1;
    }

    /// Writes the rows that were handed out, with the checkpoint that they allow.
    pub(super) fn save(&self) {
        let rows = std::mem::take(&mut self.unsaved.borrow_mut().rows);
        if let Err(error) = self.write(&rows, self.checkpoint()) {
            // The rows come again with the next change of their entities; until then the checkpoint must not pass
            // them. Keep them for the next time.
            tracing::error!(shard = self.shard().0, %error, "the state of a shard cannot be written; the log keeps it meanwhile");
            self.unsaved.borrow_mut().rows.splice(0..0, rows);
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        self.checkpoint_before(self.slots.borrow().values().filter_map(|slot| slot.unsaved_from.get()).min())
    }

    /// Stops the entities that have nothing under way, nothing unsaved and nothing coming.
    pub(super) fn put_idle_away(&self) {
        // An entity that is woken again is read from its rows, so they must be there.
        if !self.unsaved.borrow().rows.is_empty() {
            return;
        }
        self.slots.borrow_mut().retain(|home, slot| {
            let stays =
                !slot.gauge.idle.get() || slot.gauge.under_way() > 0 || slot.unsaved_from.get().is_some();
            if !stays {
                slot.actor.put_away();
                wake::live(self, home).down();
            }
            stays
        });
    }

    /// Keeps those that are woken for a moment, such as everybody whom a stranger claims to be, from piling up.
    pub(super) fn make_room(&self) {
        if self.awake() >= self.crowded_at.get() {
            self.save();
            self.put_idle_away();
            self.crowded_at.set(limits::AWAKE.max(2 * self.awake()));
        }
    }

    fn awake(&self) -> usize {
        self.slots.borrow().len()
    }

    /// After a replay: writes what it changed, and gives back what was under way.
    pub(super) fn save_replayed(
        &self,
        touched: BTreeMap<Home, Replayed>,
    ) -> Result<Vec<(Home, Replayed)>, TakeError> {
        let mut rows = Vec::new();
        let mut open = Vec::new();
        for (home, mut replayed) in touched {
            rows.push(replayed.machine.saved(&home, replayed.reflects));
            if replayed.machine.is_open() {
                open.push((home, replayed));
            }
        }
        self.write(&rows, self.checkpoint_before(None))?;
        Ok(open)
    }

    fn write(&self, saved: &[Saved], checkpoint: Checkpoint) -> Result<(), RowError> {
        let write = || write_rows(&self.store, self.shard(), saved, checkpoint);
        match &self.parts.pool {
            Some(pool) => {
                pool.changes().write(self.shard(), saved.iter().map(|saved| saved.rows.home()), write)
            }
            None => write(),
        }
    }
}

/// Writes rows of a shard, and the checkpoint that they allow, in one batch.
pub(crate) fn write_rows(
    store: &Store,
    shard: Shard,
    saved: &[Saved],
    checkpoint: Checkpoint,
) -> Result<(), RowError> {
    let mut snapshot = store.snapshot(shard);
    for Saved { reflects, rows } in saved {
        match rows {
            Rows::User(address, rows) => rows.iter().for_each(|row| snapshot.user(address, row)),
            Rows::Conversation(id, rows) => rows.iter().for_each(|row| snapshot.conversation(id, row)),
        }
        if let Some(reflects) = reflects {
            snapshot.reflects(&rows.home(), *reflects);
        }
    }
    Ok(snapshot.commit(checkpoint)?)
}

impl Rows {
    fn home(&self) -> Home {
        match self {
            Self::User(address, _) => Home::User(address.clone()),
            Self::Conversation(id, _) => Home::Conversation(id.clone()),
        }
    }
}

impl wake::Machine {
    pub(super) fn saved(&mut self, home: &Home, reflects: Option<Offset>) -> Saved {
        let rows = match (self, home) {
            (Self::User(machine), _) => Rows::of_user(machine),
            (Self::Conversation(machine), Home::Conversation(id)) => Rows::of_conversation(id, machine),
            (Self::Conversation(_), Home::User(_)) => unreachable!("a machine is loaded for its home"),
        };
        Saved { reflects, rows }
    }
}

impl Rows {
    /// What changed in a user since the last call.
    pub(crate) fn of_user(machine: &mut user::User) -> Self {
        let mut rows = Vec::new();
        machine.take_changed(&mut |row| rows.push(row));
        Self::User(machine.address().clone(), rows)
    }

    /// What changed in a conversation since the last call.
    pub(crate) fn of_conversation(id: &ConversationId, machine: &mut conversation::Conversation) -> Self {
        let mut rows = Vec::new();
        machine.take_changed(&mut |row| rows.push(row));
        Self::Conversation(id.clone(), rows)
    }
}
