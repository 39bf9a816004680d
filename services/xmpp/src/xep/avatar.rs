//! Avatars in both of their places (XEP-0398 1.0.1): the picture of the vCard (XEP-0153) and that of PEP (XEP-0084)
//! become the same, whichever of the two a client sets. A conversion that fails leaves what the client did as it is.

use super::{
    pep,
    service::{Context, Step},
    vcard,
};
use crate::stanza::{Element, Node};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use domain::{
    Address,
    endpoint::{Answer, CategoryCommand, Command},
};
use sha1::{Digest as _, Sha1};
use std::{fmt::Write as _, sync::Arc};

/// The node of an avatar's description.
pub(crate) const METADATA: &str = "urn:xmpp:avatar:metadata";
/// The node of an avatar's bytes.
const DATA: &str = "urn:xmpp:avatar:data";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The id (the SHA-1 in hex) of the avatar that a published `<metadata/>` describes; `None`: there is none any more.
pub(crate) fn id_of(metadata: &Element) -> Option<String> {
    metadata.child("info", METADATA)?.attribute("id").map(str::to_owned)
}

/// An avatar was published by PEP: puts it into the vCard, then answers with `reply`.
pub(super) fn to_vcard(context: Context<'_>, metadata: &[u8], reply: Element) -> Step {
    let me = &context.me.user;
    let Ok(metadata) = Element::parse(metadata) else { return Step::reply(reply) };
    let Some(info) = metadata.child("info", METADATA) else { return put_photo(me, None, reply) };
    let kind = info.attribute("type").unwrap_or("image/png").to_owned();
    let Some(id) = info.attribute("id") else { return Step::reply(reply) };
    let ids = vec![Arc::from(id)];
    let command = CategoryCommand::Read { category: DATA.into(), ids, max: None };
    Step::command(Command::Category { owner: me.clone(), command }, move |context, answer| {
        let data = match &answer {
            Ok(Answer::Items { items, .. }) => {
                items.last().and_then(|item| Element::parse(&item.content).ok())
            }
            _ => None,
        };
        match data {
            Some(data) => put_photo(&context.me.user, Some(photo(&kind, data.text())), reply),
            None => Step::reply(reply),
        }
    })
}

fn photo(kind: &str, data: String) -> Element {
    Element::new("PHOTO", vcard::NS)
        .with_child(Element::new("TYPE", vcard::NS).with_text(kind))
        .with_child(Element::new("BINVAL", vcard::NS).with_text(data))
}

fn put_photo(me: &Address, photo: Option<Element>, reply: Element) -> Step {
    vcard::read(me, move |context, card| {
        let had = card.as_ref().and_then(|card| card.child("PHOTO", vcard::NS)).cloned();
        if had == photo {
            return Step::reply(reply);
        }
        let mut new = Element::new("vCard", vcard::NS);
        for node in card.iter().flat_map(Element::nodes) {
            if !matches!(node, Node::Element(element) if element.is("PHOTO", vcard::NS)) {
                new.push(node.clone());
            }
        }
        let new = new.with_children(photo);
        Step::command(vcard::publish(&context.me.user, &new), move |_, _| Step::reply(reply))
    })
}

/// A vCard was set: its picture becomes the avatar of PEP.
pub(super) fn from_vcard(context: Context<'_>, card: &Element) -> Step {
    let picture = card.child("PHOTO", vcard::NS).and_then(Picture::read);
    vcard::read_last(&context.me.user, METADATA, move |context, metadata| {
        let me = &context.me.user;
        let known = metadata.as_ref().and_then(id_of);
        match picture {
            None if known.is_none() => Step::done(),
            None => publish(me, METADATA, "current", &Element::new("metadata", METADATA), |_| Step::done()),
            Some(picture) if known.as_ref() == Some(&picture.id) => Step::done(),
            Some(picture) => {
                let data = Element::new("data", DATA).with_text(&*picture.base64);
                publish(me, DATA, &picture.id.clone(), &data, move |context| {
                    picture.describe(&context.me.user)
                })
            }
        }
    })
}

/// Publishes an item and goes on, whatever becomes of it.
fn publish(
    me: &Address,
    node: &str,
    id: &str,
    content: &Element,
    then: impl FnOnce(Context<'_>) -> Step + Send + 'static,
) -> Step {
    let content = pep::content(content);
    let command = CategoryCommand::Publish { category: node.into(), id: id.into(), content, settings: None };
    Step::command(Command::Category { owner: me.clone(), command }, |context, _| then(context))
}

/// The picture of a vCard.
struct Picture {
    id: String,
    kind: String,
    bytes: usize,
    base64: String,
}

impl Picture {
    fn read(photo: &Element) -> Option<Self> {
        let base64: String = photo.child("BINVAL", vcard::NS)?.text().split_whitespace().collect();
        let image = BASE64.decode(&base64).ok().filter(|image| !image.is_empty())?;
        let kind = photo.child("TYPE", vcard::NS).map(Element::text).filter(|kind| !kind.is_empty());
        let kind = kind.unwrap_or_else(|| "image/png".to_owned());
        Some(Self { id: hex(&Sha1::digest(&image)), kind, bytes: image.len(), base64 })
    }

    fn describe(self, me: &Address) -> Step {
        let info = Element::new("info", METADATA)
            .with("id", &*self.id)
            .with("bytes", self.bytes.to_string())
            .with("type", self.kind);
        publish(me, METADATA, &self.id, &Element::new("metadata", METADATA).with_child(info), |_| {
            Step::done()
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
