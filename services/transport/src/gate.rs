//! Who is let in: counts of all connections, of each address and of those not signed in yet; and the way out, the
//! drain. One gate stands before all listeners of a node.
//!
//! Invariant: a connection is counted from [`Gate::admit`] until its [`Permit`] is dropped, exactly once in each.

use crate::{inbox::Bell, limits, meters::Meters};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::sync::watch;

/// How many connections are let in.
#[derive(Clone, Copy, Debug)]
pub struct Admission {
    /// In total; see [`limits::CONNECTIONS`].
    pub connections: usize,
    /// From one address; see [`limits::CONNECTIONS_PER_ADDRESS`].
    pub per_address: usize,
    /// Not signed in yet; see [`limits::UNSIGNED_CONNECTIONS`].
    pub unsigned: usize,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS,
            per_address: limits::CONNECTIONS_PER_ADDRESS,
            unsigned: limits::UNSIGNED_CONNECTIONS,
        }
    }
}

/// Why a connection was not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// [`Admission::connections`] is reached.
    #[error("too many connections")]
    Total,
    /// [`Admission::per_address`] is reached.
    #[error("too many connections from this address")]
    Address,
    /// [`Admission::unsigned`] is reached.
    #[error("too many connections that have not signed in")]
    Unsigned,
    /// The node is shutting down.
    #[error("shutting down")]
    Draining,
}

/// The gate of a node; see the module.
pub struct Gate {
    admission: Admission,
    book: Mutex<Book>,
    draining: watch::Sender<bool>,
    connections: watch::Sender<usize>,
    pub(crate) meters: Meters,
}

#[derive(Default)]
struct Book {
    next: u64,
    unsigned: usize,
    per_address: HashMap<IpAddr, usize>,
    /// Every connection, with the bell of those that have a session.
    present: HashMap<u64, Option<Weak<dyn Bell>>>,
}

impl Gate {
    /// A gate with these limits. Installs the crate's metrics, so the recorder must be in place.
    pub fn new(admission: Admission) -> Arc<Self> {
        Arc::new(Self {
            admission,
            book: Mutex::default(),
            draining: watch::Sender::new(false),
            connections: watch::Sender::new(0),
            meters: Meters::new(),
        })
    }

    /// Lets a connection from `from` in, or not.
    pub fn admit(self: &Arc<Self>, from: IpAddr) -> Result<Permit, Refused> {
        let permit = self.enter(from);
        match &permit {
            Ok(_) => self.meters.admitted(),
            Err(refused) => self.meters.refused(*refused),
        }
        permit
    }

    fn enter(self: &Arc<Self>, from: IpAddr) -> Result<Permit, Refused> {
        if self.is_draining() {
            return Err(Refused::Draining);
        }
        let address = counted_as(from);
        let mut book = self.book();
        if book.present.len() >= self.admission.connections {
            return Err(Refused::Total);
        }
        if book.unsigned >= self.admission.unsigned {
            return Err(Refused::Unsigned);
        }
        let from_there = book.per_address.entry(address).or_default();
        if *from_there >= self.admission.per_address {
            return Err(Refused::Address);
        }
        *from_there += 1;
        book.unsigned += 1;
        book.next += 1;
        let id = book.next;
        book.present.insert(id, None);
        self.connections.send_replace(book.present.len());
        drop(book);
        Ok(Permit { gate: Arc::clone(self), address, id, signed_in: false })
    }

    /// Connections that are in.
    pub fn connections(&self) -> usize {
        *self.connections.borrow()
    }

    /// Connections that are in and have not signed in.
    pub fn unsigned(&self) -> usize {
        self.book().unsigned
    }

