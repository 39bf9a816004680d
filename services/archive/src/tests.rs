//! What the archive keeps and gives back, over a log in memory and a store on the disk; each of its limits at its edge.

use crate::{Follow, History, HistoryError, limits};
use bytes::Bytes;
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Message, Shard, ShardCount, Timestamp,
    conversation::{Fact, Readers},
    history::{HistoryId, Owner, Query},
    limits::HISTORY_PAGE,
    message::MessageKind,
};
use event_log::{Appender, Log, Memory, Offset, Options, Sink, Stamp, WriterId, codec};
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    time::Instant,
};
use store::Store;

const SHARD: Shard = Shard(0);
const STAMP: Stamp = Stamp { epoch: 1, writer: WriterId(7) };

/// Says what became of an append.
struct Ear(Sender<bool>);

impl Sink for Ear {
    fn appended(&self, _: Shard, _: Offset, count: u32) {
        for _ in 0..count {
            let _ = self.0.send(true);
        }
    }

    fn failed(&self, _: Shard, count: u32, _: &event_log::AppendError) {
        for _ in 0..count {
            let _ = self.0.send(false);
        }
    }
}

/// An archive with its log, of which the test is the owner.
struct Place {
    history: History,
    _follow: Follow,
    appender: Appender,
    done: Receiver<bool>,
    _folder: tempfile::TempDir,
}

fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.org")).expect("an address")
}

fn place() -> Place {
    let shards = ShardCount::new(1).expect("not zero");
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), store::Options { shards });
    let store = store.expect("opens");
    let log = Log::start(Memory::new(shards), Options::default()).expect("starts");
    let (sender, done) = channel();
    let appender = log.appender(SHARD, Arc::new(Ear(sender)));
    let follow = Follow::start(log.clone(), store.clone()).expect("starts");
    let history = History::new(log, store, &follow);
    let place = Place { history, _follow: follow, appender, done, _folder: folder };
    place.append(codec::encode_claim(STAMP));
    place
}

impl Place {
    fn append(&self, record: Bytes) {
        self.appender.append(record).expect("queued");
        assert!(self.done.recv().expect("an outcome"), "it is durable");
    }

    /// Alice says this much to bob, in one record.
    fn says(&self, numbers: std::ops::RangeInclusive<u64>, bytes: usize) {
        let name = EndpointName::parse("desk").expect("a name");
        let fact = |number| Fact::Said {
            number,
            at: Timestamp(1_000 + number),
            from: EndpointId::new(address("alice"), name.clone()),
            nick: None,
            occupant_id: None,
            to: None,
            message: Arc::new(Message {
                kind: MessageKind::Chat,
                body: Some("x".repeat(bytes).into()),
                ..Message::default()
            }),
            readers: Readers::All,
        };
        let facts: Vec<Fact> = numbers.map(fact).collect();
        let id = between();
        self.append(codec::encode_conversation(STAMP, &id, &facts));
    }

    fn has(&self, id: HistoryId) -> bool {
        let query = Query { ids: vec![id], max: 1, ..Query::default() };
        let page = self.history.query(&Owner::User(address("bob")), &query).expect("an answer");
        page.records.iter().any(|record| record.id == id)
    }

    fn page(&self, max: u32) -> Vec<u64> {
        let query = Query { max, ..Query::default() };
        let page = self.history.query(&Owner::User(address("bob")), &query).expect("an answer");
        page.records.iter().map(|record| record.id.number).collect()
    }
}

fn between() -> ConversationId {
    ConversationId::between(address("alice"), address("bob"))
}

#[test]
fn a_page_has_a_limit() {
    let place = place();
    let most = u64::from(HISTORY_PAGE);
    place.says(1..=most + 1, 1);
    assert_eq!(place.page(u32::MAX), (1..=most).collect::<Vec<_>>());
}

/// What is asked does not wait until more has gathered ([`limits::GATHER`]), and more than [`limits::FOLD_BYTES`] is
/// folded in several batches, each from where the last one ended.
#[test]
fn a_fold_of_several_batches_misses_nothing() {
    let place = place();
    let parts = 5;
    for part in 0..parts {
        place.says(part + 1..=part + 1, limits::FOLD_BYTES / 2);
    }
    let last = |place: &Place| {
        let ends = place.history.ends(&Owner::User(address("bob"))).expect("an answer");
        (ends.first.map(|id| id.number), ends.last.map(|id| id.number))
    };
    assert_eq!(last(&place), (Some(1), Some(parts)));
    let each = (1..=parts).map(|number| HistoryId::new(&between(), number, Timestamp(1_000 + number)));
    assert!(each.into_iter().all(|id| place.has(id)), "each of them");
    // It is folded all the same, after a while in which more may come.
    place.says(parts + 1..=parts + 1, 1);
    let asked = Instant::now();
    assert_eq!(last(&place).1, Some(parts + 1));
    assert!(asked.elapsed() < limits::PATIENCE + limits::GATHER);
}

/// A record that cannot be read stops the fold, which tries again every [`limits::RETRY`]; whoever asks is told to ask
/// later: at once when that is known, and within [`limits::PATIENCE`] in any case.
#[test]
fn a_question_waits_for_the_fold_but_not_for_ever() {
    let place = place();
    place.append(Bytes::from_static(b"no record"));
    let asked = Instant::now();
    while asked.elapsed() < 2 * limits::RETRY {
        let refused = place.history.ends(&Owner::User(address("bob")));
        assert!(matches!(refused, Err(HistoryError::Behind)), "also after it was tried again");
    }
    assert!(asked.elapsed() < limits::PATIENCE);
}

#[test]
fn expiry_goes_on_behind_what_one_step_deletes() {
    let place = place();
    // A row in the conversation and one for each of the two.
    let messages = limits::EXPIRE_ROWS as u64 + 10;
    for from in (1..=messages).step_by(1_000) {
        place.says(from..=(from + 999).min(messages), 1);
    }
    assert_eq!(place.page(1), [1]);
    let gone = place.history.expire(Timestamp(1_000 + messages)).expect("expires");
    assert_eq!(gone as u64, 3 * (messages - 1));
    assert_eq!(place.page(100), [messages]);
}
