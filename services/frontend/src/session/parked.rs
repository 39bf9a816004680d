//! A session without a connection, at its user's home: it goes on taking events, which its stream keeps for the
//! connection that resumes it (XEP-0198 §5).

use crate::clock;
use domain::{
    Reason, Refusal, Ticket, Timestamp,
    endpoint::{self, Event},
};
use xmpp::{
    session::{Answer, Output, Session},
    stream::{self, Out, Stream},
};

/// The two machines of a session, and under which id it is asked for.
pub struct Parked {
    pub(crate) id: Box<str>,
    /// Which session it is; it stays the same over resumptions.
    pub(crate) session: u64,
    pub(crate) until: Timestamp,
    pub(crate) stream: Stream,
    pub(crate) door: Session,
}

impl std::fmt::Debug for Parked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parked").field("endpoint", self.door.me()).finish_non_exhaustive()
    }
}

/// What a parked session leads to.
#[derive(Debug, Default)]
pub(crate) struct Consequences {
    /// It asks its home this.
    pub(crate) commands: Vec<(Ticket, endpoint::Command)>,
    /// It is over: too much was kept for it, or its time has passed.
    pub(crate) ended: bool,
}

impl Parked {
    /// Takes an event.
    pub(crate) fn event(&mut self, event: Event) -> Consequences {
        let now = clock::now();
        let mut outputs = Vec::new();
        self.door.event(now, event, &mut outputs);
        self.settle(now, outputs)
    }

    /// Takes the answer to a question that it asked while it had a connection.
    pub(crate) fn answer(&mut self, ask: xmpp::session::AskId, answer: Answer) -> Consequences {
        let now = clock::now();
        let mut outputs = Vec::new();
        self.door.answer(now, ask, answer, &mut outputs);
        self.settle(now, outputs)
    }

    /// Whether its time has passed.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.until <= now
    }

    fn settle(&mut self, now: Timestamp, mut outputs: Vec<Output>) -> Consequences {
        let mut consequences = Consequences::default();
        let mut out = Out::default();
        while !outputs.is_empty() {
            for output in std::mem::take(&mut outputs) {
                match output {
                    Output::Send { stanza, serial } => self.stream.send(now, stanza, serial, &mut out),
                    Output::Handled(number) => self.stream.handle(now, stream::Input::Done(number), &mut out),
                    Output::Command(ticket, command) => consequences.commands.push((ticket, command)),
                    Output::Ask(ask, _) => {
                        let refusal = Refusal::from(Reason::TryLater);
                        self.door.answer(now, ask, Answer::Refused(refusal), &mut outputs);
                    }
                    Output::End(_) => consequences.ended = true,
                }
            }
        }
        consequences.ended |= self.stream.is_closed();
        consequences
    }
}
