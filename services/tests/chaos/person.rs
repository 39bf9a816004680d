//! A good XMPP client with a life of its own: it counts (XEP-0198), goes to another node when its own is gone or silent,
//! resumes there or signs in anew, and says again what was not acknowledged, under the same origin id.

mod hear;
mod say;

use crate::{
    board::{Board, Chance, Phase},
    history,
    records::{Place, Records, address, name},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};
use tests::{
    Client, Server,
    client::{Management, Way},
    limits::WAIT,
};

/// A server that says nothing for so long, though asked, is given up.
const SILENCE: Duration = Duration::from_secs(5);
/// It is asked after so long without a word.
const QUIET: Duration = Duration::from_secs(2);
/// Longest time in which nothing is looked at.
const TICK: Duration = Duration::from_millis(100);

/// What a person is to do.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) person: usize,
    /// Where it speaks.
    pub(crate) places: Vec<Place>,
    /// How often, in all places together.
    pub(crate) pace: Duration,
    /// Whose presence it watches; they watch its own.
    pub(crate) contacts: Vec<usize>,
    /// It signs off before the others look.
    pub(crate) goes: bool,
    /// Who signs off, itself included or not.
    pub(crate) gone: Vec<usize>,
    /// It reads this conference's history at the end.
    pub(crate) reads: Option<usize>,
}

/// See the module.
pub(crate) struct Person {
    part: Part,
    board: Arc<Board>,
    client: Client,
    /// The session that may be resumed, while there is no connection.
    parked: Option<Management>,
    turn: usize,
    chance: Chance,
    records: Records,
    open: VecDeque<say::Open>,
    /// By place: the number of the next message.
    next: Vec<u64>,
    /// When to say something new.
    due: Duration,
    /// By conference: whether it is in, and in which stay.
    inside: BTreeMap<String, Inside>,
    heard_at: Instant,
    asked_at: Option<Instant>,
    shown_at: Duration,
    shown: u64,
    said_last: bool,
    showed_last: bool,
}

/// Of a conference.
#[derive(Default)]
struct Inside {
    is_in: bool,
    stay: u32,
    asked_at: Option<Instant>,
}

impl Person {
    pub(crate) fn new(part: Part, server: &Server, board: Arc<Board>, seed: u64) -> Self {
        let mut client = Client::new(server, &name(part.person), "c");
        client.patience = SILENCE;
        let person = part.person;
        let next = vec![0; part.places.len()];
        Self {
            parked: None,
            turn: person,
            chance: Chance::new(seed ^ (person as u64 + 1)),
            records: Records { person, ..Records::default() },
            open: VecDeque::new(),
            next,
            due: Duration::ZERO,
            inside: BTreeMap::new(),
            heard_at: Instant::now(),
            asked_at: None,
            shown_at: Duration::ZERO,
            shown: 0,
            said_last: false,
            showed_last: false,
            part,
            board,
            client,
        }
    }

    /// Lives until the end of the play.
    pub(crate) fn live(mut self) -> Records {
        while self.board.phase() < Phase::Leave {
            if self.part.goes && self.showed_last {
                self.records.untrue.clear();
                self.board.set_done(self.part.person, Phase::Show, true);
                std::thread::sleep(TICK);
                continue;
            }
            if !self.client.is_connected() {
                self.come_back();
                continue;
            }
            self.act();
            self.hear();
            self.look_after_the_line();
        }
        if let Err(problem) = self.read_histories() {
            self.records.faults.push(problem);
        }
        self.records.stays =
            self.inside.iter().filter(|(_, i)| i.is_in).map(|(place, i)| (place.clone(), i.stay)).collect();
        self.records
    }

    fn act(&mut self) {
        let phase = self.board.phase();
        self.enter_conferences();
        match phase {
            Phase::Gather => {
                let met = self.part.contacts.iter().all(|contact| self.sees(*contact).is_some());
                let entered = self.inside.values().all(|inside| inside.is_in);
                self.board.set_done(self.part.person, phase, met && entered);
            }
            Phase::Talk => {
                self.say_something();
                self.show_something();
            }
            Phase::Settle => {
                self.say_the_last();
                let heard = self.has_heard_last();
                self.board.set_done(self.part.person, phase, self.open.is_empty() && heard);
            }
            Phase::Show => {
                self.show_the_last();
                self.records.untrue = self.untrue();
                self.board.set_done(self.part.person, phase, self.records.untrue.is_empty());
            }
            Phase::Leave => {}
        }
        self.say_what_is_open();
    }

