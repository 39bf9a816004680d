//! How a type of the domain crosses into its contract and back. The way out cannot fail; the way back checks
//! everything, since bytes on a disk or a wire may be anything.

use domain::{Address, ConversationId, EndpointId, EndpointName, Home, Timestamp, address::AddressError};
use proto::entity;
use std::sync::Arc;

/// The bytes are no record, or not one that this program can read. Never holds content.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodecError {
    /// Written by a program that is newer, or by none.
    #[error("a record of version {found}; this program reads version {known}")]
    UnknownVersion {
        /// What the record says.
        found: u32,
        /// What this program reads.
        known: u32,
    },
    /// Not protobuf.
    #[error("malformed: {0}")]
    Malformed(#[from] prost::DecodeError),
    /// A part that must be there is not, or is of a kind that this program does not know.
    #[error("the {0} is missing or of an unknown kind")]
    Missing(&'static str),
    /// A value that cannot be.
    #[error("the {0} has an impossible value")]
    Impossible(&'static str),
    /// An address that is none.
    #[error(transparent)]
    Address(#[from] AddressError),
}

/// A type of the domain that has a place in a contract.
pub trait Wire: Sized {
    /// Its type there.
    type Proto;

    /// Out.
    fn to_proto(&self) -> Self::Proto;

    /// Back.
    fn from_proto(proto: Self::Proto) -> Result<Self, CodecError>;
}

/// A part that must be there.
pub fn need<T>(part: Option<T>, what: &'static str) -> Result<T, CodecError> {
    part.ok_or(CodecError::Missing(what))
}

/// All of them.
pub fn all<T: Wire>(protos: Vec<T::Proto>) -> Result<Vec<T>, CodecError> {
    protos.into_iter().map(T::from_proto).collect()
}

/// Enumerations: name by name, and what is not named cannot be.
macro_rules! enumeration {
    ($domain:ty, $proto:ty, $what:literal, $($ours:ident = $theirs:ident),+ $(,)?) => {
        impl $crate::codec::Wire for $domain {
            type Proto = i32;

            fn to_proto(&self) -> i32 {
                match self {
                    $(Self::$ours => <$proto>::$theirs.into(),)+
                }
            }

            fn from_proto(proto: i32) -> Result<Self, $crate::codec::CodecError> {
                match <$proto>::try_from(proto) {
                    $(Ok(<$proto>::$theirs) => Ok(Self::$ours),)+
                    #[allow(unreachable_patterns, reason = "some enumerations have no value without a meaning")]
                    _ => Err($crate::codec::CodecError::Impossible($what)),
                }
            }
        }
    };
}
pub(crate) use enumeration;

impl Wire for Address {
    type Proto = String;

    fn to_proto(&self) -> String {
        self.as_str().to_owned()
    }

    fn from_proto(proto: String) -> Result<Self, CodecError> {
        Ok(Self::kept(&proto)?)
    }
}

impl Wire for EndpointName {
    type Proto = String;

    fn to_proto(&self) -> String {
        self.as_str().to_owned()
    }

    fn from_proto(proto: String) -> Result<Self, CodecError> {
        if proto.is_empty() {
            return Ok(Self::nameless());
        }
        Ok(Self::kept(&proto)?)
    }
}

impl Wire for Arc<str> {
    type Proto = String;

    fn to_proto(&self) -> String {
        (**self).to_owned()
    }

    fn from_proto(proto: String) -> Result<Self, CodecError> {
        Ok(proto.into())
    }
}

impl Wire for Timestamp {
    type Proto = u64;

    fn to_proto(&self) -> u64 {
        self.0
    }

    fn from_proto(proto: u64) -> Result<Self, CodecError> {
        Ok(Self(proto))
    }
}

impl<T: Wire> Wire for Option<T> {
    type Proto = Option<T::Proto>;

    fn to_proto(&self) -> Self::Proto {
        self.as_ref().map(T::to_proto)
    }

    fn from_proto(proto: Self::Proto) -> Result<Self, CodecError> {
        proto.map(T::from_proto).transpose()
    }
}

impl Wire for EndpointId {
    type Proto = entity::Endpoint;

    fn to_proto(&self) -> entity::Endpoint {
        entity::Endpoint { user: self.user.to_proto(), name: self.name.to_proto() }
    }

    fn from_proto(proto: entity::Endpoint) -> Result<Self, CodecError> {
        Ok(Self::new(Wire::from_proto(proto.user)?, Wire::from_proto(proto.name)?))
    }
}

impl Wire for ConversationId {
    type Proto = entity::ConversationId;

    fn to_proto(&self) -> entity::ConversationId {
        use entity::conversation_id::Id;
        let id = match self {
            Self::Between(lower, higher) => {
                Id::Between(entity::Pair { lower: lower.to_proto(), higher: higher.to_proto() })
            }
            Self::Conference(address) => Id::Conference(address.to_proto()),
        };
        entity::ConversationId { id: Some(id) }
    }

    fn from_proto(proto: entity::ConversationId) -> Result<Self, CodecError> {
        use entity::conversation_id::Id;
        match need(proto.id, "conversation")? {
            Id::Between(pair) => {
                Ok(Self::between(Wire::from_proto(pair.lower)?, Wire::from_proto(pair.higher)?))
            }
            Id::Conference(address) => Ok(Self::Conference(Wire::from_proto(address)?)),
        }
    }
}

impl Wire for Home {
    type Proto = entity::Home;

    fn to_proto(&self) -> entity::Home {
        use entity::home::Entity;
        let entity = match self {
            Self::User(address) => Entity::User(address.to_proto()),
            Self::Conversation(id) => Entity::Conversation(id.to_proto()),
        };
        entity::Home { entity: Some(entity) }
    }

    fn from_proto(proto: entity::Home) -> Result<Self, CodecError> {
        use entity::home::Entity;
        match need(proto.entity, "home")? {
            Entity::User(address) => Ok(Self::User(Wire::from_proto(address)?)),
            Entity::Conversation(id) => Ok(Self::Conversation(Wire::from_proto(id)?)),
        }
    }
}
