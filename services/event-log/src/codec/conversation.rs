//! What a conversation decided: `linnet.log.v1.ConversationFact`.

use super::wire::{CodecError, Wire, need};
use domain::conversation::{Fact, Readers};
use proto::{entity::Nothing, log};
use std::sync::Arc;

impl Wire for Fact {
    type Proto = log::ConversationFact;

    fn to_proto(&self) -> log::ConversationFact {
        log::ConversationFact { fact: Some(kind(self)) }
    }

    fn from_proto(proto: log::ConversationFact) -> Result<Self, CodecError> {
        use log::conversation_fact::Fact as P;
        Ok(match need(proto.fact, "fact of a conversation")? {
            P::SessionOpened(p) => Self::SessionOpened {
                session: p.session,
                by: Wire::from_proto(need(p.by, "first speaker")?)?,
                at: Wire::from_proto(p.at)?,
            },
            P::SessionClosed(p) => Self::SessionClosed { session: p.session, at: Wire::from_proto(p.at)? },
            P::Said(said) => from_said(said)?,
            P::Confirmed(p) => Self::Confirmed { by: Wire::from_proto(p.by)?, numbers: p.numbers },
            P::Created(p) => Self::Created {
                owner: Wire::from_proto(p.owner)?,
                at: Wire::from_proto(p.at)?,
                configuration: Box::new(Wire::from_proto(need(p.configuration, "configuration")?)?),
                seed: p.seed,
            },
            P::Configured(p) => Self::Configured { configuration: Box::new(Wire::from_proto(p)?) },
            P::Joined(p) => Self::Joined {
                endpoint: Wire::from_proto(need(p.endpoint, "endpoint")?)?,
                nick: Wire::from_proto(p.nick)?,
                role: Wire::from_proto(p.role)?,
                at: Wire::from_proto(p.at)?,
            },
            P::Renamed(p) => Self::Renamed {
                endpoint: Wire::from_proto(need(p.endpoint, "endpoint")?)?,
                nick: Wire::from_proto(p.nick)?,
            },
            P::RoleChanged(p) => Self::RoleChanged {
                nick: Wire::from_proto(p.nick)?,
                role: Wire::from_proto(p.role)?,
                by: Wire::from_proto(p.by)?,
            },
            P::Left(p) => Self::Left {
                endpoint: Wire::from_proto(need(p.endpoint, "endpoint")?)?,
                how: Wire::from_proto(need(p.how, "way of leaving")?)?,
                at: Wire::from_proto(p.at)?,
            },
            P::Affiliated(p) => Self::Affiliated {
                who: Wire::from_proto(p.who)?,
                affiliation: Wire::from_proto(p.affiliation)?,
                nick: Wire::from_proto(p.nick)?,
            },
            P::TopicSet(p) => Self::TopicSet {
                topic: Wire::from_proto(p.topic)?,
                by: Wire::from_proto(p.by)?,
                at: Wire::from_proto(p.at)?,
            },
            P::Ended(p) => {
                Self::Ended { at: Wire::from_proto(p.at)?, alternate: Wire::from_proto(p.alternate)? }
            }
        })
    }
}

fn from_said(said: log::Said) -> Result<Fact, CodecError> {
    Ok(Fact::Said {
        number: said.number,
        at: Wire::from_proto(said.at)?,
        from: Wire::from_proto(need(said.from, "speaker")?)?,
        nick: Wire::from_proto(said.nick)?,
        to: Wire::from_proto(said.to)?,
        message: Arc::new(Wire::from_proto(need(said.message, "message")?)?),
        occupant_id: Wire::from_proto(said.occupant_id)?,
        readers: match said.readers {
            None => Readers::All,
            Some(log::said::Readers::WhisperedTo(hearer)) => Readers::Whispered(Wire::from_proto(hearer)?),
            Some(log::said::Readers::Nobody(_)) => Readers::Nobody,
        },
    })
}

fn readers(readers: &Readers) -> Option<log::said::Readers> {
    match readers {
        Readers::All => None,
        Readers::Whispered(hearer) => Some(log::said::Readers::WhisperedTo(hearer.to_proto())),
        Readers::Nobody => Some(log::said::Readers::Nobody(Nothing {})),
    }
}

fn kind(fact: &Fact) -> log::conversation_fact::Fact {
    use log::conversation_fact::Fact as P;
    match fact {
        Fact::SessionOpened { session, by, at } => {
            P::SessionOpened(log::SessionOpened { session: *session, by: Some(by.to_proto()), at: at.0 })
        }
        Fact::SessionClosed { session, at } => {
            P::SessionClosed(log::SessionClosed { session: *session, at: at.0 })
        }
        Fact::Said { number, at, from, nick, to, message, occupant_id, readers: those } => {
            P::Said(log::Said {
                number: *number,
                at: at.0,
                from: Some(from.to_proto()),
                nick: nick.to_proto(),
                to: to.to_proto(),
                message: Some(message.to_proto()),
                occupant_id: occupant_id.to_proto(),
                readers: readers(those),
            })
        }
        Fact::Confirmed { by, numbers } => {
            P::Confirmed(log::Confirmed { by: by.to_proto(), numbers: numbers.clone() })
        }
        Fact::Created { owner, at, configuration, seed } => P::Created(log::Created {
            owner: owner.to_proto(),
            at: at.0,
            configuration: Some(configuration.to_proto()),
            seed: *seed,
        }),
        Fact::Configured { configuration } => P::Configured(configuration.to_proto()),
        Fact::Joined { endpoint, nick, role, at } => P::Joined(log::Joined {
            endpoint: Some(endpoint.to_proto()),
            nick: nick.to_proto(),
            role: role.to_proto(),
            at: at.0,
        }),
        Fact::Renamed { endpoint, nick } => {
            P::Renamed(log::Renamed { endpoint: Some(endpoint.to_proto()), nick: nick.to_proto() })
        }
        Fact::RoleChanged { nick, role, by } => P::RoleChanged(log::RoleChanged {
            nick: nick.to_proto(),
            role: role.to_proto(),
            by: by.to_proto(),
        }),
        Fact::Left { endpoint, how, at } => {
            P::Left(log::Left { endpoint: Some(endpoint.to_proto()), how: Some(how.to_proto()), at: at.0 })
        }
        Fact::Affiliated { who, affiliation, nick } => P::Affiliated(log::Affiliated {
            who: who.to_proto(),
            affiliation: affiliation.to_proto(),
            nick: nick.to_proto(),
        }),
        Fact::TopicSet { topic, by, at } => {
            P::TopicSet(log::TopicSet { topic: topic.to_proto(), by: by.to_proto(), at: at.0 })
        }
        Fact::Ended { at, alternate } => P::Ended(log::Ended { at: at.0, alternate: alternate.to_proto() }),
    }
}
