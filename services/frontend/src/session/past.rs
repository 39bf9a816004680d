//! Answers about the past: they read the disk and may wait for the archive, so they are made on threads of their own, a
//! few at a time for all sessions together. What else needs such a thread (checks of passwords) does not wait for them.

use crate::limits::{HISTORY_AT_ONCE, HISTORY_WAIT};
use domain::{Reason, Refusal};
use std::{fmt::Display, sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use xmpp::session::Answer;

/// See the module. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    turns: Arc<Semaphore>,
    wait: Duration,
}

impl Default for Past {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(HISTORY_AT_ONCE)), wait: HISTORY_WAIT }
    }
}

impl Past {
    /// Does the work when it is its turn; refuses with `TryLater` if that does not come within [`HISTORY_WAIT`].
    pub(crate) async fn answer<E: Display + Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<Answer, E> + Send + 'static,
    ) -> Answer {
        let Ok(Ok(_turn)) = tokio::time::timeout(self.wait, self.turns.acquire()).await else {
            return put_off();
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::warn!(%error, "a question about the past has no answer");
                put_off()
            }
            Err(_) => put_off(),
        }
    }
}

fn put_off() -> Answer {
    Answer::Refused(Refusal::because(Reason::TryLater, "the history cannot be read now; try again later"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{convert::Infallible, sync::mpsc};

    #[test]
    fn only_so_many_are_answered_at_once_and_others_wait_for_so_long() {
        crate::block_on(async {
            assert_eq!(Past::default().wait, HISTORY_WAIT);
            let past = Past { wait: Duration::ZERO, ..Past::default() };
            let (mut ends, mut running) = (Vec::new(), Vec::new());
            for _ in 0..HISTORY_AT_ONCE {
                let (end, ended) = mpsc::channel::<()>();
                let past = past.clone();
                running.push(actix::spawn(async move {
                    past.answer(move || {
                        // Until the other side is dropped.
                        let _ = ended.recv();
                        Ok::<_, Infallible>(Answer::Done)
                    })
                    .await
                }));
                ends.push(end);
            }
            while past.turns.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            let refused = past.answer(|| Ok::<_, Infallible>(Answer::Done)).await;
            assert!(matches!(refused, Answer::Refused(refusal) if refusal.reason == Reason::TryLater));
            let patient = Past { wait: Duration::MAX, ..past };
            let waiting =
                actix::spawn(async move { patient.answer(|| Ok::<_, Infallible>(Answer::Done)).await });
            drop(ends);
            assert!(matches!(waiting.await, Ok(Answer::Done)));
            for answer in running {
                assert!(matches!(answer.await, Ok(Answer::Done)));
            }
        });
    }
}
