//! Strategies for conferences: what is asked of one, what it tells, what it answers.

use super::people::*;
use domain::{
    EndpointId,
    conversation::{
        Affiliation, Command, ConferenceAnswer, ConferenceCommand, ConferenceEvent, Configuration, Departure,
        HistoryWish, Occupant, Role, WhoMayInvite,
    },
    user::Standing,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use std::time::Duration;

fn configuration() -> impl Strategy<Value = Box<Configuration>> {
    let texts = (text(), text(), text(), maybe_text());
    let invite = select(vec![WhoMayInvite::Everyone, WhoMayInvite::Moderators]);
    (texts, any::<[bool; 9]>(), any::<[u32; 2]>(), invite).prop_map(
        |((name, description, language, password), b, [max_occupants, history], invite)| {
            Box::new(Configuration {
                name,
                description,
                language,
                persistent: b[0],
                public: b[1],
                members_only: b[2],
                moderated: b[3],
                whois_everyone: b[4],
                locked: b[5],
                password,
                max_occupants,
                anyone_sets_topic: b[6],
                invite,
                history,
                whispers: b[7],
                archived: b[8],
            })
        },
    )
}

fn departure() -> impl Strategy<Value = Departure> {
    prop_oneof![
        maybe_text().prop_map(|note| Departure::Left { note }),
        (name(), maybe_text()).prop_map(|(by, reason)| Departure::Kicked { by, reason }),
        (maybe_name(), maybe_text()).prop_map(|(by, reason)| Departure::Banned { by, reason }),
        (option::of(address()), maybe_text())
            .prop_map(|(alternate, reason)| Departure::Destroyed { alternate, reason }),
        select(vec![Departure::Vanished, Departure::NotMember, Departure::Shutdown]),
    ]
}

fn affiliation() -> impl Strategy<Value = Affiliation> {
    use Affiliation::{Admin, Member, None, Outcast, Owner};
    select(vec![None, Outcast, Member, Admin, Owner])
}

fn role() -> impl Strategy<Value = Role> {
    select(vec![Role::None, Role::Visitor, Role::Participant, Role::Moderator])
}

fn occupant() -> impl Strategy<Value = Occupant> {
    (name(), option::of(endpoint()), text(), affiliation(), role(), state()).prop_map(
        |(nick, endpoint, occupant_id, affiliation, role, state)| Occupant {
            nick,
            endpoint,
            occupant_id,
            affiliation,
            role,
            state,
        },
    )
}

fn history_wish() -> impl Strategy<Value = HistoryWish> {
    let within = option::of(any::<u64>().prop_map(Duration::from_millis));
    (option::of(any::<u32>()), option::of(any::<u32>()), within, option::of(time()))
        .prop_map(|(messages, bytes, within, since)| HistoryWish { messages, bytes, within, since })
}

pub(super) fn conference_command() -> impl Strategy<Value = ConferenceCommand> {
    use ConferenceCommand as C;
    one_of(vec![
        (name(), state(), maybe_text(), history_wish())
            .prop_map(|(nick, state, password, history)| C::Join { nick, state, password, history })
            .boxed(),
        (name(), state()).prop_map(|(nick, state)| C::Show { nick, state }).boxed(),
        maybe_text().prop_map(|note| C::Leave { note }).boxed(),
        message().prop_map(|message| C::Say { message }).boxed(),
        (name(), message()).prop_map(|(nick, message)| C::Whisper { nick, message }).boxed(),
        (text(), message()).prop_map(|(topic, message)| C::SetTopic { topic, message }).boxed(),
        (name(), role(), maybe_text())
            .prop_map(|(nick, role, reason)| C::SetRole { nick, role, reason })
            .boxed(),
        vec((address(), affiliation(), maybe_text()), 0..3)
            .prop_map(|changes| C::SetAffiliations { changes })
            .boxed(),
        affiliation().prop_map(|affiliation| C::ListAffiliation { affiliation }).boxed(),
        role().prop_map(|role| C::ListRole { role }).boxed(),
        configuration().prop_map(|configuration| C::Configure { configuration }).boxed(),
        (option::of(address()), maybe_text())
            .prop_map(|(alternate, reason)| C::Destroy { alternate, reason })
            .boxed(),
        (address(), maybe_text(), maybe_text())
            .prop_map(|(who, reason, continues)| C::Invite { who, reason, continues })
            .boxed(),
        (address(), maybe_text()).prop_map(|(to, reason)| C::Decline { to, reason }).boxed(),
        name().prop_map(|nick| C::SelfPing { nick }).boxed(),
        maybe_name().prop_map(|nick| C::ReserveNick { nick }).boxed(),
        (address(), vec(address(), 0..3), name(), state(), maybe_text())
            .prop_map(|(with, invite, nick, state, thread)| C::Escalate { with, invite, nick, state, thread })
            .boxed(),
        (name(), bytes()).prop_map(|(nick, payload)| C::Relay { nick, payload }).boxed(),
        select(vec![C::GetConfiguration, C::CancelConfiguration, C::RequestVoice]).boxed(),
        select(vec![C::ReservedNick, C::Describe, C::Occupants, C::ReadHistory]).boxed(),
    ])
}

pub(super) fn conversation_command() -> impl Strategy<Value = Command> {
    use Command as C;
    use Standing::{Blocked, Offline, Reachable, Unknown};
    let standing = select(vec![Reachable, Offline, Blocked, Unknown]);
    one_of(vec![
        (endpoint(), address(), maybe_name(), ticket(), message())
            .prop_map(|(from, to, endpoint, ticket, message)| C::Send { from, to, endpoint, ticket, message })
            .boxed(),
        (address(), address(), standing)
            .prop_map(|(of, towards, standing)| C::Standing { of, towards, standing })
            .boxed(),
        (address(), vec(any::<u64>(), 0..4)).prop_map(|(by, numbers)| C::Confirm { by, numbers }).boxed(),
        (endpoint(), ticket(), conference_command())
            .prop_map(|(from, ticket, command)| C::Conference { from, ticket, command })
            .boxed(),
        (endpoint(), departure()).prop_map(|(endpoint, how)| C::EndpointGone { endpoint, how }).boxed(),
        Just(C::End).boxed(),
    ])
}

pub(super) fn conference_event() -> impl Strategy<Value = ConferenceEvent> {
    use ConferenceEvent as E;
    let voice = |(endpoint, nick): (EndpointId, _)| E::VoiceRequested { endpoint, nick };
    one_of(vec![
        (occupant(), any::<[bool; 4]>())
            .prop_map(|(occupant, [own, created, whois_everyone, nick_assigned])| E::Present {
                occupant,
                own,
                created,
                whois_everyone,
                nick_assigned,
            })
            .boxed(),
        (occupant(), any::<bool>(), departure())
            .prop_map(|(occupant, own, how)| E::Gone { occupant, own, how })
            .boxed(),
        (occupant(), name(), any::<bool>())
            .prop_map(|(occupant, nick, own)| E::Renamed { occupant, nick, own })
            .boxed(),
        (text(), maybe_name(), option::of(time()), option::of(said()))
            .prop_map(|(topic, by, at, said)| E::Topic { topic, by, at, said })
            .boxed(),
        configuration().prop_map(|configuration| E::Reconfigured { configuration }).boxed(),
        (address(), affiliation()).prop_map(|(who, affiliation)| E::Affiliated { who, affiliation }).boxed(),
        (endpoint(), maybe_text(), maybe_text(), maybe_text())
            .prop_map(|(from, reason, password, continues)| E::Invited { from, reason, password, continues })
            .boxed(),
        (address(), maybe_text()).prop_map(|(from, reason)| E::Declined { from, reason }).boxed(),
        (endpoint(), name()).prop_map(voice).boxed(),
        (name(), bytes()).prop_map(|(nick, payload)| E::Relay { nick, payload }).boxed(),
    ])
}

pub(super) fn conference_answer() -> impl Strategy<Value = ConferenceAnswer> {
    use ConferenceAnswer as A;
    prop_oneof![
        configuration().prop_map(A::Configuration),
        vec((address(), affiliation(), maybe_name()), 0..3).prop_map(A::Affiliations),
        vec(occupant(), 0..3).prop_map(A::Roles),
        maybe_name().prop_map(A::ReservedNick),
        (configuration(), any::<u32>(), text()).prop_map(|(configuration, occupants, topic)| {
            A::Description { configuration, occupants, topic }
        }),
        vec(name(), 0..3).prop_map(A::Occupants),
        time().prop_map(|since| A::History { since }),
    ]
}
