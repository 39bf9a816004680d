//! One message between two nodes: between two homes, between a session and its user's home, or a question and its
//! answer.

use super::{
    Again, Answer, DecodeError, Found, Listing, Question, ResumptionId, SessionId,
    error::Fault,
    part::{Part as _, choice},
};
use crate::limits::MESSAGE_BYTES;
use bytes::Bytes;
use domain::{
    Address, ConversationId, EndpointName, Refusal, Shard, Ticket, account::Token, conversation, endpoint,
    user,
};
use event_log::codec::CodecError;
use prost::Message as _;

/// Of an entity that speaks: who hears it may know that its shard has another owner by now.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Origin {
    /// Its shard.
    pub shard: Shard,
    /// The term of ownership in which it speaks.
    pub epoch: u64,
}

/// Said by a home or a session on one node to one on another.
#[derive(Clone, Debug)]
pub enum Message {
    /// To a user's home. What sessions ask ([`user::Command::Attach`], `Detach`, `Parked` and `Endpoint`) comes as a
    /// message of its own; said in this way it is [`Message::Unknown`] to whoever hears it.
    User {
        /// Which user.
        address: Address,
        /// What.
        command: user::Command,
    },
    /// The same to several users' homes: written once, and what it holds is shared when it is read.
    Users {
        /// Which users.
        addresses: Vec<Address>,
        /// What.
        command: user::Command,
    },
    /// To a conversation's home.
    Conversation {
        /// Which conversation.
        id: ConversationId,
        /// What.
        command: conversation::Command,
    },

    // ── from sessions to homes ──
    /// An endpoint asks something.
    Asked {
        /// Whose.
        user: Address,
        /// Which endpoint.
        endpoint: EndpointName,
        /// Its session.
        session: SessionId,
        /// The stanza of the client that asks, as the client counts them; 0: none does.
        stanza: u32,
        /// Its number for the answer.
        ticket: Ticket,
        /// What.
        command: endpoint::Command,
    },
    /// A session has signed in.
    Attach {
        /// As whom.
        user: Address,
        /// As which endpoint.
        endpoint: EndpointName,
        /// Which session.
        session: SessionId,
        /// Its number for the answer.
        ask: u64,
        /// With which credentials ([`super::Credentials::number`]).
        credentials: u64,
        /// It was attached before, and its home has moved.
        again: Option<Box<Again>>,
    },
    /// A session is over.
    Detach {
        /// Whose.
        user: Address,
        /// Of which endpoint.
        endpoint: EndpointName,
        /// Which.
        session: SessionId,
    },
    /// A session has lost its connection and waits to be resumed; or it was.
    Parked {
        /// Whose.
        user: Address,
        /// Of which endpoint.
        endpoint: EndpointName,
        /// Which.
        session: SessionId,
        /// Waits.
        parked: bool,
    },
    /// A session may be resumed, with what is known of it now.
    Resumable {
        /// Whose.
        user: Address,
        /// Of which endpoint.
        endpoint: EndpointName,
        /// Which.
        session: SessionId,
        /// Under which id.
        id: ResumptionId,
        /// How long after its connection was lost, in milliseconds.
        window: u64,
        /// Stanzas of the client dealt with so far.
        handled: u32,
        /// It wants copies of what other endpoints of the user send and receive (XEP-0280).
        carbons: bool,
    },
    /// A connection that has signed in wants to resume a session.
    Resume {
        /// Whose.
        user: Address,
        /// Which.
        id: ResumptionId,
        /// The session that resumes it.
        session: SessionId,
        /// Its number for the answer.
        ask: u64,
        /// With which credentials it signed in.
        credentials: u64,
        /// How many stanzas of the former session its client has.
        received: u32,
    },
    /// How far a session that may be resumed is.
    Reached {
        /// Whose.
        user: Address,
        /// Of which endpoint.
        endpoint: EndpointName,
        /// Which.
        session: SessionId,
        /// Stanzas of the client dealt with.
        handled: u32,
        /// The stanza to the client, as it counts them, with which …
        sent: u32,
        /// … everything up to this serial was written; 0: nothing.
        serial: u64,
    },
    /// A sign-in with these credentials gave the client a token, or used one.
    SetToken {
        /// Whose.
        user: Address,
        /// Which.
        token: Token,
        /// With which credentials.
        credentials: u64,
    },

