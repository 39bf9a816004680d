//! The polite no: why something was refused, in words that every door can say in its own protocol.

use std::fmt;

/// Why. Each door maps these to its protocol's errors (XMPP: RFC 6120 §8.3.3; SIP: RFC 3261 §21).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// No such user, conversation, item or endpoint.
    NotFound,
    /// The recipient exists but cannot be reached, or does not want to be (blocked looks the same from outside).
    Unavailable,
    /// The asker may not do this.
    Forbidden,
    /// The asker may do this, but not to somebody who stands higher.
    Outranked,
    /// The asker must be a member (of a conference, of an audience) first.
    MembersOnly,
    /// A password is missing or wrong.
    PasswordRequired,
    /// Banned from this conference.
    Banned,
    /// The name (nick, node, endpoint) is taken, or the thing exists already.
    Conflict,
    /// A limit of `limits.rs` or of a policy is reached; the text says which.
    LimitReached,
    /// The request cannot be understood.
    BadRequest,
    /// Understood, but not acceptable as it stands.
    NotAcceptable,
    /// Not done here.
    NotImplemented,
    /// The state that the request builds on has changed or never was (not joined, wrong version).
    UnexpectedRequest,
    /// The address is in a domain that this server does not serve and cannot reach.
    RemoteNotFound,
    /// The conversation or item is gone for good.
    Gone,
    /// Not now: a disk is full, the log cannot be written, a queue is full. Try again later.
    TryLater,
    /// The account is disabled or the credentials do not match.
    NotAuthorized,
}

/// A refusal: the reason, and a sentence for a person where there is more to say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The machine-readable part.
    pub reason: Reason,
    /// For the person who asked: what to do about it. Never a secret, never message content.
    pub text: Option<&'static str>,
}

impl Refusal {
    /// A refusal with a sentence for a person.
    pub fn because(reason: Reason, text: &'static str) -> Self {
        Self { reason, text: Some(text) }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, text: None }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text {
            Some(text) => write!(f, "{:?}: {text}", self.reason),
            None => write!(f, "{:?}", self.reason),
        }
    }
}

impl std::error::Error for Refusal {}
