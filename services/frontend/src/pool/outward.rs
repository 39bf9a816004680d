//! To homes: to the actor of a shard that is owned here, or as a message to the node that owns it. What a session asks
//! passes its port first.

#![allow(clippy::result_large_err, reason = "what is refused comes back to be tried again, and seldom is")]

use super::{Pool, ports::ToPort, questions::Reply};
use crate::{
    entity::ToUser,
    router::Busy,
    session::{Line, SessionId, far::Far},
    shard::ToShard,
};
use bytes::Bytes;
use cluster::{
    Owner,
    wire::{Message, Question, ResumptionId},
};
use domain::{Address, Home, Shard, user};
use std::collections::BTreeMap;

impl Pool {
    /// To an entity of this shard.
    pub(crate) fn send(&self, shard: Shard, message: ToShard) -> Result<(), Busy<ToShard>> {
        match message {
            ToShard::User(address, ask) => self
                .ask_user(shard, address, ask)
                .map_err(|Busy((address, ask))| Busy(ToShard::User(address, ask))),
            ToShard::Conversation(id, command) => match self.cluster().owner(shard) {
                Owner::Here { .. } => self.to_actor(shard, ToShard::Conversation(id, command)),
                Owner::There { node, .. } => {
                    let message = Message::Conversation { id, command };
                    let sent = self.cluster().send(&node, message.encode(None)).is_ok();
                    match message {
                        Message::Conversation { id, command } if !sent => {
                            Err(Busy(ToShard::Conversation(id, command)))
                        }
                        _ => Ok(()),
                    }
                }
                Owner::Nobody => Err(Busy(ToShard::Conversation(id, command))),
            },
        }
    }

    fn to_actor(&self, shard: Shard, message: ToShard) -> Result<(), Busy<ToShard>> {
        match self.home(shard) {
            Some(actor) => actor.try_send(message).map_err(|refused| Busy(refused.into_inner())),
            None => Err(Busy(message)),
        }
    }

    /// Whether this user's home is anybody's.
    pub(crate) fn has_home(&self, shard: Shard) -> bool {
        match self.cluster().owner(shard) {
            Owner::Here { .. } => self.home(shard).is_some(),
            Owner::There { .. } => true,
            Owner::Nobody => false,
        }
    }

    fn ask_user(&self, shard: Shard, user: Address, ask: ToUser) -> Result<(), Busy<(Address, ToUser)>> {
        let ask = match self.pass_port(&user, ask) {
            Ok(Some(ask)) => ask,
            Ok(None) => return Ok(()),
            Err(ask) => return Err(Busy((user, ask))),
        };
        match self.cluster().owner(shard) {
            Owner::Here { .. } => {
                self.to_actor(shard, ToShard::User(user, ask)).map_err(|Busy(back)| match back {
                    ToShard::User(user, ask) => Busy((user, ask)),
                    ToShard::Conversation(..) => unreachable!("what was sent comes back"),
                })
            }
            Owner::There { node, .. } => {
                self.write(&user, ask, |bytes| self.cluster().send(&node, bytes).is_ok())
            }
            Owner::Nobody => Err(Busy((user, ask))),
        }
    }

