//! What a stream asks while a client signs in: verifiers, passwords, tokens; the endpoint itself; a parked session.

use super::{Line, SessionEvent, connection::Client};
use crate::entity::{Credentials, ToUser};
use domain::{
    Address, Timestamp,
    account::{ScramHash, Verifier},
};
use std::sync::Arc;
use xmpp::{
    sasl::{self, SaslError},
    stream::{Answer, AskId, Password, Question, Verdict},
};

/// Sees that the question is answered into the client's inbox, exactly once.
pub(super) fn ask(client: &mut Client, now: Timestamp, ask: AskId, question: Question) {
    let user = question.user().clone();
    let is_guess =
        matches!(question, Question::Verifier { .. } | Question::Password { .. } | Question::Tokens { .. });
    if is_guess && !client.shared.guard.admits(now, client.peer, &user) {
        return answer(client, ask, Answer::TryLater);
    }
    match question {
        Question::Bind { endpoint } => {
            let (inbox, credentials) = (client.inbox.clone(), client.credentials);
            let line = Line::Near(inbox);
            let attach = ToUser::Attach { endpoint: endpoint.name.clone(), line, ask, credentials };
            client.is_attaching(endpoint);
            let refused = try_later(client, ask);
            client.shared.front.router().ask_soon(user, attach, refused);
        }
        Question::Resume { id, h, .. } => {
            let (inbox, credentials) = (client.inbox.clone(), client.credentials);
            let line = Line::Near(inbox);
            let resume = ToUser::Resume { id: Arc::from(id), line, ask, credentials, received: h };
            let refused = try_later(client, ask);
            client.shared.front.router().ask_soon(user, resume, refused);
        }
        Question::Verifier { hash, .. } => with_credentials(client, ask, user, move |credentials| {
            let verifier = credentials.verifiers.into_iter().find(|verifier| verifier.hash == hash);
            Answer::Verifier { verifier, enabled: credentials.enabled }
        }),
        Question::Tokens { client: id, .. } => with_credentials(client, ask, user, move |credentials| {
            let tokens = credentials.tokens.into_iter().filter(|token| *token.client == *id).collect();
            Answer::Tokens { tokens, enabled: credentials.enabled }
        }),
        Question::Password { password, .. } => check(client, ask, user, password),
    }
}

/// A try failed: it is counted, and said without the secret.
pub(super) fn failed(client: &Client, now: Timestamp, user: Option<&Address>, error: SaslError) {
    client.shared.front.meters().sign_ins_refused.up();
    match error {
        SaslError::NotAuthorized => client.shared.guard.failed(now, client.peer, user),
        // No guess, but it costs: else one could go on for ever.
        SaslError::Aborted | SaslError::MalformedRequest => {
            client.shared.guard.failed(now, client.peer, None);
        }
        // What the server is the cause of, or what says nothing of a secret.
        _ => {}
    }
    tracing::info!(peer = %client.peer, user = user.map(tracing::field::display), %error, "a sign-in failed");
}

fn answer(client: &Client, ask: AskId, answer: Answer) {
    // Its own inbox has room: the stream asks one question at a time and nobody else knows the inbox yet.
    let sent = client.inbox.events.send(SessionEvent::Stream(ask, answer));
    debug_assert!(
        sent.is_ok() || client.inbox.events.is_closed(),
        "an inbox has room for the answer to a sign-in"
    );
}

/// Answers that it cannot be done now.
fn try_later(client: &Client, ask: AskId) -> impl FnOnce() + use<> {
    let events = client.inbox.events.clone();
    // A client that has gone meanwhile misses nothing.
    move || drop(events.send(SessionEvent::Stream(ask, Answer::TryLater)))
}

/// Asks the user's home, and answers with what `make` makes of it.
fn with_credentials(
    client: &Client,
    ask: AskId,
    user: Address,
    make: impl FnOnce(Credentials) -> Answer + Send + 'static,
) {
    let (router, events) = (client.shared.front.router().clone(), client.inbox.events.clone());
    actix::spawn(async move {
        let event = match router.question(&user, ToUser::Credentials).await {
            Some(credentials) => {
                let number = credentials.number;
                SessionEvent::Credentials(ask, make(credentials), number)
            }
            None => SessionEvent::Stream(ask, Answer::TryLater),
        };
        // A client that has gone meanwhile misses nothing.
        let _ = events.send(event);
    });
}

fn check(client: &Client, ask: AskId, user: Address, Password(password): Password) {
    let stand_in = sasl::fake_verifier(&client.shared.stream.secret, user.as_str(), ScramHash::Sha256);
    let (events, checks) = (client.inbox.events.clone(), client.shared.checks.clone());
    let router = client.shared.front.router().clone();
    actix::spawn(async move {
        let event = match router.question(&user, ToUser::Credentials).await {
            Some(Credentials { verifiers, enabled, number, .. }) => {
                let strongest: Vec<Verifier> =
                    verifiers.into_iter().filter(|v| v.hash == ScramHash::Sha256).collect();
                let verdict = match checks.check(strongest, stand_in, password).await {
                    Some(true) if enabled => Answer::Password(Verdict::Right),
                    Some(true) => Answer::Password(Verdict::Disabled),
                    Some(false) => Answer::Password(Verdict::Wrong),
                    None => Answer::TryLater,
                };
                SessionEvent::Credentials(ask, verdict, number)
            }
            None => SessionEvent::Stream(ask, Answer::TryLater),
        };
        let _ = events.send(event);
    });
}
