//! History: who may read back what was said in a conference (XEP-0313 §6.1, "MUC archives").
//!
//! Invariant: nobody reads what they could not have heard by coming in.

use super::{
    Affiliation, ConferenceAnswer,
    focus::{Answered, Focus},
};
use crate::{EndpointId, Reason, Refusal, endpoint::Answer};

impl Focus {
    /// Those who are in, and those whose affiliation lets them in whenever they like.
    pub(super) fn read_history(&self, from: &EndpointId) -> Answered {
        let made = self.visible_to(from)?;
        let affiliation = self.affiliation(&from.user);
        if !self.seats.contains_key(from) && affiliation < Affiliation::Member {
            return Err(Reason::Forbidden.into());
        }
        if !made.configuration.archived {
            return Err(Refusal::because(Reason::Unavailable, "this conference keeps no history"));
        }
        Ok(Answer::Conference(ConferenceAnswer::History { since: made.created }))
    }
}
