//! What the bytes of a record mean: facts of the domain to and from `linnet.log.v1`. Generated types stop here; the
//! conversions of single values ([`Wire`]) are there for `store`, which keeps the same values in rows, and for `cluster`,
//! whose nodes say them to each other.
//!
//! Invariant: what was encoded decodes to the same, and bytes that do not are refused, never guessed at.

mod conference;
mod conversation;
mod message;
mod person;
mod user;
mod wire;

pub use wire::{CodecError, Wire, all, need};

use crate::{Entry, Facts, Record, Stamp, WriterId};
use bytes::Bytes;
use domain::{Address, ConversationId, Home};
use prost::Message as _;
use proto::log::{self, record::Body};

/// The version of the envelope that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// A claim of a shard.
pub fn encode_claim(stamp: Stamp) -> Bytes {
    encode(stamp, Body::Claim(log::Claim {}))
}

/// Facts that a user's home decided together.
pub fn encode_user(stamp: Stamp, user: &Address, facts: &[domain::user::Fact]) -> Bytes {
    let facts = facts.iter().map(Wire::to_proto).collect();
    encode(stamp, Body::User(log::UserFacts { user: user.to_proto(), facts }))
}

/// Facts that a conversation decided together.
pub fn encode_conversation(
    stamp: Stamp,
    conversation: &ConversationId,
    facts: &[domain::conversation::Fact],
) -> Bytes {
    let facts = facts.iter().map(Wire::to_proto).collect();
    encode(
        stamp,
        Body::Conversation(log::ConversationFacts { conversation: Some(conversation.to_proto()), facts }),
    )
}

impl Entry {
    /// Parts that each take at most so many bytes as a record, about, or hold one fact.
    pub fn split(self, bytes: usize) -> Vec<Self> {
        let Self { home, facts } = self;
        let part = |facts| Self { home: home.clone(), facts };
        match facts {
            Facts::User(facts) => split(facts, bytes).map(|facts| part(Facts::User(facts))).collect(),
            Facts::Conversation(facts) => {
                split(facts, bytes).map(|facts| part(Facts::Conversation(facts))).collect()
            }
        }
    }

    /// As a record of the log.
    pub fn encode(&self, stamp: Stamp) -> Bytes {
        match (&self.home, &self.facts) {
            (Home::User(user), Facts::User(facts)) => encode_user(stamp, user, facts),
            (Home::Conversation(id), Facts::Conversation(facts)) => encode_conversation(stamp, id, facts),
            // Whoever decides names its own home.
            _ => unreachable!("facts are of the kind of their home"),
        }
    }
}

fn split<T: Wire>(facts: Vec<T>, bytes: usize) -> impl Iterator<Item = Vec<T>>
where
    T::Proto: prost::Message,
{
    let mut rest = facts;
    std::iter::from_fn(move || {
        let mut sum = 0;
        // Nearly all turns decide one thing, which needs no measuring.
        let fit = match rest.len() {
            0 => return None,
            1 => 1,
            _ => rest
                .iter()
                .take_while(|fact| {
                    sum += fact.to_proto().encoded_len();
                    sum <= bytes
                })
                .count()
                .max(1),
        };
        let more = rest.split_off(fit);
        Some(std::mem::replace(&mut rest, more))
    })
}

fn encode(stamp: Stamp, body: Body) -> Bytes {
    let Stamp { epoch, writer } = stamp;
    log::Record { version: VERSION, epoch, writer: writer.0, body: Some(body) }.encode_to_vec().into()
}

/// The inverse of the three. What the facts carry as bytes shares the memory of `record`.
pub fn decode(record: Bytes) -> Result<Record, CodecError> {
    let record = log::Record::decode(record)?;
    if record.version != VERSION {
        return Err(CodecError::UnknownVersion { found: record.version, known: VERSION });
    }
    let stamp = Stamp { epoch: record.epoch, writer: WriterId(record.writer) };
    Ok(match need(record.body, "body of the record")? {
        Body::Claim(_) => Record::Claim(stamp),
        Body::User(p) => {
            let home = Home::User(Wire::from_proto(p.user)?);
            Record::Facts(stamp, Entry { home, facts: Facts::User(all(p.facts)?) })
        }
        Body::Conversation(p) => {
            let home = Home::Conversation(Wire::from_proto(need(p.conversation, "conversation")?)?);
            Record::Facts(stamp, Entry { home, facts: Facts::Conversation(all(p.facts)?) })
        }
    })
}

#[cfg(test)]
#[path = "../tests/codec.rs"]
mod tests;
