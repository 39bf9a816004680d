//! When was it last active? (Last Activity, XEP-0012 2.0) Of the server: since when it runs. Of a user who is signed in:
//! 0; of another: since the last endpoint signed out. The host refuses those who may not see the user's presence (§4).

use super::service::{Iq, Step};
use crate::{
    session::{Addressee, Answer, Question},
    stanza::{Condition, Element},
};
use std::time::Duration;

/// The namespace of last activity.
pub(crate) const NS: &str = "jabber:iq:last";

/// Tells since when.
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    if iq.set {
        return Step::refuse(Condition::ServiceUnavailable);
    }
    let of_user = match iq.to {
        Addressee::Own => &iq.context.me.user,
        Addressee::User(user) => user,
        Addressee::Server => {
            return Step::ask(Question::Server, |_, answer| match answer {
                Answer::Server { uptime } => since(uptime),
                _ => Step::confused(),
            });
        }
        _ => return Step::refuse(Condition::ServiceUnavailable),
    };
    Step::ask(Question::LastActivity(of_user.clone()), |context, answer| match answer {
        Answer::LastActivity { online: true, .. } => since(Duration::ZERO),
        Answer::LastActivity { seen: Some(seen), .. } => since(context.now.since(seen)),
        // Never signed in: the same as nobody at all.
        Answer::LastActivity { seen: None, .. } => Step::refuse(Condition::ServiceUnavailable),
        _ => Step::confused(),
    })
}

fn since(duration: Duration) -> Step {
    Step::reply(Element::new("query", NS).with("seconds", duration.as_secs().to_string()))
}
