//! A user: account, roster, presentity, endpoints, kept messages and categories, behind one home.
//!
//! Invariants: what is durable is changed by [`User::apply`] alone, live and at replay; every ticket is answered exactly
//! once, here or by the home that the command went on to; what leaves does so in a deterministic order.

mod accounts;
mod again;
mod apply;
mod asked;
mod attach;
mod blocking;
mod categories;
mod categorise;
mod command;
mod conferences;
mod contacts;
mod deliver;
mod effect;
mod fact;
mod handshake;
mod inbox;
mod presence;
mod publish;
mod push;
mod relay;
mod row;
mod send;
mod standing;
#[cfg(test)]
mod tests;
mod watch;

pub use crate::policy::UserPolicy as Policy;
pub use command::{Again, Command, Standing};
pub use effect::Effect;
pub use fact::Fact;
pub use row::Row;

use crate::{
    Address, ConversationId, EndpointName, Out, Timestamp,
    account::{Account, Token, Verifier},
    category::Categories,
    endpoint::Endpoint,
    presentity::{Availability, Sources, View},
    roster::Roster,
};
use again::Rehomed;
use inbox::Inbox;
use push::Pushes;
use row::Key;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// When a user was last there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LastActivity {
    /// Is there now.
    Now,
    /// When the last endpoint that could be seen went.
    At(Timestamp),
    /// Has not been there yet.
    Never,
}

/// Facts and effects of a user.
type UserOut = Out<Fact, Effect>;

/// Watchers by what they see.
type Audiences = Arc<[(View, Arc<[Address]>)]>;

/// The machine of one user.
#[derive(Debug)]
pub struct User {
    address: Address,
    policy: Policy,
    // durable: a fold of the facts
    account: Option<Account>,
    roster: Roster,
    categories: Categories,
    /// What is changed since the rows were last taken.
    changed: BTreeSet<Key>,
    /// Durable as far as messages are kept.
    inbox: Inbox,
    // soft
    sources: Sources,
    endpoints: BTreeMap<EndpointName, Endpoint>,
    /// Live conversations with this user, and what they were last told; at most
    /// [`crate::limits::LIVE_CONVERSATIONS`].
    standings: BTreeMap<ConversationId, (Address, Standing)>,
    /// Made from the roster when needed.
    audiences: Option<Audiences>,
    /// Whom the user shuts out or how it can be reached may have changed in this turn.
    standing_changed: bool,
    pushes: Pushes,
    /// When the confirmations of kept messages are logged at the latest.
    confirm_by: Option<Timestamp>,
    /// Contacts whose homes have moved, and when they are asked again what they show.
    rehomed: Rehomed,
}

impl User {
    /// The user of this address, of whom nothing is known yet: no account.
    #[must_use]
    pub fn new(address: Address, policy: Policy) -> Self {
        Self {
            address,
            policy,
            account: None,
            roster: Roster::default(),
            categories: Categories::default(),
            changed: BTreeSet::new(),
            inbox: Inbox::default(),
            sources: Sources::default(),
            endpoints: BTreeMap::new(),
            standings: BTreeMap::new(),
            audiences: None,
            standing_changed: false,
            pushes: Pushes::default(),
            confirm_by: None,
            rehomed: Rehomed::default(),
        }
    }

    /// One turn: what the command changes is applied already, and in `out`.
    pub fn handle(&mut self, now: Timestamp, command: Command, out: &mut UserOut) {
        let facts_before = out.facts.len();
        self.decide(now, command, out);
        self.push_standings(out);
        self.push_due(now, out);
        if out.facts.len() > facts_before {
            self.log_confirmed(out); // they travel with a fact that has to be logged anyway
        }
    }

