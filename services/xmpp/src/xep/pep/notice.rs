//! What the audience of a node is told (XEP-0060 §7.1.2, §7.2.2, §8.4, §8.5): a headline message from the owner's
//! account.

use super::{EVENT, is_reserved, items::item};
use crate::{
    ns,
    stanza::{Element, Tag},
};
use domain::{
    EndpointId,
    category::{CategoryNotice, Change},
};

/// Appends the notice as a message to `me`; `false`, and nothing, if the category is none of PEP's.
pub(crate) fn event(me: &EndpointId, notice: &CategoryNotice, out: &mut Vec<u8>) -> bool {
    if is_reserved(&notice.category) {
        return false;
    }
    let in_node = |name: &'static str| Element::new(name, EVENT).with("node", &*notice.category);
    let change = match &notice.change {
        Change::Published(published) => in_node("items").with_child(item(published, EVENT)),
        Change::Retracted(id) => {
            in_node("items").with_child(Element::new("retract", EVENT).with("id", &**id))
        }
        Change::Purged => in_node("purge"),
        Change::Deleted => in_node("delete"),
    };
    Tag::open(out, "message")
        .attr("from", notice.owner.as_str())
        .attr_shown("to", me)
        .attr("type", "headline")
        .content(|out| Element::new("event", EVENT).with_child(change).write(ns::CLIENT, out));
    true
}
