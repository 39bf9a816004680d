//! Conferences: the users are divided among conferences (XEP-0045) and talk there at a rate; each message comes to
//! every occupant, the sender too.
//!
//! Each run makes conferences of its own, which end with it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use super::{Spent, Stage};
use crate::cli::ConferenceArgs;
use crate::crowd::Crowd;
use crate::measure::latency::Latency;
use crate::measure::pace::pace;
use crate::measure::payload::{Codec, Payload};
use crate::measure::timetable::Timetable;
use crate::measure::tracker::{Tally, Tracker};
use crate::progress::Progress;
use crate::report::Report;
use crate::session::{Ear, Session};
use crate::trouble::Trouble;
use crate::wire::stanza::Stanza;

/// What was said and heard where.
struct Conferences {
    codec: Codec,
    service: String,
    occupants: usize,
    joined: RefCell<Vec<bool>>,
    sent: Vec<Cell<u64>>,
    /// By receiver, then by the sender's place in the conference.
    heard: Vec<RefCell<Vec<Tracker>>>,
    delivered: Cell<u64>,
    delivery: RefCell<Latency>,
}

/// One phase's result.
struct Phase {
    spent: Spent,
    deliveries: u64,
    lateness: Latency,
}

/// Plays the scenario.
pub(crate) async fn run(args: &ConferenceArgs) -> Result<Report, Trouble> {
    let stage = Stage::new(&args.run)?;
    if !stage.users.is_multiple_of(args.occupants) {
        return Err(Trouble::Flag("--users must be a multiple of --occupants; change one of them".into()));
    }
    let conferences = Rc::new(Conferences::new(&stage, args));
    let ear: Rc<dyn Ear> = Rc::clone(&conferences) as _;
    let crowd = stage.crowd(&ear).await?;
    conferences.gather(&stage, &crowd).await?;
    conferences.phase(&stage, &crowd, args.rate.rate, args.rate.warm_up).await?;
    conferences.delivery.replace(Latency::new());
    let phase = conferences.phase(&stage, &crowd, args.rate.rate, args.rate.seconds).await?;
    let report = conferences.report(&stage, args.rate.rate, &phase);
    crowd.sign_out().await?;
    Ok(report)
}

impl Conferences {
    fn new(stage: &Stage, args: &ConferenceArgs) -> Self {
        let service = args.service.clone().unwrap_or_else(|| format!("conference.{}", stage.target.domain));
        let trackers = || (0..args.occupants).map(|_| Tracker::default()).collect();
        Self {
            codec: Codec::new(args.body),
            service,
            occupants: args.occupants,
            joined: RefCell::new(vec![false; stage.users]),
            sent: (0..stage.users).map(|_| Cell::new(0)).collect(),
            heard: (0..stage.users).map(|_| RefCell::new(trackers())).collect(),
            delivered: Cell::new(0),
            delivery: RefCell::new(Latency::new()),
        }
    }

    fn address(&self, user: usize) -> String {
        format!("load-{}-{}@{}", self.codec.run(), user / self.occupants, self.service)
    }

    /// The first of each conference makes it; then the others join.
    async fn gather(&self, stage: &Stage, crowd: &Crowd) -> Result<(), Trouble> {
        let progress = Progress::new("join", crowd.sessions.len() as u64);
        let is_first = |session: &&Rc<Session>| session.user.is_multiple_of(self.occupants);
        let (first, others): (Vec<_>, Vec<_>) = crowd.sessions.iter().partition(is_first);
        for group in [first, others] {
            for session in &group {
                self.join(session);
            }
            let all = || group.iter().all(|session| self.joined.borrow()[session.user]);
            if !crowd.wait_until(stage.wait, all).await? {
                return Err(Trouble::Slow {
                    what: "joining the conferences",
                    seconds: stage.wait.as_secs(),
                    flag: "--wait",
                });
            }
            progress.at(group.len() as u64);
        }
        Ok(())
    }

    /// XEP-0045 §7.2, without history (§7.2.13).
    fn join(&self, session: &Session) {
        session.say(&format!(
            "<presence to='{}/u{}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>",
            self.address(session.user),
            session.user,
        ));
    }

    /// An instant conference: its defaults are accepted (XEP-0045 §10.1.2).
    fn unlock(&self, session: &Session) {
        session.say(&format!(
            "<iq type='set' id='unlock' to='{}'><query xmlns='http://jabber.org/protocol/muc#owner'>\
             <x xmlns='jabber:x:data' type='submit'/></query></iq>",
            self.address(session.user),
        ));
    }

