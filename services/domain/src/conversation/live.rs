//! The machine of a conversation: tells the two kinds apart and hands each its commands.

use super::{
    Command, Configuration, ConversationId, Effect, Fact, Policy, Survivors, focus::Focus, pair::Pair,
    row::Row,
};
use crate::{Address, Out, Reason, Refusal, Timestamp};

/// A live conversation. The host makes its facts durable before it lets the effects of the same or a later turn out.
pub struct Conversation(pub(super) Kind);

pub(super) enum Kind {
    Pair(Box<Pair>),
    Focus(Box<Focus>),
}

impl Conversation {
    /// One in which nothing was said and nobody is, until rows are loaded or facts applied.
    pub fn new(id: ConversationId, policy: Policy) -> Self {
        Self(match id {
            ConversationId::Between(lower, higher) => Kind::Pair(Box::new(Pair::new(lower, higher, policy))),
            ConversationId::Conference(address) => Kind::Focus(Box::new(Focus::new(address, policy))),
        })
    }

    /// Decides; the facts are applied already when this returns. Every ticket gets exactly one answer, though a
    /// message to somebody whose standing is not known yet gets it in a later turn.
    pub fn handle(&mut self, now: Timestamp, command: Command, out: &mut Out<Fact, Effect>) {
        match (&mut self.0, command) {
            (Kind::Pair(pair), command) => pair.handle(now, command, out),
            (Kind::Focus(_), Command::Send { from, ticket, .. }) => {
                let refusal =
                    Refusal::because(Reason::BadRequest, "a conference is spoken to by those in it");
                out.effects.push(Effect::refuse(from, ticket, refusal));
            }
            (Kind::Focus(focus), command) => focus.handle(now, command, out),
        }
    }

    /// When [`Self::tick`] is wanted next; changes with every turn.
    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.0 {
            Kind::Pair(pair) => pair.deadline(),
            Kind::Focus(focus) => focus.doubts.due(),
        }
    }

    /// Does what is due by now.
    pub fn tick(&mut self, now: Timestamp, out: &mut Out<Fact, Effect>) {
        match &mut self.0 {
            Kind::Pair(pair) => pair.tick(now, out),
            Kind::Focus(focus) => focus.ask_doubtful(now, out),
        }
    }

    /// The homes of these users have moved, or were out of reach: what was on its way there is told again, and what was
    /// learnt from there is asked for again.
    pub fn moved(
        &mut self,
        now: Timestamp,
        has_moved: &dyn Fn(&Address) -> bool,
        out: &mut Out<Fact, Effect>,
    ) {
        match &mut self.0 {
            Kind::Pair(pair) => pair.moved(now, has_moved, out),
            Kind::Focus(focus) => focus.doubt(now, has_moved),
        }
    }

    /// Replays one fact.
    pub fn apply(&mut self, fact: &Fact) {
        match &mut self.0 {
            Kind::Pair(pair) => pair.apply(fact),
            Kind::Focus(focus) => focus.apply(fact),
        }
    }

    /// To be called once by a new owner after the rows were loaded and the facts applied: hands out again what is
    /// pending, and settles what became of those who were in.
    pub fn resumed(&mut self, now: Timestamp, survivors: Survivors, out: &mut Out<Fact, Effect>) {
        match &mut self.0 {
            Kind::Pair(pair) => pair.resumed(now, out),
            Kind::Focus(focus) => focus.resumed(now, survivors, out),
        }
    }

    /// May be put away: no session, nothing pending, nobody in. What it is can be read back from its rows.
    pub fn is_idle(&self) -> bool {
        match &self.0 {
            Kind::Pair(pair) => pair.is_idle(),
            Kind::Focus(focus) => focus.attendees.is_empty(),
        }
    }

    /// A conference: it was made and has not ended. Two people can always talk.
    pub fn exists(&self) -> bool {
        match &self.0 {
            Kind::Pair(_) => true,
            Kind::Focus(focus) => focus.made.is_some(),
        }
    }

    /// How a conference behaves, while there is one: for the service's list. The password is in it.
    pub fn configuration(&self) -> Option<&Configuration> {
        match &self.0 {
            Kind::Pair(_) => None,
            Kind::Focus(focus) => focus.made.as_ref().map(|made| &made.configuration),
        }
    }

    /// How many are in a conference; 0 for a two-party conversation.
    pub fn occupants(&self) -> usize {
        match &self.0 {
            Kind::Pair(_) => 0,
            Kind::Focus(focus) => focus.attendees.len(),
        }
    }

    /// Gives the rows that changed since the last call, each once.
    pub fn take_changed(&mut self, f: &mut dyn FnMut(Row)) {
        match &mut self.0 {
            Kind::Pair(pair) => pair.take_changed(f),
            Kind::Focus(focus) => focus.take_changed(f),
        }
    }

    /// Takes a row from the store; all of them come before the first fact is applied.
    pub fn load(&mut self, row: Row) {
        match &mut self.0 {
            Kind::Pair(pair) => pair.load(row),
            Kind::Focus(focus) => focus.load(row),
        }
    }
}
