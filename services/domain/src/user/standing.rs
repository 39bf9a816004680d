//! Whether and how the user can be written to: asked by conversations, and told to them again when it changes.
//!
//! Invariant: a live conversation that was told once always knows the newest standing.

use super::{Effect, Standing, User, UserOut};
use crate::{
    Address, ConversationId, conversation,
    limits::{KEPT_BYTES, LIVE_CONVERSATIONS},
};

impl User {
    fn standing(&self, towards: &Address) -> Standing {
        let there = || self.endpoints.values().any(crate::endpoint::Endpoint::takes_messages);
        if !self.is_enabled() {
            Standing::Unknown
        } else if self.roster.blocked.contains(towards) {
            Standing::Blocked
        } else if !self.keeps_no_more() && (self.policy.offline_im || there()) {
            Standing::Reachable
        } else {
            Standing::Offline
        }
    }

    /// Whether as many messages are kept as policy and memory allow.
    pub(super) fn keeps_no_more(&self) -> bool {
        let (messages, bytes) = self.inbox.waiting();
        messages >= self.policy.kept_messages || bytes >= KEPT_BYTES
    }

    pub(super) fn ask_standing(&mut self, id: ConversationId, towards: Address, out: &mut UserOut) {
        let known = self.standings.contains_key(&id);
        let standing = match self.standing(&towards) {
            _ if !known && self.standings.len() >= LIVE_CONVERSATIONS => Standing::Offline,
            standing => {
                // Who does not exist is not kept awake to say so again.
                if self.account.is_some() {
                    self.standings.insert(id.clone(), (towards.clone(), standing));
                }
                standing
            }
        };
        self.tell_standing(id, towards, standing, out);
    }

    /// Tells the live conversations what changed for them in this turn.
    pub(super) fn push_standings(&mut self, out: &mut UserOut) {
        if !std::mem::take(&mut self.standing_changed) {
            return;
        }
        let mut changed = Vec::new();
        for (id, (towards, told)) in &self.standings {
            let standing = self.standing(towards);
            if standing != *told {
                changed.push((id.clone(), towards.clone(), standing));
            }
        }
        for (id, towards, standing) in changed {
            self.standings.insert(id.clone(), (towards.clone(), standing));
            self.tell_standing(id, towards, standing, out);
        }
    }

    fn tell_standing(&self, id: ConversationId, towards: Address, standing: Standing, out: &mut UserOut) {
        let command = conversation::Command::Standing { of: self.address.clone(), towards, standing };
        out.effects.push(Effect::ToConversation(id, command));
    }
}
