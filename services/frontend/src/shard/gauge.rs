//! How busy an entity is, as its shard and itself count it on their one thread: who has something coming is not put away.

use std::cell::Cell;

/// What shard and entity both see of the traffic between them.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    /// Asks that the shard has sent.
    pub(crate) sent: Cell<u64>,
    /// Asks that the entity has handled.
    pub(crate) handled: Cell<u64>,
    /// Nothing is under way in the entity.
    pub(crate) idle: Cell<bool>,
}

impl Gauge {
    /// Asks on their way.
    pub(crate) fn under_way(&self) -> u64 {
        self.sent.get() - self.handled.get()
    }
}
