//! The configuration form of a conference (XEP-0045 §10.1, §10.2, §15.5.3): every switch of the domain's
//! [`Configuration`] is a field of it, and a field that is left out stays as it is.

use super::ROOM_CONFIG;
use crate::xep::forms::{Field, FieldKind, Form, FormError, FormKind};
use domain::conversation::{Configuration, WhoMayInvite};
use std::sync::Arc;

const NAME: &str = "muc#roomconfig_roomname";
const DESCRIPTION: &str = "muc#roomconfig_roomdesc";
const LANGUAGE: &str = "muc#roomconfig_lang";
const PERSISTENT: &str = "muc#roomconfig_persistentroom";
const PUBLIC: &str = "muc#roomconfig_publicroom";
const MEMBERS_ONLY: &str = "muc#roomconfig_membersonly";
const MODERATED: &str = "muc#roomconfig_moderatedroom";
const WHOIS: &str = "muc#roomconfig_whois";
const LOCKED: &str = "linnet#roomconfig_locked";
const PROTECTED: &str = "muc#roomconfig_passwordprotectedroom";
const SECRET: &str = "muc#roomconfig_roomsecret";
const MAX_USERS: &str = "muc#roomconfig_maxusers";
const CHANGE_SUBJECT: &str = "muc#roomconfig_changesubject";
const ALLOW_INVITES: &str = "muc#roomconfig_allowinvites";
const HISTORY: &str = "muc#maxhistoryfetch";
const ALLOW_PM: &str = "muc#roomconfig_allowpm";
const LOGGING: &str = "muc#roomconfig_enablelogging";

/// The form to be filled in by an owner, with what holds now.
pub(crate) fn form(now: &Configuration) -> Form {
    let text = |var, label, value: &str| Field::of(var, value).typed(FieldKind::TextOne, label);
    let whois = if now.whois_everyone { "anyone" } else { "moderators" };
    let whispers = if now.whispers { "anyone" } else { "none" };
    Form::new(FormKind::Form, ROOM_CONFIG)
        .titled("Configuration", "How this conference behaves.")
        .with(text(NAME, "Name", &now.name))
        .with(text(DESCRIPTION, "Description", &now.description))
        .with(text(LANGUAGE, "Language", &now.language))
        .with(Field::boolean(PERSISTENT, "Stays when the last occupant leaves?", now.persistent))
        .with(Field::boolean(PUBLIC, "Shown in the public list?", now.public))
        .with(Field::boolean(MEMBERS_ONLY, "Only for members?", now.members_only))
        .with(Field::boolean(MODERATED, "Only those with a voice speak?", now.moderated))
        .with(Field::boolean(LOCKED, "Locked: nobody new may enter?", now.locked))
        .with(
            Field::of(WHOIS, whois)
                .typed(FieldKind::ListOne, "Who sees real addresses?")
                .with_options(&[("moderators", "Moderators only"), ("anyone", "Anyone")]),
        )
        .with(Field::boolean(PROTECTED, "A password is needed to enter?", now.password.is_some()))
        .with(
            Field::of(SECRET, now.password.as_deref().unwrap_or_default())
                .typed(FieldKind::TextPrivate, "Password"),
        )
        .with(text(MAX_USERS, "Occupants at most", &now.max_occupants.to_string()))
        .with(Field::boolean(CHANGE_SUBJECT, "Occupants may change the topic?", now.anyone_sets_topic))
        .with(Field::boolean(
            ALLOW_INVITES,
            "Occupants may invite others?",
            now.invite == WhoMayInvite::Everyone,
        ))
        .with(text(HISTORY, "Messages shown to a newcomer", &now.history.to_string()))
        .with(
            Field::of(ALLOW_PM, whispers)
                .typed(FieldKind::ListOne, "Who may send private messages?")
                .with_options(&[("anyone", "Anyone"), ("none", "Nobody")]),
        )
        .with(Field::boolean(LOGGING, "Kept in the history?", now.archived))
}

