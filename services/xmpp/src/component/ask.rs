//! What is asked over the border and not answered yet: by the component of homes here, by users of the component.
//!
//! Invariant: both are bounded; a user's request is answered once, by the component or for it.

use super::{Output, Peer};
use crate::{
    limits::{PEER_ANSWER_TIME, PEER_REQUESTS},
    stanza::{Condition, Stanza, Tag, write_error, write_refusal},
    wire::escape_attribute,
};
use domain::{EndpointId, Reason, Refusal, Ticket, Timestamp, user};
use std::collections::{BTreeMap, BTreeSet};

/// Stanzas of the component that wait for the answer of a home.
#[derive(Default)]
pub(super) struct Open {
    last: u64,
    stanzas: BTreeMap<u64, Stanza>,
}

impl Open {
    pub(super) fn len(&self) -> usize {
        self.stanzas.len()
    }

    pub(super) fn clear(&mut self) {
        self.stanzas.clear();
    }

    /// A ticket for what this stanza asks.
    pub(super) fn ticket(&mut self, stanza: &Stanza) -> Ticket {
        self.last += 1;
        self.stanzas.insert(self.last, stanza.clone());
        Ticket(self.last)
    }

    /// A ticket whose answer nobody waits for.
    pub(super) fn unheard(&mut self) -> Ticket {
        self.last += 1;
        Ticket(self.last)
    }

    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Stanza> {
        self.stanzas.remove(&ticket.0)
    }
}

/// Who asked whom, under which id.
type Key = (EndpointId, EndpointId, Box<str>);

/// Requests of users that the component has not answered.
#[derive(Default)]
pub(super) struct Asked {
    until: BTreeMap<Key, Timestamp>,
    due: BTreeSet<(Timestamp, Key)>,
}

impl Asked {
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Remembers a request; false if there is no room. One under the same id takes the place of the first.
    pub(super) fn insert(&mut self, now: Timestamp, key: Key) -> bool {
        self.take(&key);
        if self.until.len() >= PEER_REQUESTS {
            return false;
        }
        let until = now.plus(PEER_ANSWER_TIME);
        self.due.insert((until, key.clone()));
        self.until.insert(key, until);
        true
    }

    /// The request is answered; false if there is none.
    pub(super) fn take(&mut self, key: &Key) -> bool {
        let Some(until) = self.until.remove(key) else { return false };
        self.due.remove(&(until, key.clone()));
        true
    }
}

impl Peer {
    pub(super) fn answer_for_late(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        while self.asked.deadline().is_some_and(|deadline| deadline <= now) {
            let Some((_, key)) = self.asked.due.pop_first() else { return };
            self.asked.until.remove(&key);
            self.answer_for(key, out);
        }
    }

    pub(super) fn answer_for_all(&mut self, out: &mut Vec<Output>) {
        for key in std::mem::take(&mut self.asked).until.into_keys() {
            self.answer_for(key, out);
        }
    }

    fn answer_for(&mut self, (asker, of, id): Key, out: &mut Vec<Output>) {
        let mut payload = b" type='error' id='".to_vec();
        escape_attribute(&id, &mut payload);
        payload.extend_from_slice(b"'>");
        write_error(Condition::RemoteServerTimeout, None, &mut payload);
        payload.extend_from_slice(b"</iq>");
        let command = user::Command::Relay {
            from: of,
            endpoint: asker.name,
            ticket: self.open.unheard(),
            payload: payload.into(),
        };
        out.push(Output::ToUser(asker.user, command));
    }

    /// Says no to a stanza of the component.
    pub(super) fn refuse(&mut self, stanza: &Stanza, why: &Refusal, out: &mut Vec<Output>) {
        let mut xml = Vec::new();
        write_refusal(stanza, why, &mut xml);
        if !xml.is_empty() {
            self.write(xml, out);
        }
    }

    pub(super) fn refuse_as(&mut self, stanza: &Stanza, why: Reason, out: &mut Vec<Output>) {
        self.refuse(stanza, &why.into(), out);
    }

    /// An empty answer to a request of the component.
    pub(super) fn empty_result(&mut self, stanza: &Stanza, out: &mut Vec<Output>) {
        let mut xml = Vec::new();
        Tag::open(&mut xml, "iq")
            .attr("type", "result")
            .attr_some("id", stanza.id())
            .attr_some("from", stanza.to())
            .attr_some("to", stanza.from())
            .empty();
        self.write(xml, out);
    }
}
