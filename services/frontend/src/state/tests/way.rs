//! From the database of an owner over the topic into that of another node.

use crate::{
    limits,
    state::{
        changes::Changes,
        load::into_store,
        publish::{Large, Publish},
        topic::Topic,
    },
};
use bytes::Bytes;
use domain::{Address, Home, Shard, ShardCount, user::Row};
use event_log::{Checkpoint, Offset, ReadError, Stamp, StateError, WriterId};
use std::{cell::RefCell, time::Duration};
use store::{CopyKey, Options, Store};
use tempfile::TempDir;

const A: Shard = Shard(0);

type Record = (Bytes, Option<Bytes>);

/// One partition, in memory.
#[derive(Default)]
struct Memory {
    records: RefCell<Vec<Record>>,
    /// So many more are taken before there is no room, until it is flushed.
    room: RefCell<Option<usize>>,
}

impl Topic for Memory {
    fn put(&self, _: Shard, key: &[u8], value: Option<&[u8]>) -> Result<(), StateError> {
        if let Some(room) = &mut *self.room.borrow_mut() {
            *room = room.checked_sub(1).ok_or(StateError::QueueFull)?;
        }
        let value = value.map(Bytes::copy_from_slice);
        self.records.borrow_mut().push((Bytes::copy_from_slice(key), value));
        Ok(())
    }

    fn flush(&self, _: Duration) -> Result<(), StateError> {
        if let Some(room) = &mut *self.room.borrow_mut() {
            *room = 2;
        }
        Ok(())
    }

    fn load(&self, _: Shard, mut row: impl FnMut(Bytes, Option<Bytes>)) -> Result<(), ReadError> {
        self.records.borrow().iter().for_each(|(key, value)| row(key.clone(), value.clone()));
        Ok(())
    }
}

impl Memory {
    /// The keys that lie there, of these kinds.
    fn keys(&self, wanted: impl Fn(&CopyKey) -> bool) -> Vec<CopyKey> {
        let mut there = std::collections::BTreeMap::new();
        for (key, value) in &*self.records.borrow() {
            there.insert(CopyKey::decode(key).expect("readable").expect("known"), value.is_some());
        }
        there.into_iter().filter(|(key, is_there)| *is_there && wanted(key)).map(|(key, _)| key).collect()
    }

    fn len(&self) -> usize {
        self.records.borrow().len()
    }
}

/// A node: its database, and what it has put.
struct Node {
    _dir: TempDir,
    store: Store,
    changes: Changes,
    large: Large,
}

fn address(number: u64) -> Address {
    Address::parse(&format!("user{number}@linnet.test")).expect("an address")
}

fn home(number: u64) -> Home {
    Home::User(address(number))
}

impl Node {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let options = Options { shards: ShardCount::new(1).expect("not zero") };
        let store = Store::open(dir.path(), options).expect("opens");
        Self { _dir: dir, store, changes: Changes::new(options.shards), large: Large::new() }
    }

    /// A user's row of so many bytes, as of that record.
    fn write(&self, user: u64, bytes: usize, reflects: u64) {
        let commit = || {
            let mut snapshot = self.store.snapshot(A);
            let content: Vec<u8> = (0..bytes).map(|at| (at as u64 ^ reflects).to_le_bytes()[0]).collect();
            snapshot.user(&address(user), &Row::Request(address(99), Some(content.into())));
            snapshot.reflects(&home(user), Offset(reflects));
            let current = Stamp { epoch: 1, writer: WriterId(1) };
            snapshot.commit(Checkpoint { offset: Offset(reflects + 1), current })
        };
        self.changes.write(A, std::iter::once(home(user)), commit).expect("written");
    }

    fn own(&self, epoch: u64) {
        self.changes.set_owned(A, Some(epoch));
    }

    /// As the publisher does.
    fn put(&mut self, topic: &Memory) {
        let due = self.changes.take(A, &self.store).expect("owned");
        let mut publish = Publish { shard: A, epoch: due.term.epoch, state: topic, large: &mut self.large };
        let checkpoint = match due.term.put {
            None => publish.differences(&due).expect("put"),
            Some(put) => publish.changes(&due, put).expect("put"),
        };
        self.changes.put(A, due.term, checkpoint.offset);
    }

    fn load(&self, topic: &Memory) -> Option<u64> {
        into_store(A, topic, &self.store).expect("loads").map(|checkpoint| checkpoint.offset.0)
    }

    fn has_what(&self, other: &Self) {
        assert_eq!(self.store.checkpoint(A), other.store.checkpoint(A));
        let (mine, theirs) = (self.store.view(), other.store.view());
        let mut count = 0;
        theirs
            .entities(A, |home, _| {
                let rows = |view: &store::View<'_>| view.entity(&home).expect("readable").expect("known");
                assert!(rows(&mine) == rows(&theirs), "{home:?}");
                count += 1;
            })
            .expect("readable");
        assert!(count > 0);
    }
}

