//! Reserving a nick in a conference (XEP-0045 §7.10), in the words of XEP-0077.

use crate::{
    stanza::{Condition, Element},
    xep::forms::{Field, FieldKind, Form, FormKind},
};
use domain::EndpointName;

/// The namespace of registration.
pub(crate) const NS: &str = "jabber:iq:register";
const FORM: &str = "http://jabber.org/protocol/muc#register";
const NICK: &str = "muc#register_roomnick";

/// The form to fill in, or the nick that is reserved already.
pub(crate) fn form(reserved: Option<&EndpointName>) -> Element {
    let query = Element::new("query", NS);
    match reserved {
        Some(nick) => query
            .with_child(Element::new("registered", NS))
            .with_child(Element::new("username", NS).with_text(nick.as_str())),
        None => query.with_child(
            Form::new(FormKind::Form, FORM)
                .titled("Reserve a nickname", "Nobody else can use it in this conference.")
                .with(Field::list(NICK, []).typed(FieldKind::TextOne, "Nickname").required())
                .to_element(),
        ),
    }
}

/// The nick to reserve; `None` gives it up.
pub(crate) fn wish(query: &Element) -> Result<Option<EndpointName>, Condition> {
    if query.child("remove", NS).is_some() {
        return Ok(None);
    }
    let form = Form::within(query, FORM).ok().flatten().ok_or(Condition::BadRequest)?;
    let nick = form.text(NICK).ok_or(Condition::BadRequest)?;
    EndpointName::parse(nick).map(Some).map_err(|_| Condition::JidMalformed)
}
