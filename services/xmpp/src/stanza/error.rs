//! Stanza errors (RFC 6120 §8.3): the polite no in XMPP's words.

use super::{Kind, Stanza, Tag};
use crate::ns;
use domain::{Reason, Refusal};

/// What the sender may do about it (RFC 6120 §8.3.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ErrorKind {
    /// Prove who you are, then retry.
    Auth,
    /// Do not retry.
    Cancel,
    /// Only a warning: go on.
    Continue,
    /// Change what was sent, then retry.
    Modify,
    /// Retry later.
    Wait,
}

/// A defined condition of RFC 6120 §8.3.3.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "the names are those of RFC 6120 §8.3.3, explained there")]
pub enum Condition {
    BadRequest,
    Conflict,
    FeatureNotImplemented,
    Forbidden,
    Gone,
    InternalServerError,
    ItemNotFound,
    JidMalformed,
    NotAcceptable,
    NotAllowed,
    NotAuthorized,
    PolicyViolation,
    RecipientUnavailable,
    Redirect,
    RegistrationRequired,
    RemoteServerNotFound,
    RemoteServerTimeout,
    ResourceConstraint,
    ServiceUnavailable,
    SubscriptionRequired,
    UndefinedCondition,
    UnexpectedRequest,
}

impl ErrorKind {
    /// The `type` attribute.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Cancel => "cancel",
            Self::Continue => "continue",
            Self::Modify => "modify",
            Self::Wait => "wait",
        }
    }
}

impl Condition {
    /// The condition's element name.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "bad-request",
            Self::Conflict => "conflict",
            Self::FeatureNotImplemented => "feature-not-implemented",
            Self::Forbidden => "forbidden",
            Self::Gone => "gone",
            Self::InternalServerError => "internal-server-error",
            Self::ItemNotFound => "item-not-found",
            Self::JidMalformed => "jid-malformed",
            Self::NotAcceptable => "not-acceptable",
            Self::NotAllowed => "not-allowed",
            Self::NotAuthorized => "not-authorized",
            Self::PolicyViolation => "policy-violation",
            Self::RecipientUnavailable => "recipient-unavailable",
            Self::Redirect => "redirect",
            Self::RegistrationRequired => "registration-required",
            Self::RemoteServerNotFound => "remote-server-not-found",
            Self::RemoteServerTimeout => "remote-server-timeout",
            Self::ResourceConstraint => "resource-constraint",
            Self::ServiceUnavailable => "service-unavailable",
            Self::SubscriptionRequired => "subscription-required",
            Self::UndefinedCondition => "undefined-condition",
            Self::UnexpectedRequest => "unexpected-request",
        }
    }

    /// The type that RFC 6120 §8.3.3 gives the condition, or recommends.
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::Forbidden
            | Self::NotAuthorized
            | Self::RegistrationRequired
            | Self::SubscriptionRequired => ErrorKind::Auth,
            Self::BadRequest
            | Self::JidMalformed
            | Self::NotAcceptable
            | Self::PolicyViolation
            | Self::Redirect => ErrorKind::Modify,
            Self::RecipientUnavailable
            | Self::RemoteServerTimeout
            | Self::ResourceConstraint
            | Self::UnexpectedRequest => ErrorKind::Wait,
            Self::Conflict
            | Self::FeatureNotImplemented
            | Self::Gone
            | Self::InternalServerError
            | Self::ItemNotFound
            | Self::NotAllowed
            | Self::RemoteServerNotFound
            | Self::ServiceUnavailable
            | Self::UndefinedCondition => ErrorKind::Cancel,
        }
    }
}

impl From<Reason> for Condition {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::NotFound => Self::ItemNotFound,
            Reason::Unavailable => Self::ServiceUnavailable,
            Reason::Forbidden | Reason::Banned => Self::Forbidden,
            Reason::Outranked => Self::NotAllowed,
            Reason::MembersOnly => Self::RegistrationRequired,
            Reason::PasswordRequired | Reason::NotAuthorized => Self::NotAuthorized,
            Reason::Conflict => Self::Conflict,
            Reason::LimitReached => Self::PolicyViolation,
            Reason::BadRequest => Self::BadRequest,
            Reason::NotAcceptable => Self::NotAcceptable,
            Reason::NotImplemented => Self::FeatureNotImplemented,
            Reason::UnexpectedRequest => Self::UnexpectedRequest,
            Reason::RemoteNotFound => Self::RemoteServerNotFound,
            Reason::Gone => Self::Gone,
            Reason::TryLater => Self::ResourceConstraint,
        }
    }
}

/// Appends an `<error/>` element of the condition's own type.
pub fn write_error(condition: Condition, text: Option<&str>, out: &mut Vec<u8>) {
    Tag::open(out, "error").attr("type", condition.kind().name()).content(|out| {
        Tag::open_in(out, condition.name(), ns::STANZA_ERRORS).empty();
        if let Some(text) = text {
            Tag::open_in(out, "text", ns::STANZA_ERRORS).attr("xml:lang", "en").text(text);
        }
    });
}

/// Appends the answer to a stanza that was refused: the same stanza's name and id, its addresses exchanged
/// (RFC 6120 §8.3.1). `from` is who answers; without it the stanza's `to`. Nothing for an error or an iq answer,
/// which must not be answered.
pub fn write_refusal(stanza: &Stanza, refusal: &Refusal, out: &mut Vec<u8>) {
    let answerable = match stanza.kind() {
        Kind::Iq => stanza.is_request(),
        Kind::Message | Kind::Presence => stanza.type_() != Some("error"),
        Kind::Nonza => false,
    };
    if !answerable {
        return;
    }
    let name = match stanza.kind() {
        Kind::Message => "message",
        Kind::Presence => "presence",
        _ => "iq",
    };
    Tag::open(out, name)
        .attr_some("from", stanza.to())
        .attr_some("to", stanza.from())
        .attr_some("id", stanza.id())
        .attr("type", "error")
        .content(|out| write_error(refusal.reason.into(), refusal.text, out));
}
