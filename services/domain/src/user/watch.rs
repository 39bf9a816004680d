//! Presence on its way in, and the answer to a probe (RFC 6121 §4.3.2, §4.4.3, §4.6.5).

use super::{User, UserOut};
use crate::{
    Address, EndpointId, EndpointName,
    endpoint::Event,
    presentity::{Notice, State},
    roster::Handshake,
};
use bytes::Bytes;
use std::sync::Arc;

impl User {
    /// Somebody asks for this user's presence. Who believes to be a watcher and is none is told so, which heals a
    /// subscription that only one side remembers; while the user has their request to answer, the answer will do that.
    /// The blocked hear nothing.
    pub(super) fn probed(&mut self, from: &EndpointId, out: &mut UserOut) {
        let watcher = &from.user;
        if self.roster.is_watcher(watcher) {
            self.show_to(watcher, Some(&from.name), out);
        } else if self.owes_a_word_to(watcher) && !self.roster.requests.contains_key(watcher) {
            self.tell_step(watcher, Handshake::Unsubscribed, Bytes::new(), out);
        }
    }

    /// The presence of somebody: passed on if the user watches them. That somebody is gone is passed on in any case,
    /// since it may arrive after the end of the subscription that it belongs to. Who shows a presence that the user does
    /// not want is told so, which heals the other half.
    pub(super) fn noticed(&mut self, endpoint: Option<EndpointName>, notice: Arc<Notice>, out: &mut UserOut) {
        let whose = &notice.presentity;
        if self.watches(whose) || notice.state.is_none() && !self.roster.blocked.contains(whose) {
            self.tell_one_or_all(endpoint, |e| e.state.is_some(), Event::Notice(notice), out);
        } else if self.owes_a_word_to(whose) && !self.roster.relation(whose).subscription.asked {
            self.tell_step(whose, Handshake::Unsubscribe, Bytes::new(), out);
        }
    }

    fn owes_a_word_to(&self, other: &Address) -> bool {
        self.account.is_some() && !self.roster.blocked.contains(other) && *other != self.address
    }

    pub(super) fn directed_in(
        &mut self,
        from: EndpointId,
        endpoint: Option<EndpointName>,
        (state, note): (Option<Arc<State>>, Option<Arc<str>>),
        out: &mut UserOut,
    ) {
        if !self.roster.blocked.contains(&from.user) {
            let named = endpoint.is_some();
            let event = Event::Directed { from, state, note };
            self.tell_one_or_all(endpoint, |e| named || e.state.is_some(), event, out);
        }
    }

    /// Whether the user sees the presence of this address.
    pub(super) fn watches(&self, address: &Address) -> bool {
        self.roster.contacts.get(address).is_some_and(|c| c.subscription.to)
            && !self.roster.blocked.contains(address)
    }
}
