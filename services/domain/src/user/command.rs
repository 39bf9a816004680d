//! What is asked of a user's home: by its endpoints, by other homes, by administrators.

use crate::{
    Address, ConversationId, EndpointId, EndpointName, Refusal, Ticket, Timestamp,
    account::{Token, Verifier},
    category::CategoryNotice,
    conversation::ConferenceEvent,
    endpoint::{self, Answer, Said},
    presentity::{Notice, State},
    roster::Handshake,
};
use bytes::Bytes;
use std::sync::Arc;

/// Whether and how a user can be written to by somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// An endpoint is there, or messages are kept.
    Reachable,
    /// No endpoint is there and messages are not kept (policy).
    Offline,
    /// One of the two has blocked the other. To the sender it looks like `Offline`, unless the sender did it.
    Blocked,
    /// No such user, or the account is disabled.
    Unknown,
}

/// What the session of an endpoint tells a home that may know nothing of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Again {
    /// What it shows; `None`: it is not available.
    pub state: Option<Arc<State>>,
    /// It read the roster and is told of changes.
    pub roster: bool,
    /// It read the block list and is told of changes.
    pub blocked: bool,
    /// The conferences that it is in.
    pub conferences: Vec<Address>,
}

/// Asked of a user's home.
#[derive(Clone, Debug)]
pub enum Command {
    // ── from the host, for its sessions ──
    /// An endpoint signed in (its credentials were checked). An endpoint of the same name is ended as `Replaced`.
    Attach {
        /// Its name.
        endpoint: EndpointName,
    },
    /// An endpoint that is signed in attaches again: its user's home moved, or was out of its reach for a while.
    AttachAgain {
        /// Its name.
        endpoint: EndpointName,
        /// What its session remembers.
        again: Box<Again>,
    },
    /// An endpoint's session is over and will not come back.
    Detach {
        /// Which.
        endpoint: EndpointName,
    },
    /// An endpoint's session has lost its connection and waits to be resumed; or it was.
    Parked {
        /// Which.
        endpoint: EndpointName,
        /// Waits.
        parked: bool,
    },
    /// A push service answered to a push.
    PushAnswered {
        /// Who answered.
        from: EndpointId,
        /// Their ticket for the answer.
        ticket: Ticket,
        /// Of [`super::Effect::Push`].
        push: Ticket,
        /// It wants no more of them.
        refused: bool,
    },
    /// An endpoint asks something.
    Endpoint {
        /// Which.
        endpoint: EndpointName,
        /// Its number for the answer.
        ticket: Ticket,
        /// What.
        command: endpoint::Command,
    },
    /// A client of this user used a sign-in token, or got a new one (XEP-0484).
    SetToken {
        /// Replaces the one of the same client and mechanism.
        token: Token,
    },
    /// A sign-in token is no longer valid.
    RemoveToken {
        /// Of which client.
        client: String,
    },

    // ── from other homes ──
    /// A step of the subscription hand-shake.
    Handshake {
        /// Whose.
        from: Address,
        /// Which.
        step: Handshake,
        /// What their protocol put beside it.
        carried: Bytes,
    },
    /// Tell me the presence of this user, if I may see it (RFC 6121 §4.3). Does not wake a user who is not signed in.
    Probe {
        /// Who asks; the notices go to this endpoint only.
        from: EndpointId,
    },
    /// The presence of somebody this user watches. Does not wake.
    Notice {
        /// For this endpoint only; `None`: for all.
        endpoint: Option<EndpointName>,
        /// What.
        notice: Arc<Notice>,
    },
    /// Directed presence. Does not wake.
    Directed {
        /// From which endpoint.
        from: EndpointId,
        /// To one endpoint only.
        endpoint: Option<EndpointName>,
        /// `None`: gone.
        state: Option<Arc<State>>,
        /// If gone: the parting note.
        note: Option<Arc<str>>,
    },
    /// Something in a contact's category. Does not wake.
    Category {
        /// For this endpoint only (the answer to its probe); `None`: for all.
        endpoint: Option<EndpointName>,
        /// What.
        notice: Arc<CategoryNotice>,
    },
    /// Read or change this user's categories for somebody else.
    CategoryAsked {
        /// Who.
        from: EndpointId,
        /// Their ticket.
        ticket: Ticket,
        /// What.
        command: endpoint::CategoryCommand,
    },
    /// An opaque request or answer for one endpoint. Does not wake.
    Relay {
        /// From whom.
        from: EndpointId,
        /// To which endpoint.
        endpoint: EndpointName,
        /// The sender's ticket, refused if the endpoint is not there.
        ticket: Ticket,
        /// In the sender's protocol.
        payload: Bytes,
    },
    /// How can `towards` write to this user? Answered to the conversation, now and at each change while it is live.
    AskStanding {
        /// Who wants to know.
        conversation: ConversationId,
        /// Towards whom.
        towards: Address,
    },
    /// A live conversation is put away: no more standing to it.
    ForgetConversation {
        /// Which.
        conversation: ConversationId,
    },
    /// A message for this user, to be confirmed by [`crate::conversation::Command::Confirm`] if its number is not 0.
    Deliver {
        /// To this endpoint only (conference); `None`: as the message and the endpoints' priorities say.
        endpoint: Option<EndpointName>,
        /// What.
        said: Arc<Said>,
        /// Was handed out before, perhaps: show its time.
        late: bool,
    },
    /// A message that this user sent was accepted: answer the ticket, copy it to the user's other endpoints.
    Sent {
        /// The sender's ticket.
        ticket: Ticket,
        /// What.
        said: Arc<Said>,
        /// It was a retry: answer, but copy nothing.
        again: bool,
    },
    /// The answer to something an endpoint asked of another home.
    Answer {
        /// Which endpoint asked.
        endpoint: EndpointName,
        /// With which ticket.
        ticket: Ticket,
        /// What.
        answer: Result<Answer, Refusal>,
    },
    /// Something from a conference.
    Conference {
        /// For this endpoint; `None`: for all that are available (an invitation).
        endpoint: Option<EndpointName>,
        /// Which conference.
        conference: Address,
        /// What.
        event: Arc<ConferenceEvent>,
    },

    // ── from administrators ──
    /// Make the account.
    CreateAccount {
        /// Of its password.
        verifiers: Vec<Verifier>,
        /// When.
        at: Timestamp,
    },
    /// Another password: sessions are ended, sign-in tokens dropped.
    SetPassword {
        /// Of the new password.
        verifiers: Vec<Verifier>,
    },
    /// Let the user sign in, or not; when not, sessions are ended.
    SetEnabled(bool),
    /// Remove the account and everything that is the user's own; contacts are told.
    RemoveAccount,
}

impl Command {
    /// Whether this is only of interest to a user who is signed in: a home that is not awake drops it.
    pub fn is_soft(&self) -> bool {
        matches!(
            self,
            Self::Probe { .. }
                | Self::Notice { .. }
                | Self::Directed { .. }
                | Self::Category { .. }
                | Self::ForgetConversation { .. }
                | Self::Detach { .. }
        )
    }
}
