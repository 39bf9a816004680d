//! A node: what it believes of ownership, what it does about it, and how what is said in it finds a home. As
//! `cluster::conductor` and `frontend::pool` do it.

use crate::{
    desk::Attempt,
    links::Wire,
    planted::Planted,
    session::{Says, Session},
    world::World,
};
use bytes::Bytes;
use cluster::{NodeId, Owner, ownership, ownership::Input, ownership::Output, wire::Message};
use domain::{Address, Home, Shard, endpoint::Event, user};
use event_log::{Offset, WriterId};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// What could not be handed over is tried again after this.
pub(crate) const RETRY: u64 = 20;

/// What happens at a node.
pub(crate) enum At {
    /// For its ownership.
    Own(Input),
    /// The link of this session to it was lost.
    Unlinked(NodeId, u64),
    /// A node is gone.
    Gone(NodeId, usize),
    /// A node is met, unless it has died meanwhile.
    Meets(NodeId),
    /// A home or a session here is told something from here.
    Told(Box<Message>),
    /// What must not be lost and had nowhere to go is tried again.
    Surely(Home),
    /// An entity tries again what it could not hand over.
    Retry(Home),
    /// The deadline of an entity.
    Tick(Home),
    /// Outcomes of appends wait.
    Outcomes(u16, u64),
    /// What was to be read of the log is looked at.
    Read(u16, u64, Offset),
    /// The shard's rows are written.
    Snapshot(u16, u64),
    /// From a connection.
    Says(u64, Says),
    /// Ownership's deadline.
    Alarm,
}

/// One life of a node.
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) writer: WriterId,
    pub(crate) ownership: ownership::Ownership,
    /// As it was published last.
    pub(crate) owners: Vec<Owner>,
    pub(crate) peers: BTreeSet<NodeId>,
    pub(crate) linked: BTreeSet<NodeId>,
    pub(crate) attempts: BTreeMap<u16, Attempt>,
    pub(crate) sessions: BTreeMap<u64, Session>,
    /// What must not be lost and has no home now.
    surely: BTreeMap<Home, VecDeque<Box<Message>>>,
    /// Sessions that are over, by their last word, and since when.
    pub(crate) over: Vec<(u64, Message)>,
    alarm_at: u64,
}

/// Whose home a message is for; `None`: for a session.
pub(crate) fn home(message: &Message) -> Option<Home> {
    match message {
        Message::User { address: user, .. }
        | Message::Asked { user, .. }
        | Message::Attach { user, .. }
        | Message::Detach { user, .. } => Some(Home::User(user.clone())),
        Message::Conversation { id, .. } => Some(Home::Conversation(id.clone())),
        _ => None,
    }
}

/// A message in a line of a trace.
fn brief(message: &Message) -> String {
    match message {
        Message::User { address, command: user::Command::Deliver { said, late, .. } } => {
            format!("to {address}: deliver {} of {}, late: {late}", said.number, said.conversation)
        }
        Message::User { address, command: user::Command::Sent { said, .. } } => {
            format!("to {address}: sent {} of {}", said.number, said.conversation)
        }
        Message::User { address, command: user::Command::Notice { endpoint, notice } } => {
            let (whose, note) = (&notice.endpoint, notice.state.as_ref().map(|state| &state.note));
            format!("to {address}, {endpoint:?}: {} {whose:?} shows {note:?}", notice.presentity)
        }
        Message::Event { session, event: Event::Delivery(delivery) } => {
            format!(
                "to session {}: {} of {}",
                session.number, delivery.said.number, delivery.said.conversation
            )
        }
        Message::Event { session, event: Event::Notice(notice) } => {
            let (whose, note) = (&notice.endpoint, notice.state.as_ref().map(|state| &state.note));
            format!("to session {}: {} {whose:?} shows {note:?}", session.number, notice.presentity)
        }
        Message::Attach { user, session, again, .. } => {
            format!("{user}: session {} attaches, again: {}", session.number, again.is_some())
        }
        Message::Detach { user, session, .. } => format!("{user}: session {} is over", session.number),
        other => format!("{other:?}").chars().take(250).collect(),
    }
}

