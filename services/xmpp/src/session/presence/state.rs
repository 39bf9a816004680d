//! A presence stanza's content to the domain's [`State`] and back (RFC 6121 §4.7, XEP-0319), by the table of the design.
//!
//! Invariant: what XMPP has no word for travels in an element beside it, so a state that is written and read again is
//! the same.

use crate::{
    limits::NOTE_BYTES,
    ns,
    stanza::{Child, Stanza, Tag},
    xep::{
        datetime, muc,
        payload::{Meaning, meaning},
    },
};
use domain::presentity::{Activity, Availability, State};
use std::sync::Arc;

/// Our element for what XMPP cannot say: `availability` as Lync's number, `activity` by name.
const BESIDE: &str = "urn:linnet:presence:0";
const IDLE: &str = "urn:xmpp:idle:1";

/// Lowest number of each availability (MS-PRES).
const NUMBERS: [(u32, Availability); 8] = [
    (3000, Availability::Available),
    (4500, Availability::Idle),
    (6000, Availability::Busy),
    (7500, Availability::BusyIdle),
    (9000, Availability::DoNotDisturb),
    (12000, Availability::BeRightBack),
    (15000, Availability::Away),
    (18000, Availability::Offline),
];

const ACTIVITIES: [(&str, Activity); 7] = [
    ("on-the-phone", Activity::OnThePhone),
    ("in-a-conference", Activity::InAConference),
    ("in-a-meeting", Activity::InAMeeting),
    ("presenting", Activity::Presenting),
    ("out-of-office", Activity::OutOfOffice),
    ("off-work", Activity::OffWork),
    ("urgent-only", Activity::UrgentOnly),
];

/// What a stanza without a type shows; `None` if its priority is no number (RFC 6121 §4.7.2.3) or its note too long.
pub(crate) fn read_state(stanza: &Stanza) -> Option<State> {
    let mut state = State::of(Availability::Available);
    let (mut show, mut beside, mut carried) = (None, None, Vec::new());
    for child in stanza.children() {
        match (child.name(), child.namespace()) {
            ("show", ns::CLIENT) => show = Some(child.text()),
            ("status", ns::CLIENT) if state.note.is_none() => state.note = Some(Arc::from(&*child.text())),
            ("priority", ns::CLIENT) => state.priority = child.text().trim().parse().ok()?,
            ("idle", IDLE) => state.idle_since = child.attribute("since").and_then(|at| datetime::parse(&at)),
            // First, where it is found again.
            ("c", ns::CAPS) => {
                let mut caps = child.fragment().to_vec();
                caps.append(&mut carried);
                carried = caps;
            }
            (_, BESIDE) => beside = Some(child),
            (_, muc::MUC) => {}
            (name, namespace) if meaning(name, namespace) == Meaning::Forged => {}
            _ => child.append_fragment(&mut carried),
        }
    }
    shade(&mut state, show.as_deref());
    if let Some(child) = beside {
        read_beside(&mut state, &child);
    }
    state.note = state.note.filter(|note| !note.is_empty());
    state.carried = carried.into();
    (state.note.as_ref().is_none_or(|note| note.len() <= NOTE_BYTES)).then_some(state)
}

/// What a `<show/>` means where nothing stands beside it. An unknown one is taken as none (RFC 6121 §4.7.2.1).
fn shade(state: &mut State, show: Option<&str>) {
    let (availability, eager, extended) = match show {
        Some("chat") => (Availability::Available, true, false),
        Some("away") if state.idle_since.is_some() => (Availability::Idle, false, false),
        Some("away") => (Availability::Away, false, false),
        Some("xa") => (Availability::Away, false, true),
        Some("dnd") => (Availability::DoNotDisturb, false, false),
        _ => (Availability::Available, false, false),
    };
    (state.availability, state.eager, state.extended) = (availability, eager, extended);
}

fn read_beside(state: &mut State, child: &Child<'_>) {
    let number: Option<u32> = child.attribute("availability").and_then(|text| text.parse().ok());
    if let Some(number) = number {
        let found = NUMBERS.iter().rev().find(|(lowest, _)| *lowest <= number);
        state.availability = found.map_or(state.availability, |(_, availability)| *availability);
        state.eager &= state.availability == Availability::Available;
        state.extended &= state.availability == Availability::Away;
    }
    let activity = child.attribute("activity");
    state.activity = ACTIVITIES.iter().find(|(name, _)| Some(*name) == activity.as_deref()).map(|(_, a)| *a);
}