    // ── from homes to sessions ──
    /// To an endpoint.
    Event {
        /// Its session.
        session: SessionId,
        /// What.
        event: endpoint::Event,
    },
    /// The answer to [`Message::Attach`].
    Attached {
        /// Which session.
        session: SessionId,
        /// What it asked with.
        ask: u64,
        /// Admitted, or not.
        result: Result<(), Refusal>,
    },
    /// The answer to [`Message::Resume`].
    Resumed {
        /// The session that resumes.
        session: SessionId,
        /// What it asked with.
        ask: u64,
        /// `None`: there is no session of that id.
        found: Option<Box<Found>>,
    },
    /// Another session resumes this one: let go of its connection, and say no more.
    LetGo {
        /// Which session.
        session: SessionId,
        /// If it has this id.
        id: ResumptionId,
    },

    // ── questions ──
    /// Asked of a user's home.
    Question {
        /// Unique in the run of the node that asks.
        id: u64,
        /// Of whom.
        user: Address,
        /// What.
        question: Question,
    },
    /// Asked of a node: of everybody whose home is in these shards, if all of them are owned there.
    List {
        /// Unique, as of questions.
        id: u64,
        /// Which shards.
        shards: Vec<Shard>,
        /// What.
        listing: Listing,
    },
    /// The answer to either.
    Answer {
        /// Of the question.
        id: u64,
        /// What.
        answer: Answer,
    },

    /// To a node: hand over all shards and take none.
    Drain,

    /// Of a kind, or with a command, an event or an answer, that only a newer release knows.
    Unknown,
}

choice!(
    Message,
    proto::cluster::message::Body,
    fields {
        User: ToUser { address, command },
        Users: ToUsers { addresses, command },
        Conversation: ToConversation { id, command },
        Event: ToEndpoint { session, event },
        Asked: Asked { user, endpoint, session, stanza, ticket, command },
        Attach: Attach { user, endpoint, session, ask, credentials, again },
        Attached: Attached { session, ask, result },
        Detach: Detach { user, endpoint, session },
        Parked: Parked { user, endpoint, session, parked },
        Resumable: Resumable { user, endpoint, session, id, window, handled, carbons },
        Resume: Resume { user, id, session, ask, credentials, received },
        Reached: Reached { user, endpoint, session, handled, sent, serial },
        Resumed: Resumed { session, ask, found },
        LetGo: LetGo { session, id },
        SetToken: SetToken { user, token, credentials },
        Question: Question { id, user, question },
        List: List { id, shards, listing },
        Answer: Reply { id, answer },
    }
    lone {}
    one {}
    nothing { Drain }
    never { Unknown }
);

impl Message {
    /// As bytes; `from` is the entity that says it, if one does. More than [`MESSAGE_BYTES`] will not be read.
    pub fn encode(&self, from: Option<Origin>) -> Bytes {
        let message = proto::cluster::Message {
            from_shard: from.map(|from| from.shard.0.into()),
            from_epoch: from.map(|from| from.epoch),
            body: self.out(),
        };
        message.encode_to_vec().into()
    }

    /// The inverse. What comes out shares no memory with `bytes`, which may be a small part of what a link has read.
    pub fn decode(bytes: &[u8]) -> Result<(Self, Option<Origin>), DecodeError> {
        if bytes.len() > MESSAGE_BYTES {
            return Err(DecodeError::TooLarge { bytes: bytes.len() });
        }
        let mut message = proto::cluster::Message::default();
        message.merge(bytes)?;
        let from = origin(message.from_shard, message.from_epoch)?;
        match Self::back(message.body) {
            Ok(message) => Ok((message, from)),
            Err(Fault::UnknownKind) => Ok((Self::Unknown, from)),
            Err(Fault::Wrong { field, why }) => {
                Err(DecodeError::Field { field: field.unwrap_or("Message"), why })
            }
        }
    }
}

fn origin(shard: Option<u32>, epoch: Option<u64>) -> Result<Option<Origin>, DecodeError> {
    let wrong = |field, why| DecodeError::Field { field, why };
    match (shard, epoch) {
        (None, None) => Ok(None),
        (Some(shard), Some(epoch)) => {
            let shard = u16::try_from(shard)
                .map_err(|_| wrong("Message.from_shard", CodecError::Impossible("shard")))?;
            Ok(Some(Origin { shard: Shard(shard), epoch }))
        }
        (None, Some(_)) => Err(wrong("Message.from_shard", CodecError::Missing("shard"))),
        (Some(_), None) => Err(wrong("Message.from_epoch", CodecError::Missing("epoch"))),
    }
}
