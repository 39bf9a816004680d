//! Bugs that the simulated host has when it is told to, each of which the checker must find: so it looks where it should.

/// Which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Planted {
    /// What the log took is acknowledged, whatever lies between (DESIGN §1 rule 3 left out).
    NoContiguity,
    /// Who takes a shard applies void facts, too.
    VoidFacts,
    /// A conversation does not know what was said before by its id.
    NoDedupe,
    /// Effects leave before their facts are durable.
    EarlyEffects,
    /// Conversations are not told that homes have moved.
    MovedUntold,
    /// A snapshot's checkpoint is where the log is, though rows of earlier facts are not written.
    CheckpointAhead,
    /// A session passes on what another home hands out again.
    DoublesPassed,
}

impl Planted {
    pub(crate) const ALL: [Self; 7] = [
        Self::NoContiguity,
        Self::VoidFacts,
        Self::NoDedupe,
        Self::EarlyEffects,
        Self::MovedUntold,
        Self::CheckpointAhead,
        Self::DoublesPassed,
    ];
}
