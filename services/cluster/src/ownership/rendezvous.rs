//! Who should own a shard: the node whose hash with the shard is highest (rendezvous hashing). All nodes that know the same
//! members compute the same, and a node that comes or goes moves only its own part. The hash is of the node's name, not of
//! its life, so that a node that was restarted gets its shards back.

use crate::NodeId;
use domain::Shard;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The winner of a shard among these nodes.
pub fn winner<'a>(shard: Shard, nodes: impl Iterator<Item = &'a NodeId>) -> Option<&'a NodeId> {
    nodes.max_by_key(|node| (xxh3_64_with_seed(node.name.as_bytes(), u64::from(shard.0) + 1), &node.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn nodes(count: u64) -> Vec<NodeId> {
        (0..count).map(|n| NodeId::new(&format!("front-{n}"), n)).collect()
    }

    #[test]
    fn every_node_has_about_its_part() {
        let nodes = nodes(4);
        let mut parts: BTreeMap<&NodeId, u32> = BTreeMap::new();
        for shard in 0..1024 {
            *parts.entry(winner(Shard(shard), nodes.iter()).expect("there are nodes")).or_default() += 1;
        }
        assert!(parts.len() == 4 && parts.values().all(|part| (180..330).contains(part)), "{parts:?}");
    }

    #[test]
    fn who_comes_moves_only_its_own_part() {
        let all = nodes(5);
        let moved: Vec<_> = (0..1024)
            .filter_map(|shard| {
                let before = winner(Shard(shard), all[..4].iter());
                let after = winner(Shard(shard), all.iter());
                (before != after).then_some(after)
            })
            .collect();
        assert!(moved.iter().all(|to| *to == Some(&all[4])));
        assert!((150..260).contains(&moved.len()), "{} of 1024 moved to one of five", moved.len());
    }

    #[test]
    fn another_life_of_a_node_has_the_same_part() {
        let (before, mut after) = (nodes(3), nodes(3));
        after[1].incarnation = 77;
        for shard in 0..64 {
            let name = |of: &[NodeId]| winner(Shard(shard), of.iter()).map(|node| node.name.clone());
            assert_eq!(name(&before), name(&after));
        }
    }
}
