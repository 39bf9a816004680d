//! A store for the plays: the newest row of each key, as text, so that two machines' rows can be compared.

use domain::{conversation, user};
use std::collections::BTreeMap;

/// Rows by key; those that are gone, or say nothing, are not in it.
#[derive(Clone, Debug)]
pub(crate) struct Rows<R>(BTreeMap<String, R>);

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// A row of a machine.
pub(crate) trait Row: Clone + std::fmt::Debug {
    /// Its key, and whether there is something under it.
    fn key(&self) -> (String, bool);

    /// Its place among others, if it has one.
    fn place(&self) -> Option<u64> {
        None
    }

    /// The same at another place.
    fn at(&self, _place: u64) -> Self {
        self.clone()
    }
}

impl<R: Row> Rows<R> {
    pub(crate) fn put(&mut self, row: R) {
        match row.key() {
            (key, true) => self.0.insert(key, row),
            (key, false) => self.0.remove(&key),
        };
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &R> {
        self.0.values()
    }

    /// Equal for stores that say the same.
    pub(crate) fn text(&self) -> Vec<String> {
        // Places sort items; the numbers themselves are no content.
        let mut places: Vec<u64> = self.iter().filter_map(Row::place).collect();
        places.sort_unstable();
        let ranked = |row: &R| match row.place() {
            Some(place) => row.at(places.binary_search(&place).map_or(0, |rank| rank as u64)),
            None => row.clone(),
        };
        // What a door made of a message is no part of it.
        self.iter().map(|row| format!("{:?}", ranked(row)).replace("Rendered(..)", "Rendered")).collect()
    }
}

impl Row for user::Row {
    fn key(&self) -> (String, bool) {
        match self {
            Self::Account(value) => ("account".into(), value.is_some()),
            Self::Contact(who, value) => (format!("contact {who}"), value.is_some()),
            Self::Request(who, value) => (format!("request {who}"), value.is_some()),
            Self::Blocked(who) => ("blocked".into(), !who.is_empty()),
            Self::Kept(seq, value) => (format!("kept {seq:020}"), value.is_some()),
            Self::Category(name, value) => (format!("category {name}"), value.is_some()),
            Self::Item { category, id, item } => (format!("item {category}\0{id}"), item.is_some()),
        }
    }

    fn place(&self) -> Option<u64> {
        match self {
            Self::Item { item: Some((place, _)), .. } => Some(*place),
            _ => None,
        }
    }

    fn at(&self, place: u64) -> Self {
        let mut moved = self.clone();
        if let Self::Item { item: Some((at, _)), .. } = &mut moved {
            *at = place;
        }
        moved
    }
}

impl Row for conversation::Row {
    fn key(&self) -> (String, bool) {
        match self {
            Self::Head(head) => ("head".into(), **head != conversation::Head::default()),
            Self::Pending(number, value) => (format!("pending {number:020}"), value.is_some()),
            Self::Recent(number, value) => (format!("recent {number:020}"), value.is_some()),
            Self::Affiliation(who, value) => (format!("affiliation {who}"), value.is_some()),
            Self::Occupant(endpoint, value) => (format!("occupant {endpoint}"), value.is_some()),
        }
    }
}
