//! A front end of a pool: the actors of the shards that it owns, and sessions of anybody.

use crate::config::Node;
use std::process::ExitCode;

/// Runs until it is told to stop.
#[allow(clippy::needless_pass_by_value, reason = "the role takes it")]
pub(crate) fn run(node: Node) -> ExitCode {
    eprintln!("linnet: this build serves no pool yet; the settings of {} can be used", node.name);
    ExitCode::FAILURE
}
