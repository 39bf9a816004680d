//! A log in memory, a store on disk and the fold between them, for the archive's tests.

use archive::{Follow, History};
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Message, Shard, ShardCount, Timestamp,
    conversation::{Fact, Readers},
    history::{Owner, Page, Query},
    user,
};
use event_log::{AppendError, Appender, Log, Memory, Offset, Options, Sink, Stamp, WriterId, codec};
use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
};
use store::{Column, Direction, Store};

const STAMP: Stamp = Stamp { epoch: 1, writer: WriterId(1) };

/// The archive over two shards, of which the second is for what goes wrong.
pub(crate) struct Scene {
    history: History,
    _follow: Follow,
    store: Store,
    appender: Appender,
    other: Appender,
    durable: Receiver<()>,
    _log: Log,
    _folder: tempfile::TempDir,
}

struct Ear(Sender<()>);

impl Sink for Ear {
    fn appended(&self, _: Shard, _: Offset, count: u32) {
        for _ in 0..count {
            let _ = self.0.send(());
        }
    }

    fn failed(&self, _: Shard, _: u32, error: &AppendError) {
        panic!("{error}");
    }
}

impl Scene {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let shards = ShardCount::new(2).expect("not zero");
        let store = Store::open(folder.path(), store::Options { shards }).expect("opens");
        let log = Log::start(Memory::new(shards), Options::default()).expect("starts");
        let follow = Follow::start(log.clone(), store.clone()).expect("follows");
        let history = History::new(log.clone(), store.clone(), &follow);
        let (sender, durable) = channel();
        let appender = log.appender(Shard(1), Arc::new(Ear(sender.clone())));
        let other = log.appender(Shard(0), Arc::new(Ear(sender)));
        appender.append(codec::encode_claim(STAMP)).expect("queued");
        durable.recv().expect("durable");
        Self { history, _follow: follow, store, appender, other, durable, _log: log, _folder: folder }
    }

    /// Appends what a conversation decided in one turn.
    pub(crate) fn append(&self, id: &ConversationId, facts: &[Fact]) {
        self.appender.append(codec::encode_conversation(STAMP, id, facts)).expect("queued");
        self.durable.recv().expect("durable");
    }

    /// Appends what a user's home decided in one turn.
    pub(crate) fn append_user(&self, user: &str, facts: &[user::Fact]) {
        self.appender.append(codec::encode_user(STAMP, &address(user), facts)).expect("queued");
        self.durable.recv().expect("durable");
    }

    /// Appends something that is no record to the other shard.
    pub(crate) fn spoil(&self) {
        self.other.append(vec![0xff; 10].into()).expect("queued");
        self.durable.recv().expect("durable");
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    pub(crate) fn query(&self, user: &str, query: &Query) -> Page {
        self.history.query(&Owner::User(address(user)), query).expect("answered")
    }

    /// Bytes of all that was filed.
    pub(crate) fn filed_bytes(&self) -> usize {
        let mut bytes = 0;
        let all = (&[0][..], &[u8::MAX][..]);
        let count = |_: &[u8], value: &[u8]| {
            bytes += value.len();
            ControlFlow::Continue(())
        };
        self.store.scan(Column::History, all, Direction::Up, count).expect("reads");
        bytes
    }
}

pub(crate) fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.org")).expect("an address")
}

pub(crate) fn between(one: &str, other: &str) -> ConversationId {
    ConversationId::between(address(one), address(other))
}

/// Message `number`, said by alice at the millisecond of that number.
pub(crate) fn said(number: u64, text: &str) -> Fact {
    Fact::Said {
        number,
        at: Timestamp(number),
        from: EndpointId::new(address("alice"), EndpointName::parse("desk").expect("a name")),
        nick: None,
        occupant_id: None,
        to: None,
        message: Arc::new(Message { body: Some(text.into()), ..Message::default() }),
        readers: Readers::All,
    }
}

/// An account, made at this time.
pub(crate) fn account(at: u64) -> user::Fact {
    user::Fact::AccountCreated { verifiers: Vec::new(), at: Timestamp(at) }
}

/// A question for as much as a page holds.
pub(crate) fn all() -> Query {
    Query { max: 250, ..Query::default() }
}