    async fn phase(&self, stage: &Stage, crowd: &Crowd, rate: f64, seconds: u64) -> Result<Phase, Trouble> {
        let before = self.delivered.get();
        let meter = stage.meter();
        let table = Timetable::new(Instant::now(), rate, seconds);
        let progress = Progress::new("conference", table.count());
        let say = |event, due| self.say(&crowd.sessions[self.turn(event)], due);
        let lateness = pace(table, &progress, say).await;
        crowd.wait_until(stage.wait, || self.delivered.get() >= self.owed()).await?;
        Ok(Phase { spent: meter.read(), deliveries: self.delivered.get() - before, lateness })
    }

    /// Conferences in turn, and in each its occupants in turn.
    // The remainders are below the number of users.
    #[allow(clippy::cast_possible_truncation)]
    fn turn(&self, event: u64) -> usize {
        let conferences = (self.sent.len() / self.occupants) as u64;
        let conference = (event % conferences) as usize;
        let occupant = (event / conferences % self.occupants as u64) as usize;
        conference * self.occupants + occupant
    }

    fn say(&self, session: &Session, due: Instant) {
        let sender = session.user;
        let number = self.sent[sender].replace(self.sent[sender].get() + 1);
        let body = self.codec.encode(&Payload { sender, number, due });
        let to = self.address(sender);
        session.say(&format!(
            "<message to='{to}' type='groupchat' id='{sender}-{number}'><body>{body}</body></message>"
        ));
    }

    /// How many deliveries all that was said makes.
    fn owed(&self) -> u64 {
        self.sent.iter().map(Cell::get).sum::<u64>() * self.occupants as u64
    }

    fn report(&self, stage: &Stage, rate: f64, phase: &Phase) -> Report {
        let mut report = stage
            .report(format!("conference {rate}/s × {} occupants, {} users", self.occupants, stage.users));
        report.add("conference deliveries", "/s", phase.spent.rate(phase.deliveries));
        phase.spent.add_cpu(&mut report, "CPU per delivery", phase.deliveries);
        report.measures.extend(self.delivery.borrow().measures("delivered"));
        report.add("generator late p99", "ms", phase.lateness.quantile(0.99));
        let mut tally = Tally::default();
        for (user, trackers) in self.heard.iter().enumerate() {
            let first = user - user % self.occupants;
            for (place, tracker) in trackers.borrow().iter().enumerate() {
                tally += tracker.settle(self.sent[first + place].get());
            }
        }
        report.tally = tally;
        report
    }
}

impl Ear for Conferences {
    fn signed_in(&self, session: &Session) {
        session.say("<presence/>");
    }

    fn heard(&self, session: &Session, stanza: Stanza<'_>) {
        match stanza.name() {
            b"presence" if stanza.has("code='201'") || stanza.has("code=\"201\"") => self.unlock(session),
            b"presence" if stanza.has("code='110'") || stanza.has("code=\"110\"") => {
                self.joined.borrow_mut()[session.user] = true;
            }
            b"iq" if stanza.attribute("id") == Some("unlock") => {
                self.joined.borrow_mut()[session.user] = stanza.attribute("type") == Some("result");
            }
            b"message" => {
                let Some(payload) = stanza.text_of("body").and_then(|body| self.codec.decode(body)) else {
                    return;
                };
                let same = payload.sender / self.occupants == session.user / self.occupants;
                let place = payload.sender % self.occupants;
                if same && self.heard[session.user].borrow_mut()[place].arrived(payload.number) {
                    self.delivered.set(self.delivered.get() + 1);
                    self.delivery.borrow_mut().record(payload.due.elapsed());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occupant_of_every_conference_gets_a_turn() {
        let conferences = Conferences {
            codec: Codec::new(0),
            service: "c".into(),
            occupants: 3,
            joined: RefCell::default(),
            sent: vec![Cell::new(0); 6],
            heard: Vec::new(),
            delivered: Cell::new(0),
            delivery: RefCell::new(Latency::new()),
        };
        let turns: Vec<usize> = (0..7).map(|event| conferences.turn(event)).collect();
        assert_eq!(turns, [0, 3, 1, 4, 2, 5, 0]);
    }
}
