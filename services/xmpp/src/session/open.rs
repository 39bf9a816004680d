//! What a session has asked and waits for: of the user's home, of the host, of the client itself.

use super::{Answer, AskId, Output, Question, Request, Session, Turn};
use crate::{
    limits::{CLIENT_REQUESTS, HISTORY_QUESTIONS, OPEN_COMMANDS},
    stanza::{Stanza, Tag},
    xep::csi::Urgency,
};
use domain::{
    Refusal, Ticket,
    endpoint::{self, Command},
};
use std::collections::VecDeque;

/// What to do with the answer of the user's home.
pub(super) type Then =
    Box<dyn FnOnce(&mut Session, &mut Turn<'_>, Request, Result<endpoint::Answer, Refusal>) + Send>;
/// What to do with the answer of the host, if it is no refusal.
pub(super) type ThenAnswer = Box<dyn FnOnce(&mut Session, &mut Turn<'_>, Request, Answer) + Send>;
/// What to do with the client's answer: a result or an error.
type ThenReply = Box<dyn FnOnce(&mut Session, &mut Turn<'_>, &Stanza) + Send>;

/// What waits for an answer.
pub(super) enum Waiting {
    /// A message or a presence: done is handled, refused is an error.
    Plain(Request),
    /// A message to a user: as plain, but a block has an error of its own (XEP-0191).
    Message(Request),
    /// An iq, or anything that has more to do.
    Command(Request, Then),
    /// A question to the host.
    Question(Request, ThenAnswer),
}

/// Everything that is open, in the order in which it was asked.
#[derive(Default)]
pub(super) struct Open {
    last: u64,
    waiting: VecDeque<(u64, Waiting)>,
    /// The questions about the past that the host has now.
    past: Vec<u64>,
    /// Those that it does not have yet.
    past_later: VecDeque<(u64, Question)>,
    /// Requests of ours to the client, by their number.
    client: VecDeque<(u64, ThenReply)>,
}

impl Open {
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= OPEN_COMMANDS
    }

    /// More than the client can have meant to ask at once: it was told to wait and went on.
    pub(super) fn is_flooded(&self) -> bool {
        self.waiting.len() >= 8 * OPEN_COMMANDS
    }

    pub(super) fn start_at(&mut self, last: u64) {
        self.last = self.last.max(last);
    }

    pub(super) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn add(&mut self, waiting: Waiting) -> u64 {
        let number = self.next();
        self.waiting.push_back((number, waiting));
        number
    }

    pub(super) fn take(&mut self, number: u64) -> Option<Waiting> {
        let at = self.waiting.iter().position(|(open, _)| *open == number)?;
        let found = self.waiting.remove(at).map(|(_, waiting)| waiting);
        if self.waiting.is_empty() {
            // Most sessions are idle most of the time.
            self.waiting = VecDeque::new();
            self.past = Vec::new();
            self.past_later = VecDeque::new();
        }
        found
    }

    /// Asks the host, or lets the question wait until the host has answered others: an answer about the past may be
    /// large, and holds a thread of the host and the disk while it is made.
    fn ask(&mut self, number: u64, question: Question, out: &mut Vec<Output>) {
        if matches!(question, Question::History(..) | Question::HistoryEnds(_)) {
            if self.past.len() >= HISTORY_QUESTIONS {
                return self.past_later.push_back((number, question));
            }
            self.past.push(number);
        }
        out.push(Output::Ask(AskId(number), question));
    }

    /// The host has answered: the next that waits for that is asked.
    pub(super) fn answered(&mut self, number: u64, out: &mut Vec<Output>) {
        if let Some(at) = self.past.iter().position(|asked| *asked == number) {
            self.past.swap_remove(at);
            if let Some((number, question)) = self.past_later.pop_front() {
                self.ask(number, question, out);
            }
        }
    }
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Open({} commands, {} requests)", self.waiting.len(), self.client.len())
    }
}

impl Session {
    /// Asks the home; the stanza is handled when that is done, and gets an error if it is refused.
    pub(crate) fn command(&mut self, turn: &mut Turn<'_>, request: Request, command: Command) {
        let ticket = self.open.add(Waiting::Plain(request));
        turn.out.push(Output::Command(Ticket(ticket), command));
    }

    pub(super) fn command_message(&mut self, turn: &mut Turn<'_>, request: Request, command: Command) {
        let ticket = self.open.add(Waiting::Message(request));
        turn.out.push(Output::Command(Ticket(ticket), command));
    }

    /// Asks the home; `then` deals with the answer, while a refusal becomes an error.
    pub(crate) fn command_then(
        &mut self,
        turn: &mut Turn<'_>,
        request: Request,
        command: Command,
        then: impl FnOnce(&mut Session, &mut Turn<'_>, Request, endpoint::Answer) + Send + 'static,
    ) {
        self.command_either(turn, request, command, move |session, turn, request, answer| match answer {
            Ok(answer) => then(session, turn, request, answer),
            Err(refusal) => session.refuse(turn, request, &refusal),
        });
    }

    /// Asks the home; `then` deals with the answer, whatever it is.
    pub(crate) fn command_either(
        &mut self,
        turn: &mut Turn<'_>,
        request: Request,
        command: Command,
        then: impl FnOnce(&mut Session, &mut Turn<'_>, Request, Result<endpoint::Answer, Refusal>)
        + Send
        + 'static,
    ) {
        let ticket = self.open.add(Waiting::Command(request, Box::new(then)));
        turn.out.push(Output::Command(Ticket(ticket), command));
    }

    /// Asks the home without waiting: nobody is told how it went.
    pub(crate) fn command_alone(&mut self, out: &mut Vec<Output>, command: Command) {
        out.push(Output::Command(Ticket(self.open.next()), command));
    }

    /// Asks the host; `then` deals with the answer, while a refusal becomes an error.
    pub(crate) fn question(
        &mut self,
        turn: &mut Turn<'_>,
        request: Request,
        question: Question,
        then: impl FnOnce(&mut Session, &mut Turn<'_>, Request, Answer) + Send + 'static,
    ) {
        let ask = self.open.add(Waiting::Question(request, Box::new(then)));
        self.open.ask(ask, question, turn.out);
    }

    /// Sends the client an iq get or set of the server's own; `then` gets its result or error. Of more than
    /// [`CLIENT_REQUESTS`] open ones the oldest is given up.
    pub(crate) fn ask_client(
        &mut self,
        turn: &mut Turn<'_>,
        type_: &str,
        payload: impl FnOnce(&mut Vec<u8>),
        then: impl FnOnce(&mut Session, &mut Turn<'_>, &Stanza) + Send + 'static,
    ) {
        if self.open.client.len() >= CLIENT_REQUESTS {
            self.open.client.pop_front();
        }
        let number = self.open.next();
        self.open.client.push_back((number, Box::new(then)));
        let mut xml = Vec::with_capacity(256);
        Tag::open(&mut xml, "iq")
            .attr("type", type_)
            .attr_shown("id", format_args!("linnet-{number}"))
            .attr("from", self.config.domain.as_str())
            .attr_shown("to", &self.me)
            .content(payload);
        self.send(turn, xml, || Urgency::Now);
    }

    /// Sends the client something that it must acknowledge, and does not care when it does: a push.
    pub(crate) fn push_to_client(&mut self, turn: &mut Turn<'_>, payload: impl FnOnce(&mut Vec<u8>)) {
        let number = self.open.next();
        let mut xml = Vec::with_capacity(256);
        Tag::open(&mut xml, "iq")
            .attr("type", "set")
            .attr_shown("id", format_args!("linnet-{number}"))
            .attr_shown("to", &self.me)
            .content(payload);
        self.send(turn, xml, || Urgency::Now);
    }

    /// The client answers an iq: one of ours, or nobody's.
    pub(super) fn client_answered(&mut self, turn: &mut Turn<'_>, stanza: &Stanza) {
        let number = stanza.id().and_then(|id| id.strip_prefix("linnet-")?.parse::<u64>().ok());
        let at = self.open.client.iter().position(|(open, _)| Some(*open) == number);
        if let Some((_, then)) = at.and_then(|at| self.open.client.remove(at)) {
            then(self, turn, stanza);
        }
    }
}
