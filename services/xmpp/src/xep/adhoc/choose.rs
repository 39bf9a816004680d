//! Choosing a presence that stays (`urn:linnet:presence`): for any client that can show a form. It wins over what the user's
//! devices show until it is reset, and survives their going and a restart (MS-PRES: the user state).

use super::Offer;
use crate::{
    limits::NOTE_BYTES,
    stanza::Condition,
    xep::{
        forms::{Field, FieldKind, Form, FormKind},
        service::{Context, Error, Step},
    },
};
use domain::{
    endpoint::Command,
    presentity::{Availability, State},
};
use std::sync::Arc;

const NODE: &str = "urn:linnet:presence";
/// The device's own presence again.
const AUTOMATIC: &str = "automatic";

const CHOICES: [(&str, &str); 6] = [
    (AUTOMATIC, "What my devices say"),
    ("available", "Available"),
    ("busy", "Busy"),
    ("do-not-disturb", "Do not disturb"),
    ("be-right-back", "Be right back"),
    ("away", "Away"),
];

/// The command as it is listed.
pub(super) const COMMAND: Offer =
    Offer { node: NODE, name: "Choose a presence that stays", form: Some(form), run: choose };

fn form() -> Form {
    Form::new(FormKind::Form, NODE)
        .titled("Presence", "What shall others see, whatever your devices say?")
        .with(
            Field::of("state", AUTOMATIC)
                .typed(FieldKind::ListOne, "Presence")
                .with_options(&CHOICES)
                .required(),
        )
        .with(Field::list("note", []).typed(FieldKind::TextOne, "Note"))
}

fn choose(_: Context<'_>, form: &Form) -> Result<Step, Error> {
    let availability = match form.text("state") {
        Some(AUTOMATIC) => None,
        Some("available") => Some(Availability::Available),
        Some("busy") => Some(Availability::Busy),
        Some("do-not-disturb") => Some(Availability::DoNotDisturb),
        Some("be-right-back") => Some(Availability::BeRightBack),
        Some("away") => Some(Availability::Away),
        _ => return Err(bad("Choose one of the states that the form offers.")),
    };
    let note = form.text("note").filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.len() > NOTE_BYTES) {
        return Err(bad("The note is too long."));
    }
    let state = availability
        .map(|availability| Arc::new(State { note: note.map(Arc::from), ..State::of(availability) }));
    Ok(Step::command(Command::SetManual(state), |_, answer| match answer {
        Ok(_) => Step::done(),
        Err(refusal) => Step::Refuse(refusal.into()),
    }))
}

fn bad(text: &'static str) -> Error {
    Error::because(Condition::NotAcceptable, text)
}
