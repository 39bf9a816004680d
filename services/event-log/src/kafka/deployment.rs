//! Whose topics these are: the first record of `linnet.state`, partition 0, under a fixed key, says which domain and how
//! many shards. Another pool that comes to the same topics is refused by name.

use super::{ConnectError, Options, State};
use bytes::Bytes;
use domain::Shard;
use prost::Message as _;
use proto::state::Deployment;
use std::time::{Duration, Instant};

/// No entity has such a key: theirs are not text with a space.
pub(super) const KEY: &[u8] = b"the deployment";

/// Reads who was first, or is the first.
pub(super) fn settle(options: &Options, state: &State, deadline: Instant) -> Result<(), ConnectError> {
    let mine = Deployment { domain: options.domain.clone(), shards: options.shards.get().into() };
    let mut found = first(state)?;
    if found.is_none() {
        put(state, &mine, deadline)?;
        // Somebody else may have put his at the same time; whose came first is the same for both.
        found = first(state)?;
        if let Some(theirs) = found.as_ref().filter(|found| **found != mine) {
            // Compaction keeps the newest of a key, and that must not be ours.
            put(state, theirs, deadline)?;
        }
    }
    match found {
        Some(found) if found.domain != mine.domain => Err(ConnectError::Domain {
            topics: options.prefix.clone(),
            theirs: found.domain,
            ours: mine.domain,
        }),
        Some(found) if found.shards != mine.shards => Err(ConnectError::Shards {
            has: usize::try_from(found.shards).unwrap_or(usize::MAX),
            wanted: options.shards.get(),
        }),
        _ => Ok(()),
    }
}

fn put(state: &State, deployment: &Deployment, deadline: Instant) -> Result<(), ConnectError> {
    let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
    let put = state.put(Shard(0), KEY, Some(&deployment.encode_to_vec()));
    put.and_then(|()| state.flush(left)).map_err(|error| ConnectError::Refused(error.to_string()))
}

fn first(state: &State) -> Result<Option<Deployment>, ConnectError> {
    let mut first: Option<Bytes> = None;
    state
        .load_all(Shard(0), |key, value| {
            if key == KEY && first.is_none() {
                first = value;
            }
        })
        .map_err(|error| ConnectError::Unreachable(error.to_string()))?;
    first.map(Deployment::decode).transpose().map_err(|_| {
        ConnectError::Topic("the topic of the state says of itself what this version cannot read".into())
    })
}
