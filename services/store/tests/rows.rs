//! The state on the disk: every kind of row comes back as it was, entities are apart, listings are in order.

use bytes::Bytes;
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Home, Message, Shard, ShardCount, Timestamp,
    account::{Account, PushService, ScramHash, Token, Verifier},
    category::{Access, Item, Settings},
    conversation::{
        self as c, Affiliated, Affiliation, ConferenceHead, Configuration, Head, Remembered, Role, Seated,
        Topic,
    },
    endpoint::{Rendered, Said},
    presentity::{Availability, Container, State},
    roster::{Contact, Subscription},
    user as u,
};
use event_log::{Checkpoint, Offset, Stamp, WriterId};
use std::{ops::ControlFlow, sync::Arc};
use store::{Column, Direction, Options, Store, limits};

fn open() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().expect("a directory");
    let store =
        Store::open(dir.path(), Options { shards: ShardCount::new(4).expect("not zero") }).expect("opens");
    (dir, store)
}

fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}

fn name(text: &str) -> EndpointName {
    EndpointName::parse(text).expect("a name")
}

fn phone(user: &str) -> EndpointId {
    EndpointId::new(address(user), name("phone / left"))
}

fn said(number: u64) -> Arc<Said> {
    let message = Message { body: Some("hello".into()), ..Message::default() };
    Arc::new(Said {
        conversation: ConversationId::between(address("alice@example.org"), address("bob@example.org")),
        number,
        at: Timestamp(77),
        from: phone("alice@example.org"),
        nick: None,
        to: Some(name("desk")),
        message: Arc::new(message),
        occupant_id: Some("occupant".into()),
        rendered: Rendered::default(),
    })
}

fn account(created: u64) -> Account {
    let verifier = Verifier {
        hash: ScramHash::Sha256,
        iterations: 10_000,
        salt: vec![1],
        stored_key: vec![2],
        server_key: vec![3],
    };
    let token = Token {
        client: "client".into(),
        secret: vec![4],
        mechanism: "HT-SHA-256-EXPR".into(),
        expires: Timestamp(5),
        count: 6,
    };
    let manual = State {
        note: Some("busy".into()),
        priority: -1,
        carried: Bytes::from_static(b"<x/>"),
        ..State::of(Availability::DoNotDisturb)
    };
    let push = PushService {
        address: phone("push@example.org"),
        node: "node".into(),
        options: Bytes::from_static(b"<x/>"),
    };
    Account {
        verifiers: vec![verifier],
        enabled: true,
        created: Timestamp(created),
        last_seen: Some(Timestamp(8)),
        manual: Some(Arc::new(manual)),
        tokens: vec![token],
        pushes: vec![Arc::new(push)],
        next_kept: 9,
        roster_version: 10,
    }
}

fn user_rows() -> Vec<u::Row> {
    let contact = Contact {
        address: address("bob@example.org"),
        name: Some("Bob".into()),
        groups: vec!["Work".into(), String::new().into()],
        subscription: Subscription { to: true, from: false, asked: true, approved: false },
        container: Some(Container::Friends),
    };
    let settings = Settings {
        access: Access::Open,
        max_items: 3,
        persist: true,
        send_last: false,
        notify_retract: true,
    };
    let item =
        Item { id: "i".into(), publisher: phone("alice@example.org"), content: Bytes::from_static(b"<y/>") };
    vec![
        u::Row::Account(Some(Box::new(account(7)))),
        u::Row::Contact(contact.address.clone(), Some(Arc::new(contact))),
        u::Row::Request(address("carol@example.org"), Some(Bytes::from_static(b"<nick/>"))),
        u::Row::Blocked(vec![address("mallory@example.org"), address("evil.example")]),
        u::Row::Kept(3, Some(said(12))),
        u::Row::Kept(u64::MAX, Some(said(13))),
        u::Row::Category("urn:a".into(), Some(settings.clone())),
        u::Row::Category("urn:ab".into(), Some(settings)),
        u::Row::Item { category: "urn:a".into(), id: "bi".into(), item: Some((1, Arc::new(item.clone()))) },
        u::Row::Item { category: "urn:ab".into(), id: "i".into(), item: Some((2, Arc::new(item))) },
    ]
}

fn head(conference: Option<ConferenceHead>, session_open: bool) -> c::Row {
    let remembered = vec![Remembered { hash: u64::MAX, number: 3, at: Timestamp(4) }];
    let (number, last_at) = (11, Timestamp(12));
    c::Row::Head(Box::new(Head { number, last_at, session: 2, session_open, remembered, conference }))
}

