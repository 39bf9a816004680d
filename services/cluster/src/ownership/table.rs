//! What is known of who owns which shard: rows and pins that merge in any order, twice or late, to the same end
//! (the highest counts). Invariant: a row or pin never goes back.

use crate::NodeId;
use domain::{Shard, ShardCount};

/// Who owns one shard. Of the same epoch only the owner itself says that it gave up, so nobody comes after somebody.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Row {
    /// The claim's epoch; 0: never claimed as far as is known.
    pub epoch: u64,
    /// The owner; nobody if it gave up.
    pub owner: Option<NodeId>,
}

impl Row {
    fn beats(&self, other: &Self) -> bool {
        (self.epoch, self.owner.is_none()) > (other.epoch, other.owner.is_none())
    }
}

/// An operator's move.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pin {
    /// Each move has a higher one; 0: never moved.
    pub number: u64,
    /// The life of the node that it is pinned to; nobody once that is gone.
    pub node: Option<NodeId>,
}

impl Pin {
    fn beats(&self, other: &Self) -> bool {
        (self.number, self.node.is_none(), &self.node) > (other.number, other.node.is_none(), &other.node)
    }
}

/// What ownership is to be told to others: all of it, or what the sender has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct News {
    /// All that the sender knows.
    pub whole: bool,
    /// What the sender does now.
    pub standing: crate::Standing,
    /// Rows, at most one of a shard.
    pub rows: Vec<(Shard, Row)>,
    /// Pins, at most one of a shard.
    pub pins: Vec<(Shard, Pin)>,
}

/// A row and a pin for each shard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    rows: Vec<Row>,
    pins: Vec<Pin>,
}

impl Table {
    /// Nobody owns anything.
    pub fn new(shards: ShardCount) -> Self {
        let count = usize::from(shards.get());
        Self { rows: vec![Row::default(); count], pins: vec![Pin::default(); count] }
    }

    /// The shards of the deployment.
    pub fn shards(&self) -> impl Iterator<Item = Shard> + use<> {
        (0..u16::try_from(self.rows.len()).unwrap_or(u16::MAX)).map(Shard)
    }

    /// The row of a shard; `None` where the deployment has no such shard.
    pub fn row(&self, shard: Shard) -> Option<&Row> {
        self.rows.get(usize::from(shard.0))
    }

    /// The pin of a shard; `None` where the deployment has no such shard.
    pub fn pin(&self, shard: Shard) -> Option<&Pin> {
        self.pins.get(usize::from(shard.0))
    }

    /// Takes the row if it is newer; says whether it was.
    pub fn merge(&mut self, shard: Shard, row: Row) -> bool {
        match self.rows.get_mut(usize::from(shard.0)) {
            Some(known) if row.beats(known) => {
                *known = row;
                true
            }
            _ => false,
        }
    }

    /// Takes the pin if it is newer; says whether it was.
    pub fn merge_pin(&mut self, shard: Shard, pin: Pin) -> bool {
        match self.pins.get_mut(usize::from(shard.0)) {
            Some(known) if pin.beats(known) => {
                *known = pin;
                true
            }
            _ => false,
        }
    }

    /// All that is known.
    pub fn whole(&self, standing: crate::Standing) -> News {
        let row = |shard: Shard| self.row(shard).filter(|row| row.epoch > 0).map(|row| (shard, row.clone()));
        let pin = |shard: Shard| self.pin(shard).filter(|pin| pin.number > 0).map(|pin| (shard, pin.clone()));
        News {
            whole: true,
            standing,
            rows: self.shards().filter_map(row).collect(),
            pins: self.shards().filter_map(pin).collect(),
        }
    }
}
