//! Links: a FIFO between two processes. One that breaks takes with it what was on its way in both directions; both ends hear of
//! it, each in its time, and begin anew when both have.

use crate::{
    node::At,
    world::{Event, World},
};
use bytes::Bytes;
use cluster::{NodeId, ownership::Input, ownership::table::News, wire::Message};
use std::collections::{BTreeMap, VecDeque};

/// On its way.
#[derive(Clone)]
pub(crate) enum Wire {
    Message(Bytes),
    News(News),
}

#[derive(Default)]
struct Way {
    /// With the session of the link in which it was sent.
    queue: VecDeque<(u64, Wire)>,
    arrives_at: u64,
    /// Nothing arrives before.
    stalled_until: u64,
}

/// Two nodes, the lower one first.
#[derive(Default)]
struct Pair {
    session: u64,
    /// The session that each of them knows.
    known: [u64; 2],
    linked: bool,
    trying: bool,
}

#[derive(Default)]
pub(crate) struct Links {
    ways: BTreeMap<(usize, usize), Way>,
    pairs: BTreeMap<(usize, usize), Pair>,
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl World {
    /// Where this life of a node is.
    pub(crate) fn slot_of(&self, id: &NodeId) -> Option<usize> {
        self.slots.iter().position(|slot| slot.node.as_ref().is_some_and(|node| node.id == *id))
    }

    /// Gives a message to a link; false: no such peer is known.
    pub(crate) fn send(&mut self, from: usize, to: &NodeId, message: &Message) -> bool {
        self.send_wire(from, to, Wire::Message(message.encode(None)))
    }

    pub(crate) fn send_wire(&mut self, from: usize, to: &NodeId, wire: Wire) -> bool {
        if self.slots[from].node.as_ref().is_none_or(|node| !node.peers.contains(to)) {
            return false;
        }
        // To one that is gone, which is not known here: it goes nowhere.
        let Some(slot) = self.slot_of(to) else { return true };
        let known = self.links.pairs.entry(pair(from, slot)).or_default().known[usize::from(from > slot)];
        let delay = self.random.within(0, 4);
        let now = self.now;
        let way = self.links.ways.entry((from, slot)).or_default();
        way.queue.push_back((known, wire));
        way.arrives_at = way.arrives_at.max(now + delay);
        let at = way.arrives_at;
        self.at(at, Event::Arrive(from, slot));
        true
    }

    pub(crate) fn arrive(&mut self, from: usize, to: usize) {
        let stalled = self.links.ways.entry((from, to)).or_default().stalled_until;
        let wait = stalled.max(self.slots[to].paused_until);
        if wait > self.now {
            return self.at(wait, Event::Arrive(from, to));
        }
        let Some(pair) = self.links.pairs.get(&pair(from, to)) else { return };
        let (current, linked) = (pair.session, pair.linked);
        let Some(way) = self.links.ways.get_mut(&(from, to)) else { return };
        // What an ended session carried is gone, whether or not its end is known here.
        while way.queue.pop_front_if(|(session, _)| *session < current).is_some() {}
        if way.queue.is_empty() {
            return;
        }
        if !linked {
            return self.after(40, Event::Arrive(from, to));
        }
        let Some((_, wire)) = way.queue.pop_front() else { return };
        let Some(id) = self.slots[from].node.as_ref().map(|node| node.id.clone()) else { return };
        match wire {
            Wire::Message(bytes) => match Message::decode(&bytes) {
                Ok((message, _)) => self.told(to, &id, Box::new(message)),
                Err(error) => self.wrong(format!("a message between nodes cannot be read: {error}")),
            },
            Wire::News(news) => self.own(to, Input::Heard(id, news)),
        }
    }

    /// Nothing arrives this way for a while.
    pub(crate) fn stall(&mut self, from: usize, to: usize, until: u64) {
        let way = self.links.ways.entry((from, to)).or_default();
        way.stalled_until = way.stalled_until.max(until);
    }

    /// The link is lost; both hear of it, each in its time.
    pub(crate) fn break_link(&mut self, a: usize, b: usize) {
        let pair = self.links.pairs.entry(pair(a, b)).or_default();
        if std::mem::take(&mut pair.linked) {
            pair.session += 1;
            let session = pair.session;
            for (n, other) in [(a, b), (b, a)] {
                let delay = self.random.within(0, 900);
                if let Some(id) = self.slots[other].node.as_ref().map(|node| node.id.clone()) {
                    self.node_after(delay, n, At::Unlinked(id, session));
                }
            }
        }
        self.try_link_later(a, b);
    }

    /// This end knows that the link is another one; false if it did before.
    pub(crate) fn knows_session(&mut self, n: usize, other: usize, session: u64) -> bool {
        let known = &mut self.links.pairs.entry(pair(n, other)).or_default().known[usize::from(n > other)];
        let is_news = *known < session;
        *known = (*known).max(session);
        is_news
    }

    /// This end thinks the other gone, or is a new process: what waits here for it is dropped.
    pub(crate) fn close_link(&mut self, n: usize, other: usize) {
        self.break_link(n, other);
        let session = self.links.pairs.entry(pair(n, other)).or_default().session;
        self.knows_session(n, other, session);
        self.links.ways.entry((n, other)).or_default().queue.clear();
    }

    /// One of them is a new process.
    pub(crate) fn new_link(&mut self, a: usize, b: usize) {
        let known = self.links.pairs.entry(pair(a, b)).or_default();
        known.session += 1;
        (known.known, known.linked) = ([known.session; 2], false);
        for way in [(a, b), (b, a)] {
            self.links.ways.entry(way).or_default().queue.clear();
        }
    }

    pub(crate) fn try_link_later(&mut self, a: usize, b: usize) {
        if !std::mem::replace(&mut self.links.pairs.entry(pair(a, b)).or_default().trying, true) {
            let delay = self.random.within(1, 60);
            self.after(delay, Event::Link(a, b));
        }
    }

    pub(crate) fn try_link(&mut self, a: usize, b: usize) {
        let now = self.now;
        let stalled = |from, to| self.links.ways.get(&(from, to)).is_some_and(|way| way.stalled_until > now);
        let is_cut = stalled(a, b) || stalled(b, a);
        let runs = |n: usize| self.slots[n].node.as_ref().filter(|_| self.slots[n].paused_until <= now);
        let met = match (runs(a), runs(b)) {
            (Some(x), Some(y)) => {
                (x.peers.contains(&y.id) && y.peers.contains(&x.id)).then(|| (x.id.clone(), y.id.clone()))
            }
            _ => None,
        };
        let pair = self.links.pairs.entry(pair(a, b)).or_default();
        pair.trying = false;
        if pair.linked {
            return;
        }
        if pair.known == [pair.session; 2]
            && !is_cut
            && let Some((x, y)) = met
        {
            pair.linked = true;
            self.linked(a, &y);
            self.linked(b, &x);
        } else if [a, b].iter().all(|n| self.slots[*n].node.is_some()) {
            pair.trying = true;
            let delay = self.random.within(80, 160);
            self.after(delay, Event::Link(a, b));
        }
    }

    fn linked(&mut self, n: usize, id: &NodeId) {
        if let Some(node) = &mut self.slots[n].node {
            node.linked.insert(id.clone());
            self.own(n, Input::Linked(id.clone()));
        }
    }
}
