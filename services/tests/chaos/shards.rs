//! Which node owns which shard, by `linnet shard list`, and moving one.

use crate::board::Chance;
use domain::{Address, ConversationId, Home, ShardCount};
use serde_json::Value;
use std::{
    thread,
    time::{Duration, Instant},
};
use tests::{Server, limits::START, server::DOMAIN};

/// A listing that stays the same for so long is taken for the last.
const CALM: Duration = Duration::from_secs(1);

/// A listing.
#[derive(PartialEq)]
pub(crate) struct Shards(Vec<Option<usize>>);

impl Shards {
    /// As it is now.
    pub(crate) fn of(server: &Server) -> Self {
        let output = server.command(&["shard", "list", "--json"], "");
        let shards: Vec<Value> = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}\n{}", String::from_utf8_lossy(&output.stderr), server.log()));
        Self(shards.iter().map(|shard| node(&shard["owner"])).collect())
    }

    /// Waits until all nodes own some of them, and none moves any more.
    pub(crate) fn wait_until_calm(server: &Server) {
        let until = Instant::now() + START;
        let (mut before, mut since) = (Self::of(server), Instant::now());
        while since.elapsed() < CALM || (0..server.size()).any(|node| before.owned_by(node).is_empty()) {
            assert!(Instant::now() < until, "shards come to no rest\n{}", server.log());
            thread::sleep(Duration::from_millis(100));
            let now = Self::of(server);
            if now != before {
                (before, since) = (now, Instant::now());
            }
        }
    }

    /// Numbers of those that this node owns.
    pub(crate) fn owned_by(&self, node: usize) -> Vec<u16> {
        let owned = self.0.iter().enumerate().filter(|(_, owner)| **owner == Some(node));
        owned.filter_map(|(shard, _)| u16::try_from(shard).ok()).collect()
    }

    /// Any shard, to any node that does not have it.
    pub(crate) fn some_move(&self, nodes: usize, chance: &mut Chance) -> (u16, usize) {
        let shard = chance.index(self.0.len());
        let owner = self.0[shard].unwrap_or_default();
        let node = (owner + 1 + chance.index(nodes - 1)) % nodes;
        (u16::try_from(shard).unwrap_or_default(), node)
    }

    /// As an operator does it.
    pub(crate) fn move_one(server: &Server, shard: u16, node: usize) -> Result<(), String> {
        let moved = server.command(&["shard", "move", &shard.to_string(), &format!("n{}", node + 1)], "");
        if moved.status.success() {
            return Ok(());
        }
        Err(format!("shard {shard} did not move: {}", String::from_utf8_lossy(&moved.stderr).trim()))
    }
}

/// `n1` is the first.
fn node(owner: &Value) -> Option<usize> {
    owner.as_str()?.strip_prefix('n')?.parse::<usize>().ok()?.checked_sub(1)
}

/// The shard of the conversation in which this user and that address talk.
pub(crate) fn shard_of(user: &str, place: &str) -> u16 {
    let parse = |text: &str| Address::parse(text).expect("an address");
    let id = if place.ends_with(&format!("@conference.{DOMAIN}")) {
        ConversationId::Conference(parse(place))
    } else {
        ConversationId::between(parse(user), parse(place))
    };
    Home::Conversation(id).shard(ShardCount::new(crate::SHARDS).expect("not zero")).0
}

/// The shard of a user.
pub(crate) fn shard_of_user(user: &str) -> u16 {
    let user = Address::parse(user).expect("an address");
    Home::User(user).shard(ShardCount::new(crate::SHARDS).expect("not zero")).0
}
