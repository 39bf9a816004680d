//! Reading a node's items (XEP-0060 §6.5), all or by id, the newest so many, or page by page (XEP-0059).

use super::{NS, ask, node, pubsub};
use crate::{
    limits::ITEMS_PER_REQUEST,
    stanza::{Condition, Element},
    xep::{
        rsm::{self, Wish},
        service::{Error, Iq, Step},
    },
};
use domain::{
    Address,
    category::Item,
    endpoint::{Answer, CategoryCommand},
    limits::ITEMS_PER_CATEGORY,
};
use std::sync::Arc;

pub(super) fn request(iq: &Iq<'_>, owner: &Address, verb: &Element) -> Result<Step, Error> {
    let category = node(verb)?;
    let ids: Vec<Arc<str>> = verb.children().filter_map(|item| item.attribute("id")).map(Arc::from).collect();
    if ids.len() > ITEMS_PER_REQUEST {
        return Err(Error::because(Condition::NotAcceptable, "Too many items in one request."));
    }
    let max = verb.attribute("max_items").map(str::parse::<u32>).transpose();
    let max = max.map_err(|_| Condition::BadRequest)?;
    let wish = Wish::within(iq.payload).map_err(|_| Condition::BadRequest)?;
    let paged = iq.payload.child("set", rsm::NS).is_some();
    Ok(ask(owner, CategoryCommand::Read { category: category.clone(), ids, max }, move |_, answer| {
        let Answer::Items { items, .. } = answer else { return Step::confused() };
        page(&category, &items, &wish, paged)
    }))
}

fn page(node: &str, items: &[Arc<Item>], wish: &Wish, paged: bool) -> Step {
    let cap = u32::try_from(ITEMS_PER_CATEGORY).unwrap_or(u32::MAX);
    let Some(cut) = wish.cut(items, cap, |item| &item.id) else {
        return Step::refuse(Condition::ItemNotFound);
    };
    let list = Element::new("items", NS)
        .with("node", node)
        .with_children(cut.items.iter().map(|given| item(given, NS)));
    let set = paged.then(|| cut.to_element(|item| &item.id));
    Step::reply(pubsub(NS, list).with_children(set))
}

/// An item as it stands in answers and notices.
pub(super) fn item(item: &Item, namespace: &'static str) -> Element {
    Element::new("item", namespace).with("id", &*item.id).with_children(Element::parse(&item.content).ok())
}
