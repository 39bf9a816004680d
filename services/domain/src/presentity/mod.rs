//! Presence: what each source of a user publishes, what becomes of it together, and who sees which part of it
//! (RFC 2778, RFC 3856; aggregation and containers after MS-PRES).

mod aggregate;
mod sources;
#[cfg(test)]
mod tests;
mod view;

pub use aggregate::{Rank, aggregate};
pub use sources::Sources;
pub use view::View;

use crate::{Address, EndpointName, Timestamp};
use bytes::Bytes;
use std::sync::Arc;

/// How available somebody is, from most to least; the numbers are Lync's (MS-PRES availability).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Availability {
    /// 3000–4499.
    Available,
    /// 4500–5999: available, but not at the device.
    Idle,
    /// 6000–7499.
    Busy,
    /// 7500–8999: busy, and not at the device.
    BusyIdle,
    /// 9000–11999.
    DoNotDisturb,
    /// 12000–14999.
    BeRightBack,
    /// 15000–17999.
    Away,
    /// 18000 and above.
    Offline,
}

/// What somebody is doing, beside how available that makes them (RFC 4480 activities, Lync's activity tokens).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Activity {
    /// On the phone or in a call.
    OnThePhone,
    /// In a conference call.
    InAConference,
    /// In a meeting by the calendar.
    InAMeeting,
    /// Presenting.
    Presenting,
    /// Out of office.
    OutOfOffice,
    /// Off work.
    OffWork,
    /// Reachable for urgent matters only.
    UrgentOnly,
}

/// A source of presence that is no endpoint and that the user did not choose; the later in this list wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Source {
    /// The calendar: in a meeting.
    Calendar,
    /// A call: on the phone.
    Call,
}

/// One publication: what one endpoint says about its user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct State {
    /// How available; never `Offline` for an endpoint that is signed in, unless it is invisible.
    pub availability: Availability,
    /// Doing what.
    pub activity: Option<Activity>,
    /// Eager to talk (XMPP `chat`); a shade of `Available` that other doors do not know.
    pub eager: bool,
    /// Away for long (XMPP `xa`); a shade of `Away`.
    pub extended: bool,
    /// Since when nobody touched the device (XEP-0319, RPID `user-input`).
    pub idle_since: Option<Timestamp>,
    /// The note that goes with this state.
    pub note: Option<Arc<str>>,
    /// The endpoint's wish for messages to the bare address (RFC 6121 §4.7.2.3): negative, none of them.
    pub priority: i8,
    /// Elements of the endpoint's own protocol (capabilities, avatar hash …), carried unharmed to watchers whose
    /// door can show them.
    pub carried: Bytes,
}

impl State {
    /// So available, with nothing more said.
    #[must_use]
    pub fn of(availability: Availability) -> Self {
        Self {
            availability,
            activity: None,
            eager: false,
            extended: false,
            idle_since: None,
            note: None,
            priority: 0,
            carried: Bytes::new(),
        }
    }
}

/// What a presence amounts to when all its sources are taken together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Aggregate {
    /// How available.
    pub availability: Availability,
    /// Doing what.
    pub activity: Option<Activity>,
    /// The user's note, else the note of the state that won.
    pub note: Option<Arc<str>>,
    /// With `Offline`: when the last endpoint signed out.
    pub last_seen: Option<Timestamp>,
}

/// What a watcher is told: one endpoint of the presentity changed, and what that makes of the whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Whose presence.
    pub presentity: Address,
    /// Which endpoint changed; `None` where only the aggregate is told.
    pub endpoint: Option<EndpointName>,
    /// What it shows to this audience now: its own state with manual state, calendar and calls taken in; `None`
    /// when it is gone.
    pub state: Option<Arc<State>>,
    /// The note that the endpoint left when it went.
    pub parting: Option<Arc<str>>,
    /// The whole.
    pub aggregate: Arc<Aggregate>,
}

/// An audience of a presence (Lync: privacy relationships), from least to most trusted; the numbers are Lync's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Container {
    /// 32000: sees the user offline; cannot write.
    Blocked,
    /// 100: people of other domains.
    External,
    /// 200: people of the same organisation. What a subscriber gets unless put elsewhere.
    Colleagues,
    /// 300: the people of one's team; sees through a do-not-disturb as urgent-only.
    Workgroup,
    /// 400: friends and family.
    Friends,
}
