//! Room for files (HTTP File Upload, XEP-0363 1.1.0): who may put what where. The bytes themselves go by HTTP.

use super::{
    disco::{Identity, Info},
    forms::{Field, Form, FormKind},
    service::{Error, Iq, Step},
};
use crate::{
    session::{Addressee, Answer, Config, Question},
    stanza::{Condition, Element},
};

/// The namespace of upload slots.
pub(crate) const NS: &str = "urn:xmpp:http:upload:0";

/// What the upload service says about itself.
pub(crate) fn info(config: &Config) -> Info {
    let mut info =
        Info::new(Identity::new("store", "file", "Files"), [super::disco::INFO, super::disco::ITEMS, NS]);
    let most = Field::of("max-file-size", config.upload_bytes.to_string());
    info.forms.push(Form::new(FormKind::Result, NS).with(most));
    info
}

/// Answers a request for a slot (§5).
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    if *iq.to != Addressee::Uploads || iq.set || iq.payload.name() != "request" {
        return Step::refuse(Condition::ServiceUnavailable);
    }
    let text = |name| iq.payload.attribute(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let size = text("size").and_then(|size| size.parse().ok()).filter(|size| *size > 0);
    let (Some(name), Some(size)) = (text("filename"), size) else {
        return Step::because(Condition::BadRequest, "A file has a name and a size.");
    };
    if size > iq.context.config.upload_bytes {
        let most = iq.context.config.upload_bytes.to_string();
        let limit = Element::new("max-file-size", NS).with_text(most);
        let specific = Element::new("file-too-large", NS).with_child(limit);
        return Step::Refuse(Error::from(Condition::NotAcceptable).with(specific));
    }
    Step::ask(Question::UploadSlot { name, size, content_type: text("content-type") }, |_, answer| {
        let Answer::UploadSlot { put, headers, get } = answer else { return Step::confused() };
        let headers = headers
            .into_iter()
            .filter(|(name, _)| ALLOWED_HEADERS.iter().any(|allowed| name.eq_ignore_ascii_case(allowed)))
            .map(|(name, value)| Element::new("header", NS).with("name", name).with_text(value));
        let put = Element::new("put", NS).with("url", put).with_children(headers);
        Step::reply(
            Element::new("slot", NS).with_child(put).with_child(Element::new("get", NS).with("url", get)),
        )
    })
}

/// The headers that a slot may name (§5).
const ALLOWED_HEADERS: [&str; 3] = ["Authorization", "Cookie", "Expires"];
