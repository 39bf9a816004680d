//! Every bound of the cluster, and what happens at it.

use std::time::Duration;

/// Nodes in a pool; the news of one more are not heard.
pub const MEMBERS: usize = 256;
/// Bytes of a node's name; a longer one is refused at the start, and a packet with one is dropped.
pub const NAME_BYTES: usize = 128;
/// Bytes of an advertised address; a longer one is refused at the start, and a packet with one is dropped.
pub const ADDRESS_BYTES: usize = 255;
/// Bytes of a gossip packet; a larger one is dropped. Fits into an Ethernet frame with all headers.
pub const PACKET_BYTES: usize = 1_400;
/// Names or addresses to ask to join; more are refused at the start.
pub const SEEDS: usize = 64;
/// Addresses that one such name may stand for; the others are not asked this time.
pub const ADDRESSES_PER_NAME: usize = 64;

/// Messages that wait on a link until the peer has taken them; one more is given back.
pub const QUEUE_MESSAGES: usize = 65_536;
/// Bytes that wait on a link until the peer has taken them; more are given back.
pub const QUEUE_BYTES: usize = 32 * 1024 * 1024;
/// Bytes of one message; a larger one is given back by the link, and refused by whoever reads it. Twice a record of the
/// log, since what is said may hold what was logged and more beside it.
pub const MESSAGE_BYTES: usize = 2 * event_log::limits::RECORD_BYTES;
/// Bytes of messages in one batch, unless a single one is larger; the others follow in the next.
pub const BATCH_BYTES: usize = 128 * 1024;
/// Messages in one batch; the others follow in the next.
pub const BATCH_MESSAGES: usize = 1_024;
/// Bytes of a frame as received; a larger one ends the connection before it is read.
pub const FRAME_BYTES: usize = MESSAGE_BYTES + BATCH_BYTES + 64 * 1024;
/// Connections on the cluster port that have not said a good hello; one more is closed as it is accepted.
pub const GREETING: usize = 64;
/// TLS and the hello must be through by then; the connection is closed.
pub const HELLO: Duration = Duration::from_secs(5);
/// While something waits and nothing is acknowledged for this long, the link is lost.
pub const STUCK: Duration = Duration::from_secs(15);
/// News of ownership that wait to be read; more are refused, so that their link waits.
pub const NEWS_WAITING: usize = 1_024;
/// Who leaves waits this long for what waits on links; the rest is gone with it.
pub const FLUSH: Duration = Duration::from_secs(1);
/// Bytes of a PEM file; a larger one is not read.
pub const PEM_BYTES: u64 = 1024 * 1024;

/// Shards that a node takes at once; the others follow as these are done.
pub const TAKES: usize = 16;
/// Shards that a node hands over at once; the others follow as these are done.
pub const RELEASES: usize = 4;
/// A node that has just started, or slept, waits this long at most for the tables of the others before it takes.
pub const SETTLE: Duration = Duration::from_secs(2);
/// The wait before a lost shard is claimed again: this, doubled each time, and jitter.
pub const BACK_OFF_FIRST: Duration = Duration::from_millis(200);
/// … and never more than this.
pub const BACK_OFF_MOST: Duration = Duration::from_secs(10);
/// Who drains waits this long for the others to take what it gave up.
pub const DRAINED: Duration = Duration::from_secs(5);

/// Entries of one list in a message; a message with more is refused. No client can ask for so many in one stanza, and
/// no limit of the domain is as high.
pub const LIST_ENTRIES: usize = 65_536;
/// Sentences of refusals that other nodes said, kept for good: a release has a fixed number of them. Of any more only
/// the reason is heard.
pub const SENTENCES: usize = 512;
/// Bytes of such a sentence; of a longer one only the reason is heard.
pub const SENTENCE_BYTES: usize = 512;