    /// Asks a silent server whether it is there, and gives it up if it says nothing.
    fn look_after_the_line(&mut self) {
        if !self.client.is_connected() {
            return;
        }
        match self.asked_at {
            Some(asked) if asked.elapsed() > SILENCE => self.lose_line(),
            None if self.heard_at.elapsed() > QUIET => self.ask(),
            _ => {}
        }
    }

    /// Asks for an acknowledgement; the answer shows that the server is there, too.
    fn ask(&mut self) {
        self.asked_at.get_or_insert_with(Instant::now);
        self.put("<r xmlns='urn:xmpp:sm:3'/>");
    }

    /// Sends, or notices that the connection is gone.
    fn put(&mut self, text: &str) {
        if self.client.is_connected() && self.client.send(text).is_err() {
            self.lose_line();
        }
    }

    fn lose_line(&mut self) {
        self.client.cut_off();
    }

    /// A new connection at the next node; resumed, or signed in anew.
    fn come_back(&mut self) {
        if let Some(session) = self.client.management.take() {
            self.parked = Some(session);
        }
        let came = match self.board.node(&mut self.turn) {
            Some((node, ports)) => {
                self.client.goes_to(ports);
                self.enter().map(|()| node)
            }
            None => Err("no node runs".to_owned()),
        };
        if let Ok(node) = came {
            self.records.nodes.push((self.board.now(), node));
        } else {
            // What there was of a session must not be taken for the parked one.
            self.client.management = None;
            self.client.cut_off();
            // A good client does not come back in step with all others.
            let pause = 50 + self.chance.below(250);
            std::thread::sleep(Duration::from_millis(pause));
        }
        self.heard_at = Instant::now();
        self.asked_at = None;
    }

    fn enter(&mut self) -> Result<(), String> {
        self.client.authenticated(Way::Tls)?;
        if let Some(session) = self.parked.clone() {
            match self.client.resume_here(session) {
                Ok(()) => {
                    self.parked = None;
                    self.records.resumed += 1;
                    return Ok(());
                }
                // It is known no more: a new session on the same stream (XEP-0198 §5).
                Err(answer) if answer.starts_with("<failed") => self.parked = None,
                Err(problem) => {
                    if problem.starts_with("<resumed") {
                        let at = self.board.now();
                        self.records.faults.push(format!("{} at {at:?}: {problem}", self.client.user));
                        self.parked = None;
                    }
                    return Err(problem);
                }
            }
        }
        self.client.bind()?;
        self.client.manage()?;
        self.begin_session();
        Ok(())
    }

    /// Nothing of an earlier session holds.
    fn begin_session(&mut self) {
        self.records.signed_in += 1;
        self.records.seen.clear();
        self.open.iter_mut().for_each(|open| open.sent = None);
        self.inside.values_mut().for_each(|inside| {
            inside.is_in = false;
            inside.asked_at = None;
        });
        match self.board.phase() {
            Phase::Leave => {}
            _ if self.showed_last => self.put_last_presence(),
            _ => self.put("<presence/>"),
        }
        if self.board.phase() == Phase::Gather {
            for contact in self.part.contacts.clone() {
                self.put(&format!("<presence type='subscribe' to='{}'/>", address(contact)));
            }
        }
        self.ask();
    }

    fn read_histories(&mut self) -> Result<(), String> {
        if self.part.goes {
            self.parked = None;
            self.client.management = None;
        }
        let until = Instant::now() + WAIT;
        while !self.client.is_connected() && Instant::now() < until {
            self.come_back();
        }
        if !self.client.is_connected() {
            return Err(format!("{} does not come in to read its history", self.client.user));
        }
        self.records.archive = history::read(&mut self.client, None)?;
        if let Some(number) = self.part.reads {
            let conference = Place::Conference(number).address();
            let kept = history::read(&mut self.client, Some(&conference))?;
            self.records.conferences.insert(conference, kept);
        }
        Ok(())
    }
}
