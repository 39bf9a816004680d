//! Where nodes are: literal addresses at once, names by the resolver, asked again and again since a restarted node often has a
//! new address; until an answer is there, whence the node was last heard.

use super::{identity::Identity, pace};
use crate::limits;
use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    time::Duration,
};
use tokio::sync::mpsc;

/// A name and what it stands for now.
pub(crate) type Answer = (String, Vec<SocketAddr>);

pub(crate) struct Book {
    resolved: HashMap<String, (Duration, Vec<SocketAddr>)>,
    asked: HashSet<String>,
    heard: HashMap<String, SocketAddr>,
    answers: mpsc::Sender<Answer>,
}

impl Book {
    /// Answers of the resolver come over the channel and go into [`Book::answer`].
    pub(crate) fn new(answers: mpsc::Sender<Answer>) -> Self {
        Self { resolved: HashMap::new(), asked: HashSet::new(), heard: HashMap::new(), answers }
    }

    /// A packet that verified came from there. Names are asked first: a packet can be sent again by somebody else.
    pub(crate) fn heard(&mut self, name: &str, from: SocketAddr) {
        if self.heard.len() < limits::MEMBERS || self.heard.contains_key(name) {
            self.heard.insert(name.to_owned(), from);
        }
    }

    /// Where a node is, if that is known.
    pub(crate) fn node(&mut self, now: Duration, node: &Identity) -> Option<SocketAddr> {
        let resolved = self.addresses(now, &node.address).first().copied();
        resolved.or_else(|| self.heard.get(&node.name).copied())
    }

    /// What a `HOST:PORT` stands for, as far as is known; asks if that is old.
    pub(crate) fn addresses(&mut self, now: Duration, address: &str) -> Vec<SocketAddr> {
        if let Ok(literal) = address.parse() {
            return vec![literal];
        }
        let known = self.resolved.get(address);
        if known.is_none_or(|(at, _)| now.saturating_sub(*at) > pace::RESOLVED) {
            self.ask(address);
        }
        self.resolved.get(address).map(|(_, all)| all.clone()).unwrap_or_default()
    }

    fn ask(&mut self, address: &str) {
        if self.asked.len() >= limits::MEMBERS || !self.asked.insert(address.to_owned()) {
            return;
        }
        let (name, answers) = (address.to_owned(), self.answers.clone());
        tokio::spawn(async move {
            let found = tokio::net::lookup_host(&name).await;
            let found = found.map(Iterator::collect).unwrap_or_default();
            let _ended = answers.send((name, found)).await;
        });
    }

    /// The resolver has answered; nothing found leaves what was known.
    pub(crate) fn answer(&mut self, now: Duration, (name, mut found): Answer) {
        self.asked.remove(&name);
        found.truncate(limits::ADDRESSES_PER_NAME);
        if self.resolved.len() >= 2 * limits::MEMBERS {
            self.resolved.retain(|_, (at, _)| now.saturating_sub(*at) <= pace::RESOLVED);
        }
        if found.is_empty() {
            found = self.resolved.remove(&name).map(|(_, all)| all).unwrap_or_default();
        }
        self.resolved.insert(name, (now, found));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_a_bounded_number_of_addresses_and_keeps_them_when_it_is_not_found() {
        let (answers, _answered) = mpsc::channel(1);
        let mut book = Book::new(answers);
        let many =
            (0..limits::ADDRESSES_PER_NAME + 9).map(|_| SocketAddr::from(([10, 0, 0, 1], 7800))).collect();
        book.answer(Duration::ZERO, ("a.example:7800".into(), many));
        book.answer(Duration::ZERO, ("a.example:7800".into(), Vec::new()));
        assert_eq!(book.addresses(Duration::ZERO, "a.example:7800").len(), limits::ADDRESSES_PER_NAME);
    }

    #[test]
    fn a_literal_address_is_known_and_a_node_without_answer_is_where_it_was_heard() {
        let (answers, _answered) = mpsc::channel(1);
        let mut book = Book::new(answers);
        let literal = Identity { name: "a".into(), incarnation: 1, rank: 0, address: "10.0.0.2:9".into() };
        assert_eq!(book.node(Duration::ZERO, &literal), Some(([10, 0, 0, 2], 9).into()));
        let named = Identity { name: "b".into(), incarnation: 1, rank: 0, address: "b.example:9".into() };
        book.answer(Duration::ZERO, (named.address.clone(), Vec::new()));
        assert_eq!(book.node(Duration::ZERO, &named), None);
        book.heard("b", ([10, 0, 0, 3], 9).into());
        assert_eq!(book.node(Duration::ZERO, &named), Some(([10, 0, 0, 3], 9).into()));
    }
}
