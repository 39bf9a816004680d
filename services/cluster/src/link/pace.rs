//! How fast links go.

use std::time::Duration;

/// Bytes of HTTP/2 that a peer may have sent and we have not read: of a stream, and of a connection.
pub(crate) const WINDOW_BYTES: u32 = 1024 * 1024;
/// An idle connection is asked this often whether it still stands.
pub(crate) const KEEPALIVE: Duration = Duration::from_secs(5);
/// Between two attempts to connect: this, doubled each time.
pub(crate) const REDIAL_FIRST: Duration = Duration::from_millis(50);
/// … and never more than this.
pub(crate) const REDIAL_MOST: Duration = Duration::from_secs(2);
/// After the receiver has refused a message it is asked again after this.
pub(crate) const RETRY_TAKE: Duration = Duration::from_millis(5);
