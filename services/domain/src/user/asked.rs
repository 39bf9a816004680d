//! What an endpoint asks: each command to its room, each ticket to its one answer.

use super::{Effect, User, UserOut};
use crate::{
    EndpointName, Reason, Refusal, Ticket, Timestamp,
    endpoint::{Answer, Command, Event, RosterCommand},
};

/// `Ok(Some)`: answer now; `Ok(None)`: another home will answer; `Err`: refused, nothing done.
pub(super) type Asked = Result<Option<Answer>, Refusal>;

/// Carried out, nothing more to say.
pub(super) const DONE: Asked = Ok(Some(Answer::Done));

impl User {
    pub(super) fn ask(
        &mut self,
        now: Timestamp,
        name: &EndpointName,
        ticket: Ticket,
        command: Command,
        out: &mut UserOut,
    ) {
        let asked = if self.endpoints.contains_key(name) {
            self.carry_out(now, name, ticket, command, out)
        } else {
            Err(Refusal::because(Reason::UnexpectedRequest, "this endpoint is not signed in"))
        };
        match asked {
            Ok(Some(answer)) => self.answered(name.clone(), ticket, Ok(answer), out),
            Ok(None) => {}
            Err(refusal) => {
                out.effects.push(Effect::ToEndpoint(name.clone(), Event::Refused(ticket, refusal)));
            }
        }
    }

    fn carry_out(
        &mut self,
        now: Timestamp,
        name: &EndpointName,
        ticket: Ticket,
        command: Command,
        out: &mut UserOut,
    ) -> Asked {
        match command {
            Command::Publish(state) => self.publish(name, state, out),
            Command::Unpublish { note } => self.unpublish(now, name, note.as_ref(), out),
            Command::Direct(directed) => self.direct(name, directed, out),
            Command::SetManual(state) => self.set_manual(state, out),
            Command::SetSource { source, state, until } => self.set_source(now, source, state, until, out),
            Command::Probe { to } => {
                let from = self.endpoint_id(name);
                out.effects.push(Effect::ToUser(to, super::Command::Probe { from }));
                DONE
            }
            Command::Send { to, endpoint, message } => self.send(name, ticket, to, endpoint, message, out),
            Command::Confirm { serial } => self.confirm(now, name, serial, out),
            Command::EnablePush(service) => self.enable_push(service, out),
            Command::DisablePush { address, node } => self.disable_push(&address, node, out),
            Command::Roster(command) => self.roster_asked(name, command, out),
            Command::Category { owner, command } => self.category(name, ticket, owner, command, out),
            Command::Relay { to, payload } => self.relay(name, ticket, to, payload, out),
            Command::Conference { conference, command } => {
                self.conference(name, ticket, conference, command, out)
            }
        }
    }

    fn roster_asked(&mut self, name: &EndpointName, command: RosterCommand, out: &mut UserOut) -> Asked {
        match command {
            RosterCommand::Get { version } => Ok(Some(self.read_roster(name, version))),
            RosterCommand::Set { address, name, groups } => self.set_contact(&address, name, groups, out),
            RosterCommand::Place { address, container } => self.place_contact(&address, container, out),
            RosterCommand::Remove { address } => self.remove_contact(&address, out),
            RosterCommand::Handshake { with, step, carried } => self.step_out(&with, step, carried, out),
            RosterCommand::Blocked => Ok(Some(self.read_blocked(name))),
            RosterCommand::Block(entries) => self.block(entries, out),
            RosterCommand::Unblock(entries) => self.unblock(&entries, out),
        }
    }

    /// Gives an endpoint the answer to its ticket; one that has gone meanwhile needs none.
    pub(super) fn answered(
        &mut self,
        name: EndpointName,
        ticket: Ticket,
        answer: Result<Answer, Refusal>,
        out: &mut UserOut,
    ) {
        if self.endpoints.contains_key(&name) {
            let event = match answer {
                Ok(answer) => Event::Done(ticket, answer),
                Err(refusal) => Event::Refused(ticket, refusal),
            };
            out.effects.push(Effect::ToEndpoint(name, event));
        }
    }

    /// Tells all endpoints that `wanted` picks the same.
    pub(super) fn tell_endpoints(
        &self,
        wanted: impl Fn(&crate::endpoint::Endpoint) -> bool,
        event: Event,
        out: &mut UserOut,
    ) {
        let names: Vec<_> =
            self.endpoints.iter().filter(|(_, e)| wanted(e)).map(|(name, _)| name.clone()).collect();
        match names.as_slice() {
            [] => {}
            [only] => out.effects.push(Effect::ToEndpoint(only.clone(), event)),
            _ => out.effects.push(Effect::ToEndpoints(names, event)),
        }
    }

    /// Tells one endpoint if it is named and picked, else all that are picked.
    pub(super) fn tell_one_or_all(
        &self,
        name: Option<EndpointName>,
        wanted: impl Fn(&crate::endpoint::Endpoint) -> bool,
        event: Event,
        out: &mut UserOut,
    ) {
        match name {
            Some(name) if self.endpoints.get(&name).is_some_and(&wanted) => {
                out.effects.push(Effect::ToEndpoint(name, event));
            }
            Some(_) => {}
            None => self.tell_endpoints(wanted, event, out),
        }
    }
}
