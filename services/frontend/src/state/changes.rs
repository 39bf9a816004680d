//! Which entities of the shards owned here have rows that are not in `linnet.state` yet.
//!
//! Invariant: what is taken to be put comes with a view of the database that holds all rows that were written before, and
//! none whose entity is not among what was taken: so the checkpoint of that view may follow them.

use crate::limits;
use domain::{Home, Shard, ShardCount};
use event_log::Offset;
use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};
use store::{Store, View};

/// What has changed in a shard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Changed {
    /// These.
    Entities(HashSet<Home>),
    /// More than are remembered: every entity that reflects the last checkpoint that was put, or more.
    Many,
}

impl Default for Changed {
    fn default() -> Self {
        Self::Entities(HashSet::new())
    }
}

impl Changed {
    fn add(&mut self, home: Home) {
        if let Self::Entities(homes) = self {
            homes.insert(home);
            if homes.len() > limits::CHANGED {
                *self = Self::Many;
            }
        }
    }
}

/// A shard while it is owned here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Term {
    /// The epoch under which it is.
    pub(crate) epoch: u64,
    /// The last checkpoint that was put; `None`: what others have put was not looked at yet.
    pub(crate) put: Option<Offset>,
}

#[derive(Default)]
struct Slot {
    term: Option<Term>,
    changed: Changed,
}

/// See the module.
pub(crate) struct Changes(Vec<Mutex<Slot>>);

/// What is to be put.
pub(crate) struct Due<'a> {
    pub(crate) term: Term,
    pub(crate) changed: Changed,
    pub(crate) view: View<'a>,
}

impl Changes {
    pub(crate) fn new(shards: ShardCount) -> Self {
        Self(shards.all().map(|_| Mutex::default()).collect())
    }

    fn slot(&self, shard: Shard) -> Option<MutexGuard<'_, Slot>> {
        let slot = self.0.get(usize::from(shard.0))?;
        Some(slot.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes rows of these entities of a shard.
    pub(crate) fn write<E>(
        &self,
        shard: Shard,
        homes: impl Iterator<Item = Home>,
        commit: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(mut slot) = self.slot(shard) else { return commit() };
        homes.for_each(|home| slot.changed.add(home));
        // Under the lock, which is otherwise held for moments only: see the invariant.
        commit()
    }

    /// The shard is owned by this epoch, or no longer.
    pub(crate) fn set_owned(&self, shard: Shard, epoch: Option<u64>) {
        if let Some(mut slot) = self.slot(shard) {
            slot.term = epoch.map(|epoch| Term { epoch, put: None });
            slot.changed = Changed::default();
        }
    }

    /// Takes what has changed; `None` if the shard is not owned here.
    pub(crate) fn take<'a>(&self, shard: Shard, store: &'a Store) -> Option<Due<'a>> {
        let mut slot = self.slot(shard)?;
        let term = slot.term?;
        Some(Due { term, changed: std::mem::take(&mut slot.changed), view: store.view() })
    }

    /// All that was taken under this term is there, and a checkpoint at this offset.
    pub(crate) fn put(&self, shard: Shard, term: Term, checkpoint: Offset) {
        if let Some(mut slot) = self.slot(shard)
            && slot.term == Some(term)
        {
            slot.term = Some(Term { put: Some(checkpoint), ..term });
        }
    }

    /// What was taken is not known to be there.
    pub(crate) fn give_back(&self, shard: Shard, term: Term, changed: Changed) {
        if let Some(mut slot) = self.slot(shard)
            && slot.term == Some(term)
        {
            match changed {
                Changed::Many => slot.changed = Changed::Many,
                Changed::Entities(homes) => homes.into_iter().for_each(|home| slot.changed.add(home)),
            }
        }
    }

    /// Up to where the state of a shard that is owned here was put; `None` if it is not.
    pub(crate) fn reached(&self, shard: Shard) -> Option<Offset> {
        Some(self.slot(shard)?.term?.put.unwrap_or_default())
    }

    /// Shards that are owned here and not yet compared with what others have put.
    pub(crate) fn is_new(&self, shard: Shard) -> bool {
        self.slot(shard).and_then(|slot| slot.term).is_some_and(|term| term.put.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Address;

    const A: Shard = Shard(0);

    fn home(number: usize) -> Home {
        Home::User(Address::parse(&format!("user{number}@linnet.test")).expect("an address"))
    }

    fn write(changes: &Changes, numbers: std::ops::Range<usize>) {
        let written = changes.write(A, numbers.map(home), || Ok::<_, ()>(()));
        assert_eq!(written, Ok(()));
    }

    fn open() -> (tempfile::TempDir, Store, Changes) {
        let dir = tempfile::tempdir().expect("a directory");
        let store = Store::open(dir.path(), store::Options::default()).expect("opens");
        (dir, store, Changes::new(ShardCount::DEFAULT))
    }

    #[test]
    fn what_was_not_put_comes_again_and_what_was_does_not() {
        let (_dir, store, changes) = open();
        write(&changes, 0..1);
        assert!(changes.take(A, &store).is_none(), "it is not owned");
        changes.set_owned(A, Some(7));
        assert!(changes.is_new(A));
        write(&changes, 1..3);
        let due = changes.take(A, &store).expect("owned");
        assert_eq!(due.changed, Changed::Entities([home(1), home(2)].into()));
        write(&changes, 3..4);
        changes.give_back(A, due.term, due.changed);
        let due = changes.take(A, &store).expect("owned");
        assert_eq!(due.changed, Changed::Entities([home(1), home(2), home(3)].into()));
        changes.put(A, due.term, Offset(5));
        assert!(!changes.is_new(A));
        let again = changes.take(A, &store).expect("owned");
        assert_eq!((again.changed, again.term.put), (Changed::default(), Some(Offset(5))));
        // What comes back from an earlier term is not this one's.
        changes.set_owned(A, Some(9));
        changes.give_back(A, again.term, Changed::Many);
        changes.put(A, again.term, Offset(6));
        let new = changes.take(A, &store).expect("owned");
        assert_eq!((new.changed, new.term), (Changed::default(), Term { epoch: 9, put: None }));
    }

    #[test]
    fn more_than_are_remembered_are_many() {
        let (_dir, store, changes) = open();
        changes.set_owned(A, Some(1));
        write(&changes, 0..limits::CHANGED);
        let due = changes.take(A, &store).expect("owned");
        assert!(matches!(&due.changed, Changed::Entities(homes) if homes.len() == limits::CHANGED));
        write(&changes, limits::CHANGED..limits::CHANGED + 1);
        changes.give_back(A, due.term, due.changed);
        assert_eq!(changes.take(A, &store).expect("owned").changed, Changed::Many);
    }
}
