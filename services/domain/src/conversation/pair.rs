//! A two-party conversation: its state, its clockwork and its rows (DESIGN section 4).
//!
//! Invariants: numbers are contiguous from 1; a message is pending until the other's home confirms it; what one
//! sender asks is done in the order in which it was asked.

use super::{
    Command, Effect, Fact, Output, Policy,
    changed::Changed,
    numbering::Numbering,
    row::{Head, Row},
    standing::Direction,
};
use crate::{Address, ConversationId, Refusal, Timestamp, endpoint::Said, limits::STANDING_WAIT};
use std::{collections::BTreeMap, sync::Arc};

/// Both sides of a talk. Side 0 is the lower address, side 1 the higher.
pub(super) struct Pair {
    pub(super) id: ConversationId,
    pub(super) sides: [Address; 2],
    pub(super) policy: Policy,
    // Durable.
    pub(super) numbering: Numbering,
    pub(super) session: Session,
    pub(super) pending: BTreeMap<u64, Pending>,
    // Soft.
    /// By recipient.
    pub(super) directions: [Direction; 2],
    /// Confirmed and not logged as such, by the side that confirmed.
    pub(super) unlogged: [Vec<u64>; 2],
    pub(super) log_confirmations_at: Option<Timestamp>,
    pub(super) active_at: Timestamp,
    pub(super) head_changed: bool,
    pub(super) pending_changed: Changed<u64>,
}

/// The latest session.
#[derive(Default)]
pub(super) struct Session {
    pub(super) number: u64,
    pub(super) open: bool,
}

/// A message that the fold of the log still holds to be unconfirmed.
pub(super) struct Pending {
    pub(super) said: Arc<Said>,
    /// Confirmed, but that is not logged yet.
    pub(super) confirmed: bool,
}

impl Pair {
    pub(super) fn new(lower: Address, higher: Address, policy: Policy) -> Self {
        Self {
            id: ConversationId::Between(lower.clone(), higher.clone()),
            sides: [lower, higher],
            policy,
            numbering: Numbering::default(),
            session: Session::default(),
            pending: BTreeMap::new(),
            directions: Default::default(),
            unlogged: Default::default(),
            log_confirmations_at: None,
            active_at: Timestamp::default(),
            head_changed: false,
            pending_changed: Changed::default(),
        }
    }

    /// A talk with oneself: between a user's own endpoints.
    pub(super) fn is_alone(&self) -> bool {
        self.sides[0] == self.sides[1]
    }

    pub(super) fn side(&self, who: &Address) -> Option<usize> {
        self.sides.iter().position(|side| side == who)
    }

    pub(super) fn handle(&mut self, now: Timestamp, command: Command, out: &mut Output) {
        match command {
            Command::Send { from, to, endpoint, ticket, message } => {
                self.send(now, super::send::Sending { from, endpoint, ticket, message }, &to, out);
            }
            Command::Standing { of, towards, standing } => self.standing(now, &of, &towards, standing, out),
            Command::Confirm { by, numbers } => self.confirm(now, &by, &numbers),
            Command::Conference { from, ticket, .. } => {
                let refusal = Refusal::because(crate::Reason::BadRequest, "this is not a conference");
                out.effects.push(Effect::refuse(from, ticket, refusal));
            }
            Command::EndpointGone { .. } | Command::End => {}
        }
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let waiting = self.directions.iter().filter_map(Direction::waits_since).min();
        let wait_ends = waiting.map(|since| since.plus(STANDING_WAIT));
        let quiet = (!self.is_idle() && waiting.is_none()).then(|| self.active_at.plus(self.policy.quiet));
        [wait_ends, quiet, self.log_confirmations_at].into_iter().flatten().min()
    }

    pub(super) fn tick(&mut self, now: Timestamp, out: &mut Output) {
        if self.log_confirmations_at.is_some_and(|due| due <= now) {
            self.log_confirmations(out);
        }
        self.give_up_waiting(now, out);
        let waits = self.directions.iter().any(|direction| direction.waits_since().is_some());
        if !waits && !self.is_idle() && self.active_at.plus(self.policy.quiet) <= now {
            self.quieten(now, out);
        }
    }

    /// Nothing that a fresh machine loaded from the rows would not know.
    pub(super) fn is_idle(&self) -> bool {
        !self.session.open && self.pending.is_empty() && self.directions.iter().all(Direction::is_unknown)
    }

    pub(super) fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::SessionOpened { session, .. } => self.session = Session { number: *session, open: true },
            Fact::SessionClosed { .. } => self.session.open = false,
            Fact::Said { .. } => {
                if let Some(said) = Said::of(&self.id, fact) {
                    self.apply_said(Arc::new(said));
                }
                return;
            }
            Fact::Confirmed { numbers, .. } => {
                for number in numbers {
                    if self.pending.remove(number).is_some() {
                        self.pending_changed.gone(*number);
                    }
                }
                return;
            }
            // A conference's.
            _ => return,
        }
        self.head_changed = true;
    }

    /// What `apply` does with [`Fact::Said`], for one that is at hand already.
    pub(super) fn apply_said(&mut self, said: Arc<Said>) {
        self.numbering.count(&said);
        self.head_changed = true;
        if !self.is_alone() {
            self.pending_changed.made(said.number);
            self.pending.insert(said.number, Pending { said, confirmed: false });
        }
    }

    pub(super) fn decide(&mut self, fact: Fact, out: &mut Output) {
        self.apply(&fact);
        out.facts.push(fact);
    }

    pub(super) fn take_changed(&mut self, f: &mut dyn FnMut(Row)) {
        if std::mem::take(&mut self.head_changed) {
            let mut head =
                Head { session: self.session.number, session_open: self.session.open, ..Head::default() };
            self.numbering.save(&mut head);
            f(Row::Head(Box::new(head)));
        }
        for number in self.pending_changed.take() {
            f(Row::Pending(number, self.pending.get(&number).map(|pending| pending.said.clone())));
        }
    }

    pub(super) fn load(&mut self, row: Row) {
        match row {
            Row::Head(head) => {
                self.numbering.load(&head);
                self.session = Session { number: head.session, open: head.session_open };
            }
            Row::Pending(number, Some(said)) => {
                self.pending.insert(number, Pending { said, confirmed: false });
            }
            Row::Pending(number, None) => {
                self.pending.remove(&number);
            }
            Row::Recent(..) | Row::Affiliation(..) | Row::Occupant(..) => {}
        }
    }
}
