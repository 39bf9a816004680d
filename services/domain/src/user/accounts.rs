//! The account: made, changed and removed by administrators; sign-in tokens (XEP-0484).

use super::{Effect, Fact, User, UserOut};
use crate::{
    Address, Reason, Refusal, Timestamp,
    account::{Token, Verifier},
    endpoint::Ending,
};
use std::collections::BTreeSet;

impl User {
    pub(super) fn create_account(&mut self, verifiers: Vec<Verifier>, at: Timestamp, out: &mut UserOut) {
        if self.account.is_some() {
            return admin_done(Err(Reason::Conflict.into()), out);
        }
        self.record(Fact::AccountCreated { verifiers, at }, out);
        admin_done(Ok(()), out);
    }

    pub(super) fn set_password(&mut self, now: Timestamp, verifiers: Vec<Verifier>, out: &mut UserOut) {
        if self.account.is_none() {
            return admin_done(Err(Reason::NotFound.into()), out);
        }
        self.record(Fact::PasswordSet { verifiers }, out);
        self.end_all(now, Ending::AccountChanged, out);
        admin_done(Ok(()), out);
    }

    pub(super) fn set_enabled(&mut self, now: Timestamp, enabled: bool, out: &mut UserOut) {
        if self.account.is_none() {
            return admin_done(Err(Reason::NotFound.into()), out);
        }
        if self.is_enabled() != enabled {
            self.record(Fact::EnabledSet(enabled), out);
            self.standing_changed = true;
        }
        if !enabled {
            self.end_all(now, Ending::AccountChanged, out);
        }
        admin_done(Ok(()), out);
    }

    /// Everything that is the user's own goes; whoever saw or wanted to see anything of it is told.
    pub(super) fn remove_account(&mut self, now: Timestamp, out: &mut UserOut) {
        if self.account.is_none() {
            return admin_done(Err(Reason::NotFound.into()), out);
        }
        self.end_all(now, Ending::AccountChanged, out);
        let roster = &self.roster;
        let everyone: BTreeSet<Address> =
            roster.contacts.keys().chain(roster.requests.keys()).cloned().collect();
        for contact in &everyone {
            self.part_from(contact, out);
        }
        self.record(Fact::AccountRemoved, out);
        self.standing_changed = true;
        admin_done(Ok(()), out);
    }

    /// Drops the tokens that are over, too: every one in the log is of use.
    pub(super) fn set_token(&mut self, now: Timestamp, token: Token, out: &mut UserOut) {
        let is_over = |client: &str| self.tokens().iter().all(|t| t.client != client || t.expires <= now);
        let others = self.tokens().iter().map(|t| &t.client).filter(|c| **c != token.client && is_over(c));
        let over: BTreeSet<String> = others.cloned().collect();
        if self.is_enabled() {
            for client in over {
                self.record(Fact::TokenRemoved { client }, out);
            }
            self.record(Fact::TokenSet(token), out);
        }
    }

    pub(super) fn remove_token(&mut self, client: String, out: &mut UserOut) {
        if self.tokens().iter().any(|t| t.client == client) {
            self.record(Fact::TokenRemoved { client }, out);
        }
    }
}

fn admin_done(result: Result<(), Refusal>, out: &mut UserOut) {
    out.effects.push(Effect::AdminDone(result));
}
