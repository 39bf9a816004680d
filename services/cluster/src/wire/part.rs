//! How a part of a message crosses into the contract and back: one trait, and macros that say both directions at once,
//! so that they cannot differ. The way out cannot fail; the way back checks everything.
//!
//! Invariant: fields have the same names here and there, so that a field is never read into another's place.

use super::error::Fault;
use crate::limits::LIST_ENTRIES;
use bytes::Bytes;
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Message, Ticket, Timestamp,
    account::{PushService, Token, Verifier},
    category::{Item, Settings},
    conversation::{Affiliation, Configuration, Departure, Role},
    endpoint::Said,
    presentity::{Activity, Availability, Container, State},
    roster::Contact,
};
use event_log::codec::{CodecError, Wire};
use proto::entity;
use std::{sync::Arc, time::Duration};

/// Has a place of type `P` in the contract.
pub(super) trait Part<P>: Sized {
    /// Out.
    fn out(&self) -> P;

    /// Back.
    fn back(proto: P) -> Result<Self, Fault>;
}

/// Reads a part, and names the field that it stands in if it cannot be read.
#[inline]
pub(super) fn read<T: Part<P>, P>(proto: P, field: &'static str) -> Result<T, Fault> {
    T::back(proto).map_err(|fault| fault.within(field))
}

/// A message field that must be there.
macro_rules! needed {
    ($domain:ty, $proto:ty) => {
        impl $crate::wire::part::Part<Option<$proto>> for $domain {
            fn out(&self) -> Option<$proto> {
                Some($crate::wire::part::Part::<$proto>::out(self))
            }

            fn back(proto: Option<$proto>) -> Result<Self, $crate::wire::error::Fault> {
                $crate::wire::part::Part::<$proto>::back(
                    proto.ok_or_else($crate::wire::error::Fault::missing)?,
                )
            }
        }
    };
}

/// The same, where it has a place of its own (`proto/build.rs`).
macro_rules! boxed {
    ($domain:ty, $proto:ty) => {
        impl $crate::wire::part::Part<Option<Box<$proto>>> for $domain {
            fn out(&self) -> Option<Box<$proto>> {
                Some(Box::new($crate::wire::part::Part::<$proto>::out(self)))
            }

            fn back(proto: Option<Box<$proto>>) -> Result<Self, $crate::wire::error::Fault> {
                match proto {
                    Some(proto) => $crate::wire::part::Part::<$proto>::back(*proto),
                    None => Err($crate::wire::error::Fault::missing()),
                }
            }
        }
    };
}

/// A message of one field.
macro_rules! wrapped {
    ($domain:ty, $proto:ident . $field:ident) => {
        impl $crate::wire::part::Part<proto::cluster::$proto> for $domain {
            fn out(&self) -> proto::cluster::$proto {
                proto::cluster::$proto { $field: $crate::wire::part::Part::out(self) }
            }

            fn back(proto: proto::cluster::$proto) -> Result<Self, $crate::wire::error::Fault> {
                $crate::wire::part::read(proto.$field, concat!(stringify!($proto), ".", stringify!($field)))
            }
        }
    };
}

/// A message of several fields.
macro_rules! record {
    ($domain:ident, $proto:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::wire::part::Part<proto::cluster::$proto> for $domain {
            fn out(&self) -> proto::cluster::$proto {
                proto::cluster::$proto { $($field: $crate::wire::part::Part::out(&self.$field),)+ }
            }

            fn back(proto: proto::cluster::$proto) -> Result<Self, $crate::wire::error::Fault> {
                Ok(Self {
                    $($field: $crate::wire::part::read(
                        proto.$field,
                        concat!(stringify!($proto), ".", stringify!($field)),
                    )?,)+
                })
            }
        }
        $crate::wire::part::needed!($domain, proto::cluster::$proto);
    };
}

/// An enumeration: name by name, and what is not named cannot be.
macro_rules! named {
    ($domain:ty, $proto:ident { $($name:ident),+ $(,)? }) => {
        impl $crate::wire::part::Part<i32> for $domain {
            fn out(&self) -> i32 {
                match self {
                    $(Self::$name => proto::cluster::$proto::$name.into(),)+
                }
            }

            fn back(proto: i32) -> Result<Self, $crate::wire::error::Fault> {
                match proto::cluster::$proto::try_from(proto) {
                    $(Ok(proto::cluster::$proto::$name) => Ok(Self::$name),)+
                    _ => Err(event_log::codec::CodecError::Impossible(stringify!($proto)).into()),
                }
            }
        }
    };
}

