//! Strategies for what sessions and homes say of the sessions themselves, and for questions.

use super::{
    commands::{admin_command, endpoint_command},
    events::event,
    people::*,
};
use crate::wire::{
    Account, Again, Answer, Credentials, Found, ListedConference, Listing, Message, Question, ResumptionId,
    SessionId,
};
use domain::{EndpointId, Shard, user::LastActivity};
use proptest::{collection::vec, option, prelude::*, result::maybe_err};

fn session() -> impl Strategy<Value = SessionId> {
    (any::<u64>(), any::<u64>()).prop_map(|(node, number)| SessionId { node, number })
}

fn resumption() -> impl Strategy<Value = ResumptionId> {
    text().prop_map(ResumptionId)
}

fn again() -> impl Strategy<Value = Again> {
    let wishes = (any::<[bool; 3]>(), any::<u32>(), vec((address(), name()), 0..3));
    (option::of(resumption()), maybe_state(), wishes).prop_map(
        |(resumable, state, ([carbons, roster, blocked], handled, conferences))| Again {
            resumable,
            handled,
            state,
            carbons,
            roster,
            blocked,
            conferences,
        },
    )
}

fn found() -> impl Strategy<Value = Option<Box<Found>>> {
    let found = ((address(), name()), session(), any::<u32>(), again()).prop_map(
        |((user, name), former, handled, again)| {
            Box::new(Found { endpoint: EndpointId::new(user, name), former, handled, again })
        },
    );
    option::of(found)
}

pub(super) fn of_sessions() -> impl Strategy<Value = Message> {
    use Message as M;
    let which = || (address(), name(), session());
    one_of(vec![
        (which(), any::<u32>(), ticket(), endpoint_command())
            .prop_map(|((user, endpoint, session), stanza, ticket, command)| M::Asked {
                user,
                endpoint,
                session,
                stanza,
                ticket,
                command,
            })
            .boxed(),
        (which(), any::<u64>(), any::<u64>(), option::of(again().prop_map(Box::new)))
            .prop_map(|((user, endpoint, session), ask, credentials, again)| M::Attach {
                user,
                endpoint,
                session,
                ask,
                credentials,
                again,
            })
            .boxed(),
        which().prop_map(|(user, endpoint, session)| M::Detach { user, endpoint, session }).boxed(),
        (which(), any::<bool>())
            .prop_map(|((user, endpoint, session), parked)| M::Parked { user, endpoint, session, parked })
            .boxed(),
        (which(), resumption(), any::<u64>(), any::<u32>(), any::<bool>())
            .prop_map(|((user, endpoint, session), id, window, handled, carbons)| M::Resumable {
                user,
                endpoint,
                session,
                id,
                window,
                handled,
                carbons,
            })
            .boxed(),
        (which(), any::<[u32; 2]>(), any::<u64>())
            .prop_map(|((user, endpoint, session), [handled, sent], serial)| M::Reached {
                user,
                endpoint,
                session,
                handled,
                sent,
                serial,
            })
            .boxed(),
        (address(), resumption(), session(), any::<[u64; 2]>(), any::<u32>())
            .prop_map(|(user, id, session, [ask, credentials], received)| M::Resume {
                user,
                id,
                session,
                ask,
                credentials,
                received,
            })
            .boxed(),
        (address(), token(), any::<u64>())
            .prop_map(|(user, token, credentials)| M::SetToken { user, token, credentials })
            .boxed(),
        (session(), event()).prop_map(|(session, event)| M::Event { session, event }).boxed(),
        (session(), any::<u64>(), maybe_err(Just(()), refusal()))
            .prop_map(|(session, ask, result)| M::Attached { session, ask, result })
            .boxed(),
        (session(), any::<u64>(), found())
            .prop_map(|(session, ask, found)| M::Resumed { session, ask, found })
            .boxed(),
        (session(), resumption()).prop_map(|(session, id)| M::LetGo { session, id }).boxed(),
    ])
}

fn question() -> impl Strategy<Value = Question> {
    prop_oneof![
        Just(Question::Credentials),
        address().prop_map(|asker| Question::LastSeen { asker }),
        Just(Question::Describe),
        admin_command().prop_map(Question::Admin),
        maybe_name().prop_map(Question::EndSessions),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let credentials = (verifiers(), vec(token(), 0..3), any::<bool>(), any::<u64>())
        .prop_map(|(verifiers, tokens, enabled, number)| Credentials { verifiers, tokens, enabled, number });
    let last =
        prop_oneof![Just(LastActivity::Now), time().prop_map(LastActivity::At), Just(LastActivity::Never)];
    let account = (address(), any::<bool>(), time(), option::of(time()), vec(name(), 0..3)).prop_map(
        |(address, enabled, created, last_seen, endpoints)| Account {
            address,
            enabled,
            created,
            last_seen,
            endpoints,
        },
    );
    prop_oneof![
        credentials.prop_map(Answer::Credentials),
        option::of(last).prop_map(Answer::LastSeen),
        option::of(account).prop_map(Answer::Describe),
        maybe_err(Just(()), refusal()).prop_map(Answer::Admin),
        lists(),
    ]
}

fn lists() -> impl Strategy<Value = Answer> {
    let conference = (address(), text(), any::<u32>())
        .prop_map(|(address, name, occupants)| ListedConference { address, name, occupants });
    prop_oneof![
        (vec(address(), 0..3), any::<bool>()).prop_map(|(addresses, more)| Answer::Users { addresses, more }),
        (vec(conference, 0..3), any::<bool>())
            .prop_map(|(conferences, more)| Answer::Conferences { conferences, more }),
        any::<u64>().prop_map(Answer::Count),
        Just(Answer::NotOwner),
    ]
}

fn listing() -> impl Strategy<Value = Listing> {
    let (after, max) = (|| option::of(address()), any::<u32>);
    prop_oneof![
        (after(), max()).prop_map(|(after, max)| Listing::Users { after, max }),
        (after(), max()).prop_map(|(after, max)| Listing::Conferences { after, max }),
        Just(Listing::CountUsers),
    ]
}

pub(super) fn questions() -> impl Strategy<Value = Message> {
    prop_oneof![
        (any::<u64>(), address(), question()).prop_map(|(id, user, question)| Message::Question {
            id,
            user,
            question
        }),
        (any::<u64>(), answer()).prop_map(|(id, answer)| Message::Answer { id, answer }),
        (any::<u64>(), vec(any::<u16>().prop_map(Shard), 0..3), listing())
            .prop_map(|(id, shards, listing)| Message::List { id, shards, listing }),
    ]
}
