//! What a node keeps on its disk: the rows of entities and the checkpoint of each shard, written together.

use domain::{Home, conversation, user};
use event_log::{Checkpoint, Offset};
use std::collections::BTreeMap;

/// Rows of one entity.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    pub(crate) reflects: Option<Offset>,
    user: BTreeMap<String, user::Row>,
    conversation: BTreeMap<String, conversation::Row>,
}

/// Of one shard.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) entities: BTreeMap<Home, Kept>,
}

/// Rows that changed.
pub(crate) enum Rows {
    User(Vec<user::Row>),
    Conversation(Vec<conversation::Row>),
}

/// Of one entity, and the last record that they reflect.
pub(crate) struct Saved {
    pub(crate) home: Home,
    pub(crate) reflects: Option<Offset>,
    pub(crate) rows: Rows,
}

fn user_key(row: &user::Row) -> String {
    match row {
        user::Row::Account(_) => "account".into(),
        user::Row::Contact(address, _) => format!("contact {}", address.as_str()),
        user::Row::Request(address, _) => format!("request {}", address.as_str()),
        user::Row::Blocked(_) => "blocked".into(),
        user::Row::Kept(seq, _) => format!("kept {seq}"),
        user::Row::Category(name, _) => format!("category {name}"),
        user::Row::Item { category, id, .. } => format!("item {category} {id}"),
    }
}

fn conversation_key(row: &conversation::Row) -> String {
    match row {
        conversation::Row::Head(_) => "head".into(),
        conversation::Row::Pending(number, _) => format!("pending {number}"),
        conversation::Row::Recent(number, _) => format!("recent {number}"),
        conversation::Row::Affiliation(address, _) => format!("affiliation {}", address.as_str()),
        conversation::Row::Occupant(endpoint, _) => format!("occupant {endpoint:?}"),
    }
}

impl Kept {
    pub(crate) fn load_user(&self, machine: &mut user::User) {
        self.user.values().cloned().for_each(|row| machine.load(row));
    }

    pub(crate) fn load_conversation(&self, machine: &mut conversation::Conversation) {
        self.conversation.values().cloned().for_each(|row| machine.load(row));
    }
}

impl Disk {
    pub(crate) fn write(&mut self, saved: Vec<Saved>, checkpoint: Checkpoint) {
        self.checkpoint = checkpoint;
        for Saved { home, reflects, rows } in saved {
            let kept = self.entities.entry(home).or_default();
            kept.reflects = reflects.or(kept.reflects);
            match rows {
                Rows::User(rows) => kept.user.extend(rows.into_iter().map(|row| (user_key(&row), row))),
                Rows::Conversation(rows) => {
                    kept.conversation.extend(rows.into_iter().map(|row| (conversation_key(&row), row)));
                }
            }
        }
    }
}
