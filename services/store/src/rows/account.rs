//! A user's account as a row: `linnet.state.v1.Account`.

use super::RowError;
use domain::account::{Account, PushService};
use event_log::codec::{Wire, all};
use prost::Message as _;
use proto::state;
use std::sync::Arc;

pub(crate) fn encode(account: &Account) -> Vec<u8> {
    state::Account {
        verifiers: account.verifiers.iter().map(Wire::to_proto).collect(),
        enabled: account.enabled,
        created: account.created.to_proto(),
        last_seen: account.last_seen.to_proto(),
        manual: account.manual.as_ref().map(|state| state.to_proto()),
        tokens: account.tokens.iter().map(Wire::to_proto).collect(),
        pushes: account.pushes.iter().map(|service| service.to_proto()).collect(),
        next_kept: account.next_kept,
        roster_version: account.roster_version,
    }
    .encode_to_vec()
}

pub(crate) fn decode(value: &[u8]) -> Result<Account, RowError> {
    let row = state::Account::decode(value)?;
    Ok(Account {
        verifiers: all(row.verifiers)?,
        enabled: row.enabled,
        created: Wire::from_proto(row.created)?,
        last_seen: Wire::from_proto(row.last_seen)?,
        manual: Option::from_proto(row.manual)?.map(Arc::new),
        tokens: all(row.tokens)?,
        pushes: all::<PushService>(row.pushes)?.into_iter().map(Arc::new).collect(),
        next_kept: row.next_kept,
        roster_version: row.roster_version,
    })
}
