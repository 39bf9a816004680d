//! Categories as they are asked for: by the user's own endpoints, by others, and as notices to and from watchers
//! (XEP-0163 over XEP-0060 §6–8).

use super::{Command, Effect, User, UserOut, asked::Asked};
use crate::{
    Address, EndpointId, EndpointName, Reason, Refusal, Ticket,
    category::{Access, CategoryNotice, Change, Reader, Settings},
    endpoint::{Answer, CategoryCommand, Event},
    limits::READ_BYTES,
};
use std::sync::Arc;

impl User {
    /// One of the user's endpoints asks, of the user's own categories or of somebody else's.
    pub(super) fn category(
        &mut self,
        name: &EndpointName,
        ticket: Ticket,
        owner: Address,
        command: CategoryCommand,
        out: &mut UserOut,
    ) -> Asked {
        let from = self.endpoint_id(name);
        if owner == self.address {
            return self.category_command(from, Reader::Owner, command, out).map(Some);
        }
        self.refuse_blocked(&owner)?;
        out.effects.push(Effect::ToUser(owner, Command::CategoryAsked { from, ticket, command }));
        Ok(None)
    }

    /// Somebody else asks.
    pub(super) fn category_asked(
        &mut self,
        from: EndpointId,
        ticket: Ticket,
        command: CategoryCommand,
        out: &mut UserOut,
    ) {
        let reader = self.reader(&from.user);
        let answer = if self.account.is_none() || self.roster.blocked.contains(&from.user) {
            Err(Reason::Unavailable.into())
        } else {
            self.category_command(from.clone(), reader, command, out)
        };
        let answer = Command::Answer { endpoint: from.name, ticket, answer };
        out.effects.push(Effect::ToUser(from.user, answer));
    }

    fn reader(&self, who: &Address) -> Reader {
        if *who == self.address {
            Reader::Owner
        } else if self.roster.is_watcher(who) {
            Reader::Watcher
        } else {
            Reader::Stranger
        }
    }

    fn category_command(
        &mut self,
        by: EndpointId,
        reader: Reader,
        command: CategoryCommand,
        out: &mut UserOut,
    ) -> Result<Answer, Refusal> {
        match command {
            CategoryCommand::List => self.list(reader),
            CategoryCommand::Read { category, ids, max } => self.read_items(reader, &category, &ids, max),
            _ if reader != Reader::Owner => {
                Err(Refusal::because(Reason::Forbidden, "only the owner changes a category"))
            }
            CategoryCommand::Settings { category } => {
                self.existing(&category).map(|c| Answer::Settings(c.settings.clone()))
            }
            command => self.change_category(by, command, out).map(|()| Answer::Done),
        }
    }

    /// What this reader may read. A stranger to whom nothing is open does not even learn that there is such a user
    /// (RFC 6121 §11, XEP-0030 §8).
    fn list(&self, reader: Reader) -> Result<Answer, Refusal> {
        let readable = self.categories.iter().filter(|(_, c)| c.settings.access.admits(reader));
        let names: Vec<_> = readable.map(|(name, _)| Arc::clone(name)).collect();
        if reader == Reader::Stranger && names.is_empty() {
            return Err(Reason::Unavailable.into());
        }
        Ok(Answer::Categories(names))
    }

    fn read_items(
        &self,
        reader: Reader,
        category: &str,
        ids: &[Arc<str>],
        max: Option<u32>,
    ) -> Result<Answer, Refusal> {
        let category = self.existing(category)?;
        let access = category.settings.access;
        if !access.admits(reader) {
            let reason = if access == Access::Presence { Reason::MembersOnly } else { Reason::Forbidden };
            return Err(Refusal::because(reason, "these items are not for everyone"));
        }
        let max = max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
        let wanted = category.items().rev().filter(|item| ids.is_empty() || ids.contains(&item.id)).take(max);
        let (mut items, mut bytes, mut complete) = (Vec::new(), 0, true);
        for item in wanted {
            bytes += item.content.len();
            complete = bytes <= READ_BYTES;
            if !complete {
                break;
            }
            items.push(Arc::clone(item));
        }
        items.reverse();
        Ok(Answer::Items { items, complete })
    }

    /// Tells the user's own endpoints, the publisher too, and the readers among the watchers.
    pub(super) fn tell_readers(
        &self,
        settings: &Settings,
        category: &Arc<str>,
        change: Change,
        out: &mut UserOut,
    ) {
        let notice =
            Arc::new(CategoryNotice { owner: self.address.clone(), category: Arc::clone(category), change });
        self.tell_endpoints(|e| e.state.is_some(), Event::Category(Arc::clone(&notice)), out);
        if settings.access.admits(Reader::Watcher) {
            let watchers: Arc<[Address]> = self.roster.watchers().map(|c| c.address.clone()).collect();
            if !watchers.is_empty() {
                let command = Command::Category { endpoint: None, notice };
                out.effects.push(Effect::ToUsers(watchers, command));
            }
        }
    }

    /// The newest item of each category that this reader gets without asking.
    pub(super) fn last_items(&self, reader: Reader) -> Vec<Arc<CategoryNotice>> {
        let sent =
            self.categories.iter().filter(|(_, c)| c.settings.send_last && c.settings.access.admits(reader));
        sent.filter_map(|(name, category)| {
            let item = category.items().next_back()?;
            Some(Arc::new(CategoryNotice {
                owner: self.address.clone(),
                category: Arc::clone(name),
                change: Change::Published(Arc::clone(item)),
            }))
        })
        .collect()
    }

    pub(super) fn show_items_to(&self, to: &Address, endpoint: Option<&EndpointName>, out: &mut UserOut) {
        for notice in self.last_items(Reader::Watcher) {
            let command = Command::Category { endpoint: endpoint.cloned(), notice };
            out.effects.push(Effect::ToUser(to.clone(), command));
        }
    }

    /// A contact's category changed: passed on if the user watches them.
    pub(super) fn category_noticed(
        &self,
        endpoint: Option<EndpointName>,
        notice: Arc<CategoryNotice>,
        out: &mut UserOut,
    ) {
        if self.watches(&notice.owner) {
            self.tell_one_or_all(endpoint, |e| e.state.is_some(), Event::Category(notice), out);
        }
    }
}
