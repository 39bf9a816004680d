//! vCards (vcard-temp, XEP-0054 1.3.0): one card for each user, which everyone may read. A user without a card and no
//! user at all give the same answer (§3.3).

use super::{
    avatar, pep,
    service::{Context, Iq, Step},
};
use crate::{
    session::Addressee,
    stanza::{Condition, Element},
};
use domain::{
    Address, Refusal,
    category::{Access, Settings},
    endpoint::{Answer, CategoryCommand, Command},
};

/// The namespace of vCards.
pub(crate) const NS: &str = "vcard-temp";
/// The category that a user's card is kept in.
pub(crate) const CATEGORY: &str = "vcard-temp";
const ITEM: &str = "current";

/// Answers a request for a card, or takes the asker's own new one.
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    let me = &iq.context.me.user;
    match (iq.to, iq.set) {
        (Addressee::Own, false) => {
            read(me, |_, card| Step::reply(card.unwrap_or_else(|| Element::new("vCard", NS))))
        }
        (Addressee::User(user), false) => read(user, |_, card| match card {
            Some(card) => Step::reply(card),
            None => Step::refuse(Condition::ItemNotFound),
        }),
        (Addressee::Own, true) => {
            let card = iq.payload.clone();
            Step::command(publish(me, &card), move |context, answer| match answer {
                Ok(_) => avatar::from_vcard(context, &card),
                Err(refusal) => Step::Refuse(refusal.into()),
            })
        }
        (Addressee::User(_), true) => Step::refuse(Condition::Forbidden),
        _ => Step::refuse(Condition::ServiceUnavailable),
    }
}

/// Reads a card and goes on with it; a refusal is no card.
pub(super) fn read(
    owner: &Address,
    then: impl FnOnce(Context<'_>, Option<Element>) -> Step + Send + 'static,
) -> Step {
    read_last(owner, CATEGORY, then)
}

/// Reads the last item of a category and goes on with it; a refusal is no item.
pub(super) fn read_last(
    owner: &Address,
    category: &str,
    then: impl FnOnce(Context<'_>, Option<Element>) -> Step + Send + 'static,
) -> Step {
    let command = CategoryCommand::Read { category: category.into(), ids: Vec::new(), max: Some(1) };
    Step::command(Command::Category { owner: owner.clone(), command }, |context, answer| {
        then(context, last(answer))
    })
}

fn last(answer: Result<Answer, Refusal>) -> Option<Element> {
    match answer {
        Ok(Answer::Items { items, .. }) => Element::parse(&items.last()?.content).ok(),
        _ => None,
    }
}

/// The command that keeps a card.
pub(super) fn publish(owner: &Address, card: &Element) -> Command {
    let command = CategoryCommand::Publish {
        category: CATEGORY.into(),
        id: ITEM.into(),
        content: pep::content(card),
        settings: Some(Settings { access: Access::Open, send_last: false, ..Settings::default() }),
    };
    Command::Category { owner: owner.clone(), command }
}
