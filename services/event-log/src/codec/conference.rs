//! What belongs to a conference: its configuration, people's standing in it, how they left: `linnet.entity.v1`.

use super::wire::{CodecError, Wire, enumeration, need};
use domain::conversation::{Affiliation, Configuration, Departure, Role, WhoMayInvite};
use proto::entity;

enumeration!(
    Affiliation,
    entity::Affiliation,
    "affiliation",
    None = None,
    Outcast = Outcast,
    Member = Member,
    Admin = Admin,
    Owner = Owner
);

enumeration!(
    Role,
    entity::Role,
    "role",
    None = None,
    Visitor = Visitor,
    Participant = Participant,
    Moderator = Moderator
);

enumeration!(
    WhoMayInvite,
    entity::WhoMayInvite,
    "right to invite",
    Everyone = Everyone,
    Moderators = Moderators
);

impl Wire for Configuration {
    type Proto = entity::Configuration;

    fn to_proto(&self) -> entity::Configuration {
        entity::Configuration {
            name: self.name.to_proto(),
            description: self.description.to_proto(),
            language: self.language.to_proto(),
            persistent: self.persistent,
            public: self.public,
            members_only: self.members_only,
            moderated: self.moderated,
            whois_everyone: self.whois_everyone,
            locked: self.locked,
            password: self.password.to_proto(),
            max_occupants: self.max_occupants,
            anyone_sets_topic: self.anyone_sets_topic,
            invite: self.invite.to_proto(),
            history: self.history,
            whispers: self.whispers,
            archived: self.archived,
        }
    }

    fn from_proto(proto: entity::Configuration) -> Result<Self, CodecError> {
        Ok(Self {
            name: Wire::from_proto(proto.name)?,
            description: Wire::from_proto(proto.description)?,
            language: Wire::from_proto(proto.language)?,
            persistent: proto.persistent,
            public: proto.public,
            members_only: proto.members_only,
            moderated: proto.moderated,
            whois_everyone: proto.whois_everyone,
            locked: proto.locked,
            password: Wire::from_proto(proto.password)?,
            max_occupants: proto.max_occupants,
            anyone_sets_topic: proto.anyone_sets_topic,
            invite: Wire::from_proto(proto.invite)?,
            history: proto.history,
            whispers: proto.whispers,
            archived: proto.archived,
        })
    }
}

impl Wire for Departure {
    type Proto = entity::Departure;

    fn to_proto(&self) -> entity::Departure {
        use entity::{Nothing, departure::How};
        let how = match self {
            Self::Left { note } => How::Left(entity::Note { text: note.to_proto() }),
            Self::Vanished => How::Vanished(Nothing {}),
            Self::Kicked { by, reason } => {
                How::Kicked(entity::Removal { by: Some(by.to_proto()), reason: reason.to_proto() })
            }
            Self::Banned { by, reason } => {
                How::Banned(entity::Removal { by: by.to_proto(), reason: reason.to_proto() })
            }
            Self::NotMember => How::NotMember(Nothing {}),
            Self::Destroyed { alternate, reason } => How::Destroyed(entity::Destruction {
                alternate: alternate.to_proto(),
                reason: reason.to_proto(),
            }),
            Self::Shutdown => How::Shutdown(Nothing {}),
        };
        entity::Departure { how: Some(how) }
    }

    fn from_proto(proto: entity::Departure) -> Result<Self, CodecError> {
        use entity::departure::How;
        Ok(match need(proto.how, "way of leaving")? {
            How::Left(note) => Self::Left { note: Wire::from_proto(note.text)? },
            How::Vanished(_) => Self::Vanished,
            How::Kicked(removal) => Self::Kicked {
                by: Wire::from_proto(need(removal.by, "one who kicked")?)?,
                reason: Wire::from_proto(removal.reason)?,
            },
            How::Banned(removal) => {
                Self::Banned { by: Wire::from_proto(removal.by)?, reason: Wire::from_proto(removal.reason)? }
            }
            How::NotMember(_) => Self::NotMember,
            How::Destroyed(destruction) => Self::Destroyed {
                alternate: Wire::from_proto(destruction.alternate)?,
                reason: Wire::from_proto(destruction.reason)?,
            },
            How::Shutdown(_) => Self::Shutdown,
        })
    }
}
