//! Presence: users change their presence at a rate; each change is noticed by all their contacts.
//!
//! Presence may be coalesced (latest wins), so a notice that never comes is not lost; but every watcher must end
//! with the newest state of every contact, and never see an older one after a newer.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use super::audience::{Audience, Circle};
use super::{Spent, Stage, real};
use crate::cli::PresenceArgs;
use crate::crowd::Crowd;
use crate::measure::latency::Latency;
use crate::measure::pace::pace;
use crate::measure::payload::{Codec, Payload};
use crate::measure::timetable::Timetable;
use crate::progress::Progress;
use crate::report::Report;
use crate::session::{Ear, Session};
use crate::trouble::Trouble;
use crate::wire::stanza::Stanza;

/// What a change may show (RFC 6121 §4.7.2.1).
const SHOWS: [&str; 4] = ["", "<show>away</show>", "<show>dnd</show>", "<show>xa</show>"];

/// What was changed and noticed.
struct Noticing {
    audience: Audience,
    circle: Circle,
    codec: Codec,
    changes: Vec<Cell<u64>>,
    /// By watcher: the newest change seen of each contact.
    newest: Vec<RefCell<HashMap<usize, u64>>>,
    notices: Cell<u64>,
    backwards: Cell<u64>,
    latency: RefCell<Latency>,
}

/// One phase's result.
struct Phase {
    spent: Spent,
    changes: u64,
    notices: u64,
    lateness: Latency,
}

/// Plays the scenario.
pub(crate) async fn run(args: &PresenceArgs) -> Result<Report, Trouble> {
    let stage = Stage::new(&args.run)?;
    let circle = Circle::new(stage.target.first, stage.users, args.contacts.contacts)?;
    let noticing = Rc::new(Noticing::new(circle));
    let ear: Rc<dyn Ear> = Rc::clone(&noticing) as _;
    let crowd = stage.crowd(&ear).await?;
    crowd.wait_until(stage.wait, || noticing.audience.missing() == 0).await?;
    noticing.audience.trouble().map_or(Ok(()), Err)?;
    noticing.phase(&stage, &crowd, args.rate.rate, args.rate.warm_up).await?;
    noticing.latency.replace(Latency::new());
    let phase = noticing.phase(&stage, &crowd, args.rate.rate, args.rate.seconds).await?;
    let report = noticing.report(&stage, args.rate.rate, &phase);
    crowd.sign_out().await?;
    Ok(report)
}

impl Noticing {
    fn new(circle: Circle) -> Self {
        Self {
            audience: Audience::new(circle),
            circle,
            codec: Codec::new(0),
            changes: (0..circle.users).map(|_| Cell::new(0)).collect(),
            newest: (0..circle.users).map(|_| RefCell::default()).collect(),
            notices: Cell::new(0),
            backwards: Cell::new(0),
            latency: RefCell::new(Latency::new()),
        }
    }

    async fn phase(&self, stage: &Stage, crowd: &Crowd, rate: f64, seconds: u64) -> Result<Phase, Trouble> {
        let before = (self.total(), self.notices.get());
        let meter = stage.meter();
        let table = Timetable::new(Instant::now(), rate, seconds);
        let progress = Progress::new("presence", table.count());
        let users = crowd.sessions.len() as u64;
        // The remainder is below the number of users.
        #[allow(clippy::cast_possible_truncation)]
        let change = |event: u64, due| self.change(&crowd.sessions[(event % users) as usize], due);
        let lateness = pace(table, &progress, change).await;
        crowd.wait_until(stage.wait, || self.stale() == 0).await?;
        let (changes, notices) = (self.total() - before.0, self.notices.get() - before.1);
        Ok(Phase { spent: meter.read(), changes, notices, lateness })
    }

    fn change(&self, session: &Session, due: Instant) {
        let sender = session.user;
        let number = self.changes[sender].replace(self.changes[sender].get() + 1);
        let show = SHOWS[usize::from(number.to_le_bytes()[0]) % SHOWS.len()];
        let status = self.codec.encode(&Payload { sender, number, due });
        session.say(&format!("<presence>{show}<status>{status}</status></presence>"));
    }

    fn total(&self) -> u64 {
        self.changes.iter().map(Cell::get).sum()
    }

    /// Pairs of watcher and contact where the watcher has not seen the contact's newest change.
    fn stale(&self) -> u64 {
        let stale = |watcher: usize, contact: usize| {
            let seen = self.newest[watcher].borrow().get(&contact).map_or(0, |number| number + 1);
            seen != self.changes[contact].get()
        };
        let count =
            |watcher| self.circle.contacts_of(watcher).filter(|&contact| stale(watcher, contact)).count();
        (0..self.circle.users).map(count).sum::<usize>() as u64
    }

    fn report(&self, stage: &Stage, rate: f64, phase: &Phase) -> Report {
        let watchers = self.circle.contacts;
        let mut report =
            stage.report(format!("presence {rate}/s × {watchers} watchers, {} users", stage.users));
        report.add("presence notices", "/s", phase.spent.rate(phase.notices));
        phase.spent.add_cpu(&mut report, "CPU per notice", phase.notices);
        let expected = real(phase.changes * watchers as u64);
        report.add(
            "coalesced",
            "% of notices",
            100.0 * (1.0 - real(phase.notices) / expected.max(1.0)).max(0.0),
        );
        report.measures.extend(self.latency.borrow().measures("noticed"));
        report.add("generator late p99", "ms", phase.lateness.quantile(0.99));
        report.tally.delivered = self.notices.get();
        report.tally.out_of_order = self.backwards.get();
        report.stale = self.stale();
        report
    }
}

impl Ear for Noticing {
    fn signed_in(&self, session: &Session) {
        self.audience.signed_in(session);
    }

    fn heard(&self, session: &Session, stanza: Stanza<'_>) {
        if stanza.name() != b"presence" {
            return;
        }
        let Some(payload) = stanza.text_of("status").and_then(|status| self.codec.decode(status)) else {
            self.audience.heard(session, stanza);
            return;
        };
        if payload.sender == session.user {
            return;
        }
        let previous = self.newest[session.user].borrow_mut().insert(payload.sender, payload.number);
        if previous.is_some_and(|previous| previous >= payload.number) {
            self.backwards.set(self.backwards.get() + 1);
        }
        self.notices.set(self.notices.get() + 1);
        self.latency.borrow_mut().record(payload.due.elapsed());
    }
}
