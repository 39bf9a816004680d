//! The subscription hand-shake, both ways (RFC 6121 §3): the table of [`crate::roster::Relation`] decides, here it
//! becomes facts, roster pushes, steps to the other home and presence.

use super::{
    Command, Effect, Fact, User, UserOut,
    asked::{Asked, DONE},
};
use crate::{
    Address, Reason, Refusal,
    endpoint::Event,
    limits::{PENDING_REQUESTS, PUBLICATION_BYTES},
    roster::{Contact, Handshake, Relation, Subscription},
};
use bytes::Bytes;
use std::sync::Arc;

impl User {
    /// One of the user's endpoints takes a step towards somebody.
    pub(super) fn step_out(
        &mut self,
        with: &Address,
        step: Handshake,
        carried: Bytes,
        out: &mut UserOut,
    ) -> Asked {
        self.refuse_self(with)?;
        self.refuse_blocked(with)?;
        if carried.len() > PUBLICATION_BYTES {
            return Err(Refusal::because(Reason::LimitReached, "what goes with this request is too large"));
        }
        let before = self.roster.relation(with);
        let outcome = before.outbound(step);
        if outcome.next.subscription != before.subscription {
            self.refuse_full_roster(with)?;
            self.refuse_large_roster(&self.roster.with(with, outcome.next))?;
        }
        let after = outcome.next;
        if before.subscription.from && !after.subscription.from {
            self.hide_from(with, out); // before the step, while the other home still listens (§3.2.1)
        }
        self.relate(with, before, after, Bytes::new(), out);
        if outcome.route {
            self.tell_step(with, step, carried, out);
        }
        if after.subscription.from && !before.subscription.from {
            self.show_to(with, None, out);
        }
        DONE
    }

    /// Somebody takes a step towards the user.
    pub(super) fn step_in(&mut self, from: &Address, step: Handshake, carried: Bytes, out: &mut UserOut) {
        if self.account.is_none() {
            if step == Handshake::Subscribe {
                self.tell_step(from, Handshake::Unsubscribed, Bytes::new(), out); // §3.1.3, rule 1
            }
            return;
        }
        let before = self.roster.relation(from);
        let outcome = before.inbound(step);
        let is_new_request = outcome.next.requested && !before.requested;
        let too_many = is_new_request && self.roster.requests.len() >= PENDING_REQUESTS;
        if self.roster.blocked.contains(from) || *from == self.address || too_many {
            return;
        }
        let carried = if carried.len() > PUBLICATION_BYTES { Bytes::new() } else { carried };
        if outcome.deliver {
            let event = Event::Handshake { from: from.clone(), step, carried: carried.clone() };
            if step == Handshake::Subscribe {
                self.tell_endpoints(|e| e.state.is_some(), event, out);
            } else {
                self.tell_endpoints(|e| e.wants_roster, event, out);
            }
        }
        self.relate(from, before, outcome.next, carried, out);
        if let Some(reply) = outcome.reply {
            self.tell_step(from, reply, Bytes::new(), out);
            self.show_to(from, None, out);
        }
        if before.subscription.from && !outcome.next.subscription.from {
            self.hide_from(from, out); // §3.3.3
        }
    }

    /// Records what changed between two relations, and pushes the contact.
    pub(super) fn relate(
        &mut self,
        with: &Address,
        before: Relation,
        after: Relation,
        carried: Bytes,
        out: &mut UserOut,
    ) {
        match (before.requested, after.requested) {
            (false, true) => self.record(Fact::RequestKept { from: with.clone(), carried }, out),
            (true, false) => self.record(Fact::RequestDropped(with.clone()), out),
            _ => {}
        }
        if before.subscription != after.subscription {
            self.put_contact(self.roster.with(with, after), out);
        }
    }

    /// Records a contact and pushes it to the endpoints that asked for the roster (RFC 6121 §2.1.6).
    pub(super) fn put_contact(&mut self, contact: Contact, out: &mut UserOut) {
        let contact = Arc::new(contact);
        self.record(Fact::ContactSet(Arc::clone(&contact)), out);
        let event = Event::ContactChanged { contact, version: self.roster_version() };
        self.tell_endpoints(|e| e.wants_roster, event, out);
    }

    pub(super) fn tell_step(&self, to: &Address, step: Handshake, carried: Bytes, out: &mut UserOut) {
        let command = Command::Handshake { from: self.address.clone(), step, carried };
        out.effects.push(Effect::ToUser(to.clone(), command));
    }

    /// Ends both directions with a contact, as its removal does (RFC 6121 §2.5): hides, and tells its home.
    pub(super) fn part_from(&self, with: &Address, out: &mut UserOut) {
        let Relation { subscription: Subscription { to, from, asked, .. }, requested } =
            self.roster.relation(with);
        if from {
            self.hide_from(with, out);
        }
        if to || asked {
            self.tell_step(with, Handshake::Unsubscribe, Bytes::new(), out);
        }
        if from || requested {
            self.tell_step(with, Handshake::Unsubscribed, Bytes::new(), out);
        }
    }

    fn refuse_self(&self, with: &Address) -> Result<(), Refusal> {
        if *with == self.address {
            return Err(Refusal::because(Reason::NotAcceptable, "everyone sees their own presence"));
        }
        Ok(())
    }

    pub(super) fn refuse_full_roster(&self, newcomer: &Address) -> Result<(), Refusal> {
        let contacts = &self.roster.contacts;
        if !contacts.contains_key(newcomer) && contacts.len() >= self.policy.contacts {
            return Err(Refusal::because(Reason::LimitReached, "the roster is full"));
        }
        Ok(())
    }

    /// Nothing goes to those whom the user blocked (XEP-0191 §3.4).
    pub(super) fn refuse_blocked(&self, to: &Address) -> Result<(), Refusal> {
        if self.roster.blocked.contains(to) {
            return Err(Refusal::because(Reason::NotAcceptable, "you have blocked this address"));
        }
        Ok(())
    }
}
