//! What a person writes down: what it said and what of that was acknowledged, what it heard, whom it sees, and where it
//! was connected.

use std::{collections::BTreeMap, time::Duration};
use tests::server::DOMAIN;
use xmpp::stanza::Element;

/// XEP-0359.
pub(crate) const IDS: &str = "urn:xmpp:sid:0";

/// Where something is said: to one other person, or in a conference under its own name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Person(usize),
    Conference(usize),
}

impl Place {
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Person(person) => address(*person),
            Self::Conference(number) => format!("room{number}@conference.{DOMAIN}"),
        }
    }
}

pub(crate) fn name(person: usize) -> String {
    format!("p{person}")
}

pub(crate) fn address(person: usize) -> String {
    format!("{}@{DOMAIN}", name(person))
}

/// One message of one's own.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// Ascending in a place.
    pub(crate) number: u64,
    /// Where: the bare address.
    pub(crate) to: String,
    /// When first.
    pub(crate) at: Duration,
    pub(crate) acknowledged: Option<Duration>,
    /// It was refused before, and said again behind others.
    pub(crate) refused: bool,
}

/// One message that came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// The conversation as this person sees it: the other's bare address, or the conference's.
    pub(crate) place: String,
    /// Its `stanza-id`.
    pub(crate) id: String,
    /// Its `origin-id`.
    pub(crate) origin: String,
    pub(crate) said: Duration,
    pub(crate) at: Duration,
    /// In a conference: in which unbroken stay; `None`: it was shown what had been said before.
    pub(crate) stay: Option<u32>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) person: usize,
    /// By origin id.
    pub(crate) said: BTreeMap<String, Said>,
    pub(crate) heard: Vec<Heard>,
    /// By address of a device: its note.
    pub(crate) seen: BTreeMap<String, String>,
    /// Since when at which node.
    pub(crate) nodes: Vec<(Duration, usize)>,
    pub(crate) resumed: u64,
    pub(crate) signed_in: u64,
    /// What the server refused, by condition.
    pub(crate) refusals: BTreeMap<String, u64>,
    /// What must not have been.
    pub(crate) faults: Vec<String>,
    /// Whose presence it saw otherwise than it was, at the end.
    pub(crate) untrue: Vec<String>,
    /// Conferences that it was in at the end, with the stay.
    pub(crate) stays: BTreeMap<String, u32>,
    pub(crate) archive: Vec<Kept>,
    /// Of conferences that this person was asked to read.
    pub(crate) conferences: BTreeMap<String, Vec<Kept>>,
}

/// One message of a history.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) id: String,
    pub(crate) origin: String,
}

impl Records {
    /// The node of its connection at that time.
    pub(crate) fn node_at(&self, at: Duration) -> Option<usize> {
        self.nodes.iter().rev().find(|(since, _)| *since <= at).map(|(_, node)| *node)
    }
}

/// `ORIGIN MICROSECONDS`, which is what all of them say.
pub(crate) fn body(origin: &str, at: Duration) -> String {
    format!("{origin} {}", at.as_micros())
}

/// Origin and time of a message's body; `None`: it has none.
pub(crate) fn read_body(message: &Element) -> Option<(String, Duration)> {
    let body = message.child("body", "jabber:client")?.text();
    let (origin, at) = body.split_once(' ')?;
    Some((origin.to_owned(), Duration::from_micros(at.parse().ok()?)))
}

/// Who said it, by its origin id.
pub(crate) fn speaker(origin: &str) -> Option<usize> {
    origin.strip_prefix('p')?.split('.').next()?.parse().ok()
}

pub(crate) fn bare(address: &str) -> &str {
    address.split('/').next().unwrap_or_default()
}
