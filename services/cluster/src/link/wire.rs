//! Frames and news to and from their contract (`proto/linnet/cluster/v1/link.proto`), and whether a hello is one to speak with.

use super::queue::{Ends, Item, Outgoing};
use crate::{
    NodeId, Standing, limits,
    ownership::table::{News, Pin, Row},
};
use bytes::Bytes;
use domain::{Shard, ShardCount};
use prost::Message as _;
use proto::cluster as contract;

/// The version of links that this program speaks; one apart still works.
pub(crate) const PROTOCOL: u32 = 1;

/// Who this node is, for hellos.
#[derive(Clone, Debug)]
pub(crate) struct Introduction {
    pub(crate) me: NodeId,
    pub(crate) release: String,
    pub(crate) domain: String,
    pub(crate) shards: ShardCount,
    pub(crate) protocol: u32,
}

/// What a good hello said.
#[derive(Debug)]
pub(crate) struct Hello {
    pub(crate) node: NodeId,
    pub(crate) release: String,
    pub(crate) ends: Ends,
}

/// Why a hello is refused; what both sides log.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "it speaks version {theirs} of links and {name} version {ours}: more than one apart; upgrade one release at a time"
    )]
    Version { name: String, theirs: u32, ours: u32 },
    #[error("it serves {theirs} and {name} serves {ours}")]
    Domain { name: String, theirs: String, ours: String },
    #[error("it has {theirs} shards and {name} has {ours}")]
    Shards { name: String, theirs: u32, ours: u16 },
    #[error("it has the name of {0} itself")]
    Oneself(String),
    #[error("its hello says no name, incarnation or session that could be")]
    Garbage,
}

impl Introduction {
    pub(crate) fn hello(&self, ends: Ends) -> contract::Frame {
        let hello = contract::Hello {
            protocol: self.protocol,
            release: self.release.clone(),
            node: Some(encode_node(&self.me)),
            deployment: Some(contract::Deployment {
                domain: self.domain.clone(),
                shards: u32::from(self.shards.get()),
            }),
            session: ends.session,
            known: ends.known,
            handled: ends.handled,
        };
        contract::Frame { frame: Some(contract::frame::Frame::Hello(hello)) }
    }

    /// Judges the other's first frame.
    pub(crate) fn judge(&self, frame: Option<contract::Frame>) -> Result<Hello, Refusal> {
        let Some(contract::Frame { frame: Some(contract::frame::Frame::Hello(hello)) }) = frame else {
            return Err(Refusal::Garbage);
        };
        let name = self.me.name.to_string();
        if hello.protocol.abs_diff(self.protocol) > 1 {
            return Err(Refusal::Version { name, theirs: hello.protocol, ours: self.protocol });
        }
        let deployment = hello.deployment.ok_or(Refusal::Garbage)?;
        if deployment.domain != self.domain {
            return Err(Refusal::Domain {
                name,
                theirs: shorten(&deployment.domain),
                ours: self.domain.clone(),
            });
        }
        if deployment.shards != u32::from(self.shards.get()) {
            return Err(Refusal::Shards { name, theirs: deployment.shards, ours: self.shards.get() });
        }
        let node = hello.node.as_ref().and_then(decode_node).ok_or(Refusal::Garbage)?;
        if node.name == self.me.name {
            return Err(Refusal::Oneself(name));
        }
        if hello.session == 0 {
            return Err(Refusal::Garbage);
        }
        let ends = Ends { session: hello.session, known: hello.known, handled: hello.handled };
        Ok(Hello { node, release: shorten(&hello.release), ends })
    }
}

/// What a stranger says of itself goes into a log line, cut and without control characters.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

pub(crate) fn encode_batch(batch: Outgoing) -> contract::Frame {
    let item = |item| match item {
        Item::Message(bytes) => contract::item::Item::Message(bytes),
        Item::News(bytes) => contract::item::Item::News(bytes),
    };
    let items = batch.items.into_iter().map(|i| contract::Item { item: Some(item(i)) }).collect();
    let batch = contract::Batch { first: batch.first, items, handled: batch.handled };
    contract::Frame { frame: Some(contract::frame::Frame::Batch(batch)) }
}

/// An item of a release that is newer by one may be unknown: it counts as taken.
pub(crate) fn decode_item(item: contract::Item) -> Option<Item> {
    Some(match item.item? {
        contract::item::Item::Message(bytes) => Item::Message(bytes),
        contract::item::Item::News(bytes) => Item::News(bytes),
    })
}

pub(crate) fn encode_news(news: &News) -> Bytes {
    let row = |(shard, row): &(Shard, Row)| contract::Row {
        shard: u32::from(shard.0),
        epoch: row.epoch,
        owner: row.owner.as_ref().map(encode_node),
    };
    let pin = |(shard, pin): &(Shard, Pin)| contract::Pin {
        shard: u32::from(shard.0),
        number: pin.number,
        node: pin.node.as_ref().map(encode_node),
    };
    let standing = match news.standing {
        Standing::Joining => contract::Stage::Joining,
        Standing::Serving => contract::Stage::Serving,
        Standing::Draining => contract::Stage::Draining,
    };
    let news = contract::News {
        whole: news.whole,
        standing: standing.into(),
        rows: news.rows.iter().map(row).collect(),
        pins: news.pins.iter().map(pin).collect(),
    };
    news.encode_to_vec().into()
}

/// `None` where a part is none that could be.
pub(crate) fn decode_news(bytes: &[u8]) -> Option<News> {
    let news = contract::News::decode(bytes).ok()?;
    let standing = match contract::Stage::try_from(news.standing).ok()? {
        contract::Stage::Unspecified => return None,
        contract::Stage::Joining => Standing::Joining,
        contract::Stage::Serving => Standing::Serving,
        contract::Stage::Draining => Standing::Draining,
    };
    let shard = |shard: u32| u16::try_from(shard).ok().map(Shard);
    let node = |node: Option<contract::Node>| match node {
        Some(node) => decode_node(&node).map(Some),
        None => Some(None),
    };
    let rows = news.rows.into_iter();
    let rows = rows.map(|row| Some((shard(row.shard)?, Row { epoch: row.epoch, owner: node(row.owner)? })));
    let pins = news.pins.into_iter();
    let pins = pins.map(|pin| Some((shard(pin.shard)?, Pin { number: pin.number, node: node(pin.node)? })));
    Some(News {
        whole: news.whole,
        standing,
        rows: rows.collect::<Option<_>>()?,
        pins: pins.collect::<Option<_>>()?,
    })
}

fn encode_node(node: &NodeId) -> contract::Node {
    contract::Node { name: node.name.to_string(), incarnation: node.incarnation }
}

fn decode_node(node: &contract::Node) -> Option<NodeId> {
    let good = !node.name.is_empty()
        && node.name.len() <= limits::NAME_BYTES
        && !node.name.contains(char::is_control);
    good.then(|| NodeId::new(&node.name, node.incarnation))
}