/// One of several kinds. `fields` and `tuple`: a message with a field for each of theirs; `lone`: their only field, as
/// it is; `one`: what they hold, as it is; `nothing`: no more than the name; `never`: is not said between nodes.
macro_rules! choice {
    (
        $domain:ty, $kinds:ty,
        fields { $($struct:ident: $message:ident { $($field:ident),+ $(,)? }),* $(,)? }
        $(tuple { $($tuple:ident: $pair:ident { $($part:ident),+ $(,)? }),* $(,)? })?
        lone { $($lone:ident { $only:ident }),* $(,)? }
        one { $($one:ident),* $(,)? }
        nothing { $($nothing:ident),* $(,)? }
        $(never { $($never:ident),* $(,)? })?
    ) => {
        impl $crate::wire::part::Part<Option<$kinds>> for $domain {
            fn out(&self) -> Option<$kinds> {
                #[allow(unused_imports, reason = "not every choice has all of these")]
                use $crate::wire::part::Part;
                type Kind = $kinds;
                Some(match self {
                    $(Self::$struct { $($field),+ } =>
                        Kind::$struct(proto::cluster::$message { $($field: Part::out($field)),+ }),)*
                    $($(Self::$tuple($($part),+) =>
                        Kind::$tuple(proto::cluster::$pair { $($part: Part::out($part)),+ }),)*)?
                    $(Self::$lone { $only } => Kind::$lone(Part::out($only)),)*
                    $(Self::$one(it) => Kind::$one(Part::out(it)),)*
                    $(Self::$nothing => Kind::$nothing(proto::entity::Nothing {}),)*
                    $($(Self::$never { .. } => return None,)*)?
                })
            }

            fn back(proto: Option<$kinds>) -> Result<Self, $crate::wire::error::Fault> {
                #[allow(unused_imports, reason = "not every choice has all of these")]
                use $crate::wire::part::read;
                type Kind = $kinds;
                // These are large: each is taken apart where it is.
                Ok(match proto {
                    None => return Err($crate::wire::error::Fault::UnknownKind),
                    $(Some(Kind::$struct(it)) => Self::$struct { $(
                        $field: read(it.$field, concat!(stringify!($message), ".", stringify!($field)))?,
                    )+ },)*
                    $($(Some(Kind::$tuple(it)) => Self::$tuple($(
                        read(it.$part, concat!(stringify!($pair), ".", stringify!($part)))?,
                    )+),)*)?
                    $(Some(Kind::$lone(it)) => Self::$lone { $only: read(it, stringify!($lone))? },)*
                    $(Some(Kind::$one(it)) => Self::$one(read(it, stringify!($one))?),)*
                    $(Some(Kind::$nothing(_)) => Self::$nothing,)*
                })
            }
        }
    };
}

pub(super) use {boxed, choice, named, needed, record, wrapped};

/// What needs no conversion.
macro_rules! plain {
    ($($plain:ty),+) => {
        $(impl Part<Self> for $plain {
            fn out(&self) -> Self {
                self.clone()
            }

            fn back(proto: Self) -> Result<Self, Fault> {
                Ok(proto)
            }
        })+
    };
}

plain!(bool, u32, u64, String, Bytes);

/// What is written into the log too, as it is written there.
macro_rules! as_logged {
    ($($value:ty: $proto:ty),+ $(,)?) => {
        $(impl Part<$proto> for $value {
            fn out(&self) -> $proto {
                self.to_proto()
            }

            fn back(proto: $proto) -> Result<Self, Fault> {
                Ok(Wire::from_proto(proto)?)
            }
        })+
    };
}

as_logged!(
    Address: String,
    EndpointName: String,
    Arc<str>: String,
    Timestamp: u64,
    Affiliation: i32,
    Role: i32,
    Availability: i32,
    Activity: i32,
    Container: i32,
    EndpointId: entity::Endpoint,
    ConversationId: entity::ConversationId,
    Message: entity::Message,
    Said: entity::Said,
    State: entity::State,
    Contact: entity::Contact,
    Token: entity::Token,
    Verifier: entity::Verifier,
    PushService: entity::PushService,
    Settings: entity::Settings,
    Item: entity::Item,
    Configuration: entity::Configuration,
    Departure: entity::Departure,
);

needed!(EndpointId, entity::Endpoint);
needed!(ConversationId, entity::ConversationId);
needed!(Message, entity::Message);
boxed!(Said, entity::Said);
needed!(State, entity::State);
needed!(Contact, entity::Contact);
needed!(Token, entity::Token);
needed!(Settings, entity::Settings);
needed!(Configuration, entity::Configuration);
needed!(Departure, entity::Departure);

impl Part<u64> for Ticket {
    fn out(&self) -> u64 {
        self.0
    }

    fn back(proto: u64) -> Result<Self, Fault> {
        Ok(Self(proto))
    }
}

/// Milliseconds; nothing finer is asked for.
impl Part<u64> for Duration {
    fn out(&self) -> u64 {
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX)
    }

    fn back(proto: u64) -> Result<Self, Fault> {
        Ok(Self::from_millis(proto))
    }
}

impl<T: Part<P>, P> Part<Option<P>> for Option<T> {
    fn out(&self) -> Option<P> {
        self.as_ref().map(Part::out)
    }

    fn back(proto: Option<P>) -> Result<Self, Fault> {
        proto.map(T::back).transpose()
    }
}

impl<T: Part<P>, P> Part<P> for Arc<T> {
    fn out(&self) -> P {
        T::out(self)
    }

    fn back(proto: P) -> Result<Self, Fault> {
        T::back(proto).map(Self::new)
    }
}

impl<T: Part<P>, P> Part<P> for Box<T> {
    fn out(&self) -> P {
        T::out(self)
    }

    fn back(proto: P) -> Result<Self, Fault> {
        T::back(proto).map(Self::new)
    }
}

impl<T: Part<P>, P> Part<Vec<P>> for Vec<T> {
    fn out(&self) -> Vec<P> {
        self.iter().map(Part::out).collect()
    }

    fn back(proto: Vec<P>) -> Result<Self, Fault> {
        if proto.len() > LIST_ENTRIES {
            return Err(CodecError::Impossible("length").into());
        }
        proto.into_iter().map(T::back).collect()
    }
}

impl<T: Part<P>, P> Part<Vec<P>> for Arc<[T]> {
    fn out(&self) -> Vec<P> {
        self.iter().map(Part::out).collect()
    }

    fn back(proto: Vec<P>) -> Result<Self, Fault> {
        Vec::back(proto).map(Into::into)
    }
}
