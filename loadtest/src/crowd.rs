//! Many users signed in at once: bringing them in, keeping them, and letting them go.
//!
//! Invariant: a session that ends while it is needed fails the run with the reason.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, JoinSet};

use crate::limits;
use crate::measure::latency::Latency;
use crate::progress::Progress;
use crate::session::connect::connect;
use crate::session::sign_in::Purpose;
use crate::session::{Ear, Session, drive};
use crate::target::Target;
use crate::trouble::Trouble;

/// From when a sign-in's duration is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// From its own connecting: how long one takes.
    Connecting,
    /// From the moment that all wanted to sign in: how long they have waited.
    AllAtOnce,
}

/// Users that are signed in.
pub(crate) struct Crowd {
    /// In the order of their numbers.
    pub(crate) sessions: Vec<Rc<Session>>,
    /// How long each sign-in took.
    pub(crate) latency: Latency,
    tasks: Vec<JoinHandle<()>>,
    ended: Rc<Ended>,
}

/// Sessions that ended by themselves.
#[derive(Default)]
struct Ended {
    count: Cell<usize>,
    first: RefCell<String>,
}

impl Ended {
    fn note(&self, trouble: &Trouble) {
        if self.count.replace(self.count.get() + 1) == 0 {
            *self.first.borrow_mut() = trouble.to_string();
        }
    }
}

impl Crowd {
    /// Signs these users in, so many at a time.
    pub(crate) async fn sign_in(
        target: &Rc<Target>,
        users: Range<usize>,
        at_once: usize,
        from: From,
        ear: &Rc<dyn Ear>,
    ) -> Result<Self, Trouble> {
        let progress = Progress::new("sign in", users.len() as u64);
        let begun = Instant::now();
        let mut crowd = Self {
            sessions: Vec::with_capacity(users.len()),
            latency: Latency::new(),
            tasks: Vec::with_capacity(users.len()),
            ended: Rc::default(),
        };
        let mut waiting = users;
        let mut connecting = JoinSet::new();
        loop {
            while connecting.len() < at_once
                && let Some(user) = waiting.next()
            {
                let target = Rc::clone(target);
                connecting.spawn_local(async move {
                    let own = Instant::now();
                    connect(&target, user, Purpose::SignIn).await.map(|connection| (user, own, connection))
                });
            }
            let Some(joined) = connecting.join_next().await else { break };
            let (user, own, connection) = joined.map_err(|error| Trouble::Flag(error.to_string()))??;
            crowd.latency.record(if from == From::Connecting { own.elapsed() } else { begun.elapsed() });
            let session = Rc::new(Session::new(user));
            crowd.sessions.push(Rc::clone(&session));
            let (ear, ended) = (Rc::clone(ear), Rc::clone(&crowd.ended));
            crowd.tasks.push(tokio::task::spawn_local(async move {
                ear.signed_in(&session);
                if let Err(trouble) = drive(session, ear, connection).await {
                    ended.note(&trouble);
                }
            }));
            progress.at(crowd.sessions.len() as u64);
        }
        crowd.sessions.sort_by_key(|session| session.user);
        Ok(crowd)
    }

    /// Whether all are still there.
    pub(crate) fn check(&self) -> Result<(), Trouble> {
        match self.ended.count.get() {
            0 => Ok(()),
            count => Err(Trouble::Dropped(count, self.ended.first.borrow().clone())),
        }
    }

    /// Waits until the condition holds; whether it did within the time.
    pub(crate) async fn wait_until(
        &self,
        within: Duration,
        condition: impl Fn() -> bool,
    ) -> Result<bool, Trouble> {
        let end = Instant::now() + within;
        loop {
            self.check()?;
            if condition() {
                return Ok(true);
            }
            if Instant::now() >= end {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Signs all out and waits until their connections are closed.
    pub(crate) async fn sign_out(self) -> Result<(), Trouble> {
        self.check()?;
        let progress = Progress::new("sign out", self.tasks.len() as u64);
        for session in &self.sessions {
            session.sign_out();
        }
        let end = tokio::time::Instant::now() + limits::SIGN_OUT;
        for (done, mut task) in self.tasks.into_iter().enumerate() {
            if tokio::time::timeout_at(end, &mut task).await.is_err() {
                task.abort();
            }
            progress.at(done as u64);
        }
        Ok(())
    }
}
