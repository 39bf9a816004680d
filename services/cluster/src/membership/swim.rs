//! The machine of membership: `foca` with its timers, first words to addresses, closed ports, and who keeps a name.

use super::{
    identity::Identity,
    pace,
    packet::{Greeting, OVERHEAD, Packet},
};
use crate::{NodeId, limits};
use foca::{
    AccumulatingRuntime, Codec as _, Config, Foca, Header, Member, NoCustomBroadcast, OwnedNotification,
    PeriodicParams, PostcardCodec, State, Timer,
};
use rand::{SeedableRng as _, rngs::SmallRng};
use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    num::{NonZeroU8, NonZeroUsize},
    time::Duration,
};

/// What the machine hears.
#[derive(Debug)]
pub(crate) enum Input {
    /// A packet that verified, and from where.
    Packet(SocketAddr, Packet),
    /// The node's port refused a connection.
    Refused(NodeId),
    /// This node goes.
    Leave,
    /// The deadline has come.
    Alarm,
}

/// Whom to send to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum To {
    Node(Identity),
    Address(SocketAddr),
    /// Each address to join.
    Seeds,
}

/// What the machine wants to be done.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Output {
    Send(To, Packet),
    /// The node of this name was heard from there.
    Heard(String, SocketAddr),
    /// The live members may have changed.
    Changed,
    /// Another process has this node's name.
    Replaced,
}

/// A node whose port was found closed.
struct Closed {
    since: Duration,
    times: u32,
}

pub(crate) struct Swim {
    foca: Foca<Identity, PostcardCodec, SmallRng, NoCustomBroadcast>,
    runtime: AccumulatingRuntime<Identity>,
    timers: BTreeMap<(Duration, u64), Timer<Identity>>,
    number: u64,
    ask_at: Duration,
    started: Duration,
    closed: HashMap<NodeId, Closed>,
    heard: HashMap<NodeId, Duration>,
    over: bool,
    /// It was thought gone, and comes back then.
    back_at: Option<Duration>,
}

fn config() -> Config {
    let several = |count| NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN);
    Config {
        probe_period: pace::PROBE,
        probe_rtt: pace::PROBE_ANSWER,
        num_indirect_probes: several(3),
        max_transmissions: NonZeroU8::new(10).unwrap_or(NonZeroU8::MIN),
        suspect_to_down_after: pace::SUSPECT,
        remove_down_after: Some(pace::FORGET),
        max_packet_size: several(limits::PACKET_BYTES - OVERHEAD),
        notify_down_members: true,
        periodic_announce: Some(PeriodicParams { frequency: pace::ASK, num_members: several(1) }),
        periodic_announce_to_down_members: Some(PeriodicParams {
            frequency: pace::ASK_GONE,
            num_members: several(2),
        }),
        periodic_gossip: Some(PeriodicParams { frequency: pace::GOSSIP, num_members: several(3) }),
    }
}

impl Swim {
    pub(crate) fn new(me: Identity, seed: u64, now: Duration) -> Self {
        Self {
            foca: Foca::new(me, config(), SmallRng::seed_from_u64(seed), PostcardCodec),
            runtime: AccumulatingRuntime::new(),
            timers: BTreeMap::new(),
            number: 0,
            ask_at: now,
            started: now,
            closed: HashMap::new(),
            heard: HashMap::new(),
            over: false,
            back_at: None,
        }
    }

