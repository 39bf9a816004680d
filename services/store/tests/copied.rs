//! Whole entities, from the rows of one node to those of another.

use bytes::Bytes;
use domain::{
    Address, ConversationId, Home, Shard, ShardCount, Timestamp,
    conversation::{self as c, ConferenceHead, Head},
    user as u,
};
use event_log::{Checkpoint, Offset, Stamp, WriterId};
use store::{EntityRows, Options, Store, Value};

fn open() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().expect("a directory");
    let options = Options { shards: ShardCount::new(1).expect("not zero") };
    let store = Store::open(dir.path(), options).expect("opens");
    (dir, store)
}

fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}

fn request(of: &str, text: &'static str) -> u::Row {
    u::Row::Request(address(of), Some(Bytes::from_static(text.as_bytes())))
}

fn checkpoint(offset: u64) -> Checkpoint {
    Checkpoint { offset: Offset(offset), current: Stamp { epoch: 3, writer: WriterId(9) } }
}

/// As it comes out of the bytes of a record.
fn carried(store: &Store, home: &Home) -> EntityRows {
    let rows = store.view().entity(home).expect("readable").expect("known");
    match EntityRows::decode(&rows.encode()).expect("readable") {
        Value::Whole(rows) => rows,
        Value::Parts { .. } => panic!("it is whole"),
    }
}

fn put(store: &Store, home: &Home, rows: &EntityRows) -> bool {
    let mut snapshot = store.snapshot(Shard(0));
    let taken = snapshot.replace(home, rows).expect("taken");
    snapshot.commit_rows().expect("written");
    taken
}

fn requests(store: &Store, of: &Address) -> Vec<u::Row> {
    let mut rows = Vec::new();
    store.load_user(of, |row| rows.push(row)).expect("readable");
    rows
}

#[test]
fn an_entity_takes_the_place_of_an_older_one_and_of_no_newer_one() {
    let ((_a, one), (_b, other)) = (open(), open());
    let alice = address("alice@linnet.test");
    let home = Home::User(alice.clone());
    let write = |rows: &[u::Row], reflects: u64| {
        let mut snapshot = one.snapshot(Shard(0));
        rows.iter().for_each(|row| snapshot.user(&alice, row));
        snapshot.reflects(&home, Offset(reflects));
        snapshot.commit(checkpoint(reflects + 1)).expect("written");
    };
    write(&[request("bob@linnet.test", "1"), request("carol@linnet.test", "1")], 5);
    let old = carried(&one, &home);
    assert!(put(&other, &home, &old));
    assert_eq!(requests(&other, &alice), requests(&one, &alice));
    // The checkpoint is left as it was.
    assert_eq!(other.checkpoint(Shard(0)), Ok(Checkpoint::default()));

    write(&[u::Row::Request(address("bob@linnet.test"), None), request("dave@linnet.test", "2")], 8);
    let new = carried(&one, &home);
    assert!(put(&other, &home, &new));
    for stale in [&old, &new] {
        assert!(!put(&other, &home, stale));
        assert_eq!(other.reflects(&home), Ok(Some(Offset(8))));
        assert_eq!(
            requests(&other, &alice),
            [request("carol@linnet.test", "1"), request("dave@linnet.test", "2")]
        );
    }
}

#[test]
fn the_head_of_a_conference_and_the_mark_of_an_open_session_are_carried_too() {
    let ((_a, one), (_b, other)) = (open(), open());
    let conference = ConferenceHead {
        created: Timestamp(1),
        seed: 2,
        open: true,
        configuration: c::Configuration {
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
        },
        topic: None,
    };
    let ids = [
        ConversationId::Conference(address("room@rooms.linnet.test")),
        ConversationId::between(address("alice@linnet.test"), address("bob@linnet.test")),
    ];
    for (id, conference) in ids.iter().zip([Some(conference), None]) {
        let home = Home::Conversation(id.clone());
        let head = Head { number: 4, session_open: true, conference, ..Head::default() };
        let mut snapshot = one.snapshot(Shard(0));
        snapshot.conversation(id, &c::Row::Head(Box::new(head)));
        snapshot.reflects(&home, Offset(1));
        snapshot.commit(checkpoint(2)).expect("written");
        assert!(put(&other, &home, &carried(&one, &home)));
        let rows = |store: &Store| {
            let mut rows = Vec::new();
            store.load_conversation(id, |row| rows.push(row)).expect("readable");
            rows
        };
        assert_eq!(format!("{:?}", rows(&other)), format!("{:?}", rows(&one)));
        assert_eq!(rows(&other).len(), 1);
    }
    assert_eq!(other.unfinished(Shard(0)), one.unfinished(Shard(0)));
    assert_eq!(other.unfinished(Shard(0)).map(|ids| ids.len()), Ok(2));
    assert_eq!(other.conferences(None, 10), one.conferences(None, 10));
    let mut seen = Vec::new();
    one.view().entities(Shard(0), |home, reflects| seen.push((home, reflects))).expect("readable");
    assert_eq!(seen.len(), 2);
    assert!(ids.iter().all(|id| seen.contains(&(Home::Conversation(id.clone()), Offset(1)))));
}

#[test]
fn a_view_does_not_see_what_is_written_later() {
    let (_dir, store) = open();
    let alice = address("alice@linnet.test");
    let home = Home::User(alice.clone());
    let write = |reflects: u64| {
        let mut snapshot = store.snapshot(Shard(0));
        snapshot.user(&alice, &request("bob@linnet.test", "x"));
        snapshot.reflects(&home, Offset(reflects));
        snapshot.commit(checkpoint(reflects + 1)).expect("written");
    };
    write(1);
    let view = store.view();
    write(2);
    assert_eq!(view.checkpoint(Shard(0)), Ok(checkpoint(2)));
    assert_eq!(view.entity(&home).expect("readable").expect("known").reflects, Offset(1));
    assert!(view.entity(&Home::User(address("bob@linnet.test"))).expect("readable").is_none());
}

#[test]
fn rows_of_another_entity_or_table_are_refused() {
    let ((_a, one), (_b, other)) = (open(), open());
    let alice = address("alice@linnet.test");
    let mut snapshot = one.snapshot(Shard(0));
    snapshot.user(&alice, &request("bob@linnet.test", "x"));
    let home = Home::User(alice);
    snapshot.reflects(&home, Offset(1));
    snapshot.commit(checkpoint(2)).expect("written");
    let mut bytes = carried(&one, &home).encode();
    // The table is the first byte of the first row's key.
    let table = bytes.iter().position(|byte| *byte == b'r').expect("a row");
    bytes[table] = b'h';
    let Ok(Value::Whole(rows)) = EntityRows::decode(&bytes) else { panic!("it is whole") };
    assert!(other.snapshot(Shard(0)).replace(&home, &rows).is_err());
}
