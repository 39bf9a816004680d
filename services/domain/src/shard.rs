//! Shards: the unit of ownership (Lync: routing groups). `shard = xxh3(home key) % shards`.

use crate::{Address, ConversationId};
use xxhash_rust::xxh3::xxh3_64;

/// How many shards a deployment has; fixed when it is made and written into the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShardCount(u16);

impl ShardCount {
    /// 64, enough for a pool of a dozen nodes.
    pub const DEFAULT: Self = Self(64);

    /// `None` for zero.
    pub fn new(count: u16) -> Option<Self> {
        (count > 0).then_some(Self(count))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }

    /// Every shard of the deployment.
    pub fn all(self) -> impl Iterator<Item = Shard> {
        (0..self.0).map(Shard)
    }
}

/// One shard: a partition of the log, owned by one node at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Shard(pub u16);

/// An entity that lives in a shard.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Home {
    /// A user: account, roster, presentity, endpoints.
    User(Address),
    /// A conversation: its focus and its IM MCU.
    Conversation(ConversationId),
}

impl Home {
    /// The text that decides the shard: of a user the bare address, of a two-party conversation the lower of its
    /// two addresses, of a conference its id.
    pub fn key(&self) -> &str {
        match self {
            Self::User(address) => address.as_str(),
            Self::Conversation(id) => id.home_key(),
        }
    }

    /// The shard that owns this entity.
    pub fn shard(&self, shards: ShardCount) -> Shard {
        let bucket = xxh3_64(self.key().as_bytes()) % u64::from(shards.0);
        Shard(u16::try_from(bucket).expect("a remainder of a u16 is a u16"))
    }
}
