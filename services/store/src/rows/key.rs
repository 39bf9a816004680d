//! Keys of rows: texts carry their length, so that no key is the beginning of another entity's.

use super::RowError;
use domain::{Address, ConversationId, Home, Shard};

/// Accounts, by address.
pub(crate) const ACCOUNTS: u8 = b'a';
/// Heads of conferences, by address.
pub(crate) const CONFERENCES: u8 = b'h';
/// What makes a conversation unfinished.
pub(crate) const UNFINISHED: u8 = b'l';
/// The last record that an entity's rows reflect.
pub(crate) const REFLECTS: u8 = b'f';
/// Every other row.
pub(crate) const REST: u8 = b'r';
/// Checkpoints, by shard.
pub(crate) const CHECKPOINTS: u8 = b'c';

/// A key of the tables that are sorted by address.
pub(crate) fn listed(table: u8, address: &Address) -> Vec<u8> {
    [&[table], address.as_str().as_bytes()].concat()
}

/// The checkpoint of a shard.
pub(crate) fn checkpoint(shard: Shard) -> [u8; 3] {
    let [high, low] = shard.0.to_be_bytes();
    [CHECKPOINTS, high, low]
}

/// What the keys of all rows of one table and shard begin with.
pub(crate) fn shard(table: u8, shard: Shard) -> Vec<u8> {
    let mut key = vec![table];
    key.extend_from_slice(&shard.0.to_be_bytes());
    key
}

/// What the keys of all rows of one table and entity begin with.
pub(crate) fn entity(table: u8, in_shard: Shard, home: &Home) -> Vec<u8> {
    let mut key = shard(table, in_shard);
    match home {
        Home::User(address) => {
            key.push(b'u');
            text(&mut key, address.as_str());
        }
        Home::Conversation(ConversationId::Between(lower, higher)) => {
            key.push(b'b');
            text(&mut key, lower.as_str());
            text(&mut key, higher.as_str());
        }
        Home::Conversation(ConversationId::Conference(address)) => {
            key.push(b'c');
            text(&mut key, address.as_str());
        }
    }
    key
}

/// The key of a part: of the kind `part`, and which of them.
pub(crate) fn part(mut entity: Vec<u8>, part: u8, which: &[u8]) -> Vec<u8> {
    entity.push(part);
    entity.extend_from_slice(which);
    entity
}

/// The lowest key above all that begin with `prefix`.
pub(crate) fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// Appends a text with its length.
pub(crate) fn text(key: &mut Vec<u8>, text: &str) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    key.extend_from_slice(&length.to_be_bytes());
    key.extend_from_slice(text.as_bytes());
}

/// Takes a text with its length off the front.
pub(crate) fn take_text<'a>(key: &mut &'a [u8]) -> Result<&'a str, RowError> {
    let (length, rest) = key.split_first_chunk().ok_or(RowError::Key)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| RowError::Key)?;
    let (text, rest) = rest.split_at_checked(length).ok_or(RowError::Key)?;
    *key = rest;
    std::str::from_utf8(text).map_err(|_| RowError::Key)
}

/// The rest of a key as a number.
pub(crate) fn number(rest: &[u8]) -> Result<u64, RowError> {
    Ok(u64::from_be_bytes(rest.try_into().map_err(|_| RowError::Key)?))
}

/// The rest of a key as a text.
pub(crate) fn rest(rest: &[u8]) -> Result<&str, RowError> {
    std::str::from_utf8(rest).map_err(|_| RowError::Key)
}

/// The rest of a key as an address.
pub(crate) fn address(from: &[u8]) -> Result<Address, RowError> {
    Address::kept(rest(from)?).map_err(|_| RowError::Key)
}

/// Nothing may follow.
pub(crate) fn end(rest: &[u8]) -> Result<(), RowError> {
    if rest.is_empty() { Ok(()) } else { Err(RowError::Key) }
}

/// Which conversation the key of a row in [`UNFINISHED`] belongs to.
pub(crate) fn conversation(key: &[u8]) -> Result<ConversationId, RowError> {
    match take_home(&mut key.get(3..).ok_or(RowError::Key)?)? {
        Home::Conversation(id) => Ok(id),
        Home::User(_) => Err(RowError::Key),
    }
}

/// Takes an entity, as [`entity`] writes it, off the front.
pub(crate) fn take_home(rest: &mut &[u8]) -> Result<Home, RowError> {
    let (kind, after) = rest.split_first().ok_or(RowError::Key)?;
    *rest = after;
    let mut take = || Address::kept(take_text(rest)?).map_err(|_| RowError::Key);
    match kind {
        b'u' => Ok(Home::User(take()?)),
        b'b' => Ok(Home::Conversation(ConversationId::between(take()?, take()?))),
        b'c' => Ok(Home::Conversation(ConversationId::Conference(take()?))),
        _ => Err(RowError::Key),
    }
}
