//! `<body/>`, the wrapper of each request and each answer (XEP-0124 §6, §7, §17; XEP-0206): read and written.
//!
//! Invariant: what is taken out of a body stands for itself, as a message of a WebSocket does (RFC 7395 §3.3.3).

use crate::{
    limits::{
        BODY_BYTES, BODY_ELEMENTS, BODY_HOLD, BODY_INACTIVITY, BODY_PAUSE, BODY_POLLING,
        BODY_POLLING_INACTIVITY, BODY_REQUESTS, BODY_WAIT,
    },
    ns,
    stanza::{Element, Tag},
    wire::{checked, skip_declaration},
};
use bytes::Bytes;
use std::time::Duration;

/// The highest rid (XEP-0124 §14.1): what every client can count.
const LAST_RID: u64 = (1 << 53) - 1;
/// What this is an implementation of.
const VERSION: (u32, u32) = (1, 11);

/// Why a session ends (XEP-0124 §17.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", self.name())]
pub enum Condition {
    /// What came is no request.
    BadRequest,
    /// The domain is not served here.
    HostUnknown,
    /// The request does not say which domain is meant.
    ImproperAddressing,
    /// There is no such session, or no such request in it.
    ItemNotFound,
    /// Another request of the session has ended it.
    OtherRequest,
    /// A limit or a rule of this server.
    PolicyViolation,
    /// The stream has ended with the error inside.
    RemoteStreamError,
    /// The server is going down.
    SystemShutdown,
}

impl Condition {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "bad-request",
            Self::HostUnknown => "host-unknown",
            Self::ImproperAddressing => "improper-addressing",
            Self::ItemNotFound => "item-not-found",
            Self::OtherRequest => "other-request",
            Self::PolicyViolation => "policy-violation",
            Self::RemoteStreamError => "remote-stream-error",
            Self::SystemShutdown => "system-shutdown",
        }
    }

    /// The answer to a request that ends its session, or has none.
    pub fn body(self) -> Bytes {
        end(Some(self), b"")
    }
}

/// A request.
pub struct Body {
    /// Which session it belongs to; `None`: it asks for a new one.
    pub sid: Option<Box<str>>,
    pub(super) rid: u64,
    pub(super) to: Option<String>,
    pub(super) lang: Option<String>,
    pub(super) version: Option<String>,
    /// The version of BOSH that the client knows.
    pub(super) bosh: Option<(u32, u32)>,
    pub(super) wait: Option<Duration>,
    pub(super) hold: Option<usize>,
    pub(super) ack: Option<u64>,
    pub(super) pause: Option<Duration>,
    pub(super) restarts: bool,
    pub(super) terminates: bool,
    /// What it carries.
    pub(super) payload: Vec<Bytes>,
}

impl Body {
    /// Reads the whole of an HTTP request's content.
    ///
    /// Errors: `bad-request` for whatever is no body with a rid, `policy-violation` at a limit.
    pub fn parse(bytes: &[u8]) -> Result<Self, Condition> {
        if bytes.len() > BODY_BYTES {
            return Err(Condition::PolicyViolation);
        }
        let bad = |_| Condition::BadRequest;
        let text = skip_declaration(checked(bytes).map_err(bad)?).map_err(bad)?;
        let body = Element::parse(text.as_bytes()).map_err(bad)?;
        if !body.is("body", ns::BOSH) {
            return Err(Condition::BadRequest);
        }
        if body.children().count() > BODY_ELEMENTS {
            return Err(Condition::PolicyViolation);
        }
        let rid =
            number(&body, "rid")?.filter(|rid| (1..=LAST_RID).contains(rid)).ok_or(Condition::BadRequest)?;
        Ok(Self {
            sid: body.attribute("sid").map(Into::into),
            rid,
            to: body.attribute("to").map(str::to_owned),
            lang: body.lang().map(str::to_owned),
            version: of_xmpp(&body, "version").map(str::to_owned),
            bosh: body.attribute("ver").map(version).transpose()?,
            wait: number(&body, "wait")?.map(Duration::from_secs),
            hold: number(&body, "hold")?.map(|hold| usize::try_from(hold).unwrap_or(usize::MAX)),
            ack: number(&body, "ack")?,
            pause: number(&body, "pause")?.map(Duration::from_secs),
            restarts: matches!(of_xmpp(&body, "restart"), Some("true" | "1")),
            terminates: body.attribute("type") == Some("terminate"),
            payload: body.children().map(alone).collect(),
        })
    }