impl World {
    /// A node starts on this machine.
    pub(crate) fn start(&mut self, n: usize) {
        let id = NodeId::new(&format!("n{n}"), self.random.draw());
        let seed = self.random.draw();
        let options = ownership::Options { me: id.clone(), shards: self.count, expects_others: true, seed };
        let node = Node {
            writer: WriterId(id.incarnation | 1),
            ownership: ownership::Ownership::new(options, Duration::from_millis(self.now)),
            owners: vec![Owner::Nobody; self.count.get().into()],
            peers: BTreeSet::new(),
            linked: BTreeSet::new(),
            attempts: BTreeMap::new(),
            sessions: BTreeMap::new(),
            surely: BTreeMap::new(),
            over: Vec::new(),
            alarm_at: u64::MAX,
            id,
        };
        self.trace(|| format!("n{n} starts"));
        self.slots[n].node = Some(node);
        (0..self.slots.len()).filter(|other| *other != n).for_each(|other| self.new_link(n, other));
        for other in 0..self.slots.len() {
            if other != n && self.slots[other].node.is_some() {
                self.meet_later(n, other, 200);
                self.meet_later(other, n, 200);
            }
        }
        self.node_after(0, n, At::Own(Input::Stand(cluster::Standing::Serving)));
        self.node_after(1, n, At::Alarm);
    }

    /// One hears that the other lives.
    pub(crate) fn meet_later(&mut self, n: usize, other: usize, most: u64) {
        if let Some(id) = self.slots[other].node.as_ref().map(|node| node.id.clone()) {
            let delay = self.random.within(0, most);
            self.node_after(delay, n, At::Meets(id));
        }
    }

    pub(crate) fn happens(&mut self, n: usize, at: At) {
        match at {
            At::Own(input) => self.own(n, input),
            At::Alarm => {
                if let Some(node) = &mut self.slots[n].node {
                    node.alarm_at = u64::MAX;
                }
                self.own(n, Input::Alarm);
            }
            At::Unlinked(id, session) => self.unlinked(n, id, session),
            At::Gone(id, slot) => self.gone(n, &id, slot),
            At::Meets(id) if self.slot_of(&id).is_some() => self.own(n, Input::Joined(id)),
            At::Meets(_) => {}
            At::Told(message) => self.told_here(n, message),
            At::Surely(home) => self.surely_again(n, home),
            At::Retry(home) => self.retry(n, &home),
            At::Tick(home) => self.tick(n, &home),
            At::Outcomes(shard, line) => self.outcomes(n, shard, line),
            At::Read(shard, line, from) => self.read(n, shard, line, from),
            At::Snapshot(shard, line) => self.snapshot(n, shard, line),
            At::Says(number, says) => self.connection_says(n, number, says),
        }
    }

    fn unlinked(&mut self, n: usize, id: NodeId, session: u64) {
        let other = self.slot_of(&id);
        let is_news = other.is_none_or(|other| self.knows_session(n, other, session));
        let Some(node) = &mut self.slots[n].node else { return };
        if is_news && node.linked.remove(&id) {
            self.trace(|| format!("n{n} hears: link to {id} lost"));
            self.own(n, Input::Unlinked(id));
        }
    }

    fn gone(&mut self, n: usize, id: &NodeId, slot: usize) {
        let Some(node) = &mut self.slots[n].node else { return };
        if !node.peers.remove(id) {
            return;
        }
        node.linked.remove(id);
        self.trace(|| format!("n{n} hears: {id} is gone"));
        // Not that of a later life.
        if self.slots[slot].node.as_ref().is_none_or(|node| node.id == *id) {
            self.close_link(n, slot);
        }
        self.own(n, Input::Gone(id.clone()));
        self.node_is_gone(n, id);
    }

    /// One step of ownership, and what follows: owners are there to be read before anybody is told of them.
    pub(crate) fn own(&mut self, n: usize, input: Input) {
        let now = Duration::from_millis(self.now);
        let Some(node) = &mut self.slots[n].node else { return };
        let joined = match &input {
            Input::Joined(id) if *id != node.id => node.peers.insert(id.clone()).then(|| id.clone()),
            _ => None,
        };
        let mut out = Vec::new();
        node.ownership.handle(now, input, &mut out);
        for output in &out {
            if let Output::Changed(shard) = output {
                node.owners[usize::from(shard.0)] = node.ownership.owner(*shard);
            }
        }
        let due = u64::try_from(node.ownership.deadline().as_millis()).unwrap_or(u64::MAX);
        let due = due.max(self.now + 1);
        if due < node.alarm_at {
            node.alarm_at = due;
            self.node_after(due - self.now, n, At::Alarm);
        }
        if let Some(other) = joined.and_then(|id| self.slot_of(&id)) {
            self.try_link_later(n, other);
        }
        for output in out {
            self.act(n, output);
        }
    }

