//! A session after bind: stanzas of one client to commands of the domain, events of the domain to stanzas
//! (RFC 6121, and the extensions in [`crate::xep`]).
//!
//! Invariants: every stanza that comes in is reported as [`Output::Handled`] exactly once, after its command was
//! carried out or refused; every iq request gets exactly one answer; a command is asked under a ticket of its own.

mod addressee;
mod conference;
mod config;
mod dispatch;
mod events;
pub(crate) mod message;
mod open;
pub(crate) mod presence;
mod question;
mod receipts;
pub(crate) mod relay;
mod request;
mod roster;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use question::{AdminCommand, Answer, AskId, Listed, Question, Who};

pub(crate) use addressee::Addressee;
pub(crate) use conference::Escalation;
pub(crate) use conference::Joined;
pub(crate) use request::Request;

use crate::{
    stanza::Stanza,
    wire::StreamError,
    xep::{
        caps,
        csi::{Shaper, Urgency},
        photo::Photo,
    },
};
use bytes::Bytes;
use domain::{
    Address, EndpointId, EndpointName, Ticket, Timestamp,
    endpoint::{self, Command},
    presentity::State,
};
use open::Open;
use receipts::Receipts;
use std::sync::Arc;

/// What a session wants done.
#[derive(Debug)]
pub enum Output {
    /// Write this stanza to the client.
    Send {
        /// Complete, in `jabber:client` context.
        stanza: Bytes,
        /// Call [`Session::confirmed`] with it when the client has the stanza.
        serial: Option<u64>,
    },
    /// Ask the user's home.
    Command(Ticket, endpoint::Command),
    /// Ask the host.
    Ask(AskId, Question),
    /// The inbound stanza of this number is dealt with: what it asked is durable, or it was answered (XEP-0198 `h`).
    Handled(u64),
    /// End the stream with this error; the endpoint was signed out by its home.
    End(StreamError),
}

/// One signed-in endpoint's side of the protocol.
#[derive(Debug)]
pub struct Session {
    me: EndpointId,
    config: Arc<Config>,
    open: Open,
    /// Whether copies of the user's other talk are wanted (XEP-0280).
    carbons: bool,
    /// What the client last showed to its contacts.
    pub(crate) shown: Option<Arc<State>>,
    pub(crate) joined: Joined,
    /// What the client can do, and the notices that wait until that is known (XEP-0115).
    caps: caps::Client,
    /// What the client has said and been told of capabilities.
    told: presence::Told,
    /// The hash of the user's avatar, for a client that does not show it itself (XEP-0398).
    pub(crate) photo: Photo,
    shaper: Shaper<Output>,
    receipts: Receipts,
}

/// One call into a session: the time, and where outputs go.
pub(crate) struct Turn<'t> {
    pub(crate) now: Timestamp,
    pub(crate) out: &'t mut Vec<Output>,
}

impl Session {
    /// The session of a client that has just been bound as `me`.
    pub fn new(me: EndpointId, config: Arc<Config>) -> Self {
        Self {
            me,
            config,
            open: Open::default(),
            carbons: false,
            shown: None,
            joined: Joined::default(),
            caps: caps::Client::default(),
            told: presence::Told::default(),
            photo: Photo::default(),
            shaper: Shaper::default(),
            receipts: Receipts::default(),
        }
    }

    /// Its tickets are higher than this: the home knows an endpoint by its name, and the answer to a former session of that
    /// name must answer nothing here. To be called before anything else.
    pub fn ask_from(&mut self, last: u64) {
        self.open.start_at(last);
    }

    /// A stanza came in as number `seq` of its stream; its `from`, if any, was checked.
    pub fn stanza(&mut self, now: Timestamp, seq: u64, stanza: &Stanza, out: &mut Vec<Output>) {
        dispatch::stanza(self, &mut Turn { now, out }, seq, stanza);
    }

    /// The user's home has something to say.
    pub fn event(&mut self, now: Timestamp, event: endpoint::Event, out: &mut Vec<Output>) {
        events::event(self, &mut Turn { now, out }, event);
    }

    /// The host answers a question.
    pub fn answer(&mut self, now: Timestamp, ask: AskId, answer: Answer, out: &mut Vec<Output>) {
        let turn = &mut Turn { now, out };
        if let Some(open::Waiting::Question(request, then)) = self.open.take(ask.0) {
            match answer {
                Answer::Refused(refusal) => self.refuse(turn, request, &refusal),
                answer => then(self, turn, request, answer),
            }
        }
        self.open.answered(ask.0, turn.out);
    }

    /// The client has every stanza up to the one with this serial.
    pub fn confirmed(&mut self, serial: u64, out: &mut Vec<Output>) {
        if let Some(serial) = self.receipts.confirmed(serial) {
            self.command_alone(out, Command::Confirm { serial });
        }
    }

    /// Whether somebody looks at the client (XEP-0352).
    pub fn client_state(&mut self, active: bool, out: &mut Vec<Output>) {
        self.shaper.set_active(active, out);
    }

    /// Whether they are switched on.
    pub fn has_carbons(&self) -> bool {
        self.carbons
    }

    /// Goes on where a session stopped whose server is gone: what it showed, and the conferences that it is in.
    pub fn restore(&mut self, shown: Option<Arc<State>>, conferences: &[(Address, EndpointName)]) {
        self.shown = shown;
        for (conference, nick) in conferences {
            self.joined.enter(conference, nick, false);
        }
    }

    /// Switches copies of the user's other talk on, as Bind 2 may ask for (XEP-0280, XEP-0386).
    pub fn enable_carbons(&mut self) {
        self.carbons = true;
    }

    /// False while as many commands are open as there may be: read no more from the client until some are answered.
    pub fn wants_more_input(&self) -> bool {
        !self.open.is_full()
    }

    /// Which endpoint this is.
    pub fn me(&self) -> &EndpointId {
        &self.me
    }
}

impl Session {
    pub(crate) fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Sends a stanza, or lets it wait if it can and nobody looks at the client.
    pub(crate) fn send(&mut self, turn: &mut Turn<'_>, stanza: Vec<u8>, urgency: impl FnOnce() -> Urgency) {
        self.send_serial(turn, stanza.into(), None, urgency);
    }

    fn send_serial(
        &mut self,
        turn: &mut Turn<'_>,
        stanza: Bytes,
        serial: Option<u64>,
        urgency: impl FnOnce() -> Urgency,
    ) {
        self.receipts.sent(serial);
        let size = stanza.len();
        let output = Output::Send { stanza, serial };
        if self.shaper.is_active() {
            turn.out.push(output);
        } else {
            self.shaper.pass(urgency(), size, output, turn.out);
        }
    }

    /// A delivery that this client does not want counts as received once everything before it is.
    fn skip(&mut self, serial: u64, out: &mut Vec<Output>) {
        if let Some(serial) = self.receipts.skip(serial) {
            self.command_alone(out, Command::Confirm { serial });
        }
    }
}
