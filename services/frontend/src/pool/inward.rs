//! From other nodes: to the actors of shards that are owned here, to the ports of sessions, to those who wait for answers.
//!
//! What is for a home that is not here is dropped: whoever said it hears, or has heard, that the home has moved, and says
//! again what is not answered.

use super::{
    Moved, Pool, PoolChange,
    ports::{HomesMoved, ToPort},
};
use crate::{
    entity::ToUser,
    session::{Line, SessionId, far::Far},
    shard::ToShard,
};
use bytes::Bytes;
use cluster::{
    NodeId, Receiver,
    wire::{Answer, Message, Question},
};
use domain::{Address, Home, Reason, Shard, user::Command};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;
use xmpp::stream::AskId;

/// What is asked of a user's home; anything else comes back.
pub(super) fn ask(
    message: Message,
    line: impl FnOnce(SessionId) -> Line,
) -> Result<(Address, ToUser), Box<Message>> {
    Ok(match message {
        Message::User { address, command } => (address, ToUser::Command(command)),
        Message::SetToken { user, token, credentials } => (user, ToUser::SetToken { token, credentials }),
        Message::Attach { user, endpoint, session, ask, credentials, again: None } => {
            (user, ToUser::Attach { endpoint, line: line(session), ask: AskId(ask), credentials })
        }
        Message::Attach { user, endpoint, session, credentials, again: Some(again), .. } => {
            (user, ToUser::AttachAgain { endpoint, line: line(session), credentials, again })
        }
        Message::Asked { user, endpoint, session, stanza, ticket, command } => {
            (user, ToUser::Asked { endpoint, session, stanza, ticket, command })
        }
        Message::Detach { user, endpoint, session } => (user, ToUser::Detach { endpoint, session }),
        Message::Parked { user, endpoint, session, parked } => {
            (user, ToUser::Waits { endpoint, session, waits: parked })
        }
        Message::Resumable { user, endpoint, session, id, window, handled, carbons } => {
            let window = Duration::from_millis(window);
            (user, ToUser::Resumable { endpoint, session, id: id.0, window, handled, carbons })
        }
        Message::Resume { user, id, session, ask, credentials, received } => {
            let (line, ask) = (line(session), AskId(ask));
            (user, ToUser::Resume { id: id.0, line, ask, credentials, received })
        }
        Message::Reached { user, endpoint, session, handled, sent, serial } => {
            (user, ToUser::Reached { endpoint, session, handled, sent, serial })
        }
        other => return Err(Box::new(other)),
    })
}

/// Whether an administrator can command this: everything else has a message of its own, and what a session says in it is
/// checked there.
fn is_administrative(command: &Command) -> bool {
    use Command::{CreateAccount, RemoveAccount, SetEnabled, SetPassword};
    matches!(command, CreateAccount { .. } | SetPassword { .. } | SetEnabled(_) | RemoveAccount)
}

impl Pool {
    /// For a home. An error: it has no room now.
    fn hear_home(&self, from: &NodeId, message: Message) -> Result<(), ()> {
        let line =
            |session: SessionId| Line::Far(Box::new(Far::new(self.clone(), from.clone(), session.number)));
        match ask(message, line) {
            Ok((user, ask)) => self.to_home(&Home::User(user.clone()), ToShard::User(user, ask)),
            Err(other) => match *other {
                Message::Users { addresses, command } => {
                    for user in addresses {
                        // Presence: what finds no room is told anew soon enough.
                        let ask = ToUser::Command(command.clone());
                        let _ = self.to_home(&Home::User(user.clone()), ToShard::User(user, ask));
                    }
                    Ok(())
                }
                Message::Conversation { id, command } => {
                    self.to_home(&Home::Conversation(id.clone()), ToShard::Conversation(id, command))
                }
                Message::Question { id, user, question } => self.answer(from, id, user, question),
                Message::List { id, shards, listing } => {
                    self.hear_listing(from, id, shards, listing);
                    Ok(())
                }
                other => {
                    self.hear_session(from, other);
                    Ok(())
                }
            },
        }
    }

    fn to_home(&self, home: &Home, message: ToShard) -> Result<(), ()> {
        let Some(started) = self.started() else { return Ok(()) };
        if let Some(actor) = self.home(home.shard(started.parts.log.shards())) {
            return actor.try_send(message).map_err(|_| ());
        }
        started.parts.meters.misdirected.up();
        Ok(())
    }

    fn tell_homes(&self, change: &PoolChange) {
        for home in self.homes() {
            let change = change.clone();
            self.0.runtime.spawn(async move { home.send(change).await });
        }
    }

