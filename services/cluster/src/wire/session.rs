//! Sessions and their homes on different nodes: which session it is, and what a home must be told of one that was
//! attached to it before.

use super::{
    error::Fault,
    part::{Part, read, record},
};
use domain::{Address, EndpointId, EndpointName, presentity::State};
use proto::cluster::Seat;
use std::{fmt, sync::Arc};

/// One session of one run of one node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId {
    /// Of the run: its incarnation.
    pub node: u64,
    /// Unique in the run; a later session has a higher one.
    pub number: u64,
}

/// Under which a client asks for its session again (XEP-0198 §5). `Debug` does not show it: whoever knows it may ask.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResumptionId(pub Arc<str>);

impl fmt::Debug for ResumptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumptionId(..)")
    }
}

/// What the home of an endpoint must know of a session that attaches again, after it has moved.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "independent wishes of a client")]
pub struct Again {
    /// Under which id its client may resume it.
    pub resumable: Option<ResumptionId>,
    /// Stanzas of its client dealt with.
    pub handled: u32,
    /// What it shows; `None`: it is not available.
    pub state: Option<Arc<State>>,
    /// It wants copies of what other endpoints of the user send and receive (XEP-0280).
    pub carbons: bool,
    /// It is told of changes of the roster.
    pub roster: bool,
    /// It is told of changes of the block list.
    pub blocked: bool,
    /// The conferences that it is in, and its nick in each.
    pub conferences: Vec<(Address, EndpointName)>,
}

/// The session that a client wants to resume.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Its endpoint.
    pub endpoint: EndpointId,
    /// Which session it was until now.
    pub former: SessionId,
    /// Stanzas of the client dealt with.
    pub handled: u32,
    /// What its home knows of it.
    pub again: Again,
}

record!(SessionId, SessionId { node, number });
record!(Again, Again { resumable, handled, state, carbons, roster, blocked, conferences });
record!(Found, Found { endpoint, former, handled, again });

impl Part<String> for ResumptionId {
    fn out(&self) -> String {
        self.0.out()
    }

    fn back(proto: String) -> Result<Self, Fault> {
        Ok(Self(Part::back(proto)?))
    }
}

impl Part<Seat> for (Address, EndpointName) {
    fn out(&self) -> Seat {
        Seat { conference: self.0.out(), nick: self.1.out() }
    }

    fn back(proto: Seat) -> Result<Self, Fault> {
        Ok((read(proto.conference, "Seat.conference")?, read(proto.nick, "Seat.nick")?))
    }
}
