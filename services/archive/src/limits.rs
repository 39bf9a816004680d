//! Every bound of the archive, and what happens at it.

use std::time::Duration;

/// Bytes of the log that become one batch of rows; what follows becomes the next.
pub const FOLD_BYTES: usize = 1 << 20;
/// After it was woken, the fold waits this long for more to come, unless somebody waits for it.
pub const GATHER: Duration = Duration::from_millis(250);
/// A question waits this long for the fold to reach the end of the log; then it is refused with `TryLater`.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// A shard that cannot be folded (an error of the disk, a record that cannot be understood) is tried again after this,
/// while the others go on; questions are refused meanwhile if the shard is behind.
pub const RETRY: Duration = Duration::from_secs(1);
/// Rows that one step of the expiry deletes at once.
pub const EXPIRE_ROWS: usize = 10_000;