    /// What a session here says leaves a trace at its port, and has a way back that leads there. `None`: it was for the
    /// port alone. An error: there is no room there.
    fn pass_port(&self, user: &Address, ask: ToUser) -> Result<Option<ToUser>, ToUser> {
        let far =
            |pool: &Self, number| Line::Far(Box::new(Far::new(pool.clone(), pool.me().clone(), number)));
        match ask {
            ToUser::Attach { endpoint, line: Line::Near(inbox), ask, credentials } => {
                let number = inbox.session.number;
                let open =
                    ToPort::Open { user: user.clone(), endpoint: endpoint.clone(), inbox, credentials };
                match self.to_port(number, open) {
                    Ok(()) => {
                        let line = far(self, number);
                        Ok(Some(ToUser::Attach { endpoint, line, ask, credentials }))
                    }
                    Err(ToPort::Open { inbox, .. }) => {
                        Err(ToUser::Attach { endpoint, line: Line::Near(inbox), ask, credentials })
                    }
                    Err(_) => unreachable!("what was sent comes back"),
                }
            }
            ToUser::AttachAgain { endpoint, line: Line::Near(inbox), credentials, again } => {
                // A session that was taken up from a node that is gone has no port yet.
                let number = inbox.session.number;
                let open =
                    ToPort::Open { user: user.clone(), endpoint: endpoint.clone(), inbox, credentials };
                match self.to_port(number, open) {
                    Ok(()) => {
                        let line = far(self, number);
                        Ok(Some(ToUser::AttachAgain { endpoint, line, credentials, again }))
                    }
                    Err(ToPort::Open { inbox, .. }) => {
                        let line = Line::Near(inbox);
                        Err(ToUser::AttachAgain { endpoint, line, credentials, again })
                    }
                    Err(_) => unreachable!("what was sent comes back"),
                }
            }
            ToUser::Resume { id, line: Line::Near(inbox), ask, credentials, received } => {
                let number = inbox.session.number;
                match self.to_port(number, ToPort::Taker { inbox, ask }) {
                    Ok(()) => {
                        let line = far(self, number);
                        Ok(Some(ToUser::Resume { id, line, ask, credentials, received }))
                    }
                    Err(ToPort::Taker { inbox, ask }) => {
                        let line = Line::Near(inbox);
                        Err(ToUser::Resume { id, line, ask, credentials, received })
                    }
                    Err(_) => unreachable!("what was sent comes back"),
                }
            }
            ToUser::Park { endpoint, parked } => {
                let session = self.here(parked.session);
                match self.to_port(session.number, ToPort::Park(parked)) {
                    Ok(()) => Ok(Some(ToUser::Waits { endpoint, session, waits: true })),
                    Err(ToPort::Park(parked)) => Err(ToUser::Park { endpoint, parked }),
                    Err(_) => unreachable!("what was sent comes back"),
                }
            }
            ToUser::Answered { endpoint, session, ask, answer } => {
                match self.to_port(session.number, ToPort::Answered(ask, answer)) {
                    Ok(()) => Ok(None),
                    Err(ToPort::Answered(ask, answer)) => {
                        Err(ToUser::Answered { endpoint, session, ask, answer })
                    }
                    Err(_) => unreachable!("what was sent comes back"),
                }
            }
            ToUser::NotWanted { endpoint, id, session } => {
                match self.to_port(session.number, ToPort::NotWanted(id)) {
                    Ok(()) => Ok(None),
                    Err(ToPort::NotWanted(id)) => Err(ToUser::NotWanted { endpoint, id, session }),
                    Err(_) => unreachable!("what was sent comes back"),
                }
            }
            ToUser::Detach { endpoint, session } => match self.to_port(session.number, ToPort::Close) {
                Ok(()) => Ok(Some(ToUser::Detach { endpoint, session: self.here(session) })),
                Err(_) => Err(ToUser::Detach { endpoint, session }),
            },
            ToUser::Asked { endpoint, session, stanza, ticket, command } => {
                Ok(Some(ToUser::Asked { endpoint, session: self.here(session), stanza, ticket, command }))
            }
            ToUser::Reached { endpoint, session, handled, sent, serial } => {
                let session = self.here(session);
                Ok(Some(ToUser::Reached { endpoint, session, handled, sent, serial }))
            }
            ToUser::Resumable { endpoint, session, id, window, handled, carbons } => {
                let session = self.here(session);
                Ok(Some(ToUser::Resumable { endpoint, session, id, window, handled, carbons }))
            }
            other => Ok(Some(other)),
        }
    }

    /// A session of this node as others know it.
    pub(super) fn here(&self, session: SessionId) -> SessionId {
        SessionId { node: self.me().incarnation, ..session }
    }

