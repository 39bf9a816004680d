//! A node's settings as a form (XEP-0060 §16.4.4 `pubsub#node_config`, §16.4.6 `pubsub#publish-options`): what of it is
//! offered, and nothing is accepted that would not be kept.

use super::error;
use crate::{
    stanza::Condition,
    xep::{
        forms::{Field, FieldKind, Form, FormKind},
        service::Error,
    },
};
use domain::{
    category::{Access, Settings},
    limits::ITEMS_PER_CATEGORY,
};

/// The `FORM_TYPE` of a node's configuration.
pub(super) const NODE_CONFIG: &str = "http://jabber.org/protocol/pubsub#node_config";
/// The `FORM_TYPE` of the options of a publication.
pub(super) const PUBLISH_OPTIONS: &str = "http://jabber.org/protocol/pubsub#publish-options";

const ACCESS: [(&str, &str); 3] =
    [("open", "Everyone"), ("presence", "Those who may see my presence"), ("whitelist", "Only myself")];

fn access_name(access: Access) -> &'static str {
    match access {
        Access::Open => "open",
        Access::Presence => "presence",
        Access::Roster => "roster",
        Access::Whitelist => "whitelist",
    }
}

/// The form that shows the settings.
pub(super) fn form(settings: &Settings) -> Form {
    let last = if settings.send_last { "on_sub_and_presence" } else { "never" };
    let last_field = Field::of("pubsub#send_last_published_item", last)
        .typed(FieldKind::ListOne, "When to send the last item")
        .with_options(&[("never", "Never"), ("on_sub_and_presence", "When a reader comes online")]);
    Form::new(FormKind::Form, NODE_CONFIG)
        .with(
            Field::of("pubsub#access_model", access_name(settings.access))
                .typed(FieldKind::ListOne, "Who may read")
                .with_options(&ACCESS),
        )
        .with(
            Field::of("pubsub#max_items", settings.max_items.to_string())
                .typed(FieldKind::TextOne, "How many items are kept"),
        )
        .with(Field::boolean("pubsub#persist_items", "Keep items", settings.persist))
        .with(last_field)
        .with(Field::boolean("pubsub#notify_retract", "Tell of items taken back", settings.notify_retract))
        .with(Field::boolean("pubsub#deliver_payloads", "Send the content with notices", true))
}

/// The settings with what the form says in their place.
pub(super) fn overlay(form: &Form, mut settings: Settings) -> Result<Settings, Error> {
    let bad = |_| Error::from(Condition::BadRequest);
    for field in form.fields.iter().filter(|field| field.var != "FORM_TYPE") {
        let var = &*field.var;
        match (var, form.text(var).unwrap_or_default()) {
            ("pubsub#access_model", "open") => settings.access = Access::Open,
            ("pubsub#access_model", "presence") => settings.access = Access::Presence,
            ("pubsub#access_model", "whitelist") => settings.access = Access::Whitelist,
            ("pubsub#access_model", _) => {
                return Err(error::specific(Condition::NotAcceptable, "unsupported-access-model"));
            }
            ("pubsub#max_items", text) => settings.max_items = max_items(text)?,
            ("pubsub#persist_items", _) => {
                settings.persist = form.boolean(var).map_err(bad)?.unwrap_or(settings.persist);
            }
            ("pubsub#send_last_published_item", "never") => settings.send_last = false,
            // Every reader of PEP is one by presence, so `on_sub` alone would never send.
            ("pubsub#send_last_published_item", "on_sub" | "on_sub_and_presence") => {
                settings.send_last = true;
            }
            ("pubsub#notify_retract", _) => {
                settings.notify_retract = form.boolean(var).map_err(bad)?.unwrap_or(settings.notify_retract);
            }
            // That is so; and a title is for people, it says nothing about how the node behaves.
            ("pubsub#deliver_payloads", "1" | "true")
            | ("pubsub#title" | "pubsub#description" | "pubsub#type" | "pubsub#itemreply", _) => {}
            _ => {
                return Err(Error::because(
                    Condition::NotAcceptable,
                    "A setting of the form is not offered.",
                ));
            }
        }
    }
    Ok(settings)
}

fn max_items(text: &str) -> Result<u32, Error> {
    let most = u32::try_from(ITEMS_PER_CATEGORY).unwrap_or(u32::MAX);
    match text {
        "max" => Ok(most),
        text => match text.parse() {
            Ok(number @ 1..) if number <= most => Ok(number),
            Ok(_) => Err(Error::because(Condition::NotAcceptable, "The number of items is out of range.")),
            Err(_) => Err(Condition::BadRequest.into()),
        },
    }
}
