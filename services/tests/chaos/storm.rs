//! Faults, one after the other, in an order that a seed decides, with a line of progress each.

use crate::{
    board::{Board, Chance},
    shards::Shards,
};
use std::{
    io::Write as _,
    thread,
    time::{Duration, Instant},
};
use tests::Server;

/// What is done to the pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// None.
    Calm,
    /// kill -9 of a node; it is started again a little later.
    KillNode,
    /// SIGSTOP of a node for so many seconds.
    PauseNode(u64),
    /// SIGTERM of one node after the other, each started again before the next.
    Rolling,
    /// kill -9 of a broker, started again a little later.
    KillBroker,
    /// SIGSTOP of a broker for so many seconds.
    PauseBroker(u64),
    /// All brokers at once.
    RestartBrokers,
    /// `linnet shard move`.
    Move,
}

impl Fault {
    /// As `LINNET_CHAOS_FAULTS` names it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "calm" => Self::Calm,
            "kill" => Self::KillNode,
            "pause" => Self::PauseNode(10),
            "roll" => Self::Rolling,
            "kill-broker" => Self::KillBroker,
            "pause-broker" => Self::PauseBroker(10),
            "restart-brokers" => Self::RestartBrokers,
            "move" => Self::Move,
            _ => return None,
        })
    }
}

/// What was done, on the clock of the board.
#[derive(Debug)]
pub(crate) enum Done {
    /// This node was killed, which owned these shards.
    Killed { at: Duration, node: usize, shards: Vec<u16> },
    /// This shard was moved.
    Moved { from: Duration, shard: u16 },
    /// All nodes were restarted, one after the other.
    Rolled { from: Duration, to: Duration },
}

/// The calm before each fault.
const CALM: Duration = Duration::from_secs(2);
/// What was killed stays away so long.
const AWAY: Duration = Duration::from_secs(3);

pub(crate) struct Storm<'a> {
    pub(crate) server: &'a mut Server,
    pub(crate) board: &'a Board,
    pub(crate) chance: Chance,
    pub(crate) brokers: u16,
    pub(crate) done: Vec<Done>,
}

impl Storm<'_> {
    /// These first, then any in an order of chance until the time is up.
    pub(crate) fn rage(&mut self, first: &[Fault], until: Instant) {
        for fault in first {
            self.play(*fault);
        }
        while Instant::now() < until {
            let pause = 10 + self.chance.below(21);
            let faults = [
                Fault::KillNode,
                Fault::KillNode,
                Fault::Move,
                Fault::Move,
                Fault::KillNode,
                Fault::PauseNode(pause),
                Fault::Rolling,
                Fault::KillBroker,
                Fault::PauseBroker(pause),
                Fault::RestartBrokers,
            ];
            let fault = faults[self.chance.index(faults.len())];
            self.play(fault);
        }
    }

    fn play(&mut self, fault: Fault) {
        thread::sleep(CALM);
        let node = self.chance.index(self.server.size());
        let broker = 1 + u16::try_from(self.chance.below(self.brokers.into())).unwrap_or_default();
        match fault {
            Fault::Calm => {}
            Fault::KillNode => self.kill_node(node),
            Fault::PauseNode(seconds) => {
                self.say(&format!("SIGSTOP of n{} for {seconds} s", node + 1));
                self.server.pause_node(node);
                thread::sleep(Duration::from_secs(seconds));
                self.server.resume_node(node);
            }
            Fault::Rolling => self.roll(),
            Fault::KillBroker => {
                self.say(&format!("kill -9 of broker {broker}"));
                self.server.kafka().kill(broker);
                thread::sleep(AWAY);
                self.server.kafka().restart();
            }
            Fault::PauseBroker(seconds) => {
                self.say(&format!("SIGSTOP of broker {broker} for {seconds} s"));
                self.server.kafka().pause(broker);
                thread::sleep(Duration::from_secs(seconds));
                self.server.kafka().resume(broker);
            }
            Fault::RestartBrokers => {
                self.say("kill -9 of all brokers, and their restart");
                (1..=self.brokers).for_each(|broker| self.server.kafka().kill(broker));
                self.server.kafka().restart();
            }
            Fault::Move => self.move_shard(),
        }
    }

    fn kill_node(&mut self, node: usize) {
        let shards = Shards::of(self.server).owned_by(node);
        self.say(&format!("kill -9 of n{}, the owner of {} shards", node + 1, shards.len()));
        self.board.set_node(node, None);
        let at = self.board.now();
        self.server.kill_node(node);
        self.done.push(Done::Killed { at, node, shards });
        thread::sleep(AWAY);
        self.start(node);
    }

    fn roll(&mut self) {
        let from = self.board.now();
        for node in 0..self.server.size() {
            self.say(&format!("SIGTERM of n{}", node + 1));
            self.server.ask_node_to_stop(node);
            let status = self.server.node_ended(node);
            assert!(status.success(), "n{} ended with {status}\n{}", node + 1, self.server.log());
            self.board.set_node(node, None);
            self.start(node);
        }
        self.done.push(Done::Rolled { from, to: self.board.now() });
    }

    fn start(&mut self, node: usize) {
        self.server.restart_node(node);
        self.board.set_node(node, Some(self.server.ports_of(node)));
        self.say(&format!("n{} runs again", node + 1));
    }

    fn move_shard(&mut self) {
        let shards = Shards::of(self.server);
        let (shard, node) = shards.some_move(self.server.size(), &mut self.chance);
        self.say(&format!("shard {shard} moves to n{}", node + 1));
        let from = self.board.now();
        if let Err(problem) = Shards::move_one(self.server, shard, node) {
            return self.say(&problem);
        }
        self.done.push(Done::Moved { from, shard });
    }

    /// Not by `println!`, which a test that passes keeps to itself.
    pub(crate) fn say(&self, what: &str) {
        let _ = writeln!(std::io::stderr(), "chaos: {:6.1} s  {what}", self.board.now().as_secs_f64());
    }
}
