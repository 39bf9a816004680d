//! When was it last active? (Last Activity, XEP-0012 2.0) Of the server: since when it runs. Of a user who is there: 0;
//! of another: since the last endpoint went. The user's home decides who may know, by what they see of the presence (§4).

use super::service::{Iq, Step};
use crate::{
    session::{Addressee, Answer, Question},
    stanza::{Condition, Element},
};
use domain::user::LastActivity;
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
        Answer::LastActivity(LastActivity::Now) => since(Duration::ZERO),
        Answer::LastActivity(LastActivity::At(seen)) => since(context.now.since(seen)),
        // The same as nobody at all.
        Answer::LastActivity(LastActivity::Never) => Step::refuse(Condition::ServiceUnavailable),
        _ => Step::confused(),
    })
}

fn since(duration: Duration) -> Step {
    Step::reply(Element::new("query", NS).with("seconds", duration.as_secs().to_string()))
}
