//! What stands here for every address of a component's domain: the side of it that homes and conversations know. It is
//! there while the component is not.
//!
//! Invariants: every ticket is answered once; a message that was accepted is confirmed only when the component's
//! connection has taken it, and is kept until then; while the component is away it can be reached by nobody.

use super::ask::{Asked, Open};
use crate::{
    limits::{PEER_BATCH, PEER_CONVERSATIONS, PEER_KEPT, PEER_OPEN, PEER_WAITING, PEER_WAITING_BYTES},
    session::message::{Reader, append},
};
use bytes::Bytes;
use domain::{
    Address, ConversationId, Timestamp, conversation,
    endpoint::Said,
    user::{self, Standing},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// To be done by the host.
#[derive(Debug)]
pub enum Output {
    /// Tell the home of a user.
    ToUser(Address, user::Command),
    /// Tell a conversation's home.
    ToConversation(ConversationId, conversation::Command),
    /// There is something for [`Peer::take`], or more may be read.
    Wake,
    /// The component does not read: end its connection with `resource-constraint`.
    TooSlow,
    /// A stanza's `from` is not of the component's domain: end its connection with `invalid-from`.
    InvalidFrom,
}

/// The machine of one component's domain.
pub struct Peer {
    pub(super) domain: Address,
    /// The domain that users have here.
    pub(super) home: Address,
    pub(super) connected: bool,
    /// For the component, oldest first.
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// Messages written and not yet taken by the network, oldest first.
    written: Vec<Arc<Said>>,
    /// Messages that were accepted and have not reached the component, oldest first.
    kept: VecDeque<Arc<Said>>,
    /// Live conversations: of whom, towards whom.
    standings: BTreeMap<ConversationId, (Address, Address)>,
    /// What the component waits for.
    pub(super) open: Open,
    /// What users wait for.
    pub(super) asked: Asked,
}

struct Waiting {
    stanza: Bytes,
    said: Option<Arc<Said>>,
}

impl Peer {
    /// Of this domain, in a deployment that serves `home`; the component is away.
    pub fn new(domain: Address, home: Address) -> Self {
        Self {
            domain,
            home,
            connected: false,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            written: Vec::new(),
            kept: VecDeque::new(),
            standings: BTreeMap::new(),
            open: Open::default(),
            asked: Asked::default(),
        }
    }

    /// The component is there.
    pub fn connected(&mut self, out: &mut Vec<Output>) {
        if std::mem::replace(&mut self.connected, true) {
            return;
        }
        if !self.kept.is_empty() {
            out.push(Output::Wake);
        }
        self.tell_standings(out);
    }

    /// Its connection is gone.
    pub fn disconnected(&mut self, out: &mut Vec<Output>) {
        if !std::mem::replace(&mut self.connected, false) {
            return;
        }
        let written = std::mem::take(&mut self.written);
        let waiting = std::mem::take(&mut self.waiting).into_iter().filter_map(|waiting| waiting.said);
        self.waiting_bytes = 0;
        let kept = std::mem::take(&mut self.kept);
        self.kept.extend(written.into_iter().chain(waiting).chain(kept).take(PEER_KEPT));
        self.open.clear();
        self.answer_for_all(out);
        self.tell_standings(out);
    }

    /// Appends what waits for the component, as much as should be written at once.
    pub fn take(&mut self, bytes: &mut Vec<u8>) {
        let before = bytes.len();
        while bytes.len() - before < PEER_BATCH
            && let Some(said) = self.kept.pop_front()
        {
            write(&said, true, bytes);
            self.written.push(said);
        }
        while bytes.len() - before < PEER_BATCH
            && let Some(Waiting { stanza, said }) = self.waiting.pop_front()
        {
            self.waiting_bytes -= stanza.len();
            bytes.extend_from_slice(&stanza);
            self.written.extend(said);
        }
    }

    /// The network has taken everything that was taken from here.
    pub fn flushed(&mut self, out: &mut Vec<Output>) {
        let mut confirmed: BTreeMap<ConversationId, (Address, Vec<u64>)> = BTreeMap::new();
        for said in self.written.drain(..) {
            let Some(by) = other(&said) else { continue };
            let entry = confirmed.entry(said.conversation.clone()).or_insert_with(|| (by, Vec::new()));
            entry.1.push(said.number);
        }
        for (id, (by, numbers)) in confirmed {
            out.push(Output::ToConversation(id, conversation::Command::Confirm { by, numbers }));
        }
        if !self.waiting.is_empty() || !self.kept.is_empty() {
            out.push(Output::Wake);
        }
    }

    /// False while so much of the component's is open that nothing more should be read.
    pub fn wants_more_input(&self) -> bool {
        self.open.len() < PEER_OPEN
    }

    /// When to call [`Self::tick`].
    pub fn deadline(&self) -> Option<Timestamp> {
        self.asked.deadline()
    }

    /// The deadline may have come: whoever waits too long is answered.
    pub fn tick(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.answer_for_late(now, out);
    }

    /// A message for the component. One that has no number is gone if the component is.
    pub(super) fn deliver(&mut self, said: Arc<Said>, late: bool, out: &mut Vec<Output>) {
        let durable = said.number > 0;
        if durable && !(self.connected && self.kept.is_empty()) {
            // Behind those that came before it.
            if self.kept.len() < PEER_KEPT {
                self.kept.push_back(said);
            }
        } else if durable && self.is_full() {
            // Its connection ends, and it is kept with all that waits.
            self.waiting.push_back(Waiting { stanza: Bytes::new(), said: Some(said) });
            out.push(Output::TooSlow);
        } else if self.connected && !self.is_full() {
            let mut xml = Vec::new();
            write(&said, late, &mut xml);
            self.push(xml.into(), Some(said).filter(|_| durable), out);
        }
    }

    /// A stanza for the component that may be lost; false if it is.
    pub(super) fn write(&mut self, stanza: Vec<u8>, out: &mut Vec<Output>) -> bool {
        let may = self.connected && !self.is_full();
        if may {
            self.push(stanza.into(), None, out);
        }
        may
    }

    fn push(&mut self, stanza: Bytes, said: Option<Arc<Said>>, out: &mut Vec<Output>) {
        self.waiting_bytes += stanza.len();
        if self.waiting.is_empty() {
            out.push(Output::Wake);
        }
        self.waiting.push_back(Waiting { stanza, said });
    }

    fn is_full(&self) -> bool {
        self.waiting.len() >= PEER_WAITING || self.waiting_bytes >= PEER_WAITING_BYTES
    }

    fn standing(&self) -> Standing {
        if self.connected { Standing::Reachable } else { Standing::Offline }
    }

    pub(super) fn ask_standing(
        &mut self,
        of: Address,
        conversation: ConversationId,
        towards: Address,
        out: &mut Vec<Output>,
    ) {
        let standing = self.standing();
        if self.standings.len() < PEER_CONVERSATIONS || self.standings.contains_key(&conversation) {
            self.standings.insert(conversation.clone(), (of.clone(), towards.clone()));
        }
        let command = conversation::Command::Standing { of, towards, standing };
        out.push(Output::ToConversation(conversation, command));
    }

    pub(super) fn forget(&mut self, conversation: &ConversationId) {
        self.standings.remove(conversation);
    }

    fn tell_standings(&self, out: &mut Vec<Output>) {
        let standing = self.standing();
        out.extend(self.standings.iter().map(|(id, (of, towards))| {
            let (of, towards) = (of.clone(), towards.clone());
            Output::ToConversation(id.clone(), conversation::Command::Standing { of, towards, standing })
        }));
    }
}

fn write(said: &Said, late: bool, xml: &mut Vec<u8>) {
    if let Some(to) = other(said) {
        append(said, &Reader { user: &to, endpoint: None, nested: false, late, foreign: true }, xml);
    }
}

/// Whom a message between two is for.
fn other(said: &Said) -> Option<Address> {
    match &said.conversation {
        ConversationId::Between(lower, higher) if said.from.user == *lower => Some(higher.clone()),
        ConversationId::Between(lower, _) => Some(lower.clone()),
        ConversationId::Conference(_) => None,
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer")
            .field("domain", &self.domain)
            .field("connected", &self.connected)
            .finish_non_exhaustive()
    }
}
