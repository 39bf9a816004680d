//! The messages of a user that no endpoint has confirmed: handed out, or kept until one comes.
//!
//! Invariants: a message of a conversation is in it once; places ascend in the order of arrival; the kept part is what
//! the facts `Kept` and `KeptDropped` say, and nothing else.

use crate::{Address, ConversationId, EndpointName, endpoint::Said};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// By place.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    entries: BTreeMap<u64, Entry>,
    /// The other's address and the number in the conversation, to the place.
    places: HashMap<(Address, u64), u64>,
    next: u64,
    kept: usize,
    confirmed: usize,
    /// Of the messages that are kept and not confirmed.
    waiting_bytes: usize,
}

/// One message on its way.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) said: Arc<Said>,
    /// A fact says that it is kept; its conversation need not remember it.
    pub(super) kept: bool,
    /// It may have been handed out before.
    pub(super) late: bool,
    /// Kept, and confirmed by an endpoint; not logged yet.
    pub(super) confirmed: bool,
    /// The endpoints that it was handed to and that did not confirm it.
    pub(super) holders: Vec<EndpointName>,
}

/// Who the other of a two-party conversation is; `None` in a conference.
fn other<'a>(me: &Address, conversation: &'a ConversationId) -> Option<&'a Address> {
    match conversation {
        ConversationId::Between(a, b) => Some(if a == me { b } else { a }),
        ConversationId::Conference(_) => None,
    }
}

impl Inbox {
    /// The place of this message if it is here already.
    pub(super) fn place_of(&self, me: &Address, said: &Said) -> Option<u64> {
        let key = (other(me, &said.conversation)?.clone(), said.number);
        self.places.get(&key).copied()
    }

    /// Takes in a new message at the next place.
    pub(super) fn take(&mut self, me: &Address, said: Arc<Said>, late: bool) -> u64 {
        let place = self.next;
        self.put(place, me, Entry { said, kept: false, late, confirmed: false, holders: Vec::new() });
        place
    }

    /// The fact or the row says that this is kept at `seq`.
    pub(super) fn set_kept(&mut self, seq: u64, me: &Address, said: &Arc<Said>) {
        if !self.entries.contains_key(&seq) {
            let entry = Entry {
                said: Arc::clone(said),
                kept: false,
                late: true,
                confirmed: false,
                holders: Vec::new(),
            };
            self.put(seq, me, entry);
        }
        if let Some(entry) = self.entries.get_mut(&seq)
            && !entry.kept
        {
            entry.kept = true;
            entry.late = true;
            self.kept += 1;
            self.waiting_bytes += entry.said.message.size();
        }
    }

    fn put(&mut self, place: u64, me: &Address, entry: Entry) {
        if let Some(other) = other(me, &entry.said.conversation) {
            self.places.insert((other.clone(), entry.said.number), place);
        }
        self.entries.insert(place, entry);
        self.start_at(place + 1);
    }

    /// The fact says that everything kept up to and including `seq` is confirmed; gives back what was.
    pub(super) fn drop_kept(&mut self, seq: u64, me: &Address) -> Vec<u64> {
        let gone: Vec<u64> = self.entries.range(..=seq).filter(|(_, e)| e.kept).map(|(p, _)| *p).collect();
        for place in &gone {
            self.remove(*place, me);
        }
        gone
    }

    /// Takes a message out.
    pub(super) fn remove(&mut self, place: u64, me: &Address) -> Option<Arc<Said>> {
        let entry = self.entries.remove(&place)?;
        self.kept -= usize::from(entry.kept);
        self.confirmed -= usize::from(entry.confirmed);
        if entry.kept && !entry.confirmed {
            self.waiting_bytes -= entry.said.message.size();
        }
        if let Some(other) = other(me, &entry.said.conversation) {
            self.places.remove(&(other.clone(), entry.said.number));
        }
        Some(entry.said)
    }

    /// An endpoint has this kept message.
    pub(super) fn confirm_kept(&mut self, place: u64) {
        if let Some(entry) = self.entries.get_mut(&place)
            && !entry.confirmed
        {
            entry.confirmed = true;
            self.confirmed += 1;
            self.waiting_bytes -= entry.said.message.size();
        }
    }

    /// Up to which kept message all are confirmed, if that is not logged yet.
    pub(super) fn confirmed_up_to(&self) -> Option<u64> {
        if self.confirmed == 0 {
            return None;
        }
        let kept = self.entries.iter().filter(|(_, e)| e.kept);
        kept.take_while(|(_, e)| e.confirmed).last().map(|(seq, _)| *seq)
    }

    /// The first message at or after `place`.
    pub(super) fn from(&mut self, place: u64) -> Option<(u64, &mut Entry)> {
        self.entries.range_mut(place..).next().map(|(place, entry)| (*place, entry))
    }

    pub(super) fn get_mut(&mut self, place: u64) -> Option<&mut Entry> {
        self.entries.get_mut(&place)
    }

    /// The kept message of this number.
    pub(super) fn kept(&self, seq: u64) -> Option<&Arc<Said>> {
        self.entries.get(&seq).filter(|e| e.kept).map(|e| &e.said)
    }

    /// All kept messages, in order: the durable part.
    #[cfg(test)]
    pub(super) fn all_kept_messages(&self) -> impl Iterator<Item = (u64, &Arc<Said>)> {
        self.entries.iter().filter(|(_, e)| e.kept).map(|(seq, e)| (*seq, &e.said))
    }

    /// The messages of a conversation up to and including `place` that are not kept, in order. Those before one that is
    /// kept are.
    pub(super) fn not_kept_up_to(&self, place: u64, conversation: &ConversationId) -> Vec<(u64, Arc<Said>)> {
        let of_it = self.entries.range(..=place).rev().filter(|(_, e)| e.said.conversation == *conversation);
        let mut found: Vec<_> =
            of_it.take_while(|(_, e)| !e.kept).map(|(place, e)| (*place, Arc::clone(&e.said))).collect();
        found.reverse();
        found
    }

    /// Messages that are kept for an endpoint that has yet to come, and their bytes.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.kept - self.confirmed, self.waiting_bytes)
    }

    /// Messages that no endpoint has confirmed.
    pub(super) fn unconfirmed(&self) -> usize {
        self.entries.len() - self.confirmed
    }

    /// Whether no message is here that is not kept.
    pub(super) fn all_kept(&self) -> bool {
        self.entries.len() == self.kept
    }

    /// The place that the next message will have.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// No new message goes to a place below this.
    pub(super) fn start_at(&mut self, place: u64) {
        self.next = self.next.max(place);
    }
}