    /// The others that are alive, as far as is known.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Identity> {
        let others = self.foca.iter_members().map(Member::id).filter(|_| !self.over);
        others.take(limits::MEMBERS)
    }

    /// When `Alarm` is due.
    pub(crate) fn deadline(&self) -> Duration {
        if self.over {
            return Duration::MAX;
        }
        let timer = self.timers.first_key_value().map_or(Duration::MAX, |((at, _), _)| *at);
        timer.min(self.ask_at).min(self.back_at.unwrap_or(Duration::MAX))
    }

    pub(crate) fn handle(&mut self, now: Duration, input: Input, out: &mut Vec<Output>) {
        if self.over {
            return;
        }
        match input {
            Input::Packet(from, Packet::Swim(body)) => self.hear(now, from, &body, out),
            Input::Packet(from, Packet::Greeting(greeting)) => self.greeted(now, from, greeting, out),
            Input::Refused(node) => self.refused(now, &node),
            Input::Leave => {
                self.attempt(|foca, runtime| foca.leave_cluster(runtime));
                self.over = true;
                self.drain(now, out);
                return;
            }
            Input::Alarm => self.alarm(now, out),
        }
        self.drain(now, out);
    }

    /// What `foca` refuses is a packet that cannot be, or a state that mends itself.
    fn attempt(
        &mut self,
        act: impl FnOnce(
            &mut Foca<Identity, PostcardCodec, SmallRng, NoCustomBroadcast>,
            &mut AccumulatingRuntime<Identity>,
        ) -> Result<(), foca::Error>,
    ) {
        if let Err(error) = act(&mut self.foca, &mut self.runtime) {
            tracing::debug!(%error, "gossip");
        }
    }

    fn hear(&mut self, now: Duration, from: SocketAddr, body: &[u8], out: &mut Vec<Output>) {
        let header: Result<Header<Identity>, _> = PostcardCodec.decode_header(body);
        let Ok(Header { src, .. }) = header else { return };
        let known = self.foca.iter_membership_state().map(Member::id).find(|id| id.name == src.name);
        if let Some(rival) = known.filter(|known| known.rivals(&src) && known.outranks(&src)).cloned() {
            // It does not know that its name is taken, or was; it has to know of whom before it decides what to do.
            let answer = Greeting { from: self.foca.identity().clone(), asks: false, rival: Some(rival) };
            out.push(Output::Send(To::Address(from), Packet::Greeting(answer)));
            return;
        }
        if known.is_none() && self.foca.iter_membership_state().len() >= limits::MEMBERS {
            return;
        }
        self.heard.insert(src.node(), now);
        out.push(Output::Heard(src.name, from));
        self.attempt(|foca, runtime| foca.handle_data(body, runtime));
    }

    fn greeted(&mut self, now: Duration, from: SocketAddr, greeting: Greeting, out: &mut Vec<Output>) {
        let me = self.foca.identity().clone();
        if greeting.from.name == me.name {
            if greeting.from.rivals(&me) {
                self.face(now, &greeting.from, out);
            }
            return;
        }
        if greeting.asks {
            let mut known = self.foca.iter_membership_state().map(Member::id);
            let rival = known.find(|known| known.rivals(&greeting.from)).cloned();
            let answer = Greeting { from: me, asks: false, rival };
            out.push(Output::Send(To::Address(from), Packet::Greeting(answer)));
            return;
        }
        if let Some(rival) = &greeting.rival {
            self.face(now, rival, out);
        }
        if self.over {
            return;
        }
        self.attempt(|foca, runtime| foca.announce(greeting.from, runtime));
    }

    /// Another process has this node's name: the younger of the two keeps it.
    fn face(&mut self, now: Duration, rival: &Identity, out: &mut Vec<Output>) {
        let me = self.foca.identity();
        if !rival.rivals(me) || !rival.outranks(me) {
            return;
        }
        if now.saturating_sub(self.started) < pace::YOUNG {
            self.raise(rival.rank);
        } else {
            self.over = true;
            out.extend([Output::Replaced, Output::Changed]);
        }
    }

    /// Comes back with a rank above this one.
    fn raise(&mut self, above: u32) {
        self.back_at = None;
        let mut me = self.foca.identity().clone();
        me.rank = me.rank.max(above).saturating_add(1);
        self.attempt(|foca, runtime| foca.change_identity(me, runtime));
        // Probing goes on at once with those that are known.
        self.attempt(|foca, runtime| foca.apply_many(std::iter::empty(), false, runtime));
    }

    fn refused(&mut self, now: Duration, node: &NodeId) {
        let active = self.foca.iter_members().find(|member| member.id().node() == *node);
        let Some((id, incarnation)) = active.map(|member| (member.id().clone(), member.incarnation())) else {
            self.closed.remove(node);
            return;
        };
        let closed = self.closed.entry(node.clone()).or_insert(Closed { since: now, times: 0 });
        let since_last = now.saturating_sub(closed.since);
        // Word from it, or an old matter: begin again.
        let alive = self.heard.get(node).is_some_and(|heard| *heard > closed.since);
        if alive || since_last > pace::SUSPECT * 2 {
            *closed = Closed { since: now, times: 0 };
        }
        closed.times += 1;
        let gone = closed.times >= pace::CLOSED_TIMES && now.saturating_sub(closed.since) >= pace::CLOSED;
        let state = if gone { State::Down } else { State::Suspect };
        let update = Member::new(id.clone(), incarnation, state);
        self.attempt(|foca, runtime| foca.apply_many(std::iter::once(update), true, runtime));
        self.attempt(|foca, runtime| foca.gossip(runtime));
        if gone {
            self.closed.remove(node);
        } else {
            // It answers at once if it lives.
            self.attempt(|foca, runtime| foca.announce(id, runtime));
        }
    }

    fn alarm(&mut self, now: Duration, out: &mut Vec<Output>) {
        while let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= now) {
            let timer = entry.remove();
            self.attempt(|foca, runtime| foca.handle_timer(timer, runtime));
            self.schedule(now);
        }
        if self.back_at.is_some_and(|at| now >= at) {
            self.raise(0);
        }
        if now >= self.ask_at {
            let alone = self.foca.num_members() == 0;
            self.ask_at = now + if alone { pace::ASK_ALONE } else { pace::ASK };
            let greeting = Greeting { from: self.foca.identity().clone(), asks: true, rival: None };
            out.push(Output::Send(To::Seeds, Packet::Greeting(greeting)));
        }
    }

    fn schedule(&mut self, now: Duration) {
        while let Some((after, timer)) = self.runtime.to_schedule() {
            self.number += 1;
            self.timers.insert((now + after, self.number), timer);
        }
    }

    /// What `foca` wants, after each word with it.
    fn drain(&mut self, now: Duration, out: &mut Vec<Output>) {
        let mut changed = false;
        while let Some(notification) = self.runtime.to_notify() {
            changed = true;
            if notification == OwnedNotification::Defunct && !self.over {
                self.come_back(now, out);
            }
        }
        self.face_known(now, out);
        self.schedule(now);
        while let Some((to, body)) = self.runtime.to_send() {
            out.push(Output::Send(To::Node(to), Packet::Swim(body.to_vec())));
        }
        if changed {
            let live: Vec<NodeId> = self.members().map(Identity::node).collect();
            self.heard.retain(|node, _| live.contains(node));
            self.closed.retain(|node, _| live.contains(node));
            if live.is_empty() {
                self.ask_at = self.ask_at.min(now + pace::ASK_ALONE);
            }
            out.push(Output::Changed);
        }
    }

    /// The others think that this node is gone.
    fn come_back(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.face_known(now, out);
        if self.over || self.back_at.is_some() {
            return;
        }
        // Perhaps its name was taken meanwhile: it asks before it comes back.
        self.back_at = Some(now + pace::ASK_BACK);
        let greeting = Greeting { from: self.foca.identity().clone(), asks: true, rival: None };
        let known =
            self.foca.iter_members().take(pace::ASKED_BACK).map(|member| To::Node(member.id().clone()));
        out.extend(known.chain([To::Seeds]).map(|to| Output::Send(to, Packet::Greeting(greeting.clone()))));
    }

    /// Gossip speaks of another process with this node's name.
    fn face_known(&mut self, now: Duration, out: &mut Vec<Output>) {
        let me = self.foca.identity();
        let rival = self.foca.iter_membership_state().map(Member::id).find(|id| id.rivals(me)).cloned();
        if let Some(rival) = rival.filter(|_| !self.over) {
            self.face(now, &rival, out);
        }
    }
}

const _: () =
    assert!(limits::PACKET_BYTES > OVERHEAD + 2 * (limits::NAME_BYTES + limits::ADDRESS_BYTES + 32));
