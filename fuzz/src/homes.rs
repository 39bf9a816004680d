//! The homes of a play: users and conversations that tell each other what they decide, as the host has them do.
//!
//! Checked all the way: each ticket is answered once, serials ascend without a gap, numbers are contiguous; and at the
//! end: replaying the facts, or loading the rows and applying the facts after them, gives the live state.

mod home;

pub(crate) use home::Home;

use domain::{
    Address, ConversationId, EndpointId, Out, Ticket, Timestamp,
    conversation::{self, Conversation, Survivors},
    endpoint::{self, Event},
    user::{self, User},
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// On commands that the play makes up: their answers are nobody's.
pub(crate) const NOT_OURS: Ticket = Ticket(u64::MAX);

/// Messages between homes that one command may cause: a bound of the plays, far above what a few people can cause.
const CONSEQUENCES: usize = 20_000;

/// On its way to a home.
enum Letter {
    User(Address, user::Command),
    Conversation(ConversationId, conversation::Command),
}

/// All homes.
#[derive(Default)]
pub(crate) struct Homes {
    pub(crate) now: Timestamp,
    users: BTreeMap<Address, Home<User>>,
    conversations: BTreeMap<ConversationId, Home<Conversation>>,
    open: BTreeSet<(EndpointId, Ticket)>,
    serials: BTreeMap<EndpointId, u64>,
    /// What endpoints were told, for those who listen.
    pub(crate) heard: Option<VecDeque<(EndpointId, Event)>>,
}

impl Homes {
    pub(crate) fn new() -> Self {
        Self { now: Timestamp(1_000_000), ..Self::default() }
    }

    pub(crate) fn user(&mut self, address: &Address) -> &mut Home<User> {
        self.users.entry(address.clone()).or_insert_with(|| Home::new(address.clone()))
    }

    pub(crate) fn conversation(&mut self, id: &ConversationId) -> &mut Home<Conversation> {
        self.conversations.entry(id.clone()).or_insert_with(|| Home::new(id.clone()))
    }

    pub(crate) fn attach(&mut self, who: EndpointId) {
        self.close(&who);
        self.serials.remove(&who);
        self.tell(&who.user.clone(), user::Command::Attach { endpoint: who.name });
    }

    pub(crate) fn detach(&mut self, who: &EndpointId) {
        self.close(who);
        self.tell(&who.user, user::Command::Detach { endpoint: who.name.clone() });
    }

    /// An endpoint asks: it gets an answer, at the latest at the end of the play.
    pub(crate) fn ask(&mut self, who: &EndpointId, ticket: Ticket, command: endpoint::Command) {
        assert!(self.open.insert((who.clone(), ticket)), "a ticket is used twice at once");
        let command = user::Command::Endpoint { endpoint: who.name.clone(), ticket, command };
        self.tell(&who.user, command);
    }

    /// A command for the home of a user; everything that follows from it happens.
    pub(crate) fn tell(&mut self, to: &Address, command: user::Command) {
        self.post(VecDeque::from([Letter::User(to.clone(), command)]));
    }

    /// The same for a conversation.
    pub(crate) fn tell_conversation(&mut self, id: &ConversationId, command: conversation::Command) {
        self.post(VecDeque::from([Letter::Conversation(id.clone(), command)]));
    }

    /// Everything that is due by then happens.
    pub(crate) fn pass(&mut self, millis: u64) {
        self.now = Timestamp(self.now.0 + millis);
        let mut letters = VecDeque::new();
        for address in self.users.keys().cloned().collect::<Vec<_>>() {
            let (now, home) = (self.now, self.user(&address));
            if home.machine.deadline().is_some_and(|due| due <= now) {
                let out = home.turn(|user, out| user.tick(now, out));
                assert!(home.machine.deadline().is_none_or(|due| due > now), "a tick leaves what was due");
                self.carry(&address, out, &mut letters);
            }
        }
        for id in self.conversations.keys().cloned().collect::<Vec<_>>() {
            let (now, home) = (self.now, self.conversation(&id));
            if home.machine.deadline().is_some_and(|due| due <= now) {
                let out = home.turn(|conversation, out| conversation.tick(now, out));
                assert!(home.machine.deadline().is_none_or(|due| due > now), "a tick leaves what was due");
                carry_conversation(&id, out, &mut letters);
            }
        }
        self.post(letters);
    }

    /// The rows are saved; and who is idle is put away and loaded again.
    pub(crate) fn save(&mut self) {
        for home in self.users.values_mut() {
            home.save();
            if home.machine.is_idle() {
                home.reload();
            }
        }
        for home in self.conversations.values_mut() {
            home.save();
        }
    }

    /// The home of a conversation goes and another takes it over.
    pub(crate) fn restart(&mut self, id: &ConversationId) {
        let (now, home) = (self.now, self.conversation(id));
        home.reload();
        let out = home.turn(|conversation, out| conversation.resumed(now, Survivors::Ask, out));
        let mut letters = VecDeque::new();
        carry_conversation(id, out, &mut letters);
        self.post(letters);
    }

    fn post(&mut self, mut letters: VecDeque<Letter>) {
        let mut count = 0;
        while let Some(letter) = letters.pop_front() {
            count += 1;
            assert!(count < CONSEQUENCES, "homes write to each other without end");
            let now = self.now;
            match letter {
                Letter::User(to, command) => {
                    let out = self.user(&to).turn(|user, out| user.handle(now, command, out));
                    self.carry(&to, out, &mut letters);
                }
                Letter::Conversation(id, command) => {
                    let out = self.conversation(&id).turn(|it, out| it.handle(now, command, out));
                    carry_conversation(&id, out, &mut letters);
                }
            }
        }
    }

    fn carry(&mut self, user: &Address, out: Out<user::Fact, user::Effect>, letters: &mut VecDeque<Letter>) {
        for effect in out.effects {
            match effect {
                user::Effect::ToEndpoint(name, event) => {
                    self.hear(EndpointId::new(user.clone(), name), event);
                }
                user::Effect::ToEndpoints(names, event) => {
                    for name in names {
                        self.hear(EndpointId::new(user.clone(), name), event.clone());
                    }
                }
                user::Effect::ToUser(to, command) => letters.push_back(Letter::User(to, command)),
                user::Effect::ToUsers(to, command) => {
                    letters.extend(to.iter().map(|to| Letter::User(to.clone(), command.clone())));
                }
                user::Effect::ToConversation(id, command) => {
                    letters.push_back(Letter::Conversation(id, command));
                }
                user::Effect::Push { .. } | user::Effect::AdminDone(_) => {}
            }
        }
    }

    fn hear(&mut self, who: EndpointId, event: Event) {
        match &event {
            Event::Done(ticket, _) | Event::Refused(ticket, _) if *ticket != NOT_OURS => {
                assert!(self.open.remove(&(who.clone(), *ticket)), "{who} got a second answer");
            }
            Event::Delivery(delivery) if delivery.serial > 0 => {
                let last = self.serials.insert(who.clone(), delivery.serial).unwrap_or_default();
                assert_eq!(delivery.serial, last + 1, "{who}: a serial is left out");
            }
            Event::Ended(_) => self.close(&who),
            _ => {}
        }
        if let Some(heard) = &mut self.heard {
            heard.push_back((who, event));
        }
    }

    /// Its session is over: what it asked needs no answer.
    fn close(&mut self, who: &EndpointId) {
        self.open.retain(|(endpoint, _)| endpoint != who);
    }

    /// The end of the play.
    pub(crate) fn end(mut self) {
        self.pass(60_000);
        assert!(self.open.is_empty(), "without an answer: {:?}", self.open);
        self.users.values_mut().for_each(Home::check);
        self.conversations.values_mut().for_each(Home::check);
    }
}

fn carry_conversation(
    id: &ConversationId,
    out: Out<conversation::Fact, conversation::Effect>,
    letters: &mut VecDeque<Letter>,
) {
    for effect in out.effects {
        letters.push_back(match effect {
            conversation::Effect::Tell { user, command } => Letter::User(user, command),
            conversation::Effect::AskStanding { of, towards } => {
                Letter::User(of, user::Command::AskStanding { conversation: id.clone(), towards })
            }
        });
    }
}
