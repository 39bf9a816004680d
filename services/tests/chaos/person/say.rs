//! What a person says: something now and then, the same again until it is acknowledged, and a last word; its presence;
//! and entering a conference.

use super::Person;
use crate::records::{Place, Said, address, body, name};
use std::time::{Duration, Instant};

/// Said and not acknowledged, at most so many at once.
const WINDOW: usize = 5;
/// After a refusal it is said again.
const AGAIN: Duration = Duration::from_millis(300);
/// An unanswered wish to enter a conference is repeated.
const ENTER: Duration = Duration::from_secs(2);
/// Presence changes so often.
const SHOW: Duration = Duration::from_secs(6);

/// Not acknowledged.
pub(super) struct Open {
    pub(super) origin: String,
    place: usize,
    stanza: String,
    /// Its count in this session; `None`: it must be said, or said again.
    pub(super) sent: Option<u32>,
    /// Not before.
    pub(super) after: Duration,
}

impl Person {
    pub(super) fn say_something(&mut self) {
        let now = self.board.now();
        if now < self.due || self.open.len() >= WINDOW {
            return;
        }
        let micros = u64::try_from(self.part.pace.as_micros()).unwrap_or(u64::MAX);
        self.due = now + Duration::from_micros(micros / 2 + self.chance.below(micros));
        let place = self.chance.index(self.part.places.len());
        self.prepare(place, now);
    }

    pub(super) fn say_the_last(&mut self) {
        if std::mem::replace(&mut self.said_last, true) {
            return;
        }
        let now = self.board.now();
        (0..self.part.places.len()).for_each(|place| self.prepare(place, now));
    }

    fn prepare(&mut self, place: usize, now: Duration) {
        let number = self.next[place];
        self.next[place] += 1;
        let last = if self.said_last { ".last" } else { "" };
        let origin = format!("{}.{place}.{number}{last}", name(self.part.person));
        let (to, kind) = match &self.part.places[place] {
            person @ Place::Person(_) => (person.address(), "chat"),
            conference @ Place::Conference(_) => (conference.address(), "groupchat"),
        };
        let stanza = format!(
            "<message to='{to}' type='{kind}' id='{origin}'><body>{}</body>\
             <origin-id xmlns='urn:xmpp:sid:0' id='{origin}'/></message>",
            body(&origin, now)
        );
        let said = Said { number, to, at: now, acknowledged: None, refused: false };
        self.records.said.insert(origin.clone(), said);
        self.open.push_back(Open { origin, place, stanza, sent: None, after: Duration::ZERO });
    }

    /// In each place in order: nothing overtakes what waits there.
    pub(super) fn say_what_is_open(&mut self) {
        let now = self.board.now();
        let mut waits = vec![false; self.part.places.len()];
        let mut said = false;
        for at in 0..self.open.len() {
            let open = &self.open[at];
            let place = open.place;
            if open.sent.is_some() || waits[place] {
                continue;
            }
            if now < open.after || !self.may_speak(place) {
                waits[place] = true;
                continue;
            }
            let stanza = open.stanza.clone();
            self.put(&stanza);
            let Some(management) = &self.client.management else { return };
            let count = u32::try_from(management.open.len()).expect("few");
            self.open[at].sent = Some(management.acknowledged.wrapping_add(count));
            said = true;
        }
        if said {
            self.ask();
        }
    }

    fn may_speak(&self, place: usize) -> bool {
        match &self.part.places[place] {
            Place::Person(_) => true,
            conference @ Place::Conference(_) => {
                self.inside.get(&conference.address()).is_some_and(|inside| inside.is_in)
            }
        }
    }

    /// What the server has counted is acknowledged.
    pub(super) fn settle_acknowledged(&mut self) {
        let Some(management) = &self.client.management else { return };
        let (done, now) = (management.acknowledged, self.board.now());
        let is_done = |open: &Open| open.sent.is_some_and(|sent| done.wrapping_sub(sent) < 1 << 31);
        let (records, mut at) = (&mut self.records, 0);
        while at < self.open.len() {
            if !is_done(&self.open[at]) {
                at += 1;
                continue;
            }
            if let Some(open) = self.open.remove(at)
                && let Some(said) = records.said.get_mut(&open.origin)
            {
                said.acknowledged = Some(now);
            }
        }
    }

