//! A message reaches the user: which endpoints get it, how it is held until one confirms it, when it is kept
//! (RFC 6121 §8.5, XEP-0280 §8).
//!
//! Invariants: every numbered two-party message is at any time held by an endpoint or kept, until it is confirmed; its
//! conversation is told exactly then, once; each endpoint gets them in the order in which they came, and who comes after
//! a restart, too: of a conversation, nothing is kept before what came earlier.

use super::{Effect, Fact, User, UserOut, send::is_copied};
use crate::{
    ConversationId, EndpointId, EndpointName, Timestamp, conversation,
    endpoint::{Delivery, Endpoint, Event, How, Said},
    limits::CONFIRMATION_DELAY,
    message::MessageKind,
};
use std::{collections::BTreeMap, sync::Arc};

impl User {
    pub(super) fn deliver(
        &mut self,
        endpoint: Option<EndpointName>,
        said: Arc<Said>,
        late: bool,
        out: &mut UserOut,
    ) {
        if let Some(name) = endpoint {
            self.deliver_to(name, said, late, out);
        } else if said.number == 0 || matches!(said.conversation, ConversationId::Conference(_)) {
            let direct = self.endpoints_for(&said, How::Direct);
            deliver_unheld(direct, &said, How::Direct, late, out);
            let copies = self.endpoints_for(&said, How::ReceivedElsewhere);
            deliver_unheld(copies, &said, How::ReceivedElsewhere, late, out);
        } else {
            self.deliver_held(&said, late, out);
        }
    }

    /// To one occupant of a conference; one that is gone without the conference knowing is taken out of it.
    fn deliver_to(&self, name: EndpointName, said: Arc<Said>, late: bool, out: &mut UserOut) {
        if self.endpoints.contains_key(&name) {
            let delivery = Delivery { said, how: How::Direct, late, serial: 0 };
            out.effects.push(Effect::ToEndpoint(name, Event::Delivery(delivery)));
        } else {
            let endpoint = EndpointId::new(self.address.clone(), name);
            let gone =
                conversation::Command::EndpointGone { endpoint, how: conversation::Departure::Vanished };
            out.effects.push(Effect::ToConversation(said.conversation.clone(), gone));
        }
    }

    fn deliver_held(&mut self, said: &Arc<Said>, late: bool, out: &mut UserOut) {
        if let Some(place) = self.inbox.place_of(&self.address, said) {
            if self.inbox.kept(place).is_some() {
                self.confirm_to(&said.conversation, vec![said.number], out);
            }
            return;
        }
        let direct = self.endpoints_for(said, How::Direct);
        let copies = self.endpoints_for(said, How::ReceivedElsewhere);
        let place = self.inbox.take(&self.address, Arc::clone(said), late);
        for name in direct {
            self.hand_out(&name, out);
        }
        deliver_unheld(copies, said, How::ReceivedElsewhere, late, out);
        self.keep_unheld(place, out);
        if !late {
            self.wants_push(said);
        }
    }

    /// The endpoints that get this message in this way.
    fn endpoints_for(&self, said: &Said, how: How) -> Vec<EndpointName> {
        let fits =
            |(name, endpoint): &(&EndpointName, &Endpoint)| self.way(said, name, endpoint) == Some(how);
        self.endpoints.iter().filter(fits).map(|(name, _)| name.clone()).collect()
    }

    /// How this message comes to this endpoint; `None`: not at all. One for an endpoint that is not here counts as for
    /// all (RFC 6121 §8.5.3.2.1), but not a headline.
    fn way(&self, said: &Said, name: &EndpointName, endpoint: &Endpoint) -> Option<How> {
        match &said.to {
            Some(to) if to == name => Some(How::Direct),
            Some(to) if self.endpoints.contains_key(to) => {
                (endpoint.state.is_some() && is_copied(&said.message)).then_some(How::ReceivedElsewhere)
            }
            Some(_) if said.message.kind == MessageKind::Headline => None,
            _ => endpoint.takes_messages().then_some(How::Direct),
        }
    }

