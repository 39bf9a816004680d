//! Occupants whose user's home has moved, or who were in when the conference's own home did: they may be there still, on
//! any node, or gone without a word. After a while each is told again that it is in, and the home of a user who has no
//! such endpoint says so with [`super::Command::EndpointGone`].

use super::{
    Output,
    focus::Focus,
    tell::{View, present},
};
use crate::{Address, EndpointId, Timestamp, limits::REHOMED_GRACE};
use std::{collections::BTreeSet, sync::Arc};

/// See the module.
#[derive(Default)]
pub(super) struct Doubts {
    endpoints: BTreeSet<EndpointId>,
    due: Option<Timestamp>,
}

impl Doubts {
    /// When they are asked.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due
    }
}

impl Focus {
    /// The endpoints of these users may be gone.
    pub(super) fn doubt(&mut self, now: Timestamp, of: &dyn Fn(&Address) -> bool) {
        let doubtful = self.seats.keys().filter(|endpoint| of(&endpoint.user));
        self.doubts.endpoints.extend(doubtful.cloned());
        if !self.doubts.endpoints.is_empty() {
            self.doubts.due.get_or_insert(now.plus(REHOMED_GRACE));
        }
    }

    /// Tells those who are still to be asked that they are in.
    pub(super) fn ask_doubtful(&mut self, now: Timestamp, out: &mut Output) {
        if self.doubts.due.is_none_or(|due| due > now) {
            return;
        }
        for endpoint in std::mem::take(&mut self.doubts).endpoints {
            let Some(nick) = self.seats.get(&endpoint) else { continue };
            if let Some(portrait) = self.portrait(nick, Some(&endpoint.name)) {
                let own = present(&portrait, View { own: true, sees: true });
                out.effects.push(self.tell(&endpoint, Arc::new(own)));
            }
        }
    }
}