/// Appends what a presence stanza of this state holds.
pub(crate) fn append_state(state: &State, out: &mut Vec<u8>) {
    let show = match state.availability {
        Availability::Available if state.eager => Some("chat"),
        Availability::Available | Availability::Offline => None,
        Availability::Away if state.extended => Some("xa"),
        Availability::Idle | Availability::BeRightBack | Availability::Away => Some("away"),
        Availability::Busy | Availability::BusyIdle | Availability::DoNotDisturb => Some("dnd"),
    };
    if let Some(show) = show {
        Tag::open(out, "show").text(show);
    }
    if let Some(note) = &state.note {
        Tag::open(out, "status").text(note);
    }
    if state.priority != 0 {
        Tag::open(out, "priority").text(&state.priority.to_string());
    }
    if let Some(since) = state.idle_since {
        Tag::open_in(out, "idle", IDLE).attr("since", &datetime::format(since)).empty();
    }
    append_beside(state, show, out);
    out.extend_from_slice(&state.carried);
}

/// Only where the words of XMPP would be read as another state.
fn append_beside(state: &State, show: Option<&str>, out: &mut Vec<u8>) {
    let mut plain = State { note: None, activity: None, carried: bytes::Bytes::new(), ..state.clone() };
    shade(&mut plain, show);
    if plain.availability == state.availability && state.activity.is_none() {
        return;
    }
    let number = NUMBERS.iter().find(|(_, availability)| *availability == state.availability);
    let activity = ACTIVITIES.iter().find(|(_, activity)| Some(*activity) == state.activity);
    Tag::open_in(out, "state", BESIDE)
        .attr_shown("availability", number.map_or(0, |(number, _)| *number))
        .attr_some("activity", activity.map(|(name, _)| *name))
        .empty();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Scope;
    use domain::Timestamp;
    use proptest::prelude::*;

    fn read(content: &str) -> Option<State> {
        let stanza = format!("<presence>{content}</presence>");
        read_state(&Stanza::parse(stanza.into(), &Scope::Usual).expect("well-formed"))
    }

    #[test]
    fn the_table_of_the_design() {
        for (content, availability, eager, extended) in [
            ("", Availability::Available, false, false),
            ("<show>chat</show>", Availability::Available, true, false),
            ("<show>nonsense</show>", Availability::Available, false, false),
            ("<show>away</show>", Availability::Away, false, false),
            (
                "<show>away</show><idle xmlns='urn:xmpp:idle:1' since='2026-11-21T11:00:00Z'/>",
                Availability::Idle,
                false,
                false,
            ),
            ("<show>xa</show>", Availability::Away, false, true),
            ("<show>dnd</show>", Availability::DoNotDisturb, false, false),
            (
                "<show>dnd</show><state xmlns='urn:linnet:presence:0' availability='6500'/>",
                Availability::Busy,
                false,
                false,
            ),
        ] {
            let state = read(content).expect(content);
            let found = (state.availability, state.eager, state.extended);
            assert_eq!(found, (availability, eager, extended), "{content}");
        }
    }

    #[test]
    fn what_only_a_service_says_is_left_out_and_the_rest_is_carried() {
        let caps = "<c xmlns='http://jabber.org/protocol/caps' ver='x'/>";
        let forged = "<x xmlns='http://jabber.org/protocol/muc#user'/><delay xmlns='urn:xmpp:delay'/>";
        let state = read(&format!("<status>here</status>{forged}{caps}<status>da</status>")).expect("fine");
        assert_eq!(state.note.as_deref(), Some("here"));
        assert_eq!(state.carried, format!("{caps}<status>da</status>"));
    }

    #[test]
    fn a_priority_must_fit_and_a_note_has_a_limit() {
        assert_eq!(read("<priority>-128</priority>").map(|s| s.priority), Some(-128));
        assert_eq!(read("<priority>128</priority>"), None);
        assert_eq!(read("<priority>high</priority>"), None);
        assert!(read(&format!("<status>{}</status>", "x".repeat(NOTE_BYTES))).is_some());
        assert_eq!(read(&format!("<status>{}</status>", "x".repeat(NOTE_BYTES + 1))), None);
    }

    prop_compose! {
        fn any_state()(
            (_, availability) in proptest::sample::select(&NUMBERS[..]),
            activity in proptest::option::of(proptest::sample::select(&ACTIVITIES[..])),
            shaded: bool,
            idle in proptest::option::of(0..4_000_000_000_000_u64),
            note in proptest::option::of("[a-z<&> ]{1,20}"),
            priority: i8,
        ) -> State {
            State {
                availability,
                activity: activity.map(|(_, activity)| activity),
                eager: shaded && availability == Availability::Available,
                extended: shaded && availability == Availability::Away,
                idle_since: idle.map(Timestamp),
                note: note.map(Arc::from),
                priority,
                carried: "<nick xmlns='urn:example'>a</nick>".into(),
            }
        }
    }

    proptest! {
        #[test]
        fn a_round_trip_never_changes_a_state(state in any_state()) {
            let mut written = Vec::new();
            append_state(&state, &mut written);
            prop_assert_eq!(read(&String::from_utf8(written).expect("UTF-8")), Some(state));
        }
    }
}
