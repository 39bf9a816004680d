//! How the owner changes a category: publish, retract, purge, create, delete, configure (XEP-0060 §7–8).
//!
//! Invariant: a refused change leaves no fact behind; limits are checked before anything is recorded.

use super::{Fact, User, UserOut};
use crate::{
    EndpointId, Reason, Refusal,
    category::{Category, Change, Item, Settings, is_name},
    endpoint::CategoryCommand,
    limits::{CATEGORIES, ITEM_BYTES},
};
use std::sync::Arc;

impl User {
    pub(super) fn existing(&self, name: &str) -> Result<&Category, Refusal> {
        self.categories.get(name).ok_or_else(|| Refusal::because(Reason::NotFound, "no such category"))
    }

    pub(super) fn change_category(
        &mut self,
        by: EndpointId,
        command: CategoryCommand,
        out: &mut UserOut,
    ) -> Result<(), Refusal> {
        match command {
            CategoryCommand::Publish { category, id, content, settings } => {
                let item = Item { id, publisher: by, content };
                self.publish_item(&category, item, settings, out)
            }
            CategoryCommand::Retract { category, id, notify } => self.retract(&category, id, notify, out),
            CategoryCommand::Purge { category } => self.purge(&category, out),
            CategoryCommand::Create { category, settings } => {
                if self.categories.get(&category).is_some() {
                    return Err(Refusal::because(Reason::Conflict, "this category exists already"));
                }
                self.check_new(&category)?;
                self.set_category(&category, settings.unwrap_or_default(), out)
            }
            CategoryCommand::Delete { category } => self.delete_category(&category, out),
            CategoryCommand::Configure { category, settings } => {
                self.existing(&category)?;
                self.set_category(&category, settings, out)
            }
            CategoryCommand::List | CategoryCommand::Read { .. } | CategoryCommand::Settings { .. } => {
                Err(Reason::BadRequest.into()) // these change nothing and are answered before
            }
        }
    }

    fn publish_item(
        &mut self,
        name: &Arc<str>,
        item: Item,
        wanted: Option<Settings>,
        out: &mut UserOut,
    ) -> Result<(), Refusal> {
        let existing = self.categories.get(name).map(|c| c.settings.clone());
        let is_new = existing.is_none();
        if let (Some(existing), Some(wanted)) = (&existing, &wanted)
            && existing != wanted
        {
            return Err(Refusal::because(Reason::Conflict, "the category has other settings"));
        }
        let settings = existing.or(wanted).unwrap_or_default();
        self.check_item(name, &item, &settings)?;
        if is_new {
            self.check_new(name)?;
            self.set_category(name, settings.clone(), out)?;
        }
        let item = Arc::new(item);
        if settings.persist {
            self.record(Fact::ItemSet { category: Arc::clone(name), item: Arc::clone(&item) }, out);
        }
        self.tell_readers(&settings, name, Change::Published(item), out);
        Ok(())
    }

    fn check_item(&self, name: &str, item: &Item, settings: &Settings) -> Result<(), Refusal> {
        if !is_name(&item.id) {
            return Err(Refusal::because(Reason::NotAcceptable, "the item's id is empty or too long"));
        }
        if item.content.len() > ITEM_BYTES {
            return Err(Refusal::because(Reason::LimitReached, "this item is too large"));
        }
        if self.categories.bytes_with(name, item, settings) > self.policy.category_bytes {
            return Err(Refusal::because(Reason::LimitReached, "all items together are too large"));
        }
        Ok(())
    }

    fn check_new(&self, name: &str) -> Result<(), Refusal> {
        if !is_name(name) {
            return Err(Refusal::because(Reason::NotAcceptable, "the category's name is empty or too long"));
        }
        if self.categories.len() >= CATEGORIES {
            return Err(Refusal::because(Reason::LimitReached, "there are too many categories"));
        }
        Ok(())
    }

    fn set_category(
        &mut self,
        name: &Arc<str>,
        settings: Settings,
        out: &mut UserOut,
    ) -> Result<(), Refusal> {
        if !settings.are_valid() {
            return Err(Refusal::because(Reason::NotAcceptable, "a category keeps 1 to 1000 items"));
        }
        self.record(Fact::CategorySet { category: Arc::clone(name), settings }, out);
        Ok(())
    }

    fn retract(
        &mut self,
        name: &Arc<str>,
        id: Arc<str>,
        notify: bool,
        out: &mut UserOut,
    ) -> Result<(), Refusal> {
        let category = self.existing(name)?;
        if category.item(&id).is_none() {
            return Err(Refusal::because(Reason::NotFound, "no such item"));
        }
        let settings = category.settings.clone();
        self.record(Fact::ItemRemoved { category: Arc::clone(name), id: Arc::clone(&id) }, out);
        if notify || settings.notify_retract {
            self.tell_readers(&settings, name, Change::Retracted(id), out);
        }
        Ok(())
    }

    fn purge(&mut self, name: &Arc<str>, out: &mut UserOut) -> Result<(), Refusal> {
        let settings = self.existing(name)?.settings.clone();
        self.record(Fact::Purged(Arc::clone(name)), out);
        self.tell_readers(&settings, name, Change::Purged, out);
        Ok(())
    }

    fn delete_category(&mut self, name: &Arc<str>, out: &mut UserOut) -> Result<(), Refusal> {
        let settings = self.existing(name)?.settings.clone();
        self.record(Fact::CategoryRemoved(Arc::clone(name)), out);
        self.tell_readers(&settings, name, Change::Deleted, out);
        Ok(())
    }
}
