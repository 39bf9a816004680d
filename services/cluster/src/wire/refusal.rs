//! The polite no. The sentences that go with it are constants of a program, so those of other nodes are kept for good,
//! each once, and no more of them than a release can have.

use super::{
    error::Fault,
    part::{Part, named, needed, read},
};
use crate::limits::{SENTENCE_BYTES, SENTENCES};
use domain::{Reason, Refusal};
use proto::cluster::{Acceptance, acceptance};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

named!(
    Reason,
    Reason {
        NotFound,
        Unavailable,
        Forbidden,
        Outranked,
        MembersOnly,
        PasswordRequired,
        Banned,
        Conflict,
        LimitReached,
        BadRequest,
        NotAcceptable,
        NotImplemented,
        UnexpectedRequest,
        RemoteNotFound,
        Gone,
        TryLater,
        NotAuthorized,
    }
);

impl Part<proto::cluster::Refusal> for Refusal {
    fn out(&self) -> proto::cluster::Refusal {
        proto::cluster::Refusal { reason: self.reason.out(), text: self.text.map(str::to_owned) }
    }

    fn back(proto: proto::cluster::Refusal) -> Result<Self, Fault> {
        static HEARD: Mutex<Sentences> = Mutex::new(Sentences::new());
        let reason = read(proto.reason, "Refusal.reason")?;
        let keep = |text: String| HEARD.lock().unwrap_or_else(PoisonError::into_inner).keep(&text);
        Ok(Self { reason, text: proto.text.and_then(keep) })
    }
}

needed!(Refusal, proto::cluster::Refusal);

/// The sentences that were heard.
struct Sentences(BTreeSet<&'static str>);

impl Sentences {
    const fn new() -> Self {
        Self(BTreeSet::new())
    }

    /// The same sentence, for good; `None` at a limit.
    fn keep(&mut self, text: &str) -> Option<&'static str> {
        if let Some(known) = self.0.get(text) {
            return Some(known);
        }
        if self.0.len() >= SENTENCES || text.len() > SENTENCE_BYTES {
            return None;
        }
        let text: &'static str = Box::leak(text.into());
        self.0.insert(text);
        Some(text)
    }
}

/// Done, or the polite no.
impl Part<Option<Acceptance>> for Result<(), Refusal> {
    fn out(&self) -> Option<Acceptance> {
        Some(self.out())
    }

    fn back(proto: Option<Acceptance>) -> Result<Self, Fault> {
        Part::<Acceptance>::back(proto.ok_or_else(Fault::missing)?)
    }
}

impl Part<Acceptance> for Result<(), Refusal> {
    fn out(&self) -> Acceptance {
        let result = match self {
            Ok(()) => acceptance::Result::Done(proto::entity::Nothing {}),
            Err(refusal) => acceptance::Result::Refused(refusal.out()),
        };
        Acceptance { result: Some(result) }
    }

    fn back(proto: Acceptance) -> Result<Self, Fault> {
        Ok(match proto.result.ok_or_else(Fault::missing)? {
            acceptance::Result::Done(_) => Ok(()),
            acceptance::Result::Refused(refusal) => Err(read(refusal, "Acceptance.refused")?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_kept_once_and_only_so_many_are() {
        let mut sentences = Sentences::new();
        let first = sentences.keep("try again later").expect("kept");
        assert!(std::ptr::eq(first, sentences.keep("try again later").expect("known")));
        assert_eq!(sentences.keep(&"x".repeat(SENTENCE_BYTES + 1)), None);
        assert!(sentences.keep(&"x".repeat(SENTENCE_BYTES)).is_some());
        for number in 0..SENTENCES - 2 {
            assert!(sentences.keep(&number.to_string()).is_some(), "{number}");
        }
        assert_eq!(sentences.keep("one more"), None);
        assert_eq!(sentences.keep("try again later"), Some("try again later"));
    }
}