    fn answer(&self, from: &NodeId, id: u64, user: Address, question: Question) -> Result<(), ()> {
        let home = Home::User(user.clone());
        let (pool, from) = (self.clone(), from.clone());
        macro_rules! asks {
            ($answer:path, $ask:expr) => {{
                let (reply, answer) = oneshot::channel();
                self.to_home(&home, ToShard::User(user, $ask(reply)))?;
                self.0.runtime.spawn(async move {
                    // A home that has moved meanwhile does not answer; who asked hears that it has.
                    if let Ok(answer) = answer.await {
                        pool.tell_node(&from, Message::Answer { id, answer: $answer(answer) });
                    }
                });
            }};
        }
        match question {
            Question::Credentials => asks!(Answer::Credentials, ToUser::Credentials),
            Question::LastSeen { asker } => {
                asks!(Answer::LastSeen, |reply| ToUser::LastSeen { asker, reply });
            }
            Question::Describe => asks!(Answer::Describe, ToUser::Describe),
            Question::Admin(command) if !is_administrative(&command) => {
                tracing::error!(%from, "a node asked something in an administrator's name that none can ask");
                self.tell_node(
                    &from,
                    Message::Answer { id, answer: Answer::Admin(Err(Reason::BadRequest.into())) },
                );
            }
            Question::Admin(command) => asks!(Answer::Admin, |reply| ToUser::Admin(command, reply)),
            Question::EndSessions(endpoint) => {
                self.to_home(&home, ToShard::User(user, ToUser::EndSessions(endpoint)))?;
            }
        }
        Ok(())
    }

    /// For a session here, or for somebody who waits for an answer.
    pub(super) fn hear_session(&self, from: &NodeId, message: Message) {
        let told = match message {
            Message::Event { session, event } => {
                self.tell_port(session.number, Some(from.clone()), ToPort::Event(event))
            }
            Message::Attached { session, ask, result } => {
                self.tell_port(session.number, Some(from.clone()), ToPort::Bound(AskId(ask), result))
            }
            Message::Resumed { session, ask, found } => {
                self.to_port(session.number, ToPort::Found(AskId(ask), found))
            }
            Message::LetGo { session, .. } => self.to_port(session.number, ToPort::LetGo),
            Message::Drain => {
                self.begin_drain();
                Ok(())
            }
            Message::Answer { id, answer } => {
                self.0.questions.answered(id, answer);
                Ok(())
            }
            _ => Ok(()),
        };
        if told.is_err() {
            tracing::error!("a port's mailbox is full: what a session was told is lost");
        }
    }
}

impl Receiver for Pool {
    fn message(&self, from: &NodeId, bytes: Bytes) -> Result<(), Bytes> {
        let message = match Message::decode(&bytes) {
            Ok((message, _)) => message,
            Err(error) => {
                tracing::error!(%from, %error, "a node said something that cannot be read");
                return Ok(());
            }
        };
        // What finds no room is offered again, and what comes behind it on this link waits.
        match message {
            Message::Event { session, event } => {
                let home = Some(from.clone());
                self.tell_port(session.number, home, ToPort::Event(event)).map_err(|_| bytes)
            }
            message => self.hear_home(from, message).map_err(|()| bytes),
        }
    }

    fn take(&self, shard: Shard) {
        self.take_shard(shard);
    }

    fn release(&self, shard: Shard, to: Option<NodeId>) {
        self.release_shard(shard, to.as_ref());
    }

    fn moved(&self, shards: &[Shard]) {
        self.0.moved.notify_waiters();
        let Some(started) = self.started() else { return };
        let moved = Arc::new(Moved::new(started.parts.log.shards(), shards));
        self.0.questions.moved(&moved);
        self.tell_homes(&PoolChange::Moved(Arc::clone(&moved)));
        for ports in &started.ports {
            // A full mailbox is waited for: this must not be lost.
            let (ports, moved) = (ports.clone(), HomesMoved(Arc::clone(&moved)));
            self.0.runtime.spawn(async move { ports.send(moved).await });
        }
    }

    fn gone(&self, node: &NodeId) {
        self.tell_homes(&PoolChange::Gone(node.clone()));
    }

    fn replaced(&self) {
        tracing::error!("another process has taken this node's name (--node): this one ends");
        std::process::exit(1);
    }

    fn joined(&self, node: &NodeId) {
        tracing::info!(%node, "a node has joined the pool");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{EndpointId, EndpointName, Timestamp};

    #[test]
    fn administrators_command_accounts_and_nothing_else() {
        let verifiers = Vec::new;
        for command in [
            Command::CreateAccount { verifiers: verifiers(), at: Timestamp(1) },
            Command::SetPassword { verifiers: verifiers() },
            Command::SetEnabled(false),
            Command::RemoveAccount,
        ] {
            assert!(is_administrative(&command), "{command:?}");
        }
        let mallory = Address::parse("mallory@linnet.test").expect("an address");
        let from = EndpointId::new(mallory, EndpointName::parse("desk").expect("a name"));
        assert!(!is_administrative(&Command::Probe { from }));
    }
}
