//! Bookmarks in one place (XEP-0402 1.1.3): those that an old client reads and writes as a whole in private storage
//! (XEP-0048 1.2) are the items of the PEP node `urn:xmpp:bookmarks:1`, each under its conference's address.

use super::{
    pep, private,
    service::{Context, Step},
};
use crate::stanza::{Condition, Element};
use domain::{
    Address, Reason,
    category::{Access, Item, Settings},
    endpoint::{Answer, CategoryCommand, Command},
    limits::ITEMS_PER_CATEGORY,
};
use std::{collections::VecDeque, sync::Arc};

/// The node of bookmarks, and the namespace of one.
const NODE: &str = "urn:xmpp:bookmarks:1";
/// The feature of an account whose private storage shows the same bookmarks (XEP-0402 §4).
pub(crate) const COMPAT: &str = "urn:xmpp:bookmarks:1#compat";
/// The namespace of bookmarks as a whole.
pub(crate) const STORAGE: &str = "storage:bookmarks";

/// An old client reads or writes all bookmarks at once.
pub(super) fn request(context: Context<'_>, storage: &Element, set: bool) -> Step {
    let new = if set { Some(read(storage)) } else { None };
    if matches!(new, Some(None)) {
        return Step::because(Condition::BadRequest, "A bookmark has no address of a conference.");
    }
    let command = CategoryCommand::Read { category: NODE.into(), ids: Vec::new(), max: None };
    Step::command(Command::Category { owner: context.me.user.clone(), command }, move |context, answer| {
        let items = match answer {
            Ok(Answer::Items { items, .. }) => items,
            Ok(_) => return Step::confused(),
            Err(refusal) if refusal.reason == Reason::NotFound => Vec::new(),
            Err(refusal) => return Step::Refuse(refusal.into()),
        };
        match new.flatten() {
            None => private::found(
                Element::new("storage", STORAGE).with_children(items.iter().filter_map(to_storage)),
            ),
            Some(new) => carry_out(&context.me.user, changes(&items, new)),
        }
    })
}

/// The bookmarks of a `<storage/>`: address and item. `None`: one of them has no address.
fn read(storage: &Element) -> Option<Vec<(Address, Element)>> {
    let conferences = storage.children().filter(|child| child.is("conference", STORAGE));
    conferences
        .map(|old| {
            let address = Address::parse(old.attribute("jid")?).ok()?;
            let texts = ["nick", "password"].into_iter().filter_map(|name| {
                Some(Element::new(name, NODE).with_text(old.child(name, STORAGE)?.text()))
            });
            let new = Element::new("conference", NODE)
                .with_some("name", old.attribute("name"))
                .with_some("autojoin", old.attribute("autojoin"))
                .with_children(texts);
            Some((address, new))
        })
        .collect()
}

fn to_storage(item: &Arc<Item>) -> Option<Element> {
    let new = Element::parse(&item.content).ok().filter(|new| new.is("conference", NODE))?;
    let texts = ["nick", "password"]
        .into_iter()
        .filter_map(|name| Some(Element::new(name, STORAGE).with_text(new.child(name, NODE)?.text())));
    let old = Element::new("conference", STORAGE)
        .with("jid", &*item.id)
        .with_some("name", new.attribute("name"))
        .with_some("autojoin", new.attribute("autojoin"));
    Some(old.with_children(texts))
}

/// What must be published and taken back so that the items become the new bookmarks. What a bookmark holds that the
/// old format cannot say stays as it is.
fn changes(items: &[Arc<Item>], new: Vec<(Address, Element)>) -> VecDeque<CategoryCommand> {
    let gone = items.iter().filter(|item| !new.iter().any(|(address, _)| address.as_str() == &*item.id));
    let mut commands: VecDeque<_> = gone
        .map(|item| CategoryCommand::Retract { category: NODE.into(), id: item.id.clone(), notify: true })
        .collect();
    for (address, mut bookmark) in new {
        let known = items.iter().find(|item| address.as_str() == &*item.id);
        let known = known.and_then(|item| Element::parse(&item.content).ok());
        let extensions = known.as_ref().and_then(|known| known.child("extensions", NODE)).cloned();
        bookmark = bookmark.with_children(extensions);
        if known.as_ref() != Some(&bookmark) {
            commands.push_back(CategoryCommand::Publish {
                category: NODE.into(),
                id: address.as_str().into(),
                content: pep::content(&bookmark),
                settings: None,
            });
        }
    }
    commands
}

/// Makes the node what XEP-0402 §3 wants if it is new, then sends one change after the other.
fn carry_out(me: &Address, changes: VecDeque<CategoryCommand>) -> Step {
    let settings = Settings {
        access: Access::Whitelist,
        max_items: u32::try_from(ITEMS_PER_CATEGORY).unwrap_or(u32::MAX),
        persist: true,
        send_last: false,
        notify_retract: true,
    };
    let command = CategoryCommand::Create { category: NODE.into(), settings: Some(settings) };
    // A conflict means that it is there.
    Step::command(Command::Category { owner: me.clone(), command }, |context, _| {
        next(&context.me.user, changes)
    })
}

fn next(me: &Address, mut changes: VecDeque<CategoryCommand>) -> Step {
    let Some(command) = changes.pop_front() else { return Step::done() };
    Step::command(Command::Category { owner: me.clone(), command }, |context, answer| match answer {
        Ok(_) => next(&context.me.user, changes),
        Err(refusal) => Step::Refuse(refusal.into()),
    })
}
