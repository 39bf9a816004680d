//! A session without a connection, at its user's home: it goes on taking events, which its stream keeps for the
//! connection that resumes it (XEP-0198 §5).

use super::{SessionId, far};
use crate::clock;
use cluster::wire::Again;
use domain::{
    Reason, Refusal, Ticket, Timestamp,
    endpoint::{
        Event,
        recall::{Ask, Asked, Recall},
    },
};
use std::sync::Arc;
use xmpp::{
    session::{Answer, Output, Session},
    stream::{self, Out, Stream},
};

/// The two machines of a session, and under which id it is asked for.
pub struct Parked {
    pub(crate) id: Box<str>,
    /// Which session it is; it stays the same over resumptions.
    pub(crate) session: SessionId,
    pub(crate) until: Timestamp,
    pub(crate) stream: Stream,
    pub(crate) door: Session,
    /// In a pool.
    pub(crate) recall: Option<Box<Recall>>,
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
    pub(crate) commands: Vec<Asked>,
    /// It is over: too much was kept for it, or its time has passed.
    pub(crate) ended: bool,
}

impl Parked {
    /// Takes an event.
    pub(crate) fn event(&mut self, event: Event) -> Consequences {
        let now = clock::now();
        let mut outputs = Vec::new();
        let (event, command) = match &mut self.recall {
            Some(recall) => recall.hears(event),
            None => (Some(event), None),
        };
        if let Some(event) = event {
            self.door.event(now, event, &mut outputs);
        }
        let mut consequences = self.settle(now, outputs);
        consequences.commands.extend(command.map(|command| (Ticket(0), 0, command)));
        consequences
    }

    /// Its home has moved: what a new one is to be told.
    pub(crate) fn adrift(&mut self) -> Again {
        let (id, carbons) = (Arc::from(&*self.id), self.door.has_carbons());
        let handled = self.stream.handled();
        self.recall
            .as_mut()
            .map_or_else(Again::default, |recall| far::again(recall.adrift(), Some(id), handled, carbons))
    }

    /// A new home has it: what is to be asked of that.
    pub(crate) fn attached(&mut self) -> Vec<Asked> {
        self.recall.as_mut().map_or_else(Vec::new, |recall| recall.attached())
    }

    /// Takes the answer to a question that it asked while it had a connection.
    pub(crate) fn answer(&mut self, ask: xmpp::session::AskId, answer: Answer) -> Consequences {
        let now = clock::now();
        let mut outputs = Vec::new();
        self.door.answer(now, ask, answer, &mut outputs);
        self.settle(now, outputs)
    }

    fn settle(&mut self, now: Timestamp, mut outputs: Vec<Output>) -> Consequences {
        let mut consequences = Consequences::default();
        let mut out = Out::default();
        while !outputs.is_empty() {
            for output in std::mem::take(&mut outputs) {
                match output {
                    Output::Send { stanza, serial } => self.stream.send(now, stanza, serial, &mut out),
                    Output::Handled(number) => self.stream.handle(now, stream::Input::Done(number), &mut out),
                    Output::Command(ticket, command) => match &mut self.recall {
                        Some(recall) => {
                            if let Ask::Now(command) = recall.asks(ticket, 0, command) {
                                consequences.commands.push((ticket, 0, command));
                            }
                        }
                        None => consequences.commands.push((ticket, 0, command)),
                    },
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
