//! Escalate: two people are talking, one adds a third. In one step a conference is made, opened for its members,
//! entered by the asker, and the other and the newcomers are invited to continue in it (DESIGN section 4; XEP-0045
//! §7.9).
//!
//! Invariant: nothing that was said between the two is in the conference, so the newcomer cannot see it.

use super::{
    Affiliation, Configuration, Output, WhoMayInvite,
    focus::{Answered, Focus, Showing},
};
use crate::{Address, EndpointId, Reason, Refusal, Timestamp, endpoint::Answer};
use std::{collections::BTreeSet, sync::Arc};

impl Focus {
    pub(super) fn escalate(
        &mut self,
        now: Timestamp,
        asker: &Showing<'_>,
        with: Address,
        invite: Vec<Address>,
        thread: Option<Arc<str>>,
        out: &mut Output,
    ) -> Answered {
        let from = asker.endpoint;
        if self.made.is_some() {
            return Err(Refusal::because(Reason::Conflict, "there is a conference of this address already"));
        }
        if !self.policy.may_create(&from.user) {
            return Err(Refusal::because(Reason::Forbidden, "you may not make conferences"));
        }
        let guests = guests(from, with, invite);
        if guests.len() >= usize::try_from(self.policy.participants).unwrap_or(usize::MAX) {
            return Err(Refusal::because(Reason::LimitReached, "so many cannot be in one conference"));
        }
        let configuration = self.for_members();
        self.create(now, from, configuration.clone(), out);
        self.decide(super::Fact::Configured { configuration: Box::new(configuration) }, out);
        for guest in &guests {
            self.set_affiliation(guest, Affiliation::Member, out);
        }
        self.take_seat(now, asker, out);
        self.welcome(now, asker, true, super::HistoryWish::default(), out);
        // Present even where the talk had no thread: that it continues something is the point.
        let continues = Some(thread.unwrap_or_else(|| "".into()));
        for guest in guests {
            self.send_invitation(from, guest, None, continues.clone(), out);
        }
        Ok(Answer::Done)
    }

    /// Ad hoc: for those who are invited, any of whom may add another; gone when the last one leaves.
    fn for_members(&self) -> Configuration {
        Configuration {
            public: false,
            persistent: false,
            members_only: true,
            whois_everyone: true,
            invite: WhoMayInvite::Everyone,
            history: 0,
            ..self.policy.configuration()
        }
    }
}

/// The other first, then the newcomers as named, nobody twice and not the asker.
fn guests(from: &EndpointId, with: Address, invite: Vec<Address>) -> Vec<Address> {
    let mut seen = BTreeSet::from([from.user.clone()]);
    std::iter::once(with).chain(invite).filter(|guest| seen.insert(guest.clone())).collect()
}
