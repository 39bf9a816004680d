//! What goes into a stream and what comes out of it: the whole of its world.

use crate::{
    limits::{RESUME_TIME, SIGN_IN_TIME, STANZA_BYTES, TOKEN_LIFE},
    sasl::{Channel, SaslError},
    stanza::Stanza,
    stream::Parked,
    wire::StreamError,
};
use bytes::Bytes;
use domain::{
    Address, EndpointId, Timestamp,
    account::{ScramHash, Token, Verifier},
};
use std::time::Duration;

/// What all streams of a host share.
#[derive(Clone)]
pub struct Settings {
    /// The domain that is served.
    pub domain: Address,
    /// The server's own secret: makes unknown users look like known ones, so it must outlive restarts.
    pub secret: [u8; 32],
    /// Bytes of one element after sign-in.
    pub stanza_bytes: usize,
    /// From the connection to bound; then the stream ends.
    pub sign_in: Duration,
    /// How long a lost stream may be resumed.
    pub resume: Duration,
    /// How long a sign-in token is valid.
    pub token_life: Duration,
    /// Whether PLAIN is offered (inside TLS only).
    pub plain: bool,
    /// Elements that the session layer adds to the features after sign-in (capabilities, roster versioning).
    pub features: Bytes,
}

impl Settings {
    /// The usual settings of a domain.
    pub fn new(domain: Address, secret: [u8; 32]) -> Self {
        Self {
            domain,
            secret,
            stanza_bytes: STANZA_BYTES,
            sign_in: SIGN_IN_TIME,
            resume: RESUME_TIME,
            token_life: TOKEN_LIFE,
            plain: true,
            features: Bytes::new(),
        }
    }
}

/// What carries the bytes.
#[derive(Clone, Debug)]
pub enum Carrier {
    /// TCP in clear: STARTTLS comes first (RFC 6120 §5).
    Tcp,
    /// TLS from the first byte (XEP-0368).
    Tls(Channel),
    /// A WebSocket over TLS (RFC 7395).
    WebSocket(Channel),
}

/// The stream's own number for a question.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AskId(pub u64);

