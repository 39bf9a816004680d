//! The history over a log in memory: how much one page holds, and how it leads on to the next.

mod scene;

use domain::{
    Timestamp,
    history::{HistoryId, Owner, Page, Query},
    limits::{HISTORY_BYTES, HISTORY_PAGE},
};
use scene::{Scene, address, between, of};

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
    let with = Query { with: Some(address("bob")), ..of("alice") };
    for query in [of("alice"), with] {
        let page = scene.query(&query);
        assert_eq!((numbers(&page), page.complete), (vec![1, 2, 3, 4], false));
        let after = page.records.last().map(|record| record.id);
        let page = scene.query(&Query { after, ..query.clone() });
        assert_eq!((numbers(&page), page.complete), (vec![5, 6, 7, 8], false));
        let page = scene.query(&Query { last_page: true, ..query.clone() });
        assert_eq!((numbers(&page), page.complete), (vec![7, 8, 9, 10], false));
        let before = page.records.first().map(|record| record.id);
        let page = scene.query(&Query { before, last_page: true, max: 2, ..query.clone() });
        assert_eq!((numbers(&page), page.complete), (vec![5, 6], false));
    }
}

#[test]
fn one_message_is_given_however_large() {
    let scene = Scene::new();
    talk(&scene, 2, HISTORY_BYTES + 1);
    let page = scene.query(&of("alice"));
    assert_eq!((numbers(&page), page.complete), (vec![1], false));
    let page = scene.query(&Query { last_page: true, ..of("alice") });
    assert_eq!((numbers(&page), page.complete), (vec![2], false));
}

#[test]
fn a_page_has_a_limit_of_messages() {
    let scene = Scene::new();
    talk(&scene, u64::from(HISTORY_PAGE) + 1, 1);
    let page = scene.query(&Query { max: u32::MAX, ..of("alice") });
    assert_eq!((page.records.len(), page.complete), (HISTORY_PAGE as usize, false));
}

#[test]
fn named_messages_come_in_pages_too() {
    let scene = Scene::new();
    talk(&scene, 8, HISTORY_BYTES / 4);
    let id = |number| HistoryId::new(&between("alice", "bob"), number, Timestamp(number));
    // In any order, twice, and one that there is not.
    let ids = [8, 7, 6, 5, 4, 3, 2, 2, 99].map(id).to_vec();
    let query = Query { ids, ..of("alice") };
    let page = scene.query(&query);
    assert_eq!((numbers(&page), page.complete), (vec![2, 3, 4, 5], false));
    let page = scene.query(&Query { after: Some(id(5)), ..query.clone() });
    assert_eq!((numbers(&page), page.complete), (vec![6, 7, 8], true));
    let page = scene.query(&Query { last_page: true, max: 2, ..query.clone() });
    assert_eq!((numbers(&page), page.complete), (vec![7, 8], false));
    let page = scene.query(&Query { start: Some(Timestamp(4)), end: Some(Timestamp(6)), ..query });
    assert_eq!((numbers(&page), page.complete), (vec![4, 5, 6], true));
}

#[test]
fn what_was_decided_together_is_filed_apart() {
    let scene = Scene::new();
    let facts: Vec<_> = (1..=100).map(|number| scene::said(number, &"y".repeat(1000))).collect();
    scene.append(&between("alice", "bob"), &facts);
    assert_eq!(scene.query(&of("alice")).records.len(), 100);
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
