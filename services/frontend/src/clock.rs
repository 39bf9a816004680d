//! The only place of the front end that reads the clock.

use domain::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, to hand to a machine. A clock before 1970 counts as 1970.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