    /// Whether it only asks for what there is.
    pub(super) fn is_empty(&self) -> bool {
        self.payload.is_empty() && !self.restarts && !self.terminates && self.pause.is_none()
    }
}

/// `Debug` shows no content.
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("payload", &self.payload.len()).finish_non_exhaustive()
    }
}

fn number(body: &Element, name: &str) -> Result<Option<u64>, Condition> {
    body.attribute(name).map(|value| value.parse().map_err(|_| Condition::BadRequest)).transpose()
}

fn version(text: &str) -> Result<(u32, u32), Condition> {
    let (major, minor) = text.split_once('.').ok_or(Condition::BadRequest)?;
    match (major.parse(), minor.parse()) {
        (Ok(major), Ok(minor)) => Ok((major, minor)),
        _ => Err(Condition::BadRequest),
    }
}

/// An attribute of XEP-0206.
fn of_xmpp<'b>(body: &'b Element, name: &str) -> Option<&'b str> {
    let mut attributes = body.attributes().iter();
    let found = attributes.find(|a| a.name == name && a.namespace.as_deref() == Some(ns::XBOSH));
    found.map(|attribute| attribute.value.as_str())
}

fn alone(child: &Element) -> Bytes {
    let mut out = Vec::new();
    child.write("", &mut out);
    out.into()
}

/// What a client and its session have agreed on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// How long a request is held.
    pub(super) wait: Duration,
    /// How many are.
    pub(super) hold: usize,
    /// The client says which answers it has (XEP-0124 §9.2).
    pub(super) acknowledges: bool,
    version: (u32, u32),
}

impl Terms {
    pub(super) fn of(body: &Body) -> Self {
        let wait = body.wait.unwrap_or_default().min(BODY_WAIT);
        let hold = if wait.is_zero() { 0 } else { body.hold.unwrap_or(BODY_HOLD).min(BODY_HOLD) };
        Self {
            wait,
            hold,
            acknowledges: body.ack == Some(1),
            version: body.bosh.unwrap_or(VERSION).min(VERSION),
        }
    }

    pub(super) fn is_polling(&self) -> bool {
        self.hold == 0
    }

    pub(super) fn inactivity(&self) -> Duration {
        if self.is_polling() { BODY_POLLING_INACTIVITY } else { BODY_INACTIVITY }
    }
}

/// The first answer of a session (XEP-0124 §7.2).
pub(super) fn opening(sid: &str, rid: u64, domain: &str, terms: &Terms, payload: &[u8]) -> Bytes {
    let mut out = Vec::new();
    let tag = open(&mut out)
        .attr("sid", sid)
        .attr_shown("wait", terms.wait.as_secs())
        .attr_shown("hold", terms.hold)
        .attr_shown("requests", BODY_REQUESTS)
        .attr_shown("inactivity", terms.inactivity().as_secs())
        .attr_shown("polling", BODY_POLLING.as_secs())
        .attr_shown("maxpause", BODY_PAUSE.as_secs())
        .attr_shown("ver", format_args!("{}.{}", terms.version.0, terms.version.1))
        .attr("from", domain)
        .attr("xmlns:xmpp", ns::XBOSH)
        .attr("xmpp:version", "1.0")
        .attr("xmpp:restartlogic", "true");
    let tag = if terms.acknowledges { tag.attr_shown("ack", rid) } else { tag };
    fill(tag, payload);
    out.into()
}

/// An answer in the middle of a session. `ack`: the highest rid that has come, where that is worth saying.
pub(super) fn answer(ack: Option<u64>, payload: &[u8]) -> Bytes {
    let mut out = Vec::new();
    let tag = open(&mut out);
    let tag = match ack {
        Some(rid) => tag.attr_shown("ack", rid),
        None => tag,
    };
    fill(tag, payload);
    out.into()
}

/// The last answer of a session.
pub(super) fn end(condition: Option<Condition>, payload: &[u8]) -> Bytes {
    let mut out = Vec::new();
    let tag = open(&mut out).attr("type", "terminate").attr_some("condition", condition.map(Condition::name));
    fill(tag, payload);
    out.into()
}

fn open(out: &mut Vec<u8>) -> Tag<'_> {
    Tag::open_in(out, "body", ns::BOSH).attr("xmlns:stream", ns::STREAMS)
}

fn fill(tag: Tag<'_>, payload: &[u8]) {
    if payload.is_empty() {
        tag.empty();
    } else {
        tag.content(|out| out.extend_from_slice(payload));
    }
}
