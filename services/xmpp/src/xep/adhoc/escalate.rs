//! Turning a two-party talk into a conference with one command (`urn:linnet:escalate`): for any client that can show a
//! form. Others make a conference and invite with `<continue/>` (XEP-0045 §7.9).

use super::Offer;
use crate::{
    limits::NEWCOMERS,
    session::Escalation,
    stanza::Condition,
    xep::{
        forms::{Field, FieldKind, Form, FormKind},
        service::{Context, Error, Step},
    },
};
use domain::Address;

const NODE: &str = "urn:linnet:escalate";

/// The command as it is listed.
pub(super) const COMMAND: Offer =
    Offer { node: NODE, name: "Bring others into a talk", form: Some(form), run: escalate };

fn form() -> Form {
    Form::new(FormKind::Form, NODE)
        .titled("Conference", "Who is in the talk, and who shall come in?")
        .with(Field::list("with", []).typed(FieldKind::Address, "Talk with").required())
        .with(Field::list("invite", []).typed(FieldKind::Addresses, "Bring in").required())
        .with(Field::list("thread", []).typed(FieldKind::TextOne, "Thread of the talk"))
}

fn escalate(context: Context<'_>, form: &Form) -> Result<Step, Error> {
    let with = form.text("with").ok_or_else(|| bad("The talk needs the other's address."))?;
    let with = user(context, with)?;
    let invite = match form.values("invite") {
        [] => return Err(bad("Nobody is to be brought in.")),
        many if many.len() > NEWCOMERS => return Err(bad("Too many people at once.")),
        many => many.iter().map(|text| user(context, text)).collect::<Result<_, _>>()?,
    };
    let thread = form.text("thread").map(Into::into);
    Ok(Step::escalate(Escalation { with, invite, thread }, |_, conference| {
        let field = Field::of("conference", conference.to_string()).typed(FieldKind::Address, "Conference");
        Step::reply(Form::new(FormKind::Result, NODE).with(field).to_element())
    }))
}

/// Another user of this server.
fn user(context: Context<'_>, text: &str) -> Result<Address, Error> {
    let address = Address::parse(text).map_err(|_| bad("An address is none."))?;
    let ours = address.local().is_some() && address.domain() == context.config.domain.as_str();
    if ours && address != context.me.user {
        Ok(address)
    } else {
        Err(bad("An address is none of another user here."))
    }
}

fn bad(text: &'static str) -> Error {
    Error::because(Condition::NotAcceptable, text)
}
