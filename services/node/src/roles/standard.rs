//! Standard Edition: every role in one process, over a log of its own.

use super::house;
use crate::config::Standard;
use std::process::ExitCode;

/// Runs until it is told to stop.
pub(crate) fn run(standard: Standard) -> ExitCode {
    house::run(standard, None)
}
