//! Rows beside the log: put in order, flushed, and loaded to their end.

use crate::ear::{A, B, connect, options};
use bytes::Bytes;
use event_log::{State, StateError, limits};
use std::collections::BTreeMap;
use tests::{Kafka, limits::WAIT};

fn rows(state: &State, shard: domain::Shard) -> BTreeMap<String, Option<Bytes>> {
    let mut rows = BTreeMap::new();
    let text = |key: Bytes| String::from_utf8_lossy(&key).into_owned();
    state
        .load(shard, |key, value| _ = rows.insert(text(key), value))
        .unwrap_or_else(|error| panic!("{error}"));
    rows
}

#[test]
fn rows_are_loaded_as_they_were_put_last() {
    let log = connect(&options(Kafka::shared()));
    let state = log.state().expect("on Kafka");
    for (key, value) in [("alice", Some("1")), ("bob", Some("1")), ("alice", Some("2")), ("bob", None)] {
        state.put(A, key.as_bytes(), value.map(str::as_bytes)).expect("taken");
    }
    state.flush(WAIT).expect("written");
    let other = log.state().expect("on Kafka");
    let expected = [("alice".to_owned(), Some(Bytes::from("2"))), ("bob".to_owned(), None)];
    for _ in 0..2 {
        assert_eq!(rows(&other, A), BTreeMap::from(expected.clone()));
        assert_eq!(rows(&other, B), BTreeMap::new());
    }
}

#[test]
fn many_rows_are_loaded_in_steps_and_a_large_one_is_refused() {
    let log = connect(&options(Kafka::shared()));
    let state = log.state().expect("on Kafka");
    let count = 2 * limits::LOAD_ROWS + 1;
    for number in 0..count {
        state.put(B, format!("{number}").as_bytes(), Some(b"row")).expect("taken");
    }
    state.flush(WAIT).expect("written");
    assert_eq!(rows(&state, B).len(), count);
    let large = vec![0; limits::ROW_BYTES + 1];
    assert_eq!(state.put(A, b"", Some(&large)), Err(StateError::TooLarge(large.len())));
}

#[test]
fn many_read_what_is_old_at_once() {
    let options = options(Kafka::shared());
    let log = connect(&options);
    let line = crate::ear::Line::new(&log, A);
    line.put("old");
    let late = connect(&options);
    std::thread::scope(|scope| {
        let late = &late;
        let readers = (0..3 * limits::READERS).map(|_| scope.spawn(move || crate::ear::texts(late, A, 0)));
        for reader in readers.collect::<Vec<_>>() {
            assert_eq!(reader.join().expect("reads"), [(0, "old".to_owned())]);
        }
    });
}
