//! The history over a log in memory: how much one page holds, and how it leads on to the next.

mod scene;

use archive::HistoryError;
use domain::{
    Timestamp,
    history::{HistoryId, Owner, Page, Query},
    limits::{HISTORY_BYTES, HISTORY_PAGE},
};
use event_log::Offset;
use scene::{Scene, address, all, between};
use std::time::Instant;

/// Messages of this size between the two, from number 1, a millisecond apart, a record each.
fn talk(scene: &Scene, count: u64, bytes: usize) {
    for number in 1..=count {
        scene.append(&between("alice", "bob"), &[scene::said(number, &"x".repeat(bytes))]);
    }
}

fn numbers(page: &Page) -> Vec<u64> {
    page.records.iter().map(|record| record.said.number).collect()
}

#[test]
fn a_page_has_a_limit_of_bytes_and_the_rest_comes_with_the_next() {
    let scene = Scene::new();
    talk(&scene, 10, HISTORY_BYTES / 4);
    let with = Query { with: Some(address("bob")), ..all() };
    for query in [all(), with] {
        let page = scene.query("alice", &query);
        assert_eq!((numbers(&page), page.complete), (vec![1, 2, 3, 4], false));
        let after = page.records.last().map(|record| record.id);
        let page = scene.query("alice", &Query { after, ..query.clone() });
        assert_eq!((numbers(&page), page.complete), (vec![5, 6, 7, 8], false));
        let page = scene.query("alice", &Query { last_page: true, ..query.clone() });
        assert_eq!((numbers(&page), page.complete), (vec![7, 8, 9, 10], false));
        let before = page.records.first().map(|record| record.id);
        let page = scene.query("alice", &Query { before, last_page: true, max: 2, ..query.clone() });
        assert_eq!((numbers(&page), page.complete), (vec![5, 6], false));
    }
}

#[test]
fn one_message_is_given_however_large() {
    let scene = Scene::new();
    talk(&scene, 2, HISTORY_BYTES + 1);
    let page = scene.query("alice", &all());
    assert_eq!((numbers(&page), page.complete), (vec![1], false));
    let page = scene.query("alice", &Query { last_page: true, ..all() });
    assert_eq!((numbers(&page), page.complete), (vec![2], false));
}

#[test]
fn a_page_has_a_limit_of_messages() {
    let scene = Scene::new();
    talk(&scene, u64::from(HISTORY_PAGE) + 1, 1);
    let page = scene.query("alice", &Query { max: u32::MAX, ..all() });
    assert_eq!((page.records.len(), page.complete), (HISTORY_PAGE as usize, false));
}

#[test]
fn named_messages_come_in_pages_too() {
    let scene = Scene::new();
    talk(&scene, 8, HISTORY_BYTES / 4);
    let id = |number| HistoryId::new(&between("alice", "bob"), number, Timestamp(number));
    // In any order, twice, and one that there is not.
    let ids = [8, 7, 6, 5, 4, 3, 2, 2, 99].map(id).to_vec();
    let query = Query { ids, ..all() };
    let page = scene.query("alice", &query);
    assert_eq!((numbers(&page), page.complete), (vec![2, 3, 4, 5], false));
    let page = scene.query("alice", &Query { after: Some(id(5)), ..query.clone() });
    assert_eq!((numbers(&page), page.complete), (vec![6, 7, 8], true));
    let page = scene.query("alice", &Query { last_page: true, max: 2, ..query.clone() });
    assert_eq!((numbers(&page), page.complete), (vec![7, 8], false));
    let page = scene.query("alice", &Query { start: Some(Timestamp(4)), end: Some(Timestamp(6)), ..query });
    assert_eq!((numbers(&page), page.complete), (vec![4, 5, 6], true));
}