/// What holds after an owner has filled in the form. A form without fields takes everything as it is: an instant
/// conference (XEP-0045 §10.1.2).
pub(crate) fn filled_in(form: &Form, now: Configuration) -> Result<Configuration, FormError> {
    let text = |var, now: Arc<str>| form.text(var).map_or(now, Arc::from);
    let yes = |var, now| form.boolean(var).map(|filled| filled.unwrap_or(now));
    let choice = |var, yes: &str, no: &str, now| match form.text(var) {
        None => Ok(now),
        Some(value) if value == yes => Ok(true),
        Some(value) if value == no => Ok(false),
        Some(_) => Err(FormError("a value is none of the options")),
    };
    let invites = yes(ALLOW_INVITES, now.invite == WhoMayInvite::Everyone)?;
    Ok(Configuration {
        name: text(NAME, now.name),
        description: text(DESCRIPTION, now.description),
        language: text(LANGUAGE, now.language),
        persistent: yes(PERSISTENT, now.persistent)?,
        public: yes(PUBLIC, now.public)?,
        members_only: yes(MEMBERS_ONLY, now.members_only)?,
        moderated: yes(MODERATED, now.moderated)?,
        whois_everyone: choice(WHOIS, "anyone", "moderators", now.whois_everyone)?,
        locked: yes(LOCKED, now.locked)?,
        password: password(form, now.password)?,
        max_occupants: form.number(MAX_USERS)?.unwrap_or(now.max_occupants),
        anyone_sets_topic: yes(CHANGE_SUBJECT, now.anyone_sets_topic)?,
        invite: if invites { WhoMayInvite::Everyone } else { WhoMayInvite::Moderators },
        history: form.number(HISTORY)?.unwrap_or(now.history),
        whispers: choice(ALLOW_PM, "anyone", "none", now.whispers)?,
        archived: yes(LOGGING, now.archived)?,
    })
}

/// A password is one only if the form says that one is needed and names it.
fn password(form: &Form, now: Option<Arc<str>>) -> Result<Option<Arc<str>>, FormError> {
    let needed = form.boolean(PROTECTED)?.unwrap_or(now.is_some());
    let secret = form.text(SECRET).map(Arc::from).or(now).filter(|secret: &Arc<str>| !secret.is_empty());
    match (needed, secret) {
        (false, _) => Ok(None),
        (true, Some(secret)) => Ok(Some(secret)),
        (true, None) => Err(FormError("the password is missing")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::conversation::Policy;
    use proptest::prelude::*;

    fn submit(fields: &[(&'static str, &str)]) -> Form {
        let form = Form::new(FormKind::Submit, ROOM_CONFIG);
        fields.iter().fold(form, |form, (var, value)| form.with(Field::of(*var, *value)))
    }

    #[test]
    fn a_form_without_fields_changes_nothing() {
        let now = Policy::default().configuration();
        assert_eq!(filled_in(&submit(&[]), now.clone()), Ok(now));
    }

    #[test]
    fn a_password_must_be_named_and_goes_with_its_switch() {
        let now = Policy::default().configuration();
        assert!(filled_in(&submit(&[(PROTECTED, "1")]), now.clone()).is_err());
        let set = filled_in(&submit(&[(PROTECTED, "1"), (SECRET, "x")]), now.clone()).expect("complete");
        assert_eq!(set.password.as_deref(), Some("x"));
        assert_eq!(filled_in(&submit(&[(PROTECTED, "0")]), set).map(|c| c.password), Ok(None));
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for (var, value) in [(WHOIS, "nobody"), (PUBLIC, "yes"), (MAX_USERS, "many"), (ALLOW_PM, "")] {
            assert!(filled_in(&submit(&[(var, value)]), Policy::default().configuration()).is_err(), "{var}");
        }
    }

    prop_compose! {
        fn any_configuration()(
            flags in proptest::array::uniform10(any::<bool>()),
            texts in proptest::array::uniform3("[a-z ]{0,10}"),
            password in proptest::option::of("[a-z]{1,8}"),
            max_occupants in 1..500_u32,
            history in 0..100_u32,
        ) -> Configuration {
            let [name, description, language] = texts.map(|text| Arc::from(text.as_str()));
            Configuration {
                name, description, language, max_occupants, history,
                persistent: flags[0], public: flags[1], members_only: flags[2], moderated: flags[3],
                whois_everyone: flags[4], locked: flags[5], anyone_sets_topic: flags[6],
                invite: if flags[7] { WhoMayInvite::Everyone } else { WhoMayInvite::Moderators },
                whispers: flags[8], archived: flags[9],
                password: password.map(Arc::from),
            }
        }
    }

    proptest! {
        #[test]
        fn a_form_that_is_sent_back_as_it_came_says_the_same(now in any_configuration(), other in any_configuration()) {
            let mut sent = form(&now);
            sent.kind = FormKind::Submit;
            let read = Form::parse(&sent.to_element()).expect("a form");
            prop_assert_eq!(filled_in(&read, other), Ok(now));
        }
    }
}
