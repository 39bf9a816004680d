//! How often, how long and how much at a time the state of shards is carried on: paces, which bound nothing.

use std::time::Duration;

/// What has changed in the shards of a node in a pool is put into `linnet.state` this often; a new owner that has no copy
/// of its own replays about this much of the log. What failed is tried again after this, too.
pub(crate) const PUBLISH_EVERY: Duration = Duration::from_secs(10);

/// Between comparing one newly owned shard with what lies in `linnet.state` and the next one.
pub(crate) const COMPARE_PAUSE: Duration = Duration::from_millis(100);

/// Records of the state are waited for so long; then they are put again.
pub(crate) const STATE_FLUSH: Duration = Duration::from_secs(10);

/// Who hands a shard over waits so long for its newest state to be put; without it the next owner replays more.
pub(crate) const RELEASE_FLUSH: Duration = Duration::from_secs(2);

/// A node that is more records behind the end of a shard first loads what lies in `linnet.state`.
pub(crate) const REPLAY_RECORDS: u64 = 50_000;

/// The next owner in line folds what is new this often.
pub(crate) const STANDBY_EVERY: Duration = Duration::from_secs(2);

/// Pages of one shard ([`crate::limits::REPLAY_BYTES`] each) that it folds before it looks at the other shards.
pub(crate) const STANDBY_PAGES: usize = 64;