/// What happens to a stream.
#[derive(Debug)]
pub enum Input<'a> {
    /// Bytes from the connection.
    Bytes(&'a [u8]),
    /// One whole message of a WebSocket.
    Message(&'a [u8]),
    /// TLS is up, after [`Event::StartTls`].
    Secured(Channel),
    /// The answer to an [`Event::Ask`].
    Answer(AskId, Answer),
    /// The session has dealt with the stanza of this number: what it asked is durable, or was answered.
    Done(u64),
    /// Everything written so far was accepted by the network.
    Flushed,
    /// Of [`super::Stream::written`], the first so many have reached the client; the host knows it from the client.
    Arrived(u64),
    /// The time of [`super::Stream::deadline`] has come.
    Tick,
    /// The connection is gone.
    Lost,
    /// End the stream with this error: the server goes down, the endpoint was signed out.
    End(StreamError, Option<&'static str>),
}

/// What a stream asks of its host. Exactly one answer is expected; nothing more is read until it comes.
#[derive(Debug)]
pub enum Question {
    /// The verifier of this user for this hash. Answer: [`Answer::Verifier`].
    Verifier {
        /// Whose.
        user: Address,
        /// For which hash.
        hash: ScramHash,
    },
    /// Is this the user's password? By [`crate::sasl::check_plain`], off the hot threads. Answer: [`Answer::Password`].
    Password {
        /// Whose.
        user: Address,
        /// What the client says.
        password: Password,
    },
    /// The tokens of one client of this user. Answer: [`Answer::Tokens`].
    Tokens {
        /// Whose.
        user: Address,
        /// Of which client.
        client: Box<str>,
    },
    /// Sign this endpoint in. Answer: [`Answer::Bound`].
    Bind {
        /// Under this name.
        endpoint: EndpointId,
    },
    /// The stream that was parked under this id, if it is of this user: take it from where it is by
    /// [`super::Stream::park`]. Answer: [`Answer::Parked`].
    Resume {
        /// Whose.
        user: Address,
        /// Its id.
        id: Box<str>,
        /// How many stanzas of the server the client has.
        h: u32,
    },
}

/// A password on its way to be checked. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

/// What the host answers.
#[derive(Debug)]
pub enum Answer {
    /// To [`Question::Verifier`].
    Verifier {
        /// `None`: no such user, or none for this hash.
        verifier: Option<Verifier>,
        /// Whether the account may sign in.
        enabled: bool,
    },
    /// To [`Question::Password`].
    Password(Verdict),
    /// To [`Question::Tokens`].
    Tokens {
        /// All of the client's; empty if there is no such user.
        tokens: Vec<Token>,
        /// Whether the account may sign in.
        enabled: bool,
    },
    /// To [`Question::Bind`]: whether the endpoint is signed in now.
    Bound(Result<(), domain::Refusal>),
    /// To [`Question::Resume`]: `None` if there is no such stream (any more).
    Parked(Option<Box<Parked>>),
    /// To any question: it cannot be answered now, or this address or user has guessed too often.
    TryLater,
}

/// Whether a password is right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is.
    Right,
    /// It is not, or there is no such user.
    Wrong,
    /// It is, but the account is disabled.
    Disabled,
}

/// What a stream tells its host and its session.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "stanzas are the most frequent; a box for each is an allocation"
)]
pub enum Event {
    /// Begin the TLS handshake after everything written so far; then [`Input::Secured`].
    StartTls,
    /// A question.
    Ask(AskId, Question),
    /// A sign-in attempt failed: count it.
    SignInFailed {
        /// As whom, if it came so far.
        user: Option<Address>,
        /// Why.
        error: SaslError,
    },
    /// Keep this token (it replaces one of the same client and mechanism).
    SetToken {
        /// Whose.
        user: Address,
        /// What.
        token: Token,
    },
    /// Forget the tokens of this client.
    RemoveToken {
        /// Whose.
        user: Address,
        /// Which client.
        client: Box<str>,
    },
    /// The client is bound: open its session.
    SignedIn(SignedIn),
    /// The client goes on with the session that was parked; the endpoint is the same.
    Resumed(EndpointId),
    /// A stanza for the session, with its number; its `from` is the client's own or absent.
    Stanza(u64, Stanza),
    /// The client is in use, or not (XEP-0352).
    Active(bool),
    /// The stanza sent with this receipt has reached the client.
    Acked(u64),
    /// The connection is gone or given up, the session goes on: keep the stream until it is resumed, or until then.
    Parked {
        /// Under which id it can be asked for.
        id: Box<str>,
        /// Until when; give [`Input::Tick`] then.
        until: Timestamp,
    },
    /// The session is over for good: sign the endpoint out. Also when the stream ends while [`Question::Bind`] is open.
    Ended,
    /// Close the connection after everything written so far.
    Close,
}

/// A client that is bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// As which endpoint.
    pub endpoint: EndpointId,
    /// It asked for copies of the user's other talk with its sign-in (XEP-0280 by XEP-0386).
    pub carbons: bool,
    /// Whether it is in use (XEP-0352); it may say otherwise with its sign-in.
    pub active: bool,
    /// The id under which it can be resumed, if it asked for that with its sign-in.
    pub resumable: Option<Box<str>>,
}

/// What comes out of one or more calls. Reused, to save allocations; take and clear all of it each time.
#[derive(Debug, Default)]
pub struct Out {
    /// To be written to the connection, in order.
    pub bytes: Vec<u8>,
    /// For a WebSocket: where each message in `bytes` ends. Empty otherwise.
    pub ends: Vec<usize>,
    /// What else happens, in order; [`Event::StartTls`] and [`Event::Close`] take effect after `bytes` is written.
    pub events: Vec<Event>,
}

impl Out {
    /// One element was written: on a WebSocket, a message ends here.
    pub(super) fn end_element(&mut self, framed: bool) {
        if framed {
            self.ends.push(self.bytes.len());
        }
    }

    pub(super) fn event(&mut self, event: Event) {
        self.events.push(event);
    }
}

impl Question {
    /// The user that it is about.
    pub fn user(&self) -> &Address {
        match self {
            Self::Verifier { user, .. }
            | Self::Password { user, .. }
            | Self::Tokens { user, .. }
            | Self::Resume { user, .. } => user,
            Self::Bind { endpoint } => &endpoint.user,
        }
    }
}
