//! Messages, and what was said: `linnet.entity.v1`.

use super::wire::{CodecError, Wire, enumeration, need};
use domain::{
    ConversationId, EndpointId, Message,
    endpoint::{Rendered, Said},
    message::{MessageKind, Traits},
};
use proto::entity;
use std::sync::Arc;

enumeration!(
    MessageKind,
    entity::MessageKind,
    "kind of message",
    Normal = Normal,
    Chat = Chat,
    Conference = Conference,
    Headline = Headline
);

impl Wire for Message {
    type Proto = entity::Message;

    fn to_proto(&self) -> entity::Message {
        entity::Message {
            id: self.id.to_proto(),
            origin_id: self.origin_id.to_proto(),
            kind: self.kind.to_proto(),
            traits: self.traits.0.into(),
            body: self.body.to_proto(),
            language: self.language.to_proto(),
            subject: self.subject.to_proto(),
            thread: self.thread.to_proto(),
            carried: self.carried.clone(),
        }
    }

    fn from_proto(proto: entity::Message) -> Result<Self, CodecError> {
        Ok(Self {
            id: Wire::from_proto(proto.id)?,
            origin_id: Wire::from_proto(proto.origin_id)?,
            kind: Wire::from_proto(proto.kind)?,
            traits: Traits(u16::try_from(proto.traits).map_err(|_| CodecError::Impossible("traits"))?),
            body: Wire::from_proto(proto.body)?,
            language: Wire::from_proto(proto.language)?,
            subject: Wire::from_proto(proto.subject)?,
            thread: Wire::from_proto(proto.thread)?,
            carried: proto.carried,
        })
    }
}

impl Wire for Said {
    type Proto = entity::Said;

    fn to_proto(&self) -> entity::Said {
        entity::Said {
            conversation: Some(self.conversation.to_proto()),
            number: self.number,
            at: self.at.to_proto(),
            from: Some(self.from.to_proto()),
            nick: self.nick.to_proto(),
            to: self.to.to_proto(),
            message: Some(self.message.to_proto()),
            occupant_id: self.occupant_id.to_proto(),
        }
    }

    fn from_proto(proto: entity::Said) -> Result<Self, CodecError> {
        let conversation = Wire::from_proto(need(proto.conversation, "conversation")?)?;
        let from = speaker(need(proto.from, "speaker")?, &conversation)?;
        Ok(Self {
            conversation,
            number: proto.number,
            at: Wire::from_proto(proto.at)?,
            from,
            nick: Wire::from_proto(proto.nick)?,
            to: Wire::from_proto(proto.to)?,
            message: Arc::new(Wire::from_proto(need(proto.message, "message")?)?),
            occupant_id: Wire::from_proto(proto.occupant_id)?,
            rendered: Rendered::default(),
        })
    }
}

/// Who speaks in a conversation of two is one of the two: such an address is held once.
fn speaker(proto: entity::Endpoint, conversation: &ConversationId) -> Result<EndpointId, CodecError> {
    let user = match conversation {
        ConversationId::Between(known, _) | ConversationId::Between(_, known)
            if known.as_str() == proto.user =>
        {
            known.clone()
        }
        _ => Wire::from_proto(proto.user)?,
    };
    Ok(EndpointId::new(user, Wire::from_proto(proto.name)?))
}
