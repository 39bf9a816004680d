//! What a machine's turn produces: facts to be logged, effects to happen once they are durable.

/// The answer to "what now?" of one or more turns of a machine. Reused between turns to save allocations.
#[derive(Debug)]
pub struct Out<F, E> {
    /// Decided in this turn, in order; already applied to the machine's own state.
    pub facts: Vec<F>,
    /// To be carried out in order, after `facts` and all earlier facts of the same machine are durable.
    pub effects: Vec<E>,
}

impl<F, E> Out<F, E> {
    /// An empty answer.
    #[must_use]
    pub fn new() -> Self {
        Self { facts: Vec::new(), effects: Vec::new() }
    }

    /// Nothing decided, nothing to do.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.effects.is_empty()
    }
}

impl<F, E> Default for Out<F, E> {
    fn default() -> Self {
        Self::new()
    }
}

/// The asker's own number for a command, given back with its answer ([`crate::endpoint::Event::Done`] or
/// `Refused`); unique among the open commands of one endpoint.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub u64);
