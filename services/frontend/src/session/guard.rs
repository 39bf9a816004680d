//! Guessing passwords is slow here: failed sign-ins are counted by network address and by user, and whoever has failed
//! too often is told to try later, whatever the password.

use domain::{Address, Timestamp};
use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Failures are forgotten after this.
const WINDOW: Duration = Duration::from_mins(10);
/// Failures from one address (of IPv6: one /64) within [`WINDOW`]; further tries are put off.
const BY_ADDRESS: u32 = 100;
/// Failures as one user from one address within [`WINDOW`]; further tries are put off.
const BY_BOTH: u32 = 20;
/// Failures as one user within [`WINDOW`], from wherever; further tries are put off.
const BY_USER: u32 = 200;
/// Who signed in from where is trusted there for so long: the failures of others do not put that user off.
const TRUSTED: Duration = Duration::from_hours(24);
/// Addresses and users that are remembered; beyond it the oldest failures are forgotten first.
const REMEMBERED: usize = 50_000;

/// Counts failures.
#[derive(Debug, Default)]
pub(crate) struct Guard(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    addresses: Failures<IpAddr>,
    users: Failures<Address>,
    both: Failures<(IpAddr, Address)>,
    /// When each last signed in there.
    trusted: HashMap<(IpAddr, Address), Timestamp>,
    /// When those whose trust is over were last forgotten.
    swept: Timestamp,
}

#[derive(Debug)]
struct Failures<K>(HashMap<K, (Timestamp, u32)>);

impl<K> Default for Failures<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl Guard {
    /// Whether a try from there, as this user, is looked at.
    pub(crate) fn admits(&self, now: Timestamp, from: IpAddr, user: &Address) -> bool {
        let book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let both = (network(from), user.clone());
        let is_trusted = book.trusted.get(&both).is_some_and(|at| now.since(*at) < TRUSTED);
        let others_are_few =
            || book.addresses.count(now, &both.0) < BY_ADDRESS && book.users.count(now, user) < BY_USER;
        (is_trusted || others_are_few()) && book.both.count(now, &both) < BY_BOTH
    }

    /// A try failed.
    pub(crate) fn failed(&self, now: Timestamp, from: IpAddr, user: Option<&Address>) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.addresses.add(now, network(from));
        if let Some(user) = user {
            book.users.add(now, user.clone());
            book.both.add(now, (network(from), user.clone()));
        }
    }

    /// A try succeeded: what failed as this user from there was the user, whose client tries one mechanism after the
    /// other, or who mistyped.
    pub(crate) fn succeeded(&self, now: Timestamp, from: IpAddr, user: &Address) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let network = network(from);
        if book.trusted.len() >= REMEMBERED && now.since(book.swept) >= WINDOW {
            book.trusted.retain(|_, at| now.since(*at) < TRUSTED);
            book.swept = now;
        }
        if book.trusted.len() < REMEMBERED {
            book.trusted.insert((network, user.clone()), now);
        }
        let own = book.both.forget(&(network, user.clone()));
        book.addresses.take_back(&network, own);
        book.users.take_back(user, own);
    }
}

impl<K: Hash + Eq + Clone> Failures<K> {
    fn count(&self, now: Timestamp, key: &K) -> u32 {
        self.0.get(key).filter(|(since, _)| now.since(*since) < WINDOW).map_or(0, |(_, count)| *count)
    }

    fn add(&mut self, now: Timestamp, key: K) {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&key) {
            self.0.retain(|_, (since, _)| now.since(*since) < WINDOW);
            let oldest = self.0.iter().min_by_key(|(_, (since, _))| *since).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest.filter(|_| self.0.len() >= REMEMBERED) {
                self.0.remove(&oldest);
            }
        }
        let (since, count) = self.0.entry(key).or_insert((now, 0));
        if now.since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count += 1;
    }

    /// Forgets a key; answers how many failures it had.
    fn forget(&mut self, key: &K) -> u32 {
        self.0.remove(key).map_or(0, |(_, count)| count)
    }

    fn take_back(&mut self, key: &K, failures: u32) {
        if let Some((_, count)) = self.0.get_mut(key) {
            *count = count.saturating_sub(failures);
        }
    }
}

/// Whoever has one IPv6 address has its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Address {
        Address::parse("alice@example.org").expect("valid")
    }

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_client_that_tries_mechanism_after_mechanism_is_never_put_off() {
        let guard = Guard::default();
        for _ in 0..100 {
            for _ in 0..BY_BOTH - 1 {
                guard.failed(Timestamp(0), ip(1), Some(&alice()));
            }
            assert!(guard.admits(Timestamp(0), ip(1), &alice()));
            guard.succeeded(Timestamp(0), ip(1), &alice());
        }
        for _ in 0..BY_BOTH {
            guard.failed(Timestamp(0), ip(1), Some(&alice()));
        }
        // Who is trusted there may not guess there either.
        assert!(!guard.admits(Timestamp(1), ip(1), &alice()));
        assert!(guard.admits(Timestamp(1), ip(2), &alice()));
    }

    #[test]
    fn a_user_is_put_off_after_too_many_failures_from_anywhere_and_let_in_again_later() {
        let guard = Guard::default();
        for n in 0..BY_USER {
            assert!(guard.admits(Timestamp(0), ip(255), &alice()));
            guard.failed(Timestamp(0), ip(u8::try_from(n % 250).expect("small")), Some(&alice()));
        }
        assert!(!guard.admits(Timestamp(1), ip(255), &alice()));
        assert!(guard.admits(Timestamp(1), ip(255), &Address::parse("bob@example.org").expect("valid")));
        assert!(guard.admits(Timestamp(0).plus(WINDOW), ip(255), &alice()));
    }

    #[test]
    fn an_address_is_put_off_whomever_it_tries() {
        let guard = Guard::default();
        for n in 0..BY_ADDRESS {
            guard.failed(
                Timestamp(0),
                ip(1),
                Some(&Address::parse(&format!("u{n}@example.org")).expect("valid")),
            );
        }
        assert!(!guard.admits(Timestamp(1), ip(1), &alice()));
        assert!(guard.admits(Timestamp(1), ip(2), &alice()));
        guard.succeeded(Timestamp(1), ip(1), &alice());
        assert!(guard.admits(Timestamp(2), ip(1), &alice()), "who has been there before is let in");
    }

    #[test]
    fn what_is_remembered_is_limited() {
        let mut failures = Failures::default();
        for n in 0..=REMEMBERED {
            failures.add(Timestamp(n as u64), n);
        }
        assert_eq!(failures.0.len(), REMEMBERED);
        assert_eq!(failures.count(Timestamp(5), &0), 0, "the oldest went");
        assert_eq!(failures.count(Timestamp(5), &REMEMBERED), 1);
    }
}
