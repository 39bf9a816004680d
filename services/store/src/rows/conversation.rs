//! The rows of a conversation: `domain::conversation::Row`.

use super::{RowError, Write, head, key};
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Home, Shard,
    conversation::{Affiliated, Head, Row, Seated},
    endpoint::Said,
};
use event_log::codec::Wire;
use prost::Message as _;
use proto::{entity, state};
use std::sync::Arc;

const AFFILIATION: u8 = b'a';
const HEAD: u8 = b'h';
const OCCUPANT: u8 = b'o';
const PENDING: u8 = b'p';
const RECENT: u8 = b'r';
const SESSION: u8 = b's';

/// Whether the part of a key is that of an occupant.
pub(crate) fn is_occupant(part: &[u8]) -> bool {
    part.first() == Some(&OCCUPANT)
}

/// The key of the head: that of a conference lies in the list of conferences.
pub(crate) fn head_key(shard: Shard, id: &ConversationId) -> Vec<u8> {
    match id {
        ConversationId::Conference(address) => key::listed(key::CONFERENCES, address),
        ConversationId::Between(..) => {
            key::part(key::entity(key::REST, shard, &Home::Conversation(id.clone())), HEAD, &[])
        }
    }
}

/// A row, and for a head also the mark of an open session.
pub(crate) fn encode(shard: Shard, id: &ConversationId, row: &Row) -> (Write, Option<Write>) {
    let part = |table, part, which: &[u8]| {
        key::part(key::entity(table, shard, &Home::Conversation(id.clone())), part, which)
    };
    let said = |said: &Option<Arc<Said>>| said.as_ref().map(|said| said.to_proto().encode_to_vec());
    let write = match row {
        Row::Head(head) => {
            let mark = part(key::UNFINISHED, SESSION, &[]);
            let mark = (mark, head.session_open.then(Vec::new));
            return ((head_key(shard, id), Some(head::encode(head))), Some(mark));
        }
        Row::Pending(number, value) => (part(key::UNFINISHED, PENDING, &number.to_be_bytes()), said(value)),
        Row::Recent(number, value) => (part(key::REST, RECENT, &number.to_be_bytes()), said(value)),
        Row::Affiliation(address, value) => {
            let value = value.as_ref().map(|a| {
                state::Affiliated { affiliation: a.affiliation.to_proto(), nick: a.nick.to_proto() }
                    .encode_to_vec()
            });
            (part(key::REST, AFFILIATION, address.as_str().as_bytes()), value)
        }
        Row::Occupant(endpoint, value) => {
            let mut which = Vec::new();
            key::text(&mut which, endpoint.user.as_str());
            which.extend_from_slice(endpoint.name.as_str().as_bytes());
            let value = value.as_ref().map(|seated| {
                state::Seated { nick: seated.nick.to_proto(), role: seated.role.to_proto() }.encode_to_vec()
            });
            (part(key::UNFINISHED, OCCUPANT, &which), value)
        }
    };
    (write, None)
}

pub(crate) fn decode_head(value: &[u8]) -> Result<Head, RowError> {
    head::decode(value)
}

/// A row, `None` for the mark of an open session; `key` is what follows the conversation in its key.
pub(crate) fn decode(key: &[u8], value: &[u8]) -> Result<Option<Row>, RowError> {
    let (part, which) = key.split_first().ok_or(RowError::Key)?;
    let said = || -> Result<_, RowError> { Ok(Arc::new(Said::from_proto(entity::Said::decode(value)?)?)) };
    Ok(Some(match *part {
        SESSION => return Ok(None),
        HEAD => {
            key::end(which)?;
            Row::Head(Box::new(head::decode(value)?))
        }
        PENDING => Row::Pending(key::number(which)?, Some(said()?)),
        RECENT => Row::Recent(key::number(which)?, Some(said()?)),
        AFFILIATION => {
            let row = state::Affiliated::decode(value)?;
            let (affiliation, nick) = (Wire::from_proto(row.affiliation)?, Wire::from_proto(row.nick)?);
            Row::Affiliation(key::address(which)?, Some(Affiliated { affiliation, nick }))
        }
        OCCUPANT => {
            let mut which = which;
            let user = Address::kept(key::take_text(&mut which)?).map_err(|_| RowError::Key)?;
            let name = EndpointName::kept(key::rest(which)?).map_err(|_| RowError::Key)?;
            let row = state::Seated::decode(value)?;
            let seated = Seated { nick: Wire::from_proto(row.nick)?, role: Wire::from_proto(row.role)? };
            Row::Occupant(EndpointId::new(user, name), Some(seated))
        }
        _ => return Err(RowError::Key),
    }))
}
