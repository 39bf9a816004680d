//! A user as the entity actor hosts it: its endpoints' sessions hang here, its effects go to them and to other homes.

mod sessions;
#[cfg(test)]
mod tests;

use super::{Account, Credentials, Entity, ToUser};
use crate::{
    limits,
    meters::Meters,
    pool::PoolChange,
    router::{Busy, Router},
    session::{Line, outbox::Outbox},
    shard::Rows,
};
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Home, Out, Reason, Refusal, Timestamp, conversation,
    endpoint::{self, Event},
    user::{Command, Effect, Fact, User},
};
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::oneshot;
use xmpp::xep::push;

/// The machine, its sessions, and what could not be handed over yet.
pub(crate) struct UserHost {
    address: Address,
    machine: User,
    sessions: Vec<Outbox>,
    undelivered: VecDeque<Undelivered>,
    /// The endpoint that has attached in the last turn.
    attached: Option<Attached>,
    admins: VecDeque<oneshot::Sender<Result<(), Refusal>>>,
    meters: Arc<Meters>,
}

enum Undelivered {
    User(Address, Command),
    Conversation(ConversationId, conversation::Command),
}

/// An endpoint that has attached: what earlier turns had for one of its name is not for it.
struct Attached {
    endpoint: EndpointName,
    /// It is the same session as before: only what is handed out to it again is taken back.
    again: bool,
}

impl Attached {
    fn is_for_another(&self, event: &Event) -> bool {
        !self.again || matches!(event, Event::Delivery(delivery) if delivery.serial > 0)
    }
}

impl UserHost {
    pub(crate) fn new(address: Address, machine: User, meters: Arc<Meters>) -> Self {
        Self {
            address,
            machine,
            sessions: Vec::new(),
            undelivered: VecDeque::new(),
            attached: None,
            admins: VecDeque::new(),
            meters,
        }
    }

    fn tell_user(&mut self, user: Address, command: Command, router: &Router) {
        let soft = command.is_soft();
        if soft || self.undelivered.is_empty() {
            if let Err(Busy((user, command))) = router.to_user(user, command) {
                if soft {
                    self.meters.dropped_soft.up();
                } else {
                    self.undelivered.push_back(Undelivered::User(user, command));
                }
            }
        } else {
            self.undelivered.push_back(Undelivered::User(user, command));
        }
    }

    fn tell_conversation(&mut self, id: ConversationId, command: conversation::Command, router: &Router) {
        if self.undelivered.is_empty() {
            if let Err(Busy((id, command))) = router.to_conversation(id, command) {
                self.undelivered.push_back(Undelivered::Conversation(id, command));
            }
        } else {
            self.undelivered.push_back(Undelivered::Conversation(id, command));
        }
    }

    fn credentials(&self) -> Credentials {
        if self.machine.exists() {
            Credentials {
                verifiers: self.machine.verifiers().to_vec(),
                tokens: self.machine.tokens().to_vec(),
                enabled: self.machine.is_enabled(),
                number: self.machine.credentials(),
            }
        } else {
            Credentials::default()
        }
    }

    fn describe(&self) -> Option<Account> {
        self.machine.exists().then(|| Account {
            address: self.address.clone(),
            enabled: self.machine.is_enabled(),
            created: self.machine.created(),
            last_seen: self.machine.last_seen().filter(|_| self.sessions.is_empty()),
            endpoints: self.sessions.iter().map(|outbox| outbox.endpoint().clone()).collect(),
        })
    }
}

impl Entity for UserHost {
    type Ask = ToUser;
    type Fact = Fact;
    type Effect = Effect;

