//! How fast ownership goes.

use std::time::Duration;

/// A node that was not run for this long knows that it slept.
pub(crate) const SLEPT: Duration = Duration::from_secs(5);
/// Who kept a shard for so long begins with the first wait again.
pub(crate) const KEPT: Duration = Duration::from_secs(30);
/// The whole table goes to one linked node, chosen at random, this often.
pub(crate) const TELL: Duration = Duration::from_secs(2);
