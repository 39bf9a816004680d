//! A session's inbox: a bounded queue from any thread to the one task that drives the session.
//!
//! Made for many idle sessions: it holds no memory while empty, wakes its task only if that sleeps, and a full
//! inbox gives the event back to its sender instead of waiting.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// Places that an emptied queue keeps; a larger one is given back.
const KEPT: usize = 4;

/// Makes an inbox for at most `limit` events.
pub fn inbox<E>(limit: usize) -> (InboxSender<E>, Inbox<E>) {
    let state = State { first: None, queue: VecDeque::new(), waker: None, closed: false, draining: false };
    let shared = Arc::new(Shared { state: Mutex::new(state), limit });
    (InboxSender(Arc::clone(&shared)), Inbox(shared))
}

/// The sending side; cheap to clone, never waits.
pub struct InboxSender<E>(Arc<Shared<E>>);

/// The receiving side. When it is dropped, senders get [`Rejected::Closed`].
pub struct Inbox<E>(Arc<Shared<E>>);

/// The event was not taken, and comes back.
#[derive(Debug)]
pub enum Rejected<E> {
    /// The inbox holds as many events as it may: its session is slow, or its peer does not read.
    Full(E),
    /// The session is gone.
    Closed(E),
}

struct Shared<E> {
    state: Mutex<State<E>>,
    limit: usize,
}

struct State<E> {
    /// Heard before the queue, and also while the queue is not read.
    first: Option<E>,
    queue: VecDeque<E>,
    waker: Option<Waker>,
    closed: bool,
    draining: bool,
}

