//! A front end over a log in memory, for the limits that no scene reaches.

use crate::{
    FrontEnd, Settings,
    entity::ToUser,
    limits::{
        APPEND_RETRY, AWAKE, ENTITY_MAILBOX, RECORD_BYTES, REPLAY_BYTES, RETRY_DELAY, SHARD_MAILBOX,
        SNAPSHOT_EVERY, STUCK_AFTER,
    },
    session::{Inbox, Line, here},
    upload::Terms,
};
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Message, Shard, ShardCount, Ticket, Timestamp,
    conversation,
    endpoint::{self, Rendered, Said},
    message::MessageKind,
    presentity::{Availability, State},
    user::{self, Command},
};
use event_log::{Facts, Log, Memory, Offset, Options, Record, codec};
use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};
use store::Store;
use tokio::sync::oneshot;
use transport::{Admission, Gate};

const PATIENCE: Duration = Duration::from_mins(1);

/// A front end with one shard, and what is under it.
struct Place {
    front: FrontEnd,
    memory: Memory,
    log: Log,
    store: Store,
    settings: Settings,
    follow: archive::Follow,
    _folder: tempfile::TempDir,
}

fn alice() -> Address {
    Address::parse("alice@example.org").expect("an address")
}

fn desk() -> EndpointName {
    EndpointName::parse("desk").expect("a name")
}

/// With an account for alice.
async fn place() -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let shards = ShardCount::new(1).expect("not zero");
    let memory = Memory::new(shards);
    let log = Log::start(memory.clone(), Options::default()).expect("starts");
    let store = Store::open(folder.path(), store::Options { shards }).expect("opens");
    let follow = archive::Follow::start(log.clone(), store.clone()).expect("starts");
    let domain = Address::parse("example.org").expect("a domain");
    let settings = Settings {
        xmpp: Arc::new(xmpp::session::Config::new(domain.clone()).expect("short")),
        domain,
        user: user::Policy::default(),
        conversation: conversation::Policy::default(),
        workers: 1,
        uploads: folder.path().join("uploads"),
        upload_terms: Terms { max_file: 1, quota: 1, keep: Duration::from_secs(1) },
        web: None,
        disk_reserve: 0,
        components: Arc::default(),
    };
    let history = archive::History::new(log.clone(), store.clone(), &follow);
    let gate = Gate::new(Admission::default());
    let start = FrontEnd::start(settings.clone(), log.clone(), store.clone(), history, gate, None);
    let front = start.await.expect("starts");
    let place = Place { front, memory, log, store, settings, follow, _folder: folder };
    let (done, outcome) = oneshot::channel();
    let create = Command::CreateAccount { verifiers: Vec::new(), at: Timestamp(1) };
    place.ask(ToUser::Admin(create, done));
    outcome.await.expect("an outcome").expect("made");
    place
}

impl Place {
    fn ask(&self, ask: ToUser) {
        assert!(self.front.router().ask_user(alice(), ask).is_ok(), "the mailbox has room");
    }

    /// Its only thread does nothing until the sender is dropped.
    fn hold(&self) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel::<()>();
        let (began, begins) = mpsc::channel();
        let holding = self.front.workers()[0].spawn_fn(move || {
            let _ = began.send(());
            let _ = held.recv();
        });
        assert!(holding, "the thread runs");
        begins.recv().expect("it holds");
        release
    }

    fn deliver(&self, number: u64, bytes: usize) {
        let bob = Address::parse("bob@example.org").expect("an address");
        let said = Said {
            conversation: ConversationId::between(alice(), bob.clone()),
            number,
            at: Timestamp(number),
            from: EndpointId::new(bob, desk()),
            nick: None,
            occupant_id: None,
            to: None,
            message: Arc::new(Message {
                kind: MessageKind::Chat,
                body: Some("x".repeat(bytes).into()),
                ..Message::default()
            }),
            rendered: Rendered::default(),
        };
        self.ask(ToUser::Command(Command::Deliver { endpoint: None, said: Arc::new(said), late: false }));
    }

    /// How many messages the rows keep for alice.
    fn kept(&self) -> usize {
        let mut kept = 0;
        let count = |row| kept += usize::from(matches!(row, user::Row::Kept(_, Some(_))));
        self.store.load_user(&alice(), count).expect("reads");
        kept
    }
}

/// Polls until it holds; the time that took.
async fn until(mut holds: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "it never comes");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    began.elapsed()
}

fn soft() -> Command {
    let bob = Address::parse("bob@example.org").expect("an address");
    Command::Probe { from: EndpointId::new(bob, desk()) }
}

#[test]
fn a_shard_takes_so_many_commands_and_gives_back_one_more() {
    crate::block_on(async {
        let place = place().await;
        let held = place.hold();
        let taken =
            (0..2 * SHARD_MAILBOX).take_while(|_| place.front.router().to_user(alice(), soft()).is_ok());
        // The actor's own thread may hold a message or two outside of the mailbox.
        let taken = taken.count();
        assert!((SHARD_MAILBOX..SHARD_MAILBOX + 16).contains(&taken), "{taken}");
        drop(held);
        until(|| place.front.router().to_user(alice(), soft()).is_ok()).await;
    });
}

