//! What a user's home is asked in this process, beside the domain's commands: by sessions that sign in, lose their
//! connection or are resumed, and by administrators.

use crate::session::{Inbox, Parked};
use domain::{
    Address, EndpointName, Refusal, Ticket, Timestamp,
    account::{Token, Verifier},
    endpoint,
    user::{Command, LastActivity},
};
use std::sync::Arc;
use tokio::sync::oneshot;
use xmpp::{session, stream};

/// Asked of a user's home in this process: the domain's commands, and what a host needs beside them.
pub(crate) enum ToUser {
    /// One of the domain's.
    Command(Command),
    /// A session wants what it needs to check a sign-in.
    Credentials(oneshot::Sender<Credentials>),
    /// A session has signed in, with these credentials; it is answered, and told from then on, by this inbox.
    Attach { endpoint: EndpointName, inbox: Inbox, ask: stream::AskId, credentials: u64 },
    /// A sign-in with these credentials gave the client a token, or used one.
    SetToken { token: Token, credentials: u64 },
    /// Asked by a session; ignored if another one has taken the endpoint since: what it confirms is of the other.
    Asked { endpoint: EndpointName, session: u64, ticket: Ticket, command: endpoint::Command },
    /// A session is over; ignored if another one has taken the endpoint since.
    Detach { endpoint: EndpointName, session: u64 },
    /// A session has lost its connection, and waits here to be resumed.
    Park { endpoint: EndpointName, parked: Box<Parked> },
    /// A new connection, signed in with these credentials, wants to resume the session of this id.
    Resume { id: Arc<str>, inbox: Inbox, ask: stream::AskId, credentials: u64 },
    /// The session that was asked to let go of its connection does not have that id.
    NotWanted { endpoint: EndpointName, id: Arc<str> },
    /// A question of a session was answered after it had lost its connection.
    Answered { endpoint: EndpointName, session: u64, ask: session::AskId, answer: session::Answer },
    /// An administrator's command, and where its outcome is awaited.
    Admin(Command, oneshot::Sender<Result<(), Refusal>>),
    /// Signs out the session of this endpoint, or all of them.
    EndSessions(Option<EndpointName>),
    /// What somebody asks who wants to know when the user was last there; `None` if that is not for them.
    LastSeen { asker: Address, reply: oneshot::Sender<Option<LastActivity>> },
    /// What an administrator sees of the account.
    Describe(oneshot::Sender<Option<Account>>),
}

/// What a sign-in is checked against. Empty for an unknown user.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    /// Of the password.
    pub verifiers: Vec<Verifier>,
    /// Of clients that signed in before.
    pub tokens: Vec<Token>,
    /// May sign in.
    pub enabled: bool,
    /// Which they are: what is proven by them holds while the account has this number ([`domain::user::User::credentials`]).
    pub number: u64,
}

/// What an administrator sees of an account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// Whose.
    pub address: Address,
    /// May sign in.
    pub enabled: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When the last endpoint signed out.
    pub last_seen: Option<Timestamp>,
    /// Names of the endpoints that are signed in.
    pub endpoints: Vec<EndpointName>,
}
