//! One home of a play: the machine, its facts, and its rows as they were saved last.

use crate::rows::{Row, Rows};
use domain::{
    Address, ConversationId, Out,
    conversation::{self, Conversation, Policy},
    policy::UserPolicy,
    user::{self, User},
};

/// So low that plays reach them.
pub(crate) mod few {
    pub(crate) const CONTACTS: usize = 3;
    pub(crate) const ENDPOINTS: usize = 2;
    pub(crate) const KEPT: usize = 3;
    pub(crate) const CATEGORY_BYTES: usize = 128;
    pub(crate) const PENDING: usize = 4;
    pub(crate) const PARTICIPANTS: u32 = 3;
    pub(crate) const HISTORY: u32 = 2;
}

/// What users and conversations have in common.
pub(crate) trait Machine {
    type Id: Clone + std::fmt::Debug;
    type Fact: Clone + std::fmt::Debug;
    type Effect;
    type Row: Row;
    fn fresh(id: Self::Id) -> Self;
    fn apply(&mut self, fact: &Self::Fact);
    fn load(&mut self, row: Self::Row);
    fn take_changed(&mut self, f: &mut dyn FnMut(Self::Row));
    /// What must hold of it after each turn.
    fn check(&self);
    /// What must hold of its rows and facts.
    fn check_durable(rows: &Rows<Self::Row>, facts: &[Self::Fact]);
}

/// A machine with what a host keeps of it.
pub(crate) struct Home<M: Machine> {
    pub(crate) machine: M,
    id: M::Id,
    facts: Vec<M::Fact>,
    saved: Rows<M::Row>,
    /// Facts that the saved rows reflect.
    reflected: usize,
}

impl<M: Machine> Home<M> {
    pub(crate) fn new(id: M::Id) -> Self {
        let (saved, facts) = (Rows::default(), Vec::new());
        Self { machine: M::fresh(id.clone()), id, facts, saved, reflected: 0 }
    }

    pub(crate) fn turn(
        &mut self,
        act: impl FnOnce(&mut M, &mut Out<M::Fact, M::Effect>),
    ) -> Out<M::Fact, M::Effect> {
        let mut out = Out::new();
        act(&mut self.machine, &mut out);
        self.machine.check();
        self.facts.extend(out.facts.iter().cloned());
        out
    }

    pub(crate) fn save(&mut self) {
        let saved = &mut self.saved;
        self.machine.take_changed(&mut |row| saved.put(row));
        self.reflected = self.facts.len();
    }

    /// As a new owner gets it: the rows, and the facts after them.
    fn loaded(&self) -> M {
        let mut loaded = M::fresh(self.id.clone());
        self.saved.iter().for_each(|row| loaded.load(row.clone()));
        self.facts[self.reflected..].iter().for_each(|fact| loaded.apply(fact));
        loaded
    }

    pub(crate) fn reload(&mut self) {
        self.machine = self.loaded();
    }

    /// Replay and rows give the live state.
    pub(crate) fn check(&mut self) {
        let mut loaded = (self.loaded(), self.saved.clone());
        loaded.0.take_changed(&mut |row| loaded.1.put(row));
        let (mut replayed, mut replayed_rows) = (M::fresh(self.id.clone()), Rows::default());
        self.facts.iter().for_each(|fact| replayed.apply(fact));
        replayed.take_changed(&mut |row| replayed_rows.put(row));
        self.save();
        let live = self.saved.text();
        assert_eq!(live, replayed_rows.text(), "{:?}: replay gives another state", self.id);
        assert_eq!(live, loaded.1.text(), "{:?}: the rows give another state", self.id);
        M::check_durable(&self.saved, &self.facts);
    }
}

impl Machine for User {
    type Id = Address;
    type Fact = user::Fact;
    type Effect = user::Effect;
    type Row = user::Row;

    fn fresh(id: Address) -> Self {
        let policy = UserPolicy {
            offline_im: !id.as_str().starts_with("carol"),
            kept_messages: few::KEPT,
            contacts: few::CONTACTS,
            endpoints: few::ENDPOINTS,
            category_bytes: few::CATEGORY_BYTES,
        };
        Self::new(id, policy)
    }

    fn apply(&mut self, fact: &user::Fact) {
        self.apply(fact);
    }

    fn load(&mut self, row: user::Row) {
        self.load(row);
    }

    fn take_changed(&mut self, f: &mut dyn FnMut(user::Row)) {
        self.take_changed(f);
    }

    fn check(&self) {
        assert!(self.endpoints().count() <= few::ENDPOINTS, "too many endpoints");
        assert!(self.is_enabled() || self.endpoints().next().is_none(), "signed in, but may not be");
    }

    fn check_durable(rows: &Rows<user::Row>, _: &[user::Fact]) {
        let contacts = rows.iter().filter(|row| matches!(row, user::Row::Contact(..))).count();
        assert!(contacts <= few::CONTACTS, "too many contacts");
        let size = |row: &user::Row| match row {
            user::Row::Item { item: Some((_, item)), .. } => item.content.len(),
            _ => 0,
        };
        assert!(rows.iter().map(size).sum::<usize>() <= few::CATEGORY_BYTES, "too many bytes in categories");
    }
}

impl Machine for Conversation {
    type Id = ConversationId;
    type Fact = conversation::Fact;
    type Effect = conversation::Effect;
    type Row = conversation::Row;

    fn fresh(id: ConversationId) -> Self {
        let policy = Policy {
            pending: few::PENDING,
            participants: few::PARTICIPANTS,
            history: few::HISTORY,
            ..Policy::default()
        };
        Self::new(id, policy)
    }

    fn apply(&mut self, fact: &conversation::Fact) {
        self.apply(fact);
    }

    fn load(&mut self, row: conversation::Row) {
        self.load(row);
    }

    fn take_changed(&mut self, f: &mut dyn FnMut(conversation::Row)) {
        self.take_changed(f);
    }

    fn check(&self) {
        assert!(self.occupants() <= few::PARTICIPANTS as usize, "too many occupants");
    }

    fn check_durable(rows: &Rows<conversation::Row>, facts: &[conversation::Fact]) {
        let mut expected = 1;
        for fact in facts {
            if let conversation::Fact::Said { number, .. } = fact {
                assert_eq!(*number, expected, "numbers are contiguous");
                expected += 1;
            }
        }
        let pending = rows.iter().filter(|row| matches!(row, conversation::Row::Pending(..))).count();
        assert!(pending <= few::PENDING, "too many pending messages");
    }
}