    /// It was refused: it is said again a little later, whether it counted as acknowledged or not.
    pub(super) fn refused(&mut self, origin: &str, stanza: impl FnOnce(&Said) -> String) {
        let after = self.board.now() + AGAIN;
        let Some(said) = self.records.said.get_mut(origin) else { return };
        said.refused = true;
        said.acknowledged = None;
        if let Some(open) = self.open.iter_mut().find(|open| open.origin == origin) {
            open.sent = None;
            open.after = after;
            return;
        }
        let to = &said.to;
        let place = self.part.places.iter().position(|place| place.address() == *to).unwrap_or_default();
        let stanza = stanza(said);
        self.open.push_front(Open { origin: origin.to_owned(), place, stanza, sent: None, after });
    }

    pub(super) fn show_something(&mut self) {
        let now = self.board.now();
        if now < self.shown_at + SHOW {
            return;
        }
        self.shown_at = now + Duration::from_millis(self.chance.below(1000));
        self.shown += 1;
        let shown = self.shown;
        self.put(&format!("<presence><status>{shown}</status></presence>"));
    }

    pub(super) fn show_the_last(&mut self) {
        if !std::mem::replace(&mut self.showed_last, true) {
            self.put_last_presence();
        }
    }

    pub(super) fn put_last_presence(&mut self) {
        if self.part.goes {
            self.put("<presence type='unavailable'/>");
            // Its connection is closed in order: nothing of it may stay.
            let closed = self.client.close();
            self.showed_last = closed.is_ok() && self.client.wait_for_end();
            return;
        }
        let note = last_note(self.part.person);
        self.put(&format!("<presence><status>{note}</status></presence>"));
    }

    pub(super) fn enter_conferences(&mut self) {
        for place in self.part.places.clone() {
            let Place::Conference(_) = place else { continue };
            let conference = place.address();
            let inside = self.inside.entry(conference.clone()).or_default();
            if inside.is_in || inside.asked_at.is_some_and(|asked| asked.elapsed() < ENTER) {
                continue;
            }
            inside.asked_at = Some(Instant::now());
            let own = format!("{conference}/{}", name(self.part.person));
            self.put(&format!(
                "<presence to='{own}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>"
            ));
        }
    }

    /// As who was there first: it is open, and kept when all have left.
    pub(super) fn settle_conference(&mut self, conference: &str) {
        let field = |var: &str, value: &str| format!("<field var='{var}'><value>{value}</value></field>");
        let fields = [
            field("FORM_TYPE", "http://jabber.org/protocol/muc#roomconfig"),
            field("muc#roomconfig_persistentroom", "1"),
        ];
        self.put(&format!(
            "<iq type='set' id='settle' to='{conference}'><query xmlns='http://jabber.org/protocol/muc#owner'>\
             <x xmlns='jabber:x:data' type='submit'>{}</x></query></iq>",
            fields.concat()
        ));
    }

    /// Whom it should see otherwise, once all have shown their last.
    pub(super) fn untrue(&self) -> Vec<String> {
        let wrong = |contact: &usize| {
            let seen = self.sees(*contact);
            let shown = (!self.part.gone.contains(contact)).then(|| last_note(*contact));
            let right = seen == shown;
            (!right).then(|| format!("{} sees {} as {seen:?}", name(self.part.person), address(*contact)))
        };
        self.part.contacts.iter().filter_map(wrong).collect()
    }

    /// The notes of all devices of a contact; `None`: it is not there.
    pub(super) fn sees(&self, contact: usize) -> Option<String> {
        let start = format!("{}/", address(contact));
        let seen =
            self.records.seen.range(start.clone()..).take_while(|(device, _)| device.starts_with(&start));
        let notes: Vec<&str> = seen.map(|(_, note)| note.as_str()).collect();
        (!notes.is_empty()).then(|| notes.join(" and "))
    }
}

fn last_note(person: usize) -> String {
    format!("the last of {}", name(person))
}
