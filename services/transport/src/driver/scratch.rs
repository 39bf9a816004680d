//! The buffers that all connections of a thread share, so that an idle connection has none.
//!
//! Taken for one turn and put back after it; a turn that panics loses them, and the next makes new ones.

use crate::{
    limits::{READ, SCRATCH_KEPT},
    session::Io,
};
use std::cell::Cell;

pub(super) struct Scratch {
    /// What the socket brings, as it comes.
    pub(super) read: Box<[u8]>,
    /// What the session answers.
    pub(super) io: Io,
    /// The same, sealed.
    pub(super) wire: Vec<u8>,
}

thread_local! {
    static SCRATCH: Cell<Option<Scratch>> = const { Cell::new(None) };
}

impl Scratch {
    pub(super) fn take() -> Self {
        SCRATCH.take().unwrap_or_else(|| Self {
            read: vec![0; READ].into_boxed_slice(),
            io: Io::new(),
            wire: Vec::new(),
        })
    }

    /// Empties the buffers and puts them back, smaller if one turn made them large.
    pub(super) fn put_back(mut self) {
        self.io.out.clear();
        self.io.out.shrink_to(SCRATCH_KEPT);
        (self.io.start_tls, self.io.end, self.io.signed_in) = (false, None, false);
        self.wire.clear();
        self.wire.shrink_to(SCRATCH_KEPT);
        SCRATCH.set(Some(self));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_buffers_are_given_back() {
        let mut scratch = Scratch::take();
        scratch.io.write(&vec![0; 4 * SCRATCH_KEPT]);
        scratch.wire.extend_from_slice(&vec![0; 4 * SCRATCH_KEPT]);
        scratch.put_back();
        let scratch = Scratch::take();
        assert!(scratch.io.out.is_empty() && scratch.io.out.capacity() <= SCRATCH_KEPT);
        assert!(scratch.wire.is_empty() && scratch.wire.capacity() <= SCRATCH_KEPT);
    }
}
