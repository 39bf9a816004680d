//! Questions to homes on other nodes that wait for their answers. One whose home moves, or cannot be reached any more, is
//! dropped: who asked hears that, and tries again.

use super::Moved;
use crate::entity::{Account, Credentials};
use cluster::wire::Answer;
use domain::{Address, Refusal, Shard, user::LastActivity};
use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::oneshot;

/// Where an answer is awaited.
pub(super) enum Reply {
    Credentials(oneshot::Sender<Credentials>),
    LastSeen(oneshot::Sender<Option<LastActivity>>),
    Describe(oneshot::Sender<Option<Account>>),
    Admin(oneshot::Sender<Result<(), Refusal>>),
    Listing(oneshot::Sender<Answer>),
}

/// Who is asked: a user's home, or a node for its shards.
enum Of {
    User(Address),
    Shards(Vec<Shard>),
}

/// A list that a node was asked for; when this is dropped, it is not awaited any more.
pub(super) struct Asked<'a> {
    questions: &'a Questions,
    id: u64,
    answer: oneshot::Receiver<Answer>,
}

impl Asked<'_> {
    /// The number of the question.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// `None`: shards of it have moved, or the node cannot be reached any more.
    pub(super) async fn answer(mut self) -> Option<Answer> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.questions.take(self.id);
    }
}

#[derive(Default)]
pub(super) struct Questions {
    last: AtomicU64,
    open: Mutex<HashMap<u64, (Of, Reply)>>,
}

impl Questions {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, (Of, Reply)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a new one, to this user's home.
    pub(super) fn ask(&self, user: &Address, reply: Reply) -> u64 {
        self.open(Of::User(user.clone()), reply)
    }

    /// A list is asked for, of the node that owns these shards.
    pub(super) fn list(&self, shards: Vec<Shard>) -> Asked<'_> {
        let (reply, answer) = oneshot::channel();
        Asked { questions: self, id: self.open(Of::Shards(shards), Reply::Listing(reply)), answer }
    }

    fn open(&self, of: Of, reply: Reply) -> u64 {
        let id = self.last.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(id, (of, reply));
        id
    }

    /// Gives up a question that could not be asked.
    pub(super) fn take(&self, id: u64) -> Option<Reply> {
        self.lock().remove(&id).map(|(_, reply)| reply)
    }

    /// Whoever asked may have run out of patience.
    pub(super) fn answered(&self, id: u64, answer: Answer) {
        match (self.take(id), answer) {
            (Some(Reply::Credentials(reply)), Answer::Credentials(credentials)) => {
                drop(reply.send(credentials));
            }
            (Some(Reply::LastSeen(reply)), Answer::LastSeen(seen)) => drop(reply.send(seen)),
            (Some(Reply::Describe(reply)), Answer::Describe(account)) => {
                drop(reply.send(account));
            }
            (Some(Reply::Admin(reply)), Answer::Admin(outcome)) => drop(reply.send(outcome)),
            (Some(Reply::Listing(reply)), answer) => drop(reply.send(answer)),
            (None, _) => {}
            (Some(_), _) => tracing::error!("a node answered something else than it was asked"),
        }
    }

    /// These homes have moved.
    pub(super) fn moved(&self, moved: &Moved) {
        self.lock().retain(|_, (of, _)| match of {
            Of::User(user) => !moved.has_user(user),
            Of::Shards(shards) => !shards.iter().any(|shard| moved.has_shard(*shard)),
        });
    }
}
