//! How each fact changes a user: the only place that does, live and at replay alike.

use super::{Fact, User, row::Key};
use crate::{account::Account, category::Categories, roster::Roster};
use std::sync::Arc;

impl User {
    /// Takes in a fact that was decided earlier, here or by a former home.
    pub fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::AccountCreated { verifiers, at } => {
                let account = Account::new(verifiers.clone(), *at);
                self.inbox.start_at(account.next_kept);
                self.account = Some(account);
                self.changed.insert(Key::Account);
            }
            Fact::AccountRemoved => self.apply_removed(),
            Fact::PasswordSet { .. }
            | Fact::EnabledSet(_)
            | Fact::TokenSet(_)
            | Fact::TokenRemoved { .. }
            | Fact::PushEnabled(_)
            | Fact::PushDisabled { .. } => {
                self.apply_credentials(fact);
            }
            Fact::ManualSet(_) | Fact::Seen(_) => self.apply_presence(fact),
            Fact::ContactSet(_)
            | Fact::ContactRemoved(_)
            | Fact::RequestKept { .. }
            | Fact::RequestDropped(_)
            | Fact::Blocked(_)
            | Fact::Unblocked(_) => self.apply_roster(fact),
            Fact::Kept { .. } | Fact::KeptDropped { .. } => self.apply_kept(fact),
            Fact::CategorySet { .. }
            | Fact::CategoryRemoved(_)
            | Fact::ItemSet { .. }
            | Fact::ItemRemoved { .. }
            | Fact::Purged(_) => self.apply_category(fact),
        }
    }

    fn apply_removed(&mut self) {
        let roster = std::mem::take(&mut self.roster);
        self.changed.extend(roster.contacts.into_keys().map(Key::Contact));
        self.changed.extend(roster.requests.into_keys().map(Key::Request));
        let kept = self.inbox.drop_kept(u64::MAX, &self.address);
        self.changed.extend(kept.into_iter().map(Key::Kept));
        for (name, category) in std::mem::take(&mut self.categories).iter() {
            self.changed.extend(category.items().map(|i| Key::Item(Arc::clone(name), Arc::clone(&i.id))));
            self.changed.insert(Key::Category(Arc::clone(name)));
        }
        self.changed.extend([Key::Account, Key::Blocked]);
        (self.roster, self.categories) = (Roster::default(), Categories::default());
        self.account = None;
        self.sources.set_manual(None);
        self.audiences = None;
    }

    fn apply_credentials(&mut self, fact: &Fact) {
        let Some(account) = &mut self.account else { return };
        match fact {
            Fact::PasswordSet { verifiers } => {
                account.verifiers.clone_from(verifiers);
                account.tokens.clear();
            }
            Fact::EnabledSet(enabled) => account.enabled = *enabled,
            Fact::TokenSet(token) => account.set_token(token.clone()),
            Fact::TokenRemoved { client } => account.tokens.retain(|t| t.client != *client),
            Fact::PushEnabled(service) => account.set_push(Arc::clone(service)),
            Fact::PushDisabled { address, node } => account.remove_push(address, node.as_deref()),
            _ => return,
        }
        self.changed.insert(Key::Account);
    }

    fn apply_presence(&mut self, fact: &Fact) {
        let Some(account) = &mut self.account else { return };
        match fact {
            Fact::ManualSet(state) => {
                account.manual.clone_from(state);
                self.sources.set_manual(state.clone());
            }
            Fact::Seen(at) => account.last_seen = Some(*at),
            _ => return,
        }
        self.changed.insert(Key::Account);
    }

    fn apply_roster(&mut self, fact: &Fact) {
        let changed = match fact {
            Fact::ContactSet(contact) => {
                self.roster.contacts.insert(contact.address.clone(), Arc::clone(contact));
                self.next_roster_version();
                Key::Contact(contact.address.clone())
            }
            Fact::ContactRemoved(address) => {
                self.roster.contacts.remove(address);
                self.next_roster_version();
                Key::Contact(address.clone())
            }
            Fact::RequestKept { from, carried } => {
                self.roster.requests.insert(from.clone(), carried.clone());
                Key::Request(from.clone())
            }
            Fact::RequestDropped(from) => {
                self.roster.requests.remove(from);
                Key::Request(from.clone())
            }
            Fact::Blocked(entries) => {
                for entry in entries {
                    self.roster.blocked.insert(entry.clone());
                }
                Key::Blocked
            }
            Fact::Unblocked(entries) => {
                if entries.is_empty() {
                    self.roster.blocked.clear();
                }
                for entry in entries {
                    self.roster.blocked.remove(entry);
                }
                Key::Blocked
            }
            _ => return,
        };
        self.changed.insert(changed);
        self.audiences = None;
    }

    fn next_roster_version(&mut self) {
        if let Some(account) = &mut self.account {
            account.roster_version += 1;
            self.changed.insert(Key::Account);
        }
    }

    fn apply_kept(&mut self, fact: &Fact) {
        match fact {
            Fact::Kept { seq, said } => {
                self.inbox.set_kept(*seq, &self.address, said);
                self.changed.insert(Key::Kept(*seq));
                if let Some(account) = &mut self.account {
                    account.next_kept = account.next_kept.max(seq + 1);
                    self.changed.insert(Key::Account);
                }
            }
            Fact::KeptDropped { seq } => {
                let gone = self.inbox.drop_kept(*seq, &self.address);
                self.changed.extend(gone.into_iter().map(Key::Kept));
            }
            _ => {}
        }
    }

    fn apply_category(&mut self, fact: &Fact) {
        let (name, items) = match fact {
            Fact::CategorySet { category, settings } => {
                self.changed.insert(Key::Category(Arc::clone(category)));
                (category, self.categories.set(category, settings.clone()))
            }
            Fact::CategoryRemoved(category) => {
                self.changed.insert(Key::Category(Arc::clone(category)));
                (category, self.categories.remove(category))
            }
            Fact::ItemSet { category, item } => {
                let mut items = self.categories.put(category, Arc::clone(item));
                items.push(Arc::clone(&item.id));
                (category, items)
            }
            Fact::ItemRemoved { category, id } => {
                self.categories.remove_item(category, id);
                (category, vec![Arc::clone(id)])
            }
            Fact::Purged(category) => (category, self.categories.purge(category)),
            _ => return,
        };
        self.changed.extend(items.into_iter().map(|id| Key::Item(Arc::clone(name), id)));
    }
}
