//! Every kind of message survives the way to bytes and back, whatever it holds; what is none is refused.

mod commands;
mod conferences;
mod events;
mod golden;
mod people;
mod refused;
mod sessions;

use super::{Message, Origin, SessionId};
use domain::{
    Shard, Ticket,
    endpoint::{self, Answer, Event},
    user,
};
use people::{address, id};
use proptest::{collection::vec, option, prelude::*};

fn origin() -> impl Strategy<Value = Option<Origin>> {
    option::of((any::<u16>(), any::<u64>()).prop_map(|(shard, epoch)| Origin { shard: Shard(shard), epoch }))
}

fn message() -> impl Strategy<Value = Message> {
    let commands = || commands::user_command().boxed();
    people::one_of(vec![
        (address(), commands()).prop_map(|(address, command)| Message::User { address, command }).boxed(),
        (vec(address(), 0..3), commands())
            .prop_map(|(addresses, command)| Message::Users { addresses, command })
            .boxed(),
        (id(), conferences::conversation_command())
            .prop_map(|(id, command)| Message::Conversation { id, command })
            .boxed(),
        sessions::of_sessions().boxed(),
        sessions::questions().boxed(),
        Just(Message::Unknown).boxed(),
    ])
}

fn survives(message: &Message, from: Option<Origin>) -> Result<(), TestCaseError> {
    let bytes = message.encode(from);
    let (decoded, origin) = match Message::decode(&bytes) {
        Ok(decoded) => decoded,
        Err(error) => return Err(TestCaseError::fail(format!("{error}: {message:?}"))),
    };
    prop_assert_eq!(origin, from);
    // Commands and events have no equality; what they show and what they encode to have.
    prop_assert_eq!(format!("{decoded:?}"), format!("{message:?}"));
    prop_assert_eq!(decoded.encode(from), bytes);
    Ok(())
}

const SESSION: SessionId = SessionId { node: 1, number: 2 };

fn asked(command: endpoint::Command) -> Message {
    let user = domain::Address::parse("alice@example.org").expect("an address");
    let endpoint = domain::EndpointName::nameless();
    Message::Asked { user, endpoint, session: SESSION, stanza: 3, ticket: Ticket(4), command }
}

fn told(event: Event) -> Message {
    Message::Event { session: SESSION, event }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn commands_to_users_survive(from in origin(), address in address(), command in commands::user_command()) {
        survives(&Message::User { address, command }, from)?;
    }

    #[test]
    fn commands_to_conversations_survive(from in origin(), id in id(), command in conferences::conversation_command()) {
        survives(&Message::Conversation { id, command }, from)?;
    }

    #[test]
    fn what_sessions_say_and_hear_survives(from in origin(), message in sessions::of_sessions()) {
        survives(&message, from)?;
    }

    #[test]
    fn what_endpoints_ask_survives(command in commands::endpoint_command()) {
        survives(&asked(command), None)?;
    }

    #[test]
    fn what_endpoints_ask_of_rosters_survives(command in commands::roster_command()) {
        survives(&asked(endpoint::Command::Roster(command)), None)?;
    }

    #[test]
    fn what_endpoints_ask_of_categories_survives(owner in address(), command in commands::category_command()) {
        survives(&asked(endpoint::Command::Category { owner, command }), None)?;
    }

    #[test]
    fn what_endpoints_ask_of_conferences_survives(conference in address(), command in conferences::conference_command()) {
        survives(&asked(endpoint::Command::Conference { conference, command }), None)?;
    }

    #[test]
    fn events_survive(event in events::event()) {
        survives(&told(event), None)?;
    }

    #[test]
    fn events_of_conferences_survive(conference in address(), event in conferences::conference_event()) {
        survives(&told(Event::Conference { conference, event: event.into() }), None)?;
    }

    #[test]
    fn answers_survive(answer in events::answer()) {
        survives(&told(Event::Done(Ticket(1), answer)), None)?;
    }

    #[test]
    fn answers_of_conferences_survive(answer in conferences::conference_answer()) {
        survives(&told(Event::Done(Ticket(1), Answer::Conference(answer))), None)?;
    }

    #[test]
    fn refusals_survive(refusal in people::refusal()) {
        survives(&told(Event::Refused(Ticket(1), refusal)), None)?;
    }

    #[test]
    fn questions_and_their_answers_survive(message in sessions::questions()) {
        survives(&message, None)?;
    }

    #[test]
    fn any_message_survives(from in origin(), message in message()) {
        survives(&message, from)?;
    }

    /// Cut short or garbled, it is another message or refused; nothing panics.
    #[test]
    fn damaged_messages_are_read_or_refused(
        message in message(), cut in any::<prop::sample::Index>(), damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
    ) {
        let whole = message.encode(None);
        let _ = Message::decode(&whole[..cut.index(whole.len() + 1)]);
        if !whole.is_empty() {
            let mut garbled = whole.to_vec();
            for (at, byte) in damage {
                garbled[at.index(whole.len())] = byte;
            }
            let _ = Message::decode(&garbled);
        }
    }

    #[test]
    fn any_bytes_are_a_message_or_refused(bytes in vec(any::<u8>(), 0..64)) {
        let _ = Message::decode(&bytes);
    }
}

#[test]
fn what_is_shared_by_many_is_read_once() {
    use domain::presentity::{Aggregate, Availability, Notice};
    let address = |name: &str| domain::Address::parse(&format!("{name}@example.org")).expect("an address");
    let aggregate =
        Aggregate { availability: Availability::Away, activity: None, note: None, last_seen: None };
    let notice = Notice {
        presentity: address("alice"),
        endpoint: None,
        state: None,
        parting: None,
        aggregate: aggregate.into(),
    };
    let command = user::Command::Notice { endpoint: None, notice: notice.into() };
    let message = Message::Users { addresses: vec![address("bob"), address("carol")], command };
    let Ok((Message::Users { addresses, command }, None)) = Message::decode(&message.encode(None)) else {
        panic!("another kind");
    };
    assert_eq!(addresses.len(), 2);
    let user::Command::Notice { notice, .. } = command.clone() else { panic!("another command") };
    let user::Command::Notice { notice: again, .. } = command else { panic!("another command") };
    assert!(std::sync::Arc::ptr_eq(&notice, &again));
}
