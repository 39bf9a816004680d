//! What a user's home is asked in this process, beside the domain's commands: by sessions that sign in, lose their
//! connection or are resumed, and by administrators.

use crate::session::{Line, Parked, SessionId};
pub(crate) use cluster::wire::{Account, Credentials};

use cluster::wire::Again;
use domain::{
    Address, EndpointName, Refusal, Ticket,
    account::Token,
    endpoint,
    user::{Command, LastActivity},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;
use xmpp::{session, stream};

/// Asked of a user's home in this process: the domain's commands, and what a host needs beside them.
pub(crate) enum ToUser {
    /// One of the domain's.
    Command(Command),
    /// A session wants what it needs to check a sign-in.
    Credentials(oneshot::Sender<Credentials>),
    /// A session has signed in, with these credentials; it is answered, and told from then on, by this inbox.
    Attach { endpoint: EndpointName, line: Line, ask: stream::AskId, credentials: u64 },
    /// A session that was signed in before is taken up by a home that may know nothing of it.
    AttachAgain { endpoint: EndpointName, line: Line, credentials: u64, again: Box<Again> },
    /// A sign-in with these credentials gave the client a token, or used one.
    SetToken { token: Token, credentials: u64 },
    /// Asked by a session; ignored if another one has taken the endpoint since: what it confirms is of the other. In a
    /// pool: caused by this stanza of the client, as it counts them; 0: by none.
    Asked {
        endpoint: EndpointName,
        session: SessionId,
        stanza: u32,
        ticket: Ticket,
        command: endpoint::Command,
    },
    /// A session is over; ignored if another one has taken the endpoint since.
    Detach { endpoint: EndpointName, session: SessionId },
    /// A session has lost its connection, and waits here to be resumed.
    Park { endpoint: EndpointName, parked: Box<Parked> },
    /// A new connection, signed in with these credentials, wants to resume the session of this id.
    Resume { id: Arc<str>, line: Line, ask: stream::AskId, credentials: u64, received: u32 },
    /// How far a session elsewhere is: so many stanzas of its client are dealt with, and up to this serial everything was
    /// written to it as the stanza of that number or before.
    Reached { endpoint: EndpointName, session: SessionId, handled: u32, sent: u32, serial: u64 },
    /// A session elsewhere may be resumed under this id, so long after it was lost; so many stanzas of its client are
    /// dealt with.
    Resumable {
        endpoint: EndpointName,
        session: SessionId,
        id: Arc<str>,
        window: Duration,
        handled: u32,
        carbons: bool,
    },
    /// A session elsewhere has lost its connection and waits there, or has one again.
    Waits { endpoint: EndpointName, session: SessionId, waits: bool },
    /// The session that was asked to let go of its connection does not have that id.
    NotWanted { endpoint: EndpointName, session: SessionId, id: Arc<str> },
    /// A question of a session was answered after it had lost its connection.
    Answered { endpoint: EndpointName, session: SessionId, ask: session::AskId, answer: session::Answer },
    /// An administrator's command, and where its outcome is awaited.
    Admin(Command, oneshot::Sender<Result<(), Refusal>>),
    /// Signs out the session of this endpoint, or all of them.
    EndSessions(Option<EndpointName>),
    /// What somebody asks who wants to know when the user was last there; `None` if that is not for them.
    LastSeen { asker: Address, reply: oneshot::Sender<Option<LastActivity>> },
    /// What an administrator sees of the account.
    Describe(oneshot::Sender<Option<Account>>),
}
