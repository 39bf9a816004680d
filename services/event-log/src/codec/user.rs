//! What a user's home decided: `linnet.log.v1.UserFact`.

use super::wire::{CodecError, Wire, all, need};
use domain::{Address, user::Fact};
use proto::{entity::Nothing, log};
use std::sync::Arc;

impl Wire for Fact {
    type Proto = log::UserFact;

    fn to_proto(&self) -> log::UserFact {
        log::UserFact { fact: Some(kind(self)) }
    }

    fn from_proto(proto: log::UserFact) -> Result<Self, CodecError> {
        use log::user_fact::Fact as P;
        Ok(match need(proto.fact, "fact of a user")? {
            P::AccountCreated(p) => {
                Self::AccountCreated { verifiers: all(p.verifiers)?, at: Wire::from_proto(p.at)? }
            }
            P::PasswordSet(p) => Self::PasswordSet { verifiers: all(p.verifiers)? },
            P::EnabledSet(enabled) => Self::EnabledSet(enabled),
            P::AccountRemoved(_) => Self::AccountRemoved,
            P::TokenSet(token) => Self::TokenSet(Wire::from_proto(token)?),
            P::TokenRemoved(client) => Self::TokenRemoved { client },
            P::PushEnabled(service) => Self::PushEnabled(Arc::new(Wire::from_proto(service)?)),
            P::PushDisabled(p) => Self::PushDisabled {
                address: Wire::from_proto(need(p.address, "push service")?)?,
                node: Wire::from_proto(p.node)?,
            },
            P::ContactSet(contact) => Self::ContactSet(Arc::new(Wire::from_proto(contact)?)),
            P::ContactRemoved(address) => Self::ContactRemoved(Wire::from_proto(address)?),
            P::RequestKept(p) => Self::RequestKept { from: Wire::from_proto(p.from)?, carried: p.carried },
            P::RequestDropped(address) => Self::RequestDropped(Wire::from_proto(address)?),
            P::Blocked(p) => Self::Blocked(all(p.addresses)?),
            P::Unblocked(p) => Self::Unblocked(all(p.addresses)?),
            P::ManualSet(p) => Self::ManualSet(Option::from_proto(p.state)?.map(Arc::new)),
            P::Seen(at) => Self::Seen(Wire::from_proto(at)?),
            P::Kept(p) => {
                let said = need(p.said, "kept message")?;
                Self::Kept { seq: p.seq, said: Arc::new(Wire::from_proto(said)?) }
            }
            P::KeptDropped(seq) => Self::KeptDropped { seq },
            P::CategorySet(p) => Self::CategorySet {
                category: Wire::from_proto(p.category)?,
                settings: Wire::from_proto(need(p.settings, "settings")?)?,
            },
            P::CategoryRemoved(category) => Self::CategoryRemoved(Wire::from_proto(category)?),
            P::ItemSet(p) => Self::ItemSet {
                category: Wire::from_proto(p.category)?,
                item: Arc::new(Wire::from_proto(need(p.item, "item")?)?),
            },
            P::ItemRemoved(p) => {
                Self::ItemRemoved { category: Wire::from_proto(p.category)?, id: Wire::from_proto(p.id)? }
            }
            P::Purged(category) => Self::Purged(Wire::from_proto(category)?),
        })
    }
}

fn kind(fact: &Fact) -> log::user_fact::Fact {
    use log::user_fact::Fact as P;
    match fact {
        Fact::AccountCreated { verifiers, at } => P::AccountCreated(log::AccountCreated {
            verifiers: verifiers.iter().map(Wire::to_proto).collect(),
            at: at.to_proto(),
        }),
        Fact::PasswordSet { verifiers } => {
            P::PasswordSet(log::PasswordSet { verifiers: verifiers.iter().map(Wire::to_proto).collect() })
        }
        Fact::EnabledSet(enabled) => P::EnabledSet(*enabled),
        Fact::AccountRemoved => P::AccountRemoved(Nothing {}),
        Fact::TokenSet(token) => P::TokenSet(token.to_proto()),
        Fact::TokenRemoved { client } => P::TokenRemoved(client.clone()),
        Fact::PushEnabled(service) => P::PushEnabled(service.to_proto()),
        Fact::PushDisabled { address, node } => {
            P::PushDisabled(log::PushDisabled { address: Some(address.to_proto()), node: node.to_proto() })
        }
        Fact::ContactSet(contact) => P::ContactSet(contact.to_proto()),
        Fact::ContactRemoved(address) => P::ContactRemoved(address.to_proto()),
        Fact::RequestKept { from, carried } => {
            P::RequestKept(log::RequestKept { from: from.to_proto(), carried: carried.clone() })
        }
        Fact::RequestDropped(address) => P::RequestDropped(address.to_proto()),
        Fact::Blocked(who) => P::Blocked(addresses(who)),
        Fact::Unblocked(who) => P::Unblocked(addresses(who)),
        Fact::ManualSet(state) => {
            P::ManualSet(log::ManualSet { state: state.as_ref().map(|state| state.to_proto()) })
        }
        Fact::Seen(at) => P::Seen(at.to_proto()),
        Fact::Kept { seq, said } => P::Kept(log::Kept { seq: *seq, said: Some(said.to_proto()) }),
        Fact::KeptDropped { seq } => P::KeptDropped(*seq),
        Fact::CategorySet { category, settings } => P::CategorySet(log::CategorySet {
            category: category.to_proto(),
            settings: Some(settings.to_proto()),
        }),
        Fact::CategoryRemoved(category) => P::CategoryRemoved(category.to_proto()),
        Fact::ItemSet { category, item } => {
            P::ItemSet(log::ItemSet { category: category.to_proto(), item: Some(item.to_proto()) })
        }
        Fact::ItemRemoved { category, id } => {
            P::ItemRemoved(log::ItemRemoved { category: category.to_proto(), id: id.to_proto() })
        }
        Fact::Purged(category) => P::Purged(category.to_proto()),
    }
}

fn addresses(who: &[Address]) -> log::Addresses {
    log::Addresses { addresses: who.iter().map(Wire::to_proto).collect() }
}
