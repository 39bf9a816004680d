//! The rows of a user: `domain::user::Row`.

use super::{RowError, Write, account, key};
use bytes::Bytes;
use domain::{Address, Home, Shard, user::Row};
use event_log::codec::{Wire, all, need};
use prost::Message as _;
use proto::{entity, state};
use std::sync::Arc;

const BLOCKED: u8 = b'b';
const CONTACT: u8 = b'c';
const CATEGORY: u8 = b'g';
const ITEM: u8 = b'i';
const KEPT: u8 = b'k';
const REQUEST: u8 = b'q';

pub(crate) fn encode(shard: Shard, user: &Address, row: &Row) -> Write {
    let part =
        |part, which: &[u8]| key::part(key::entity(key::REST, shard, &Home::User(user.clone())), part, which);
    match row {
        Row::Account(value) => {
            (key::listed(key::ACCOUNTS, user), value.as_ref().map(|account| account::encode(account)))
        }
        Row::Contact(address, value) => {
            let value = value.as_ref().map(|contact| contact.to_proto().encode_to_vec());
            (part(CONTACT, address.as_str().as_bytes()), value)
        }
        Row::Request(address, value) => {
            (part(REQUEST, address.as_str().as_bytes()), value.as_ref().map(|carried| carried.to_vec()))
        }
        Row::Blocked(addresses) => {
            let value = state::Blocked { addresses: addresses.iter().map(Wire::to_proto).collect() };
            (part(BLOCKED, &[]), (!addresses.is_empty()).then(|| value.encode_to_vec()))
        }
        Row::Kept(seq, value) => {
            let value = value.as_ref().map(|said| said.to_proto().encode_to_vec());
            (part(KEPT, &seq.to_be_bytes()), value)
        }
        Row::Category(category, value) => {
            let value = value.as_ref().map(|settings| settings.to_proto().encode_to_vec());
            (part(CATEGORY, category.as_bytes()), value)
        }
        Row::Item { category, id, item } => {
            let mut which = Vec::new();
            key::text(&mut which, category);
            which.extend_from_slice(id.as_bytes());
            let value = item.as_ref().map(|(order, item)| {
                state::Item { order: *order, item: Some(item.to_proto()) }.encode_to_vec()
            });
            (part(ITEM, &which), value)
        }
    }
}

pub(crate) fn decode_account(value: &[u8]) -> Result<domain::account::Account, RowError> {
    account::decode(value)
}

/// A row but the account; `key` is what follows the user in its key.
pub(crate) fn decode(key: &[u8], value: &[u8]) -> Result<Row, RowError> {
    let (part, which) = key.split_first().ok_or(RowError::Key)?;
    Ok(match *part {
        CONTACT => {
            let contact = Wire::from_proto(entity::Contact::decode(value)?)?;
            Row::Contact(key::address(which)?, Some(Arc::new(contact)))
        }
        REQUEST => Row::Request(key::address(which)?, Some(Bytes::copy_from_slice(value))),
        BLOCKED => {
            key::end(which)?;
            Row::Blocked(all(state::Blocked::decode(value)?.addresses)?)
        }
        KEPT => {
            let said = Wire::from_proto(entity::Said::decode(value)?)?;
            Row::Kept(key::number(which)?, Some(Arc::new(said)))
        }
        CATEGORY => {
            let settings = Wire::from_proto(entity::Settings::decode(value)?)?;
            Row::Category(key::rest(which)?.into(), Some(settings))
        }
        ITEM => {
            let mut which = which;
            let category = key::take_text(&mut which)?.into();
            let row = state::Item::decode(value)?;
            let item = Wire::from_proto(need(row.item, "item")?)?;
            Row::Item { category, id: key::rest(which)?.into(), item: Some((row.order, Arc::new(item))) }
        }
        _ => return Err(RowError::Key),
    })
}