    /// Whether [`Gate::drain`] was called.
    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Lets nobody in any more, tells every session, and waits until all are gone, at most for `patience`.
    /// Returns how many are left.
    pub async fn drain(&self, patience: Duration) -> usize {
        self.draining.send_replace(true);
        let bells: Vec<_> =
            self.book().present.values().filter_map(|bell| bell.as_ref()?.upgrade()).collect();
        for bell in bells {
            bell.ring();
        }
        let mut connections = self.connections.subscribe();
        // The error is that time is up; what is left is the answer either way.
        let _ = tokio::time::timeout(patience, connections.wait_for(|left| *left == 0)).await;
        self.connections()
    }

    /// Becomes ready when the drain begins.
    pub async fn drain_begins(&self) {
        // The sender is part of `self`, so the error (sender gone) cannot come.
        let _ = self.draining.subscribe().wait_for(|draining| *draining).await;
    }

    /// The book is changed under the lock only by code that cannot panic half-way.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place inside the gate; dropping it gives the place back.
pub struct Permit {
    gate: Arc<Gate>,
    address: IpAddr,
    id: u64,
    signed_in: bool,
}

impl Permit {
    /// The connection no longer counts as unsigned. More than once is the same as once.
    pub fn signed_in(&mut self) {
        if !std::mem::replace(&mut self.signed_in, true) {
            self.gate.book().unsigned -= 1;
        }
    }

    /// The gate that gave it.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Rings `bell` when the drain begins, at once if it has begun.
    pub(crate) fn ring_at_drain(&self, bell: Weak<dyn Bell>) {
        let early = bell.clone();
        self.gate.book().present.insert(self.id, Some(bell));
        if self.gate.is_draining()
            && let Some(bell) = early.upgrade()
        {
            bell.ring();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut book = self.gate.book();
        if !self.signed_in {
            book.unsigned -= 1;
        }
        if let Some(count) = book.per_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                book.per_address.remove(&self.address);
            }
        }
        book.present.remove(&self.id);
        self.gate.connections.send_replace(book.present.len());
        drop(book);
        self.gate.meters.left();
    }
}

/// Whoever has one IPv6 address has its /64, so that counts as one; IPv4 in IPv6 counts as IPv4.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn each_limit_refuses_and_a_place_comes_back() {
        let gate = Gate::new(Admission { connections: 3, per_address: 2, unsigned: 2 });
        let first = gate.admit(ip("192.0.2.1")).expect("the first");
        let mut second = gate.admit(ip("::ffff:192.0.2.1")).expect("the second");
        assert_eq!(gate.admit(ip("192.0.2.9")).err(), Some(Refused::Unsigned));
        second.signed_in();
        second.signed_in();
        assert_eq!(gate.unsigned(), 1);
        assert_eq!(gate.admit(ip("192.0.2.1")).err(), Some(Refused::Address));
        let _third = gate.admit(ip("192.0.2.2")).expect("from elsewhere");
        drop(first);
        let mut fourth = gate.admit(ip("192.0.2.1")).expect("the place came back");
        fourth.signed_in();
        assert_eq!(gate.admit(ip("192.0.2.3")).err(), Some(Refused::Total));
        drop((second, fourth));
        assert_eq!((gate.connections(), gate.unsigned()), (1, 1));
        assert!(!gate.book().per_address.contains_key(&ip("192.0.2.1")));
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        assert_eq!(counted_as(ip("2001:db8::1")), counted_as(ip("2001:db8::ffff")));
        assert_ne!(counted_as(ip("2001:db8::1")), counted_as(ip("2001:db8:0:1::1")));
    }

    #[tokio::test]
    async fn a_drain_lets_nobody_in_and_waits_only_so_long() {
        let gate = Gate::new(Admission::default());
        let permit = gate.admit(ip("192.0.2.1")).expect("in");
        assert_eq!(gate.drain(Duration::from_millis(20)).await, 1);
        assert_eq!(gate.admit(ip("192.0.2.1")).err(), Some(Refused::Draining));
        drop(permit);
        assert_eq!(gate.drain(Duration::from_mins(1)).await, 0);
    }
}