#[test]
fn what_was_decided_together_is_filed_apart() {
    let scene = Scene::new();
    let facts: Vec<_> = (1..=100).map(|number| scene::said(number, &"y".repeat(1000))).collect();
    scene.append(&between("alice", "bob"), &facts);
    assert_eq!(scene.query("alice", &all()).records.len(), 100);
    // Each row holds its own message, not all of them: or a turn of many would grow with their square.
    assert!(scene.filed_bytes() < 2 * 100 * 1000, "{}", scene.filed_bytes());
}

#[test]
fn the_ends_are_those_of_what_is_there() {
    let scene = Scene::new();
    talk(&scene, 3, 1);
    let ends = scene.history().ends(&Owner::User(address("bob"))).expect("answered");
    assert_eq!(ends.first.zip(ends.last).map(|(a, b)| (a.number, b.number)), Some((1, 3)));
    let ends = scene.history().ends(&Owner::User(address("carol"))).expect("answered");
    assert!(ends.first.is_none() && ends.last.is_none());
}

#[test]
fn who_gets_an_address_again_does_not_read_what_its_former_holder_wrote() {
    let scene = Scene::new();
    scene.append_user("bob", &[scene::account(10)]);
    let say = |numbers: &[u64]| {
        for number in numbers {
            scene.append(&between("alice", "bob"), &[scene::said(*number, "x")]);
        }
    };
    say(&[11, 12]);
    let own = |user| {
        let with = if user == "bob" { "alice" } else { "bob" };
        let both =
            [None, Some(address(with))].map(|with| numbers(&scene.query(user, &Query { with, ..all() })));
        assert_eq!(both[0], both[1], "with or without a filter");
        both[0].clone()
    };
    assert_eq!(own("bob"), [11, 12]);
    scene.append_user("bob", &[domain::user::Fact::AccountRemoved]);
    scene.append_user("bob", &[scene::account(20)]);
    say(&[21]);
    assert_eq!(own("bob"), [21]);
    assert_eq!(own("alice"), [11, 12, 21], "hers goes on");
    let id = HistoryId::new(&between("alice", "bob"), 11, Timestamp(11));
    let named = scene.query("bob", &Query { ids: vec![id], start: Some(Timestamp(1)), ..all() });
    assert!(named.records.is_empty(), "nor by its id");
    let ends = scene.history().ends(&Owner::User(address("bob"))).expect("answered");
    assert_eq!(ends.first.map(|id| id.number), Some(21));
}

#[test]
fn what_expires_takes_its_beginning_with_it() {
    let scene = Scene::new();
    scene.append_user("carol", &[scene::account(10)]);
    scene.append_user("bob", &[scene::account(30)]);
    scene.append(&between("alice", "bob"), &[scene::said(11, "x")]);
    scene.append(&between("alice", "bob"), &[scene::said(31, "x")]);
    assert_eq!(numbers(&scene.query("alice", &all())), [11, 31]);
    // The message has three rows, and carol's beginning is one.
    assert_eq!(scene.history().expire(Timestamp(20)).expect("expires"), 4);
    assert_eq!(numbers(&scene.query("alice", &all())), [31]);
}

#[test]
fn a_shard_that_cannot_be_folded_holds_up_no_other_and_no_question_for_long() {
    let scene = Scene::new();
    talk(&scene, 1, 1);
    assert_eq!(numbers(&scene.query("alice", &all())), [1]);
    assert_eq!(scene.history().trouble(), None);
    scene.spoil();
    let asked = Instant::now();
    assert!(matches!(
        scene.history().query(&Owner::User(address("alice")), &all()),
        Err(HistoryError::Behind)
    ));
    assert!(asked.elapsed() < archive::limits::PATIENCE, "it does not wait for what does not come");
    assert!(scene.history().trouble().is_some_and(|trouble| trouble.starts_with("shard 0, offset 0")));
    scene.append(&between("alice", "bob"), &[scene::said(2, "x")]);
    while scene.history().reached() != [Offset(0), Offset(3)] {
        assert!(asked.elapsed() < archive::limits::PATIENCE, "the other shard goes on");
        std::thread::yield_now();
    }
}
