//! The subscription table: what each step of the hand-shake does to the subscription that it meets (RFC 6121 §3 and
//! appendix A.2, A.3).
//!
//! Invariant: `asked` and `to` are never both set, nor `from` and `requested`. The nine states of the appendix are the pairs of {none, asked, to} and {none, requested,
//! from}; `approved` (§3.4) rides on the second.

use super::{Handshake, Subscription};

/// A subscription with the part that the roster does not show: whether the contact waits for the user's answer
/// ("pending in").
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Relation {
    /// As the roster shows it.
    pub subscription: Subscription,
    /// The contact asked and the user has not answered.
    pub requested: bool,
}

/// What a step of the user towards the contact comes to (appendix A.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outbound {
    /// The relation after it.
    pub next: Relation,
    /// Whether the contact's home is told.
    pub route: bool,
}

/// What a step of the contact towards the user comes to (appendix A.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Inbound {
    /// The relation after it.
    pub next: Relation,
    /// Whether the user's endpoints are told.
    pub deliver: bool,
    /// What is answered in the user's name.
    pub reply: Option<Handshake>,
}

impl Relation {
    /// The user takes this step.
    #[must_use]
    pub fn outbound(self, step: Handshake) -> Outbound {
        let mut next = self;
        let sub = &mut next.subscription;
        let route = match step {
            Handshake::Subscribe => {
                sub.asked = !sub.to;
                true
            }
            Handshake::Unsubscribe => {
                (sub.to, sub.asked) = (false, false);
                true
            }
            Handshake::Subscribed if self.requested => {
                sub.from = true;
                next.requested = false;
                true
            }
            Handshake::Subscribed => {
                sub.approved |= !sub.from; // nobody asked yet: approved in advance (§3.4.2)
                false
            }
            Handshake::Unsubscribed => {
                let meant_somebody = sub.from || self.requested;
                (sub.from, sub.approved) = (false, false);
                next.requested = false;
                meant_somebody
            }
        };
        Outbound { next, route }
    }

    /// The contact takes this step.
    #[must_use]
    pub fn inbound(self, step: Handshake) -> Inbound {
        let mut next = self;
        let sub = &mut next.subscription;
        let mut reply = None;
        let deliver = match step {
            Handshake::Subscribe if sub.from || sub.approved => {
                sub.from = true;
                reply = Some(Handshake::Subscribed);
                false
            }
            Handshake::Subscribe => {
                next.requested = true;
                !self.requested
            }
            Handshake::Unsubscribe => {
                let was = sub.from || self.requested;
                sub.from = false;
                next.requested = false;
                was
            }
            Handshake::Subscribed => {
                let waited = sub.asked;
                sub.to |= waited;
                sub.asked = false;
                waited
            }
            Handshake::Unsubscribed => {
                let was = sub.to || sub.asked;
                (sub.to, sub.asked) = (false, false);
                was
            }
        };
        Inbound { next, deliver, reply }
    }
}