    /// Writes what is asked of a home elsewhere, and gives it back if it cannot be sent.
    fn write(
        &self,
        user: &Address,
        ask: ToUser,
        send: impl FnOnce(Bytes) -> bool,
    ) -> Result<(), Busy<(Address, ToUser)>> {
        let user_ = user.clone();
        let back = |ask| Err(Busy((user.clone(), ask)));
        let message = match ask {
            ToUser::Credentials(reply) => {
                return self.question(user, Question::Credentials, Reply::Credentials(reply), send);
            }
            ToUser::LastSeen { asker, reply } => {
                return self.question(user, Question::LastSeen { asker }, Reply::LastSeen(reply), send);
            }
            ToUser::Describe(reply) => {
                return self.question(user, Question::Describe, Reply::Describe(reply), send);
            }
            ToUser::Admin(command, reply) => {
                return self.question(user, Question::Admin(command), Reply::Admin(reply), send);
            }
            ToUser::EndSessions(endpoint) => {
                let (reply, _) = tokio::sync::oneshot::channel();
                return self.question(user, Question::EndSessions(endpoint), Reply::Admin(reply), send);
            }
            ToUser::Command(command) => Message::User { address: user_, command },
            ToUser::SetToken { token, credentials } => Message::SetToken { user: user_, token, credentials },
            ToUser::Attach { endpoint, line, ask, credentials } => Message::Attach {
                user: user_,
                endpoint,
                session: line.session(),
                ask: ask.0,
                credentials,
                again: None,
            },
            ToUser::AttachAgain { endpoint, line, credentials, again } => Message::Attach {
                user: user_,
                endpoint,
                session: line.session(),
                ask: crate::session::far::AGAIN.0,
                credentials,
                again: Some(again),
            },
            ToUser::Asked { endpoint, session, stanza, ticket, command } => {
                Message::Asked { user: user_, endpoint, session, stanza, ticket, command }
            }
            ToUser::Detach { endpoint, session } => Message::Detach { user: user_, endpoint, session },
            ToUser::Waits { endpoint, session, waits } => {
                Message::Parked { user: user_, endpoint, session, parked: waits }
            }
            ToUser::Resumable { endpoint, session, id, window, handled, carbons } => Message::Resumable {
                user: user_,
                endpoint,
                session,
                id: ResumptionId(id),
                window: u64::try_from(window.as_millis()).unwrap_or(u64::MAX),
                handled,
                carbons,
            },
            ToUser::Resume { id, line, ask, credentials, received } => Message::Resume {
                user: user_,
                id: ResumptionId(id),
                session: line.session(),
                ask: ask.0,
                credentials,
                received,
            },
            ToUser::Reached { endpoint, session, handled, sent, serial } => {
                Message::Reached { user: user_, endpoint, session, handled, sent, serial }
            }
            // For a port, which has it by now.
            ToUser::Park { .. } | ToUser::NotWanted { .. } | ToUser::Answered { .. } => return Ok(()),
        };
        if send(message.encode(None)) { Ok(()) } else { back(self.unwrite(message)) }
    }

    /// What was to be asked, of a message that could not be sent.
    fn unwrite(&self, message: Message) -> ToUser {
        let far = |session: SessionId| {
            Line::Far(Box::new(Far::new(self.clone(), self.me().clone(), session.number)))
        };
        match super::inward::ask(message, far) {
            Ok((_, ask)) => ask,
            Err(_) => unreachable!("only what is asked of a home is written"),
        }
    }

    fn question(
        &self,
        user: &Address,
        question: Question,
        reply: Reply,
        send: impl FnOnce(Bytes) -> bool,
    ) -> Result<(), Busy<(Address, ToUser)>> {
        let id = self.0.questions.ask(user, reply);
        let message = Message::Question { id, user: user.clone(), question };
        if send(message.encode(None)) {
            return Ok(());
        }
        let Message::Question { question, .. } = message else { unreachable!("it was made above") };
        let ask = match (question, self.0.questions.take(id)) {
            (_, Some(Reply::Credentials(reply))) => ToUser::Credentials(reply),
            (Question::LastSeen { asker }, Some(Reply::LastSeen(reply))) => ToUser::LastSeen { asker, reply },
            (_, Some(Reply::Describe(reply))) => ToUser::Describe(reply),
            (Question::Admin(command), Some(Reply::Admin(reply))) => ToUser::Admin(command, reply),
            (Question::EndSessions(endpoint), _) => ToUser::EndSessions(endpoint),
            // Its home moved this moment: whoever asks hears that already.
            _ => return Ok(()),
        };
        Err(Busy((user.clone(), ask)))
    }

    /// The same to many users: written once for each node. Answers for how many there was no room.
    pub(crate) fn tell_users(
        &self,
        count: domain::ShardCount,
        users: &[Address],
        command: &user::Command,
    ) -> usize {
        let mut left = 0;
        let mut elsewhere: BTreeMap<_, Vec<Address>> = BTreeMap::new();
        for user in users {
            let shard = Home::User(user.clone()).shard(count);
            match self.cluster().owner(shard) {
                Owner::Here { .. } => {
                    let message = ToShard::User(user.clone(), ToUser::Command(command.clone()));
                    left += usize::from(self.to_actor(shard, message).is_err());
                }
                Owner::There { node, .. } => elsewhere.entry(node).or_default().push(user.clone()),
                Owner::Nobody => left += 1,
            }
        }
        for (node, addresses) in elsewhere {
            let message = Message::Users { addresses, command: command.clone() };
            if self.cluster().send(&node, message.encode(None)).is_err()
                && let Message::Users { addresses, .. } = message
            {
                left += addresses.len();
            }
        }
        left
    }
}
