//! How long the tests wait, and what happens then: the test fails and says what came instead.

use std::time::Duration;

/// For anything that must come. Long, since test machines are slow at times; nothing ever waits this long in vain unless
/// a test fails.
pub const WAIT: Duration = Duration::from_secs(20);
/// For the server's line that it is ready, and for its end.
pub const START: Duration = Duration::from_mins(1);
/// A write that takes longer has met a server that does not read.
pub const WRITE: Duration = Duration::from_secs(20);
