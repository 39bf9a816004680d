//! The polite no in pubsub's words (XEP-0060 §12 lists them): an RFC 6120 condition and one of `pubsub#errors`.

use super::ERRORS;
use crate::{
    stanza::{Condition, Element},
    xep::service::Error,
};
use domain::{Reason, Refusal};

/// Refused with this condition of `pubsub#errors` beside the usual one.
pub(super) fn specific(condition: Condition, name: &'static str) -> Error {
    Error::from(condition).with(Element::new(name, ERRORS))
}

/// Refused because this feature is not offered.
pub(super) fn unsupported(feature: &'static str) -> Error {
    let element = Element::new("unsupported", ERRORS).with("feature", feature);
    Error::from(Condition::FeatureNotImplemented).with(element)
}

/// What a home's refusal is called here.
pub(super) fn of(refusal: &Refusal) -> Error {
    let (condition, name) = match refusal.reason {
        Reason::MembersOnly => (Condition::NotAuthorized, "presence-subscription-required"),
        Reason::Forbidden => (Condition::NotAllowed, "closed-node"),
        _ => return refusal.clone().into(),
    };
    Error { text: refusal.text, ..condition.into() }.with(Element::new(name, ERRORS))
}
