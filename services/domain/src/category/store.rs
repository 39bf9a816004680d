//! A user's categories as a machine's state, and how facts change them.
//!
//! Invariants: a category holds at most `max_items` items, the oldest went first; the byte count is the sum of all
//! contents; items are in the order of their last publication.

use super::{Access, Item, Settings};
use crate::limits::{ITEM_COST, ITEMS_PER_CATEGORY, NAME_BYTES};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// All categories of one user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Categories {
    by_name: BTreeMap<Arc<str>, Category>,
    next_order: u64,
    bytes: usize,
}

/// One category.
#[derive(Clone, Debug, Default)]
pub(crate) struct Category {
    pub(crate) settings: Settings,
    items: BTreeMap<u64, Arc<Item>>,
    order_of: HashMap<Arc<str>, u64>,
}

impl Category {
    /// The items, oldest publication first.
    pub(crate) fn items(&self) -> impl DoubleEndedIterator<Item = &Arc<Item>> {
        self.items.values()
    }

    /// The item of this id and its order.
    pub(crate) fn item(&self, id: &str) -> Option<(u64, &Arc<Item>)> {
        let order = *self.order_of.get(id)?;
        self.items.get(&order).map(|item| (order, item))
    }

    fn remove(&mut self, id: &str) -> Option<Arc<Item>> {
        self.order_of.remove(id).and_then(|order| self.items.remove(&order))
    }
}

/// The bytes that an item counts for: its content, its id in both directions, and what it costs beside them.
fn weight(item: &Item) -> usize {
    item.content.len() + 2 * item.id.len() + ITEM_COST
}

impl Categories {
    pub(crate) fn get(&self, name: &str) -> Option<&Category> {
        self.by_name.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Category)> {
        self.by_name.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Makes or configures a category; gives back the ids of the items that no longer fit.
    pub(crate) fn set(&mut self, name: &Arc<str>, settings: Settings) -> Vec<Arc<str>> {
        self.by_name.entry(Arc::clone(name)).or_default().settings = settings;
        self.evict(name)
    }

    /// Settings from the store: the items that belong to them may still be on their way, so none is dropped.
    pub(crate) fn load_settings(&mut self, name: &Arc<str>, settings: Settings) {
        self.by_name.entry(Arc::clone(name)).or_default().settings = settings;
    }

    /// Publishes an item; gives back the ids of those that it pushed out.
    pub(crate) fn put(&mut self, name: &Arc<str>, item: Arc<Item>) -> Vec<Arc<str>> {
        let order = self.next_order;
        self.load_item(name, order, item);
        self.evict(name)
    }

    /// Puts an item at a known place: from the store.
    pub(crate) fn load_item(&mut self, name: &Arc<str>, order: u64, item: Arc<Item>) {
        self.next_order = self.next_order.max(order + 1);
        let category = self.by_name.entry(Arc::clone(name)).or_default();
        let replaced = category.remove(&item.id).map_or(0, |old| weight(&old));
        self.bytes = self.bytes + weight(&item) - replaced;
        category.order_of.insert(Arc::clone(&item.id), order);
        category.items.insert(order, item);
    }

    pub(crate) fn remove_item(&mut self, name: &str, id: &str) {
        if let Some(item) = self.by_name.get_mut(name).and_then(|c| c.remove(id)) {
            self.bytes -= weight(&item);
        }
    }

    /// Takes all items out; gives back their ids.
    pub(crate) fn purge(&mut self, name: &str) -> Vec<Arc<str>> {
        let Some(category) = self.by_name.get_mut(name) else { return Vec::new() };
        self.bytes -= category.items.values().map(|item| weight(item)).sum::<usize>();
        category.order_of.clear();
        std::mem::take(&mut category.items).into_values().map(|item| Arc::clone(&item.id)).collect()
    }

    /// Removes the category; gives back the ids of its items.
    pub(crate) fn remove(&mut self, name: &str) -> Vec<Arc<str>> {
        let gone = self.purge(name);
        self.by_name.remove(name);
        gone
    }

    /// The bytes that all contents would have with this item published.
    pub(crate) fn bytes_with(&self, name: &str, item: &Item, settings: &Settings) -> usize {
        let mut left = self.bytes + weight(item);
        if let Some(category) = self.get(name) {
            let others = || category.items().filter(|old| old.id != item.id);
            left -= category.item(&item.id).map_or(0, |(_, old)| weight(old));
            let pushed_out = (others().count() + 1).saturating_sub(kept_items(settings));
            left -= others().take(pushed_out).map(|old| weight(old)).sum::<usize>();
        }
        left
    }

    fn evict(&mut self, name: &Arc<str>) -> Vec<Arc<str>> {
        let Some(category) = self.by_name.get_mut(name) else { return Vec::new() };
        let mut gone = Vec::new();
        while category.items.len() > kept_items(&category.settings)
            && let Some((_, oldest)) = category.items.pop_first()
        {
            category.order_of.remove(&oldest.id);
            self.bytes -= weight(&oldest);
            gone.push(Arc::clone(&oldest.id));
        }
        gone
    }
}

impl PartialEq for Categories {
    /// Equal contents in equal order; the numbers that make the order are no content.
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Category, &Category)| a.settings == b.settings && a.items().eq(b.items());
        self.bytes == other.bytes
            && self.by_name.keys().eq(other.by_name.keys())
            && self.by_name.values().zip(other.by_name.values()).all(same)
    }
}

fn kept_items(settings: &Settings) -> usize {
    usize::try_from(settings.max_items).unwrap_or(ITEMS_PER_CATEGORY).clamp(1, ITEMS_PER_CATEGORY)
}

impl Settings {
    /// Whether they can be kept: `max_items` in range.
    pub(crate) fn are_valid(&self) -> bool {
        (1..=ITEMS_PER_CATEGORY).contains(&usize::try_from(self.max_items).unwrap_or(usize::MAX))
    }
}

/// Whether this can name a category or an item.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES).contains(&name.len())
}

/// What somebody is to the owner of a category.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reader {
    /// The owner itself.
    Owner,
    /// Somebody who sees the owner's presence.
    Watcher,
    /// Anybody else.
    Stranger,
}

impl Access {
    /// Whether this reader may read (XEP-0060 §4.5).
    pub(crate) fn admits(self, reader: Reader) -> bool {
        match self {
            Self::Open => true,
            Self::Presence => reader != Reader::Stranger,
            Self::Roster | Self::Whitelist => reader == Reader::Owner,
        }
    }
}
