//! What everybody in a storm sees: where the nodes listen now, how far the play is, and the one clock of all records.

use std::{
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tests::server::Ports;

/// How far the play is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(crate) enum Phase {
    /// They come, make friends and enter their conferences.
    Gather,
    /// They talk; the storm goes over them.
    Talk,
    /// They say a last word, and what is still open until it is acknowledged.
    Settle,
    /// They show their last presence, and look at that of others.
    Show,
    /// They read the history and go.
    Leave,
}

/// See the module.
pub(crate) struct Board {
    began: Instant,
    nodes: RwLock<Vec<Option<Ports>>>,
    phase: AtomicU8,
    /// By person: whether there is nothing left to do in this phase.
    done: Vec<AtomicBool>,
}

impl Board {
    pub(crate) fn new(people: usize, nodes: Vec<Option<Ports>>) -> Self {
        Self {
            began: Instant::now(),
            nodes: RwLock::new(nodes),
            phase: AtomicU8::new(Phase::Gather as u8),
            done: (0..people).map(|_| AtomicBool::new(false)).collect(),
        }
    }

    /// Since the beginning.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Gather,
            1 => Phase::Talk,
            2 => Phase::Settle,
            3 => Phase::Show,
            _ => Phase::Leave,
        }
    }

    /// The next phase: nobody is done with it.
    pub(crate) fn enter(&self, phase: Phase) {
        self.done.iter().for_each(|done| done.store(false, Ordering::Release));
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Where a node listens now, if anywhere.
    pub(crate) fn set_node(&self, node: usize, ports: Option<Ports>) {
        self.nodes.write().unwrap_or_else(PoisonError::into_inner)[node] = ports;
    }

    /// The next node that listens, in turn, as a balancer would choose it.
    pub(crate) fn node(&self, turn: &mut usize) -> Option<(usize, Ports)> {
        let nodes = self.nodes.read().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..nodes.len() {
            let node = *turn % nodes.len();
            *turn += 1;
            if let Some(ports) = nodes[node] {
                return Some((node, ports));
            }
        }
        None
    }

    /// A person says whether it has anything left to do in this phase.
    pub(crate) fn set_done(&self, person: usize, phase: Phase, done: bool) {
        if self.phase() == phase {
            self.done[person].store(done, Ordering::Release);
        }
    }

    /// Waits until all are done; who is not, otherwise.
    pub(crate) fn wait(&self, patience: Duration) -> Result<(), Vec<usize>> {
        let until = Instant::now() + patience;
        loop {
            let left: Vec<usize> = self
                .done
                .iter()
                .enumerate()
                .filter_map(|(person, done)| (!done.load(Ordering::Acquire)).then_some(person))
                .collect();
            if left.is_empty() {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(left);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Chance that a seed decides (xorshift).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end.max(1)
    }

    pub(crate) fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap_or_default()
    }
}
