//! Where nodes are: literal addresses at once, names by the resolver, asked again and again since a restarted node often has a
//! new address; until an answer is there, whence the node was last heard.

use super::identity::Identity;
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
        if known.is_none_or(|(at, _)| now.saturating_sub(*at) > limits::RESOLVED) {
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
            let found = found.map(|all| all.take(limits::ADDRESSES_PER_NAME).collect()).unwrap_or_default();
            let _ended = answers.send((name, found)).await;
        });
    }

    /// The resolver has answered; nothing found leaves what was known.
    pub(crate) fn answer(&mut self, now: Duration, (name, mut found): Answer) {
        self.asked.remove(&name);
        if self.resolved.len() >= 2 * limits::MEMBERS {
            self.resolved.retain(|_, (at, _)| now.saturating_sub(*at) <= limits::RESOLVED);
        }
        if found.is_empty() {
            found = self.resolved.remove(&name).map(|(_, all)| all).unwrap_or_default();
        }
        self.resolved.insert(name, (now, found));
    }
}
