//! Log lines to standard error: for people, or one JSON object each.

use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Starts it. The filter was checked when the configuration was read.
pub(super) fn start(filter: &str, json: bool) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process keeps the first.
    let _ = if json {
        lines.json().try_init()
    } else {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        lines.with_ansi(colour).try_init()
    };
}