fn conference() -> ConferenceHead {
    let configuration = Configuration {
        name: "Lobby".into(),
        description: "Where all meet".into(),
        language: "en".into(),
        persistent: true,
        public: true,
        members_only: false,
        moderated: true,
        whois_everyone: false,
        locked: false,
        password: Some("open".into()),
        max_occupants: 30,
        anyone_sets_topic: true,
        invite: c::WhoMayInvite::Moderators,
        history: 20,
        whispers: false,
        archived: true,
    };
    let topic = Topic { text: "News".into(), by: name("bob"), at: Timestamp(6) };
    ConferenceHead { created: Timestamp(1), seed: 99, open: true, configuration, topic: Some(topic) }
}

fn conversation_rows(conference: Option<ConferenceHead>) -> Vec<c::Row> {
    let affiliated = Affiliated { affiliation: Affiliation::Admin, nick: Some(name("bob")) };
    vec![
        head(conference, false),
        c::Row::Pending(4, Some(said(4))),
        c::Row::Recent(5, Some(said(5))),
        c::Row::Affiliation(address("bob@example.org"), Some(affiliated)),
        c::Row::Occupant(phone("bob@example.org"), Some(Seated { nick: name("bob"), role: Role::Moderator })),
    ]
}

fn put_user(store: &Store, user: &Address, rows: &[u::Row]) {
    let mut snapshot = store.snapshot(Home::User(user.clone()).shard(store.shards()));
    for row in rows {
        snapshot.user(user, row);
    }
    snapshot.commit(Checkpoint::default()).expect("writes");
}

fn put_conversation(store: &Store, id: &ConversationId, rows: &[c::Row]) -> Shard {
    let shard = Home::Conversation(id.clone()).shard(store.shards());
    let mut snapshot = store.snapshot(shard);
    for row in rows {
        snapshot.conversation(id, row);
    }
    snapshot.commit(Checkpoint::default()).expect("writes");
    shard
}

fn shown(rows: &[impl std::fmt::Debug]) -> Vec<String> {
    let mut shown: Vec<_> = rows.iter().map(|row| format!("{row:?}")).collect();
    shown.sort();
    shown
}

fn load_user(store: &Store, user: &Address) -> Vec<u::Row> {
    let mut rows = Vec::new();
    store.load_user(user, |row| rows.push(row)).expect("loads");
    rows
}

fn load_conversation(store: &Store, id: &ConversationId) -> Vec<c::Row> {
    let mut rows = Vec::new();
    store.load_conversation(id, |row| rows.push(row)).expect("loads");
    rows
}

#[test]
fn every_row_of_a_user_comes_back_and_goes() {
    let (_dir, store) = open();
    let (alice, other) = (address("alice@example.org"), address("alice@example.or"));
    put_user(&store, &alice, &user_rows());
    put_user(&store, &other, &[u::Row::Kept(1, Some(said(1)))]);
    let loaded = load_user(&store, &alice);
    assert_eq!(loaded.len(), user_rows().len());
    assert!(user_rows().iter().all(|row| loaded.contains(row)), "{loaded:?}");
    let gone: Vec<_> = user_rows()
        .into_iter()
        .map(|row| match row {
            u::Row::Account(_) => u::Row::Account(None),
            u::Row::Contact(who, _) => u::Row::Contact(who, None),
            u::Row::Request(who, _) => u::Row::Request(who, None),
            u::Row::Blocked(_) => u::Row::Blocked(Vec::new()),
            u::Row::Kept(seq, _) => u::Row::Kept(seq, None),
            u::Row::Category(category, _) => u::Row::Category(category, None),
            u::Row::Item { category, id, .. } => u::Row::Item { category, id, item: None },
        })
        .collect();
    put_user(&store, &alice, &gone);
    assert_eq!(load_user(&store, &alice), []);
    assert_eq!(load_user(&store, &other).len(), 1);
}

#[test]
fn every_row_of_a_conversation_comes_back_and_goes() {
    let (_dir, store) = open();
    let between = ConversationId::between(address("alice@example.org"), address("bob@example.org"));
    for (id, head) in [
        (between, None),
        (ConversationId::Conference(address("lobby@conference.example.org")), Some(conference())),
    ] {
        let rows = conversation_rows(head);
        put_conversation(&store, &id, &rows);
        assert_eq!(shown(&load_conversation(&store, &id)), shown(&rows));
        let gone = [
            c::Row::Pending(4, None),
            c::Row::Recent(5, None),
            c::Row::Affiliation(address("bob@example.org"), None),
            c::Row::Occupant(phone("bob@example.org"), None),
        ];
        put_conversation(&store, &id, &gone);
        assert_eq!(shown(&load_conversation(&store, &id)), shown(&rows[..1]));
    }
}

