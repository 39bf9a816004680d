//! Which inbound stanzas are done: a prefix without gaps, and some beyond it. Only the prefix may be acknowledged.

use std::collections::VecDeque;

/// Numbers from 1 up, in flight until they are done.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// All up to and including this are done.
    done: u64,
    /// Whether `done + 1`, `done + 2`, … are done; never begins with one that is.
    beyond: VecDeque<bool>,
}

impl Window {
    /// The next stanza has the number after this one, and all before it are done.
    pub(super) fn after(done: u64) -> Self {
        Self { done, beyond: VecDeque::new() }
    }

    /// The number of the next stanza.
    pub(super) fn take(&mut self) -> u64 {
        self.beyond.push_back(false);
        self.last()
    }

    /// The number of the newest stanza.
    pub(super) fn last(&self) -> u64 {
        self.done + self.beyond.len() as u64
    }

    /// Up to where all are done.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// How many are not acknowledged.
    pub(super) fn in_flight(&self) -> usize {
        self.beyond.len()
    }

    /// This one is done; numbers that are not in flight are dropped.
    pub(super) fn finish(&mut self, number: u64) {
        let place = number.checked_sub(self.done + 1).and_then(|place| usize::try_from(place).ok());
        if let Some(flag) = place.and_then(|place| self.beyond.get_mut(place)) {
            *flag = true;
        }
        while self.beyond.front() == Some(&true) {
            self.beyond.pop_front();
            self.done += 1;
        }
        if self.beyond.is_empty() && self.beyond.capacity() > 64 {
            self.beyond = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use proptest::prelude::*;

    #[test]
    fn strangers_are_dropped() {
        let mut window = Window::default();
        window.finish(1);
        assert_eq!((window.take(), window.done()), (1, 0));
        window.finish(0);
        window.finish(7);
        window.finish(1);
        window.finish(1);
        assert_eq!((window.done(), window.take(), window.in_flight()), (1, 2, 1));
    }

    proptest! {
        #[test]
        fn only_the_prefix_without_gaps_is_done(order in Just((1..=20_u64).collect::<Vec<_>>()).prop_shuffle()) {
            let mut window = Window::default();
            (0..20).for_each(|_| { window.take(); });
            for (finished, number) in order.iter().enumerate() {
                window.finish(*number);
                let so_far = &order[..=finished];
                let prefix = (1..=20).take_while(|n| so_far.contains(n)).count() as u64;
                prop_assert_eq!(window.done(), prefix);
            }
            prop_assert_eq!((window.in_flight(), window.last()), (0, 20));
        }
    }
}