    fn handle(&mut self, now: Timestamp, ask: ToUser, out: &mut Out<Fact, Effect>) {
        let ask =
            if self.undelivered.len() < limits::UNDELIVERED { Some(ask) } else { refuse_more(ask, out) };
        let Some(ask) = ask else { return };
        match ask {
            ToUser::Command(command) => self.machine.handle(now, recognised(command), out),
            ToUser::Asked { endpoint, session, stanza, ticket, command } => {
                if let Some(outbox) = self.session(&endpoint).filter(|outbox| outbox.session() == session) {
                    if let Some(far) = outbox.far_mut() {
                        far.asked(ticket, stanza);
                    }
                    self.machine.handle(now, Command::Endpoint { endpoint, ticket, command }, out);
                }
            }
            // Whoever asked may have gone away meanwhile; then nobody misses the answer.
            ToUser::Credentials(reply) => drop(reply.send(self.credentials())),
            ToUser::LastSeen { asker, reply } => {
                let _ = reply.send(self.machine.last_activity(&asker));
            }
            ToUser::Describe(reply) => drop(reply.send(self.describe())),
            ToUser::Attach { line, ask, credentials, .. } if credentials != self.machine.credentials() => {
                line.bound(ask, Err(Refusal::from(Reason::NotAuthorized)));
            }
            ToUser::Attach { endpoint, line, ask, .. } => self.attach(now, endpoint, line, ask, out),
            ToUser::AttachAgain { endpoint, line, credentials, again } => {
                self.attach_again(now, &endpoint, line, credentials, *again, out);
            }
            ToUser::SetToken { token, credentials } => {
                if credentials == self.machine.credentials() {
                    self.machine.handle(now, Command::SetToken { token }, out);
                }
            }
            ToUser::Detach { endpoint, session } => {
                if self.session(&endpoint).is_some_and(|outbox| outbox.session() == session) {
                    self.detach(now, endpoint, out);
                }
            }
            ToUser::Park { endpoint, parked } => {
                let session = parked.session;
                if let Some(outbox) = self.session(&endpoint).filter(|outbox| outbox.session() == session) {
                    outbox.park(parked);
                    self.tell_parked(now, endpoint, out);
                }
            }
            ToUser::Resume { line, ask, credentials, .. } if credentials != self.machine.credentials() => {
                line.not_found(ask);
            }
            ToUser::Resume { id, line, ask, received, .. } => {
                if let Line::Far(taker) = &line {
                    self.resume_far(now, &id, taker, (ask, received), out);
                } else if let Some(endpoint) = self.resume(&id, &line, ask) {
                    self.tell_parked(now, endpoint, out);
                }
            }
            ToUser::Reached { endpoint, session, handled, sent, serial } => {
                if let Some(outbox) = self.session(&endpoint).filter(|outbox| outbox.session() == session)
                    && let Some(far) = outbox.far_mut()
                {
                    far.reached(handled, sent, serial);
                }
            }
            ToUser::Resumable { endpoint, session, id, window, handled, carbons } => {
                if let Some(outbox) = self.session(&endpoint).filter(|outbox| outbox.session() == session)
                    && let Some(far) = outbox.far_mut()
                {
                    far.resumable(id, window, handled, carbons);
                }
            }
            ToUser::Waits { endpoint, session, waits } => {
                if self.session(&endpoint).is_some_and(|outbox| outbox.session() == session) {
                    self.machine.handle(now, Command::Parked { endpoint, parked: waits }, out);
                }
            }
            ToUser::NotWanted { endpoint, id, .. } => self.not_wanted(&endpoint, &id),
            ToUser::Answered { endpoint, session, ask, answer } => {
                if let Some(outbox) = self.session(&endpoint).filter(|outbox| outbox.session() == session) {
                    outbox.answer(ask, answer);
                }
            }
            ToUser::EndSessions(endpoint) => {
                for outbox in self
                    .sessions
                    .iter_mut()
                    .filter(|outbox| endpoint.as_ref().is_none_or(|e| e == outbox.endpoint()))
                {
                    outbox.send(Event::Ended(endpoint::Ending::AccountChanged));
                }
            }
            ToUser::Admin(command, reply) => {
                self.admins.push_back(reply);
                self.machine.handle(now, command, out);
            }
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.sessions.iter().filter_map(Outbox::deadline).chain(self.machine.deadline()).min()
    }

    fn tick(&mut self, now: Timestamp, out: &mut Out<Fact, Effect>) {
        self.machine.tick(now, out);
    }

    fn resume(&mut self, _now: Timestamp, _out: &mut Out<Fact, Effect>) {}

    fn pool_changed(&mut self, now: Timestamp, change: &PoolChange, out: &mut Out<Fact, Effect>) {
        match change {
            PoolChange::Moved(moved) => self.machine.moved(now, &|user| moved.has_user(user)),
            PoolChange::Gone(node) => self.node_gone(now, node, out),
        }
    }

    /// A session is told nothing that was decided for another one of the same endpoint: it would confirm under the serials
    /// of that what it has not got.
    fn take_back(&mut self, waiting: &mut VecDeque<Vec<Effect>>) {
        let Some(attached) = self.attached.take() else { return };
        for effects in waiting {
            effects.retain_mut(|effect| match effect {
                Effect::ToEndpoint(name, event) => {
                    *name != attached.endpoint || !attached.is_for_another(event)
                }
                Effect::ToEndpoints(names, event) => {
                    if attached.is_for_another(event) {
                        names.retain(|name| *name != attached.endpoint);
                    }
                    !names.is_empty()
                }
                _ => true,
            });
        }
    }

    fn stopped(&mut self) {
        self.sessions.iter().for_each(|_| self.meters.endpoints.down());
        if !self.sessions.is_empty() {
            self.meters.users_online.down();
        }
    }

    fn is_idle(&self) -> bool {
        self.sessions.is_empty()
            && self.undelivered.is_empty()
            && self.admins.is_empty()
            && self.machine.is_idle()
    }

    fn refuse(&mut self, ask: ToUser, out: &mut Out<Fact, Effect>) -> Option<ToUser> {
        const TEXT: &str = "the server cannot store changes at the moment; try again later";
        let refusal = Refusal::because(Reason::TryLater, TEXT);
        match ask {
            ToUser::Asked { endpoint, ticket, command, .. } if needs_log(&command) => {
                out.effects.push(Effect::ToEndpoint(endpoint, Event::Refused(ticket, refusal)));
                None
            }
            ToUser::Admin(_, reply) => {
                drop(reply.send(Err(refusal)));
                None
            }
            ask => Some(ask),
        }
    }

    fn perform(&mut self, effect: Effect, router: &Router) {
        match effect {
            Effect::ToEndpoint(endpoint, event) => self.tell_endpoint(&endpoint, event),
            Effect::ToEndpoints(endpoints, event) => {
                for endpoint in endpoints {
                    self.tell_endpoint(&endpoint, event.clone());
                }
            }
            Effect::ToUser(user, command) => self.tell_user(user, command, router),
            Effect::ToUsers(users, command) => {
                if command.is_soft() {
                    let dropped = router.to_users(&users, &command);
                    self.meters.dropped_soft.add(u64::try_from(dropped).unwrap_or(u64::MAX));
                } else {
                    users.iter().for_each(|user| self.tell_user(user.clone(), command.clone(), router));
                }
            }
            Effect::Push { ticket, service, waiting } => {
                let from = EndpointId::new(self.address.clone(), push::endpoint());
                let EndpointId { user, name: endpoint } = service.address.clone();
                let payload = push::notification(&service, ticket, waiting);
                self.tell_user(user, Command::Relay { from, endpoint, ticket, payload }, router);
            }
            Effect::ToConversation(id, command) => self.tell_conversation(id, command, router),
            Effect::AdminDone(outcome) => {
                if let Some(reply) = self.admins.pop_front() {
                    drop(reply.send(outcome));
                }
            }
        }
    }

    fn retry(&mut self, router: &Router) -> bool {
        while let Some(next) = self.undelivered.pop_front() {
            let back = match next {
                Undelivered::User(user, command) => router
                    .to_user(user, command)
                    .map_err(|Busy((user, command))| Undelivered::User(user, command)),
                Undelivered::Conversation(id, command) => router
                    .to_conversation(id, command)
                    .map_err(|Busy((id, command))| Undelivered::Conversation(id, command)),
            };
            if let Err(back) = back {
                self.undelivered.push_front(back);
                return false;
            }
        }
        // Every outbox gets its try, also after one that is still full.
        self.sessions.iter_mut().filter_map(|outbox| (!outbox.retry()).then_some(())).count() == 0
    }

    fn look_after_sessions(&mut self, now: Timestamp, out: &mut Out<Fact, Effect>) {
        for index in 0..self.sessions.len() {
            let endpoint = self.sessions[index].endpoint().clone();
            for (ticket, _, command) in self.sessions[index].take_asked() {
                let endpoint = endpoint.clone();
                self.machine.handle(now, Command::Endpoint { endpoint, ticket, command }, out);
            }
        }
        let lost: Vec<_> =
            self.sessions.iter().filter(|o| o.is_lost(now)).map(|o| o.endpoint().clone()).collect();
        for endpoint in lost {
            if let Some(outbox) = self.session(&endpoint) {
                outbox.give_up();
            }
            self.detach(now, endpoint, out);
        }
    }

    fn entry(home: Home, facts: Vec<Fact>) -> event_log::Entry {
        event_log::Entry { home, facts: event_log::Facts::User(facts) }
    }

    fn changed_rows(&mut self) -> Rows {
        Rows::of_user(&mut self.machine)
    }
}

/// The answer of a push service comes to an endpoint that is none.
fn recognised(command: Command) -> Command {
    match command {
        Command::Relay { from, endpoint, ticket, payload } if endpoint == push::endpoint() => {
            match push::answer(&payload) {
                Some((push, refused)) => Command::PushAnswered { from, ticket, push, refused },
                None => Command::Relay { from, endpoint, ticket, payload },
            }
        }
        command => command,
    }
}

/// Whether an endpoint's command leads to a fact of its user; messages are the conversation's matter.
fn needs_log(command: &endpoint::Command) -> bool {
    use endpoint::{CategoryCommand as C, Command as E, RosterCommand as R};
    match command {
        E::Roster(R::Get { .. } | R::Blocked) => false,
        E::Roster(_) | E::SetManual(_) | E::EnablePush(_) | E::DisablePush { .. } => true,
        E::Category { command, .. } => !matches!(command, C::List | C::Read { .. } | C::Settings { .. }),
        _ => false,
    }
}

/// Other homes do not keep up with this one: what its own endpoints ask is refused, or given back to be handled.
fn refuse_more(ask: ToUser, out: &mut Out<Fact, Effect>) -> Option<ToUser> {
    match ask {
        ToUser::Asked { endpoint, ticket, command, .. }
            if !matches!(command, endpoint::Command::Confirm { .. }) =>
        {
            let refusal = Refusal::because(Reason::TryLater, "the server is overloaded; try again later");
            out.effects.push(Effect::ToEndpoint(endpoint, Event::Refused(ticket, refusal)));
            None
        }
        ask => Some(ask),
    }
}
