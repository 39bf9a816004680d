//! What a session asks that no home answers: history, upload slots, the directory of conferences, the server itself,
//! and the administrators' business.

use super::{SessionEvent, Shared, connection::Client};
use crate::{admin::commands, clock, entity::ToUser, upload::Denied};
use domain::{Address, Reason, Refusal};
use std::sync::Arc;
use xmpp::session::{Answer, AskId, Question};

/// Sees that the question is answered, exactly once: into the client's inbox, or to its home if it has lost its
/// connection meanwhile.
pub(super) fn ask(client: &Client, ask: AskId, question: Question) {
    let Some(me) = client.me().cloned() else { return };
    let (shared, inbox) = (Arc::clone(&client.shared), client.inbox.clone());
    actix::spawn(async move {
        let answer = answer(&shared, &me.user, question).await;
        if inbox.events.send(SessionEvent::Session(ask, answer.clone())).is_err() {
            let session = inbox.session;
            shared.tell_surely(me.user, ToUser::Answered { endpoint: me.name, session, ask, answer });
        }
    });
}

async fn answer(shared: &Shared, asker: &Address, question: Question) -> Answer {
    match question {
        Question::History(owner, query) => {
            let history = shared.front.history().clone();
            shared.past.answer(move || history.query(&owner, &query).map(Answer::History)).await
        }
        Question::HistoryEnds(owner) => {
            let history = shared.front.history().clone();
            shared.past.answer(move || history.ends(&owner).map(Answer::HistoryEnds)).await
        }
        Question::UploadSlot { name, size, content_type } => {
            upload_slot(shared, asker, &name, size, content_type.as_deref())
        }
        Question::Conferences => commands::conferences(&shared.front).await,
        Question::Server => Answer::Server { uptime: clock::now().since(shared.front.started()) },
        Question::LastActivity(address) => {
            commands::last_activity(&shared.front, asker.clone(), address).await
        }
        Question::Admin(command) => commands::run(&shared.front, command).await,
    }
}

fn upload_slot(
    shared: &Shared,
    asker: &Address,
    name: &str,
    size: u64,
    content_type: Option<&str>,
) -> Answer {
    let Some(web) = &shared.front.settings().web else {
        return refused(Reason::NotImplemented, "files cannot be uploaded here");
    };
    let media_type = content_type.unwrap_or("application/octet-stream");
    let spare = shared.front.disk_spare();
    match shared.front.uploads().slots.grant(clock::now(), asker, name, size, media_type, spare) {
        Ok(slot) => {
            let url = format!("{web}/upload/{}", slot.path);
            let headers = vec![("Authorization".to_owned(), format!("Bearer {}", slot.token))];
            Answer::UploadSlot { put: url.clone(), headers, get: url }
        }
        Err(Denied::TooLarge { .. }) => {
            refused(Reason::NotAcceptable, "the file is larger than the server allows")
        }
        Err(Denied::Quota) => {
            refused(Reason::LimitReached, "your files take all the room that you have; older ones expire")
        }
        Err(Denied::TooMany { .. }) => {
            refused(Reason::TryLater, "too many uploads are open; finish them first")
        }
        Err(Denied::DiskFull) => refused(Reason::TryLater, "the server has no room for files at the moment"),
        Err(Denied::BadName) => refused(Reason::BadRequest, "that is no file name"),
    }
}

fn refused(reason: Reason, text: &'static str) -> Answer {
    Answer::Refused(Refusal::because(reason, text))
}
