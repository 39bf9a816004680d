//! One end of a link: the machine. What waits to be taken by the peer, what was taken from it, and whether both ends speak of
//! the same session.
//!
//! Each end draws a session at random and tells the other which session of it it knows. If both know each other's, they go on
//! where they were; if one has begun anew (its process thought the other gone, or stuck), the other does too.

use crate::limits;
use bytes::Bytes;
use std::{collections::VecDeque, time::Duration};

/// What a link carries.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Item {
    /// For the receiver, as it was sent.
    Message(Bytes),
    /// Of ownership, encoded.
    News(Bytes),
}

impl Item {
    fn len(&self) -> usize {
        match self {
            Self::Message(bytes) | Self::News(bytes) => bytes.len(),
        }
    }
}

/// Where one end stands, as its hello says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Ends {
    pub(crate) session: u64,
    /// The other's session; 0: none is known.
    pub(crate) known: u64,
    /// Numbers below it were taken from the other.
    pub(crate) handled: u64,
}

/// What a hello led to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Greeted {
    /// There was a session, and it is lost: what was on the way is gone.
    pub(crate) lost: bool,
    /// Both ends speak of the same session: batches may go.
    pub(crate) agreed: bool,
    /// … which is a new one.
    pub(crate) fresh: bool,
}

/// Items to be sent.
#[derive(PartialEq, Debug)]
pub(crate) struct Outgoing {
    pub(crate) first: u64,
    pub(crate) items: Vec<Item>,
    pub(crate) handled: u64,
}

/// The peer says what cannot be.
#[derive(PartialEq, Debug)]
pub(crate) struct Nonsense;

/// One end of a link.
pub(crate) struct Queue {
    session: u64,
    known: u64,
    items: VecDeque<Item>,
    bytes: usize,
    /// The number of `items[0]`.
    acknowledged: u64,
    /// The next to send on this connection.
    next: u64,
    /// The highest that was ever sent, plus one: what is below it and sent is sent again.
    ever: u64,
    handled: u64,
    /// The last `handled` that the peer was told.
    told: u64,
    /// Since when something waits and nothing was acknowledged.
    waits_since: Option<Duration>,
    again: u64,
}

impl Queue {
    pub(crate) fn new(session: u64) -> Self {
        Self {
            session: session.max(1),
            known: 0,
            items: VecDeque::new(),
            bytes: 0,
            acknowledged: 0,
            next: 0,
            ever: 0,
            handled: 0,
            told: 0,
            waits_since: None,
            again: 0,
        }
    }

    /// Takes an item to be sent, or gives it back.
    pub(crate) fn push(&mut self, now: Duration, item: Item) -> Result<(), Item> {
        let (count, bytes) = (self.items.len(), self.bytes + item.len());
        let full = match &item {
            Item::Message(_) => count >= limits::QUEUE_MESSAGES || (bytes > limits::QUEUE_BYTES && count > 0),
            // A full link still hears who owns what, up to a bound of its own.
            Item::News(_) => count >= limits::QUEUE_MESSAGES + limits::NEWS_WAITING,
        };
        if full || item.len() > limits::MESSAGE_BYTES {
            return Err(item);
        }
        self.bytes = bytes;
        self.items.push_back(item);
        self.waits_since.get_or_insert(now);
        Ok(())
    }

    /// What this end's hello says.
    pub(crate) fn ends(&self) -> Ends {
        Ends { session: self.session, known: self.known, handled: self.handled }
    }

    /// There is a session that both ends know.
    pub(crate) fn established(&self) -> bool {
        self.known != 0
    }

    /// The other's hello on a new connection. `session`: what this end's is to be if it has to begin anew.
    pub(crate) fn greet(&mut self, now: Duration, other: Ends, session: u64) -> Greeted {
        let mut lost = false;
        let renewed = self.established() && other.session != self.known;
        let stale = other.known != 0 && other.known != self.session;
        let lies = other.known == self.session && other.handled > self.end();
        if renewed || lies || (stale && self.established()) {
            lost = self.reset(session);
        }
        if lies || other.session == 0 || (other.known != 0 && other.known != self.session) {
            return Greeted { lost, agreed: false, fresh: false };
        }
        let fresh = !self.established();
        self.known = other.session;
        if other.known != 0 {
            self.acknowledge(now, other.handled);
        }
        self.next = self.acknowledged;
        self.told = self.handled;
        Greeted { lost, agreed: true, fresh }
    }

    /// Begins anew; what waited is gone. Says whether there was anything to lose.
    pub(crate) fn reset(&mut self, session: u64) -> bool {
        let lost = self.established() || !self.items.is_empty();
        let again = self.again;
        *self = Self::new(session);
        self.again = again;
        lost
    }

    /// What to send now, if anything.
    pub(crate) fn batch(&mut self) -> Option<Outgoing> {
        let first = self.next;
        let skip = usize::try_from(first - self.acknowledged).unwrap_or(usize::MAX);
        let mut bytes = 0;
        let mut items = Vec::new();
        for item in self.items.iter().skip(skip).take(limits::BATCH_MESSAGES) {
            bytes += item.len();
            if bytes > limits::BATCH_BYTES && !items.is_empty() {
                break;
            }
            items.push(item.clone());
        }
        if items.is_empty() && self.told == self.handled {
            return None;
        }
        self.next += items.len() as u64;
        self.again += self.ever.min(self.next).saturating_sub(first);
        self.ever = self.ever.max(self.next);
        self.told = self.handled;
        Some(Outgoing { first, items, handled: self.handled })
    }

    /// The peer has taken what is below this number.
    pub(crate) fn acknowledged(&mut self, now: Duration, handled: u64) -> Result<(), Nonsense> {
        if handled > self.ever {
            return Err(Nonsense);
        }
        self.acknowledge(now, handled);
        Ok(())
    }

    fn acknowledge(&mut self, now: Duration, handled: u64) {
        if handled <= self.acknowledged {
            return;
        }
        let count = usize::try_from(handled - self.acknowledged).unwrap_or(usize::MAX).min(self.items.len());
        self.bytes -= self.items.drain(..count).map(|item| item.len()).sum::<usize>();
        self.acknowledged = handled;
        self.next = self.next.max(handled);
        self.waits_since = (!self.items.is_empty()).then_some(now);
    }

    /// Whether the item of this number is the next to take: `Some(false)`: it was taken before.
    pub(crate) fn expects(&self, number: u64) -> Result<bool, Nonsense> {
        if number > self.handled { Err(Nonsense) } else { Ok(number == self.handled) }
    }

    /// The next item was taken.
    pub(crate) fn took(&mut self) {
        self.handled += 1;
    }

    /// When the session is lost unless something is acknowledged.
    pub(crate) fn stuck_at(&self) -> Option<Duration> {
        self.waits_since.map(|since| since + limits::STUCK)
    }

    /// Items that wait, and their bytes.
    pub(crate) fn depth(&self) -> (usize, usize) {
        (self.items.len(), self.bytes)
    }

    /// Items that were sent more than once.
    pub(crate) fn sent_again(&self) -> u64 {
        self.again
    }

    fn end(&self) -> u64 {
        self.acknowledged + self.items.len() as u64
    }
}