#[test]
fn what_something_is_left_to_do_for_is_found() {
    let (_dir, store) = open();
    let alice = address("alice@example.org");
    let with = |other: &str| ConversationId::between(alice.clone(), address(other));
    let shard = put_conversation(&store, &with("bob@example.org"), &[head(None, false)]);
    // The lower address decides the shard, so these are neighbours.
    put_conversation(&store, &with("carol@example.org"), &[head(None, true)]);
    put_conversation(&store, &with("dave@example.org"), &[1, 2].map(|n| c::Row::Pending(n, Some(said(n)))));
    let mut found = store.unfinished(shard).expect("reads");
    found.sort();
    assert_eq!(found, [with("carol@example.org"), with("dave@example.org")]);
    put_conversation(&store, &with("carol@example.org"), &[head(None, false)]);
    assert_eq!(store.unfinished(shard).expect("reads"), [with("dave@example.org")]);
}

#[test]
fn users_and_conferences_are_listed_in_order_and_in_pages() {
    let (_dir, store) = open();
    for (created, user) in ["carol@example.org", "alice@example.org", "bob@example.org"].iter().enumerate() {
        put_user(&store, &address(user), &[u::Row::Account(Some(Box::new(account(created as u64))))]);
    }
    let users = store.users(None, 2).expect("reads");
    let names: Vec<_> = users.iter().map(|(a, _)| a.as_str()).collect();
    assert_eq!(names, ["alice@example.org", "bob@example.org"]);
    assert_eq!(users[1].1, account(2));
    let rest = store.users(Some(&users[1].0), 2).expect("reads");
    assert_eq!(rest, [(address("carol@example.org"), account(0))]);
    assert_eq!(store.count_users().expect("reads"), 3);
    for (text, head_of) in
        [("a@c.example", Some(conference())), ("b@c.example", None), ("d@c.example", Some(conference()))]
    {
        put_conversation(&store, &ConversationId::Conference(address(text)), &[head(head_of, false)]);
    }
    let conferences = store.conferences(None, 10).expect("reads");
    let names: Vec<_> = conferences.iter().map(|(a, _)| a.as_str()).collect();
    assert_eq!(names, ["a@c.example", "d@c.example"]);
    assert_eq!(conferences[0].1, conference());
}

#[test]
fn a_page_has_a_limit() {
    let (_dir, store) = open();
    for n in 0..=limits::PAGE {
        put_user(
            &store,
            &address(&format!("u{n}@example.org")),
            &[u::Row::Account(Some(Box::new(account(1))))],
        );
    }
    assert_eq!(store.users(None, usize::MAX).expect("reads").len(), limits::PAGE);
}

#[test]
fn a_checkpoint_goes_with_its_rows() {
    let (dir, store) = open();
    let alice = address("alice@example.org");
    let shard = Home::User(alice.clone()).shard(store.shards());
    assert_eq!(store.checkpoint(shard), Ok(Checkpoint::default()));
    let current = Stamp { epoch: 3, writer: WriterId(u64::MAX) };
    let checkpoint = Checkpoint { offset: Offset(42), current };
    let mut snapshot = store.snapshot(shard);
    snapshot.user(&alice, &user_rows()[0]);
    // Not committed: as if it had never been.
    drop(snapshot);
    assert_eq!((load_user(&store, &alice), store.checkpoint(shard)), (vec![], Ok(Checkpoint::default())));
    let mut snapshot = store.snapshot(shard);
    snapshot.user(&alice, &user_rows()[0]);
    snapshot.commit(checkpoint).expect("writes");
    let shards = store.shards();
    drop(store);
    let store = Store::open(dir.path(), Options { shards }).expect("opens");
    assert_eq!((load_user(&store, &alice).len(), store.checkpoint(shard)), (1, Ok(checkpoint)));
}

#[test]
fn bytes_are_scanned_in_both_directions_within_their_range() {
    let (_dir, store) = open();
    let mut batch = store.batch();
    assert!(batch.is_empty());
    for key in [b"a1", b"a2", b"a3", b"b1"] {
        batch.put(Column::History, key, key);
    }
    batch.write_synced().expect("writes");
    let scan = |direction, most: usize| {
        let mut keys = Vec::new();
        let range = (&b"a"[..], &b"b"[..]);
        let show = |key: &[u8], _: &[u8]| {
            keys.push(String::from_utf8_lossy(key).into_owned());
            if keys.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        store.scan(Column::History, range, direction, show).expect("reads");
        keys
    };
    assert_eq!(scan(Direction::Up, 9), ["a1", "a2", "a3"]);
    assert_eq!(scan(Direction::Down, 2), ["a3", "a2"]);
    let mut batch = store.batch();
    batch.delete_range(Column::History, (b"a2", b"b"));
    batch.delete(Column::History, b"a1");
    batch.write().expect("writes");
    assert_eq!(scan(Direction::Up, 9), [""; 0]);
    assert_eq!(store.get(Column::History, b"b1").expect("reads"), Some(b"b1".to_vec()));
    assert_eq!(store.get(Column::Index, b"b1").expect("reads"), None);
}