    fn act(&mut self, n: usize, output: Output) {
        match output {
            Output::Take(shard) => self.take(n, shard.0),
            Output::Release(shard, _) => self.release(n, shard.0),
            Output::Moved(shards) => self.moved(n, &shards),
            Output::Changed(_) | Output::Drained => {}
            Output::Tell(to, news) => {
                let Some(node) = &self.slots[n].node else { return };
                let (me, linked) = (node.id.clone(), node.linked.clone());
                for peer in linked.iter().filter(|peer| to.as_ref().is_none_or(|to| to == *peer)) {
                    self.send_wire(n, peer, Wire::News(news.clone()));
                    if !self.calm && self.random.chance(10) {
                        // Once more, late.
                        let delay = self.random.within(0, 3_000);
                        if let Some(slot) = self.slot_of(peer) {
                            self.node_after(delay, slot, At::Own(Input::Heard(me.clone(), news.clone())));
                        }
                    }
                }
            }
        }
    }

    /// Homes have moved: those who speak with them hear of it.
    fn moved(&mut self, n: usize, shards: &[Shard]) {
        self.trace(|| format!("n{n} hears: moved {shards:?}"));
        for shard in shards {
            self.moved_at.insert(shard.0, self.now);
        }
        let count = self.count;
        let has = |home: &Home| shards.contains(&home.shard(count));
        let has_user = |user: &Address| has(&Home::User(user.clone()));
        let untold = self.is(Planted::MovedUntold);
        for home in self.awake(n) {
            if !(untold && matches!(home, Home::Conversation(_))) {
                self.entity_moved(n, &home, &has_user);
            }
        }
        self.sessions_moved(n, &has);
    }

    /// To a home. It comes back if the home is nobody's.
    pub(crate) fn send_home(&mut self, n: usize, message: Box<Message>) -> Result<(), Box<Message>> {
        let (Some(home), Some(node)) = (home(&message), &self.slots[n].node) else { return Err(message) };
        let shard = home.shard(self.count).0;
        match &node.owners[usize::from(shard)] {
            Owner::Here { .. } if node.attempts.get(&shard).is_some_and(Attempt::is_open) => {
                self.node_after(0, n, At::Told(message));
                Ok(())
            }
            Owner::There { node, .. } => {
                let node = node.clone();
                if self.send(n, &node, &message) { Ok(()) } else { Err(message) }
            }
            Owner::Here { .. } | Owner::Nobody => Err(message),
        }
    }

    /// To a home; tried until there is one, in order.
    pub(crate) fn tell_surely(&mut self, n: usize, message: Box<Message>) {
        let (Some(home), Some(node)) = (home(&message), &mut self.slots[n].node) else { return };
        if let Some(waiting) = node.surely.get_mut(&home) {
            return waiting.push_back(message);
        }
        if let Err(message) = self.send_home(n, message)
            && let Some(node) = &mut self.slots[n].node
        {
            node.surely.insert(home.clone(), [message].into());
            self.node_after(RETRY, n, At::Surely(home));
        }
    }

    fn surely_again(&mut self, n: usize, home: Home) {
        loop {
            let Some(node) = &mut self.slots[n].node else { return };
            let Some(message) = node.surely.get_mut(&home).and_then(VecDeque::pop_front) else {
                node.surely.remove(&home);
                return;
            };
            if let Err(message) = self.send_home(n, message) {
                let Some(node) = &mut self.slots[n].node else { return };
                node.surely.entry(home.clone()).or_default().push_front(message);
                return self.node_after(RETRY, n, At::Surely(home));
            }
        }
    }

    /// To a session on that node; false: that node is not known.
    pub(crate) fn tell_session(&mut self, n: usize, node: &NodeId, message: Message) -> bool {
        if self.slots[n].node.as_ref().is_some_and(|me| me.id == *node) {
            self.node_after(0, n, At::Told(Box::new(message)));
            return true;
        }
        self.send(n, node, &message)
    }

    fn told_here(&mut self, n: usize, message: Box<Message>) {
        if let Some(id) = self.slots[n].node.as_ref().map(|node| node.id.clone()) {
            self.told(n, &id, message);
        }
    }

    /// Something arrives at this node: for a home that is here, or not any more, or for a session.
    pub(crate) fn told(&mut self, n: usize, from: &NodeId, message: Box<Message>) {
        self.trace(|| format!("n{n} <- {from}: {}", brief(&message)));
        match (home(&message), *message) {
            (Some(home), message) => self.reach_entity(n, from, &home, message),
            (None, Message::Event { session, event }) => self.session_hears(n, from, session.number, event),
            (None, Message::Attached { session, ask, result }) => {
                self.session_attached(n, from, session.number, ask, result.is_ok());
            }
            (None, other) => self.wrong(format!("a message that nobody says here: {other:?}")),
        }
    }

    /// An encoded claim or facts, handed to the log under this line.
    pub(crate) fn hand_to_log(&mut self, n: usize, line: u64, record: Bytes) -> bool {
        self.append(n, line, record)
    }
}
