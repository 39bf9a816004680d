//! A conference's durable state to and from rows.
//!
//! Invariant: see `row.rs`.

use super::{
    focus::Focus,
    row::{Head, Row, Seated},
};

impl Focus {
    pub(super) fn take_changed(&mut self, f: &mut dyn FnMut(Row)) {
        if std::mem::take(&mut self.changes.head) {
            let mut head = Head { conference: self.made.clone(), ..Head::default() };
            self.numbering.save(&mut head);
            f(Row::Head(Box::new(head)));
        }
        for who in self.changes.affiliations.take() {
            let value = self.affiliations.get(&who).cloned();
            f(Row::Affiliation(who, value));
        }
        for endpoint in self.changes.seats.take() {
            let value = self.seats.get(&endpoint).and_then(|nick| {
                let role = self.attendees.get(nick)?.role;
                Some(Seated { nick: nick.clone(), role })
            });
            f(Row::Occupant(endpoint, value));
        }
        for number in self.changes.recent.take() {
            // The numbers ascend, though whispers between them are not here.
            let place = self.recent.binary_search_by_key(&number, |said| said.number);
            f(Row::Recent(number, place.ok().map(|place| self.recent[place].clone())));
        }
    }

    pub(super) fn load(&mut self, row: Row) {
        match row {
            Row::Head(head) => {
                self.numbering.load(&head);
                self.made = head.conference;
            }
            Row::Affiliation(who, Some(value)) => drop(self.affiliations.insert(who, value)),
            Row::Affiliation(who, None) => drop(self.affiliations.remove(&who)),
            Row::Occupant(endpoint, Some(seated)) => {
                self.sit(&endpoint, &seated.nick, seated.role, None);
                // It came from the store.
                self.changes.seats.take().for_each(drop);
            }
            Row::Recent(number, said) => {
                self.recent.retain(|known| known.number != number);
                let place = self.recent.partition_point(|known| known.number < number);
                if let Some(said) = said {
                    self.recent.insert(place, said);
                }
            }
            Row::Occupant(_, None) | Row::Pending(..) => {}
        }
    }
}
