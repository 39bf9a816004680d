//! Real nodes on loopback: they find each other, share the shards, speak, and go.

mod play;

use bytes::Bytes;
use cluster::Standing;
use play::{Node, until};
use std::{collections::BTreeSet, time::Duration};

#[test]
fn three_nodes_share_the_shards_and_every_node_knows_who_has_which() {
    let nodes = play::pool(3);
    until("each shard has one owner that all name", || play::agreed(&nodes.iter().collect::<Vec<_>>()));
    for node in &nodes {
        assert!(node.cluster.numbers().shards_owned > 5, "{:?}", node.cluster.numbers());
        assert!(node.cluster.members().iter().all(|member| member.standing == Standing::Serving));
    }
}

#[test]
fn messages_come_once_and_in_order() {
    let nodes = play::pool(2);
    let (from, to) = (&nodes[0], &nodes[1]);
    until("they know each other", || from.cluster.members().len() == 2);
    let peer = to.cluster.me().clone();
    for number in 0_u32..20_000 {
        let message = Bytes::copy_from_slice(&number.to_be_bytes());
        until("there is room", || from.cluster.send(&peer, message.clone()).is_ok());
    }
    until("all have come", || to.received().len() == 20_000);
    let expected: Vec<Bytes> = (0_u32..20_000).map(|n| Bytes::copy_from_slice(&n.to_be_bytes())).collect();
    assert!(to.received().iter().map(|(_, message)| message).eq(&expected));
}

#[test]
fn the_shards_of_a_node_that_drains_are_with_the_others_before_it_goes() {
    let nodes = play::pool(3);
    until("each shard has one owner", || play::agreed(&nodes.iter().collect::<Vec<_>>()));
    play::block_on(nodes[1].cluster.drain());
    assert_eq!(nodes[1].cluster.numbers().shards_owned, 0);
    until("the others have all", || play::agreed(&[&nodes[0], &nodes[2]]));
    play::block_on(nodes[1].cluster.leave());
    until("it is gone for the others", || nodes[0].cluster.members().len() == 2);
}

#[test]
fn a_node_that_ends_without_a_word_is_gone_in_a_second_and_its_shards_are_taken() {
    let mut nodes = play::pool(3);
    until("each shard has one owner", || play::agreed(&nodes.iter().collect::<Vec<_>>()));
    let owned: BTreeSet<u16> = nodes[2].shards();
    let dead = nodes.remove(2);
    let took = play::seconds(|| {
        dead.kill();
        until("the others know", || nodes.iter().all(|node| node.cluster.members().len() == 2));
    });
    assert!(took < Duration::from_secs(1), "{took:?}");
    until("each shard has one owner", || play::agreed(&nodes.iter().collect::<Vec<_>>()));
    let taken: BTreeSet<u16> = nodes.iter().flat_map(Node::shards).collect();
    assert!(taken.is_superset(&owned));
}