    fn decide(&mut self, now: Timestamp, command: Command, out: &mut UserOut) {
        match command {
            Command::Attach { endpoint } => self.attach(now, endpoint, out),
            Command::AttachAgain { endpoint, again } => self.attach_again(endpoint, *again, out),
            Command::Detach { endpoint } => self.detach(now, &endpoint, out),
            Command::Parked { endpoint, parked } => self.parked(&endpoint, parked),
            Command::PushAnswered { from, ticket, push, refused } => {
                self.push_answered(from, ticket, push, refused, out);
            }
            Command::Endpoint { endpoint, ticket, command } => self.ask(now, &endpoint, ticket, command, out),
            Command::SetToken { token } => self.set_token(now, token, out),
            Command::RemoveToken { client } => self.remove_token(client, out),
            Command::Handshake { from, step, carried } => self.step_in(&from, step, carried, out),
            Command::Probe { from } => self.probed(&from, out),
            Command::Notice { endpoint, notice } => self.noticed(endpoint, notice, out),
            Command::Directed { from, endpoint, state, note } => {
                self.directed_in(from, endpoint, (state, note), out);
            }
            Command::Category { endpoint, notice } => self.category_noticed(endpoint, notice, out),
            Command::CategoryAsked { from, ticket, command } => {
                self.category_asked(from, ticket, command, out);
            }
            Command::Relay { from, endpoint, ticket, payload } => {
                self.relay_in(from, endpoint, ticket, payload, out);
            }
            Command::AskStanding { conversation, towards } => self.ask_standing(conversation, towards, out),
            Command::ForgetConversation { conversation } => {
                self.standings.remove(&conversation);
            }
            Command::Deliver { endpoint, said, late } => self.deliver(endpoint, said, late, out),
            Command::Sent { ticket, said, again } => self.sent(ticket, &said, again, out),
            Command::Answer { endpoint, ticket, answer } => self.answered(endpoint, ticket, answer, out),
            Command::Conference { endpoint, conference, event } => {
                self.conference_event(endpoint, conference, event, out);
            }
            Command::CreateAccount { verifiers, at } => self.create_account(verifiers, at, out),
            Command::SetPassword { verifiers } => self.set_password(now, verifiers, out),
            Command::SetEnabled(enabled) => self.set_enabled(now, enabled, out),
            Command::RemoveAccount => self.remove_account(now, out),
        }
    }

    /// When [`Self::tick`] wants to be called, if it does.
    pub fn deadline(&self) -> Option<Timestamp> {
        [self.confirm_by, self.sources.deadline(), self.pushes.quiet_until(), self.rehomed.due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The deadline has passed: logs late confirmations, ends a meeting or a call that is over, tells push services what
    /// came since the last time.
    pub fn tick(&mut self, now: Timestamp, out: &mut UserOut) {
        if self.sources.expire(now) {
            self.announce_all(out);
        }
        self.ask_rehomed(now, out);
        self.push_due(now, out);
        if self.confirm_by.is_some_and(|by| by <= now) {
            self.log_confirmed(out);
        }
    }

    /// Nothing would be lost if the machine were put away now: no endpoint, nothing unlogged, no live conversation that
    /// counts on being told. (What calendar and calls said is asked for again at the next sign-in.)
    pub fn is_idle(&self) -> bool {
        self.endpoints.is_empty()
            && self.confirm_by.is_none()
            && self.pushes.quiet_until().is_none()
            && self.standings.is_empty()
            && self.inbox.all_kept()
    }

    /// Whose home this is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether there is an account.
    pub fn exists(&self) -> bool {
        self.account.is_some()
    }

    /// Whether there is an account that may sign in.
    pub fn is_enabled(&self) -> bool {
        self.account.as_ref().is_some_and(|a| a.enabled)
    }

    /// When the user was last there, as far as this address may see it; `None` if it may not (XEP-0012 §4).
    pub fn last_activity(&self, asker: &Address) -> Option<LastActivity> {
        if *asker == self.address {
            return Some(LastActivity::Now);
        }
        let seen = self.roster.is_watcher(asker).then(|| self.view_of(asker).aggregate(&self.whole()))?;
        Some(match (seen.availability, seen.last_seen) {
            (Availability::Offline, Some(at)) => LastActivity::At(at),
            (Availability::Offline, None) => LastActivity::Never,
            _ => LastActivity::Now,
        })
    }

    /// When the account was made; 0 if there is none.
    pub fn created(&self) -> Timestamp {
        self.account.as_ref().map_or_else(Timestamp::default, |a| a.created)
    }

    /// When the last endpoint signed out; `None` if none ever did.
    pub fn last_seen(&self) -> Option<Timestamp> {
        self.account.as_ref().and_then(|a| a.last_seen)
    }

    /// What a password is checked against; none if there is no account.
    pub fn verifiers(&self) -> &[Verifier] {
        self.account.as_ref().map_or(&[], |a| &a.verifiers)
    }

    /// Which credentials these are: another number after each change of the password, and of an account that is made
    /// again; 0 if there is none.
    pub fn credentials(&self) -> u64 {
        self.account.as_ref().map_or(0, crate::account::Account::credentials)
    }

    /// The sign-in tokens; the expired ones among them are for the caller to refuse.
    pub fn tokens(&self) -> &[Token] {
        self.account.as_ref().map_or(&[], |a| &a.tokens)
    }

    /// The names of the endpoints that are signed in.
    pub fn endpoints(&self) -> impl Iterator<Item = &EndpointName> {
        self.endpoints.keys()
    }

    /// Decides a fact: applied here, logged by the host.
    fn record(&mut self, fact: Fact, out: &mut UserOut) {
        self.apply(&fact);
        out.facts.push(fact);
    }
}