#[test]
fn an_entity_takes_so_many_asks_and_no_more_soft_ones() {
    crate::block_on(async {
        let place = place().await;
        let held = place.hold();
        let most = usize::try_from(ENTITY_MAILBOX).expect("few");
        for _ in 0..2 * most {
            place.ask(ToUser::Command(soft()));
        }
        drop(held);
        until(|| place.front.meters().dropped_soft.get() > 0).await;
        assert!(place.front.meters().dropped_soft.get() <= ENTITY_MAILBOX);
    });
}

#[test]
fn when_so_many_are_awake_the_idle_are_put_away_at_once() {
    crate::block_on(async {
        let place = place().await;
        let began = Instant::now();
        let awake = || usize::try_from(place.front.meters().users_awake.get()).expect("few");
        let mut most = 0;
        for n in 0..4 * AWAKE {
            let user = Address::parse(&format!("u{n}@example.org")).expect("an address");
            let command = Command::RemoveToken { client: "none".into() };
            assert!(place.front.router().to_user(user, command).is_ok(), "the mailbox has room");
            most = most.max(awake());
            if n % 64 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        until(|| awake() <= AWAKE).await;
        assert!(began.elapsed() < SNAPSHOT_EVERY && most <= 3 * AWAKE, "{most} were awake");
    });
}

#[test]
fn rows_are_written_in_time_by_themselves() {
    crate::block_on(async {
        let place = place().await;
        place.deliver(1, 1);
        let took = until(|| place.kept() == 1).await;
        assert!(took < 3 * SNAPSHOT_EVERY, "{took:?}");
    });
}

#[test]
fn more_than_one_read_is_replayed_and_asked_for_until_it_is_written_down() {
    crate::block_on(async {
        let place = place().await;
        let messages = 30;
        (1..=messages).for_each(|number| place.deliver(number, REPLAY_BYTES / 10));
        until(|| place.log.end(Shard(0)) > Offset(messages)).await;
        // Another process would find the same log and no rows.
        let history = archive::History::new(place.log.clone(), place.store.clone(), &place.follow);
        let gate = Gate::new(Admission::default());
        let (log, store) = (place.log.clone(), place.store.clone());
        let next =
            FrontEnd::start(place.settings.clone(), log, store, history, gate, None).await.expect("starts");
        let began = Instant::now();
        next.write_down(true, PATIENCE).await;
        assert!(began.elapsed() < 500 * RETRY_DELAY, "it looks again and again");
        assert_eq!(place.kept() as u64, messages);
    });
}

/// What an endpoint had not confirmed is kept when it goes: all in one turn.
#[test]
fn a_turn_with_very_much_becomes_several_records() {
    crate::block_on(async {
        let place = place().await;
        let (events, _inbox) = transport::inbox(64);
        let ask = xmpp::stream::AskId(1);
        let (reply, credentials) = oneshot::channel();
        place.ask(ToUser::Credentials(reply));
        let credentials = credentials.await.expect("an answer").number;
        place.ask(ToUser::Attach {
            endpoint: desk(),
            line: Line::Near(Inbox { session: here(1), events }),
            ask,
            credentials,
        });
        let state = State::of(Availability::Available);
        let publish = endpoint::Command::Publish(Arc::new(state));
        let command = Command::Endpoint { endpoint: desk(), ticket: Ticket(1), command: publish };
        place.ask(ToUser::Command(command));
        (1..=8).for_each(|number| place.deliver(number, RECORD_BYTES / 4));
        place.ask(ToUser::Detach { endpoint: desk(), session: here(1) });
        let kept = |place: &Place| {
            let records = place.log.read(Shard(0), Offset(0), usize::MAX).expect("reads");
            let kept =
                records.into_iter().map(|(_, record)| match codec::decode(record).expect("a record") {
                    Record::Facts(_, entry) => match entry.facts {
                        Facts::User(facts) => {
                            facts.iter().filter(|fact| matches!(fact, user::Fact::Kept { .. })).count()
                        }
                        Facts::Conversation(_) => 0,
                    },
                    Record::Claim(_) => 0,
                });
            kept.filter(|kept| *kept > 0).collect::<Vec<_>>()
        };
        until(|| kept(&place).iter().sum::<usize>() == 8).await;
        assert!(kept(&place).len() >= 2 && kept(&place).iter().all(|kept| *kept <= 4), "{:?}", kept(&place));
    });
}

#[test]
fn an_append_that_failed_is_tried_again() {
    crate::block_on(async {
        let place = place().await;
        place.memory.set_broken(true);
        let end = place.log.end(Shard(0));
        place.deliver(1, 1);
        until(|| place.log.trouble().is_some()).await;
        // For so long it counts as stuck, and is not any more when an append succeeds.
        let stuck = || place.front.meters().shards_stuck.get();
        let took = until(|| stuck() == 1).await;
        assert!(took + APPEND_RETRY >= (STUCK_AFTER - 2) * APPEND_RETRY, "{took:?}");
        place.memory.set_broken(false);
        let took = until(|| place.log.end(Shard(0)) > end).await;
        assert!(took < 50 * APPEND_RETRY, "{took:?}");
        until(|| stuck() == 0).await;
    });
}
