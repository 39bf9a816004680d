//! A connection's one timer, set lazily: a deadline that moves later costs nothing until the old one has passed.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::{Instant, Sleep, sleep_until};

#[derive(Default)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl Alarm {
    /// Wakes the task at `at` or, if it was set to an earlier time, already then.
    pub(super) fn set(&mut self, at: Option<Instant>, cx: &mut Context<'_>) {
        let Some(at) = at else {
            *self = Self::default();
            return;
        };
        match &mut self.sleep {
            Some(sleep) if self.armed && sleep.deadline() <= at => {}
            Some(sleep) => sleep.as_mut().reset(at),
            None => self.sleep = Some(Box::pin(sleep_until(at))),
        }
        self.armed = true;
        self.poll(cx);
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(sleep) = &mut self.sleep
            && sleep.as_mut().poll(cx) == Poll::Ready(())
        {
            self.armed = false;
            cx.waker().wake_by_ref();
        }
    }
}