#[test]
fn an_empty_node_loads_all_and_later_only_what_is_newer() {
    let (topic, mut owner, taker) = (Memory::default(), Node::new(), Node::new());
    *topic.room.borrow_mut() = Some(2);
    for user in 0..20 {
        owner.write(user, limits::LOAD_BYTES / 10, user + 1);
    }
    owner.own(1);
    owner.put(&topic);
    assert_eq!(taker.load(&topic), Some(21));
    taker.has_what(&owner);
    assert_eq!(taker.load(&topic), None);
    owner.write(3, 10, 30);
    owner.write(21, 10, 31);
    let before = topic.len();
    owner.put(&topic);
    assert_eq!(topic.len() - before, 3, "two entities and the checkpoint");
    assert_eq!(taker.load(&topic), Some(32));
    taker.has_what(&owner);
}

#[test]
fn a_new_owner_puts_what_differs_and_removes_what_it_replaced() {
    let (topic, mut first, mut second) = (Memory::default(), Node::new(), Node::new());
    (0..10).for_each(|user| first.write(user, 10, user + 1));
    first.own(1);
    first.put(&topic);
    second.load(&topic);
    second.write(4, 20, 50);
    second.own(2);
    let before = topic.len();
    second.put(&topic);
    assert_eq!(topic.len() - before, 3, "the entity, the checkpoint, and that the former checkpoint is gone");
    // Late, and of no use any more.
    first.write(4, 30, 12);
    first.put(&topic);
    let third = Node::new();
    assert_eq!(third.load(&topic), Some(51));
    third.has_what(&second);
    // The next one removes what the late one has left behind.
    let mut third = third;
    third.own(3);
    third.put(&topic);
    let epochs = |key: &CopyKey| matches!(key, CopyKey::Entity { home: of, .. } if *of == home(4));
    assert_eq!(topic.keys(epochs), [CopyKey::Entity { home: home(4), epoch: 2 }]);
    assert_eq!(
        topic.keys(|key| matches!(key, CopyKey::Checkpoint { .. })),
        [CopyKey::Checkpoint { epoch: 3 }]
    );
}

#[test]
fn a_large_entity_lies_in_parts_which_go_when_it_is_put_again() {
    let (topic, mut owner, taker) = (Memory::default(), Node::new(), Node::new());
    owner.write(1, 3 * limits::STATE_PART, 5);
    owner.own(1);
    owner.put(&topic);
    let parts = |key: &CopyKey| matches!(key, CopyKey::Part { .. });
    assert_eq!(topic.keys(parts).len(), 4);
    assert!(
        topic.records.borrow().iter().flat_map(|(_, value)| value).all(|v| v.len() <= limits::STATE_PART)
    );
    assert_eq!(taker.load(&topic), Some(6));
    taker.has_what(&owner);
    owner.write(1, 2 * limits::STATE_PART, 9);
    owner.put(&topic);
    let there = topic.keys(parts);
    assert_eq!(there.len(), 3);
    let newer = |key: &CopyKey| matches!(key, CopyKey::Part { reflects: Offset(9), .. });
    assert!(there.iter().all(newer));
    assert_eq!(taker.load(&topic), Some(10));
    taker.has_what(&owner);
    owner.write(1, 1, 11);
    owner.put(&topic);
    assert_eq!(topic.keys(parts), []);
}

#[test]
fn of_more_large_entities_than_are_remembered_the_next_owner_removes_the_parts() {
    let (topic, mut owner) = (Memory::default(), Node::new());
    let known = (0..limits::LARGE_ENTITIES as u64).map(|user| (home(1000 + user), (Offset(0), 0)));
    owner.large.extend(known);
    owner.write(1, 2 * limits::STATE_PART, 5);
    owner.own(1);
    owner.put(&topic);
    assert_eq!(owner.large.len(), limits::LARGE_ENTITIES);
    owner.write(1, 1, 6);
    owner.put(&topic);
    let parts = |key: &CopyKey| matches!(key, CopyKey::Part { .. });
    assert_eq!(topic.keys(parts).len(), 3);
    owner.own(2);
    owner.put(&topic);
    assert_eq!(topic.keys(parts), []);
}

#[test]
fn with_more_changes_than_are_remembered_all_rows_are_looked_at() {
    let (topic, mut owner, taker) = (Memory::default(), Node::new(), Node::new());
    (0..10).for_each(|user| owner.write(user, 10, user + 1));
    owner.own(1);
    owner.put(&topic);
    owner.write(3, 10, 20);
    owner.write(7, 10, 21);
    let strangers = (0..=limits::CHANGED as u64).map(|user| home(1000 + user));
    owner.changes.write(A, strangers, || Ok::<_, ()>(())).expect("nothing is written");
    let before = topic.len();
    owner.put(&topic);
    assert_eq!(topic.len() - before, 3, "two entities and the checkpoint");
    assert_eq!(taker.load(&topic), Some(22));
    taker.has_what(&owner);
}
