//! Two processes with one name.

mod play;

use cluster::Owner;
use domain::Shard;
use play::{Log, until};
use std::{sync::Arc, thread, time::Duration};

#[test]
fn a_node_whose_name_is_taken_over_is_told_so_and_takes_no_shards_for_being_alone() {
    let log = Arc::new(Log::default());
    let first = play::start(play::options("a", &[]), &log);
    let seed = [first.cluster.address().to_owned()];
    let old = play::start(play::options("b", &seed), &log);
    first.cluster.set_serving();
    old.cluster.set_serving();
    until("they share", || play::agreed(&[&first, &old]));
    // Nothing to wait for but age: older than any process that may take a name over.
    thread::sleep(Duration::from_secs(6));
    let new = play::start(play::options("b", &seed), &log);
    new.cluster.set_serving();
    until("the old one is told", || old.notes().contains(&"replaced".to_owned()));
    until("the new one has its shards", || play::agreed(&[&first, &new]));
    let claims = old.cluster.numbers().takes;
    let here = |shard: u16| matches!(first.cluster.owner(Shard(shard)), Owner::Here { .. });
    let kept: Vec<u16> = (0..64).filter(|shard| here(*shard)).collect();
    assert!(!kept.is_empty() && play::agreed(&[&first, &new]));
    assert_eq!(old.cluster.numbers().takes, claims);
    play::block_on(old.cluster.drain());
}