    /// Hands an endpoint everything in the inbox that is for it and that it does not have, as far as its window allows.
    pub(super) fn hand_out(&mut self, name: &EndpointName, out: &mut UserOut) {
        while let Some(endpoint) = self.endpoints.get(name)
            && endpoint.has_room()
        {
            let (next_place, available_from) = (endpoint.next_place, endpoint.available_from);
            let Some((place, entry)) = self.inbox.from(next_place) else { return };
            let is_due =
                !entry.confirmed && (entry.kept || place >= available_from) && !entry.holders.contains(name);
            let (said, late) = (Arc::clone(&entry.said), entry.late);
            let is_due = is_due && self.way(&said, name, endpoint) == Some(How::Direct);
            let Some(endpoint) = self.endpoints.get_mut(name) else { return };
            endpoint.next_place = place + 1;
            if is_due {
                let serial = endpoint.hold(place, said.message.size());
                if let Some(entry) = self.inbox.get_mut(place) {
                    entry.holders.push(name.clone());
                }
                let delivery = Delivery { said, how: How::Direct, late, serial };
                out.effects.push(Effect::ToEndpoint(name.clone(), Event::Delivery(delivery)));
            }
        }
    }

    /// Keeps the message at this place if no endpoint holds it; then its conversation may forget it. All before it in
    /// their conversation are kept first: else that would hand them out again after a restart, behind this one.
    fn keep_unheld(&mut self, place: u64, out: &mut UserOut) {
        let Some(entry) = self.inbox.get_mut(place) else { return };
        if entry.kept || !entry.holders.is_empty() {
            return;
        }
        let conversation = entry.said.conversation.clone();
        let was_full = self.keeps_no_more();
        let mut numbers = Vec::new();
        for (seq, said) in self.inbox.not_kept_up_to(place, &conversation) {
            numbers.push(said.number);
            self.record(Fact::Kept { seq, said }, out);
        }
        self.standing_changed |= was_full != self.keeps_no_more();
        self.confirm_to(&conversation, numbers, out);
    }

    /// An endpoint has what is at these places.
    pub(super) fn confirmed(
        &mut self,
        now: Timestamp,
        name: &EndpointName,
        places: &[u64],
        out: &mut UserOut,
    ) {
        let mut numbers: BTreeMap<ConversationId, Vec<u64>> = BTreeMap::new();
        let was_full = self.keeps_no_more();
        for place in places {
            match self.inbox.get_mut(*place) {
                Some(entry) if entry.kept => {
                    self.inbox.confirm_kept(*place);
                    self.confirm_by.get_or_insert(now.plus(CONFIRMATION_DELAY));
                }
                Some(_) => {
                    if let Some(said) = self.inbox.remove(*place, &self.address) {
                        numbers.entry(said.conversation.clone()).or_default().push(said.number);
                    }
                }
                None => {} // another endpoint was faster
            }
        }
        self.standing_changed |= was_full != self.keeps_no_more();
        for (conversation, mut numbers) in numbers {
            numbers.sort_unstable();
            self.confirm_to(&conversation, numbers, out);
        }
        self.hand_out(name, out);
    }

    fn confirm_to(&self, conversation: &ConversationId, numbers: Vec<u64>, out: &mut UserOut) {
        let confirm = conversation::Command::Confirm { by: self.address.clone(), numbers };
        out.effects.push(Effect::ToConversation(conversation.clone(), confirm));
    }

    /// An endpoint is gone: what it alone held is kept, and handed to the others that may have it.
    pub(super) fn take_back(&mut self, name: &EndpointName, endpoint: &Endpoint, out: &mut UserOut) {
        let mut lowest = None;
        let mut places: Vec<u64> = endpoint.held().collect();
        places.sort_unstable();
        for place in places {
            let Some(entry) = self.inbox.get_mut(place) else { continue };
            entry.holders.retain(|holder| holder != name);
            if entry.holders.is_empty() && !entry.confirmed {
                lowest.get_or_insert(place);
                self.keep_unheld(place, out);
            }
        }
        // What waited for this endpoint in particular is now for all of them, too.
        let lowest = lowest.map_or(endpoint.next_place, |lowest| lowest.min(endpoint.next_place));
        let others: Vec<_> = self.endpoints.keys().cloned().collect();
        for other in others {
            if let Some(endpoint) = self.endpoints.get_mut(&other) {
                endpoint.next_place = endpoint.next_place.min(lowest);
            }
            self.hand_out(&other, out);
        }
    }

    /// Logs up to where the kept messages are confirmed.
    pub(super) fn log_confirmed(&mut self, out: &mut UserOut) {
        self.confirm_by = None;
        if let Some(seq) = self.inbox.confirmed_up_to() {
            self.record(Fact::KeptDropped { seq }, out);
        }
    }
}

/// To these endpoints, with no confirmation wanted.
fn deliver_unheld(names: Vec<EndpointName>, said: &Arc<Said>, how: How, late: bool, out: &mut UserOut) {
    if !names.is_empty() {
        let delivery = Delivery { said: Arc::clone(said), how, late, serial: 0 };
        out.effects.push(Effect::ToEndpoints(names, Event::Delivery(delivery)));
    }
}
