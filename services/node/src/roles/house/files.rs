//! How many files and connections the process may have open: as many as the system lets it, and said where that is too few.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;

/// Files that the database, the listeners and the rest have open beside connections, with some to spare.
const OWN: u64 = 1_024;
/// With fewer, not even the database could work.
const LEAST: u64 = OWN + 256;

/// Raises the soft limit to the hard one; warns if that is not enough for so many connections.
///
/// Errors: it is too few to work with.
pub(super) fn allow(connections: usize) -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    let Some(most) = getrlimit(Resource::Nofile).current else { return Ok(()) };
    if most < LEAST {
        let problem = format!(
            "the process may open {most} files only; allow {LEAST} at least (ulimit -n, LimitNOFILE)"
        );
        return Err(io::Error::other(problem));
    }
    if most < connections as u64 + OWN {
        tracing::warn!(
            most,
            connections,
            "the process may open fewer files than --max-connections needs; allow more (ulimit -n, LimitNOFILE) or lower it"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        allow(1).expect("enough for a test");
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