impl<E> State<E> {
    fn wake_later(&mut self, cx: &Context<'_>) -> Poll<E> {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

impl<E> InboxSender<E> {
    /// Puts `event` into the inbox.
    pub fn send(&self, event: E) -> Result<(), Rejected<E>> {
        let mut state = self.0.lock();
        if state.closed {
            return Err(Rejected::Closed(event));
        }
        if state.queue.len() >= self.0.limit {
            return Err(Rejected::Full(event));
        }
        state.queue.push_back(event);
        wake(state);
        Ok(())
    }

    /// Puts in an event that is heard before all others, even by a session whose peer does not read. There is room for one.
    pub fn send_first(&self, event: E) -> Result<(), Rejected<E>> {
        let mut state = self.0.lock();
        if state.closed {
            return Err(Rejected::Closed(event));
        }
        if state.first.is_some() {
            return Err(Rejected::Full(event));
        }
        state.first = Some(event);
        wake(state);
        Ok(())
    }

    /// How many more events the inbox has place for at this moment.
    pub fn room(&self) -> usize {
        self.0.limit.saturating_sub(self.0.lock().queue.len())
    }

    /// Whether the session is gone.
    pub fn is_closed(&self) -> bool {
        self.0.lock().closed
    }
}

impl<E> Inbox<E> {
    /// The next event, if there is one; else the task is woken when there is.
    pub fn poll_next(&mut self, cx: &Context<'_>) -> Poll<E> {
        let mut state = self.0.lock();
        let State { first, queue, .. } = &mut *state;
        if let Some(event) = first.take().or_else(|| queue.pop_front()) {
            return Poll::Ready(event);
        }
        state.queue.shrink_to(KEPT);
        state.wake_later(cx)
    }

    /// Only what was put in by [`InboxSender::send_first`].
    pub fn poll_first(&mut self, cx: &Context<'_>) -> Poll<E> {
        let mut state = self.0.lock();
        match state.first.take() {
            Some(event) => Poll::Ready(event),
            None => state.wake_later(cx),
        }
    }

    /// The next event, for hosts that drive their session in an `async` block.
    pub async fn next(&mut self) -> E {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Takes nothing more, and gives what is left: each event is either taken by the session or given back to its
    /// sender, never lost between.
    pub fn close(&mut self) -> VecDeque<E> {
        let mut state = self.0.lock();
        state.closed = true;
        let mut left = std::mem::take(&mut state.queue);
        if let Some(first) = state.first.take() {
            left.push_front(first);
        }
        left
    }

    /// Whether the node is shutting down.
    pub fn is_draining(&self) -> bool {
        self.0.lock().draining
    }
}

impl<E: Send + 'static> Inbox<E> {
    /// The bell that the gate rings when the node drains.
    pub(crate) fn bell(&self) -> std::sync::Weak<dyn Bell> {
        let shared: Arc<dyn Bell> = Arc::<Shared<E>>::clone(&self.0);
        Arc::downgrade(&shared)
    }
}

/// Told that the node drains.
pub(crate) trait Bell: Send + Sync {
    /// Marks the inbox as draining and wakes its task.
    fn ring(&self);
}

impl<E: Send> Bell for Shared<E> {
    fn ring(&self) {
        let mut state = self.lock();
        state.draining = true;
        wake(state);
    }
}

/// Wakes the task after the lock is gone, so that it does not run into it.
fn wake<E>(mut state: MutexGuard<'_, State<E>>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl<E> Shared<E> {
    /// A panic elsewhere leaves the queue whole (each change is one call), so a poisoned lock is taken as it is.
    fn lock(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E> Drop for Inbox<E> {
    fn drop(&mut self) {
        drop(self.close());
    }
}

impl<E> Clone for InboxSender<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> std::fmt::Debug for InboxSender<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InboxSender").field("room", &self.room()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_over_the_limit_comes_back() {
        let (sender, mut inbox) = inbox(2);
        assert!(sender.send(1).is_ok() && sender.send(2).is_ok());
        assert!(matches!(sender.send(3), Err(Rejected::Full(3))));
        assert_eq!(sender.room(), 0);
        let cx = Context::from_waker(Waker::noop());
        assert_eq!(inbox.poll_next(&cx), Poll::Ready(1));
        assert!(sender.send(4).is_ok());
        assert_eq!(inbox.poll_next(&cx), Poll::Ready(2));
        assert_eq!(inbox.poll_next(&cx), Poll::Ready(4));
        assert_eq!(inbox.poll_next(&cx), Poll::Pending);
    }

    #[test]
    fn the_first_goes_before_all_and_needs_no_room() {
        let (sender, mut inbox) = inbox(1);
        let cx = Context::from_waker(Waker::noop());
        assert!(sender.send("queued").is_ok());
        assert!(sender.send_first("first").is_ok());
        assert!(matches!(sender.send_first("another"), Err(Rejected::Full("another"))));
        assert_eq!(inbox.poll_first(&cx), Poll::Ready("first"));
        assert_eq!(inbox.poll_first(&cx), Poll::Pending);
        assert!(sender.send_first("again").is_ok());
        assert_eq!(inbox.poll_next(&cx), Poll::Ready("again"));
        assert!(sender.send_first("at the end").is_ok());
        assert_eq!(inbox.close(), ["at the end", "queued"]);
        assert!(matches!(sender.send_first("late"), Err(Rejected::Closed("late"))));
    }

    #[test]
    fn a_dropped_inbox_gives_events_back() {
        let (sender, inbox) = inbox(2);
        drop(inbox);
        assert!(sender.is_closed());
        assert!(matches!(sender.send("late"), Err(Rejected::Closed("late"))));
    }

    #[test]
    fn a_closed_inbox_gives_what_is_left_and_takes_no_more() {
        let (sender, mut inbox) = inbox(3);
        assert!(sender.send(1).is_ok() && sender.send(2).is_ok());
        assert_eq!(inbox.close(), [1, 2]);
        assert!(matches!(sender.send(3), Err(Rejected::Closed(3))));
        assert!(inbox.close().is_empty());
    }

    #[test]
    fn an_empty_inbox_keeps_no_large_queue() {
        let (sender, mut inbox) = inbox(1000);
        for n in 0..1000 {
            assert!(sender.send(n).is_ok());
        }
        let cx = Context::from_waker(Waker::noop());
        while inbox.poll_next(&cx).is_ready() {}
        assert!(inbox.0.lock().queue.capacity() <= KEPT);
    }
}
