//! IM between two: users 2n and 2n+1 talk to each other, in both directions.
//!
//! Timed from the due moment of each message to the server's acknowledgement (XEP-0198 `<a/>`) and to its arrival at
//! the partner. With `--saturate` there is no timetable: each user keeps a window of unacknowledged messages full,
//! which finds the highest rate; its latencies are those of a closed loop.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::{Meter, Spent, Stage};
use crate::cli::ImArgs;
use crate::crowd::Crowd;
use crate::measure::latency::Latency;
use crate::measure::pace::pace;
use crate::measure::payload::{Codec, Payload};
use crate::measure::timetable::Timetable;
use crate::measure::tracker::{Tally, Tracker};
use crate::progress::Progress;
use crate::report::Report;
use crate::session::{Ear, Session};
use crate::target::{Target, account_number};
use crate::trouble::Trouble;
use crate::wire::stanza::Stanza;

/// What the users have said and heard.
struct Talk {
    codec: Codec,
    target: Rc<Target>,
    available: RefCell<HashSet<usize>>,
    sent: Vec<Cell<u64>>,
    /// By receiver: its partner's messages.
    heard: Vec<RefCell<Tracker>>,
    delivered: Cell<u64>,
    acknowledged: Cell<u64>,
    window: Cell<usize>,
    delivery: RefCell<Latency>,
    acks: RefCell<Latency>,
}

/// One phase's result.
struct Phase {
    spent: Spent,
    count: u64,
    lateness: Option<Latency>,
}

/// Plays the scenario.
pub(crate) async fn run(args: &ImArgs) -> Result<Report, Trouble> {
    let stage = Stage::new(&args.run)?;
    if !stage.users.is_multiple_of(2) {
        return Err(Trouble::Flag("users talk in pairs; give an even number of --users".into()));
    }
    let talk = Rc::new(Talk::new(&stage, args.body));
    let ear: Rc<dyn Ear> = Rc::clone(&talk) as _;
    let crowd = stage.crowd(&ear).await?;
    if !crowd.wait_until(stage.wait, || talk.available.borrow().len() == stage.users).await? {
        return Err(Trouble::Slow {
            what: "becoming available",
            seconds: stage.wait.as_secs(),
            flag: "--wait",
        });
    }
    talk.phase(&stage, &crowd, args, args.rate.warm_up).await?;
    talk.delivery.replace(Latency::new());
    talk.acks.replace(Latency::new());
    let phase = talk.phase(&stage, &crowd, args, args.rate.seconds).await?;
    let report = talk.report(&stage, args, &phase);
    crowd.sign_out().await?;
    Ok(report)
}

impl Talk {
    fn new(stage: &Stage, body: usize) -> Self {
        Self {
            codec: Codec::new(body),
            target: Rc::clone(&stage.target),
            available: RefCell::default(),
            sent: (0..stage.users).map(|_| Cell::new(0)).collect(),
            heard: (0..stage.users).map(|_| RefCell::default()).collect(),
            delivered: Cell::new(0),
            acknowledged: Cell::new(0),
            window: Cell::new(0),
            delivery: RefCell::new(Latency::new()),
            acks: RefCell::new(Latency::new()),
        }
    }

    async fn phase(
        &self,
        stage: &Stage,
        crowd: &Crowd,
        args: &ImArgs,
        seconds: u64,
    ) -> Result<Phase, Trouble> {
        let before = self.total();
        let meter = stage.meter();
        let lateness = if let Some(window) = args.saturate {
            self.saturate(crowd, window, seconds, &meter).await?;
            None
        } else {
            let table = Timetable::new(Instant::now(), args.rate.rate, seconds);
            let progress = Progress::new("im", table.count());
            let users = crowd.sessions.len() as u64;
            let say = |event: u64, due| {
                // The remainder is below the number of users.
                #[allow(clippy::cast_possible_truncation)]
                let session = &crowd.sessions[(event % users) as usize];
                self.say(session, due);
                session.ask_ack();
            };
            Some(pace(table, &progress, say).await)
        };
        let settled = || self.delivered.get() >= self.total() && self.acknowledged.get() >= self.total();
        crowd.wait_until(stage.wait, settled).await?;
        Ok(Phase { spent: meter.read(), count: self.total() - before, lateness })
    }

    /// Keeps all windows full for that long.
    async fn saturate(
        &self,
        crowd: &Crowd,
        window: usize,
        secs: u64,
        meter: &Meter<'_>,
    ) -> Result<(), Trouble> {
        let progress = Progress::new("im", 0);
        self.window.set(window);
        crowd.sessions.iter().for_each(|session| self.refill(session));
        while meter.begun.elapsed() < Duration::from_secs(secs) {
            crowd.check()?;
            progress.at(self.total());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.window.set(0);
        Ok(())
    }

    fn say(&self, session: &Session, due: Instant) {
        let sender = session.user;
        let number = self.sent[sender].replace(self.sent[sender].get() + 1);
        let body = self.codec.encode(&Payload { sender, number, due });
        let stanza = format!(
            "<message to='{}' type='chat' id='{sender}-{number}'><body>{body}</body></message>",
            self.target.address_of(sender ^ 1),
        );
        session.say_timed(&stanza, due);
    }

    fn total(&self) -> u64 {
        self.sent.iter().map(Cell::get).sum()
    }

    fn report(&self, stage: &Stage, args: &ImArgs, phase: &Phase) -> Report {
        let name = match args.saturate {
            Some(window) => format!("IM saturated, {} users, window {window}", stage.users),
            None => format!("IM at {}/s, {} users", args.rate.rate, stage.users),
        };
        let mut report = stage.report(name);
        report.add("IM", "/s", phase.spent.rate(phase.count));
        phase.spent.add_cpu(&mut report, "CPU per IM", phase.count);
        report.measures.extend(self.acks.borrow().measures("acknowledged"));
        report.measures.extend(self.delivery.borrow().measures("delivered"));
        if let Some(lateness) = &phase.lateness {
            report.add("generator late p99", "ms", lateness.quantile(0.99));
        }
        let mut tally = Tally::default();
        for (user, tracker) in self.heard.iter().enumerate() {
            tally += tracker.borrow().settle(self.sent[user ^ 1].get());
        }
        report.tally = tally;
        report
    }
}

impl Ear for Talk {
    fn signed_in(&self, session: &Session) {
        session.say("<presence/>");
    }

    fn heard(&self, session: &Session, stanza: Stanza<'_>) {
        // A user's own presence comes back to it once it is available (RFC 6121 §4.2.2).
        let own =
            || stanza.attribute("from").and_then(account_number) == Some(self.target.first + session.user);
        if stanza.name() == b"presence" && stanza.attribute("type").is_none() && own() {
            self.available.borrow_mut().insert(session.user);
        }
        if stanza.name() != b"message" {
            return;
        }
        let Some(payload) = stanza.text_of("body").and_then(|body| self.codec.decode(body)) else { return };
        let partner = session.user ^ 1;
        if payload.sender == partner && self.heard[session.user].borrow_mut().arrived(payload.number) {
            self.delivered.set(self.delivered.get() + 1);
            self.delivery.borrow_mut().record(payload.due.elapsed());
        }
    }

    fn acknowledged(&self, _: &Session, due: Instant) {
        self.acknowledged.set(self.acknowledged.get() + 1);
        self.acks.borrow_mut().record(due.elapsed());
    }

    fn refill(&self, session: &Session) {
        let room = self.window.get().saturating_sub(session.unacknowledged());
        for _ in 0..room {
            self.say(session, Instant::now());
        }
        if room > 0 {
            session.ask_ack();
        }
    }
}
