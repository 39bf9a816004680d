//! What belongs to a person: verifiers and tokens, contacts, presence, categories: `linnet.entity.v1`.

use super::wire::{CodecError, Wire, enumeration, need};
use domain::{
    account::{PushService, ScramHash, Token, Verifier},
    category::{Access, Item, Settings},
    presentity::{Activity, Availability, Container, State},
    roster::{Contact, Subscription},
};
use proto::entity;

enumeration!(ScramHash, entity::ScramHash, "hash", Sha1 = Sha1, Sha256 = Sha256);

enumeration!(
    Access,
    entity::Access,
    "access",
    Open = Open,
    Presence = Presence,
    Roster = Roster,
    Whitelist = Whitelist
);

enumeration!(
    Availability,
    entity::Availability,
    "availability",
    Available = Available,
    Idle = Idle,
    Busy = Busy,
    BusyIdle = BusyIdle,
    DoNotDisturb = DoNotDisturb,
    BeRightBack = BeRightBack,
    Away = Away,
    Offline = Offline
);

enumeration!(
    Activity,
    entity::Activity,
    "activity",
    OnThePhone = OnThePhone,
    InAConference = InAConference,
    InAMeeting = InAMeeting,
    Presenting = Presenting,
    OutOfOffice = OutOfOffice,
    OffWork = OffWork,
    UrgentOnly = UrgentOnly
);

enumeration!(
    Container,
    entity::Container,
    "container",
    Blocked = Blocked,
    External = External,
    Colleagues = Colleagues,
    Workgroup = Workgroup,
    Friends = Friends
);

impl Wire for Verifier {
    type Proto = entity::Verifier;

    fn to_proto(&self) -> entity::Verifier {
        entity::Verifier {
            hash: self.hash.to_proto(),
            iterations: self.iterations,
            salt: self.salt.clone().into(),
            stored_key: self.stored_key.clone().into(),
            server_key: self.server_key.clone().into(),
        }
    }

    fn from_proto(proto: entity::Verifier) -> Result<Self, CodecError> {
        Ok(Self {
            hash: Wire::from_proto(proto.hash)?,
            iterations: proto.iterations,
            salt: proto.salt.into(),
            stored_key: proto.stored_key.into(),
            server_key: proto.server_key.into(),
        })
    }
}

impl Wire for Token {
    type Proto = entity::Token;

    fn to_proto(&self) -> entity::Token {
        entity::Token {
            client: self.client.clone(),
            secret: self.secret.clone().into(),
            mechanism: self.mechanism.clone(),
            expires: self.expires.to_proto(),
            count: self.count,
        }
    }

    fn from_proto(proto: entity::Token) -> Result<Self, CodecError> {
        Ok(Self {
            client: proto.client,
            secret: proto.secret.into(),
            mechanism: proto.mechanism,
            expires: Wire::from_proto(proto.expires)?,
            count: proto.count,
        })
    }
}

impl Wire for PushService {
    type Proto = entity::PushService;

    fn to_proto(&self) -> entity::PushService {
        entity::PushService {
            address: Some(self.address.to_proto()),
            node: self.node.to_proto(),
            options: self.options.clone(),
        }
    }

    fn from_proto(proto: entity::PushService) -> Result<Self, CodecError> {
        Ok(Self {
            address: Wire::from_proto(need(proto.address, "push service")?)?,
            node: Wire::from_proto(proto.node)?,
            options: proto.options,
        })
    }
}

impl Wire for Contact {
    type Proto = entity::Contact;

    fn to_proto(&self) -> entity::Contact {
        let Subscription { to, from, asked, approved } = self.subscription;
        entity::Contact {
            address: self.address.to_proto(),
            name: self.name.to_proto(),
            groups: self.groups.iter().map(Wire::to_proto).collect(),
            subscription: Some(entity::Subscription { to, from, asked, approved }),
            container: self.container.to_proto().unwrap_or(entity::Container::Unspecified.into()),
        }
    }

    fn from_proto(proto: entity::Contact) -> Result<Self, CodecError> {
        let entity::Subscription { to, from, asked, approved } = need(proto.subscription, "subscription")?;
        Ok(Self {
            address: Wire::from_proto(proto.address)?,
            name: Wire::from_proto(proto.name)?,
            groups: super::wire::all(proto.groups)?,
            subscription: Subscription { to, from, asked, approved },
            container: unless(proto.container, entity::Container::Unspecified.into())?,
        })
    }
}

impl Wire for State {
    type Proto = entity::State;

    fn to_proto(&self) -> entity::State {
        entity::State {
            availability: self.availability.to_proto(),
            activity: self.activity.to_proto().unwrap_or(entity::Activity::Unspecified.into()),
            eager: self.eager,
            extended: self.extended,
            idle_since: self.idle_since.to_proto(),
            note: self.note.to_proto(),
            priority: self.priority.into(),
            carried: self.carried.clone(),
        }
    }

    fn from_proto(proto: entity::State) -> Result<Self, CodecError> {
        Ok(Self {
            availability: Wire::from_proto(proto.availability)?,
            activity: unless(proto.activity, entity::Activity::Unspecified.into())?,
            eager: proto.eager,
            extended: proto.extended,
            idle_since: Wire::from_proto(proto.idle_since)?,
            note: Wire::from_proto(proto.note)?,
            priority: i8::try_from(proto.priority).map_err(|_| CodecError::Impossible("priority"))?,
            carried: proto.carried,
        })
    }
}

impl Wire for Settings {
    type Proto = entity::Settings;

    fn to_proto(&self) -> entity::Settings {
        entity::Settings {
            access: self.access.to_proto(),
            max_items: self.max_items,
            persist: self.persist,
            send_last: self.send_last,
            notify_retract: self.notify_retract,
        }
    }

    fn from_proto(proto: entity::Settings) -> Result<Self, CodecError> {
        Ok(Self {
            access: Wire::from_proto(proto.access)?,
            max_items: proto.max_items,
            persist: proto.persist,
            send_last: proto.send_last,
            notify_retract: proto.notify_retract,
        })
    }
}

impl Wire for Item {
    type Proto = entity::Item;

    fn to_proto(&self) -> entity::Item {
        entity::Item {
            id: self.id.to_proto(),
            publisher: Some(self.publisher.to_proto()),
            content: self.content.clone(),
        }
    }

    fn from_proto(proto: entity::Item) -> Result<Self, CodecError> {
        Ok(Self {
            id: Wire::from_proto(proto.id)?,
            publisher: Wire::from_proto(need(proto.publisher, "publisher")?)?,
            content: proto.content,
        })
    }
}

/// An enumeration's value, unless it is the one that says "none".
fn unless<T: Wire<Proto = i32>>(value: i32, none: i32) -> Result<Option<T>, CodecError> {
    Wire::from_proto((value != none).then_some(value))
}
