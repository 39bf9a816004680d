//! Strategies for what homes and endpoints ask of a user's home.

use super::{
    conferences::{conference_command, conference_event},
    events::answer,
    people::*,
};
use domain::{
    endpoint::{self, CategoryCommand, Directed, RosterCommand},
    presentity::Source,
    user::Command,
};
use proptest::{collection::vec, option, prelude::*, result::maybe_err, sample::select};

pub(super) fn user_command() -> impl Strategy<Value = Command> {
    use Command as C;
    one_of(vec![
        (address(), handshake(), bytes())
            .prop_map(|(from, step, carried)| C::Handshake { from, step, carried })
            .boxed(),
        endpoint().prop_map(|from| C::Probe { from }).boxed(),
        (maybe_name(), notice()).prop_map(|(endpoint, notice)| C::Notice { endpoint, notice }).boxed(),
        (endpoint(), maybe_name(), maybe_state(), maybe_text())
            .prop_map(|(from, endpoint, state, note)| C::Directed { from, endpoint, state, note })
            .boxed(),
        (maybe_name(), category_notice())
            .prop_map(|(endpoint, notice)| C::Category { endpoint, notice })
            .boxed(),
        (endpoint(), ticket(), category_command())
            .prop_map(|(from, ticket, command)| C::CategoryAsked { from, ticket, command })
            .boxed(),
        (endpoint(), name(), ticket(), bytes())
            .prop_map(|(from, endpoint, ticket, payload)| C::Relay { from, endpoint, ticket, payload })
            .boxed(),
        (id(), address())
            .prop_map(|(conversation, towards)| C::AskStanding { conversation, towards })
            .boxed(),
        id().prop_map(|conversation| C::ForgetConversation { conversation }).boxed(),
        (maybe_name(), said(), any::<bool>())
            .prop_map(|(endpoint, said, late)| C::Deliver { endpoint, said, late })
            .boxed(),
        (ticket(), said(), any::<bool>())
            .prop_map(|(ticket, said, again)| C::Sent { ticket, said, again })
            .boxed(),
        (name(), ticket(), maybe_err(answer(), refusal()))
            .prop_map(|(endpoint, ticket, answer)| C::Answer { endpoint, ticket, answer })
            .boxed(),
        (maybe_name(), address(), conference_event())
            .prop_map(|(endpoint, conference, event)| C::Conference {
                endpoint,
                conference,
                event: event.into(),
            })
            .boxed(),
        (endpoint(), ticket(), ticket(), any::<bool>())
            .prop_map(|(from, ticket, push, refused)| C::PushAnswered { from, ticket, push, refused })
            .boxed(),
        token().prop_map(|token| C::SetToken { token }).boxed(),
        text().prop_map(|client| C::RemoveToken { client: client.to_string() }).boxed(),
        admin_command().boxed(),
    ])
}

pub(super) fn admin_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        (verifiers(), time()).prop_map(|(verifiers, at)| Command::CreateAccount { verifiers, at }),
        verifiers().prop_map(|verifiers| Command::SetPassword { verifiers }),
        any::<bool>().prop_map(Command::SetEnabled),
        Just(Command::RemoveAccount),
    ]
}

pub(super) fn endpoint_command() -> impl Strategy<Value = endpoint::Command> {
    use endpoint::Command as C;
    let source = select(vec![Source::Calendar, Source::Call]);
    one_of(vec![
        state().prop_map(C::Publish).boxed(),
        maybe_text().prop_map(|note| C::Unpublish { note }).boxed(),
        (address(), maybe_name(), maybe_state(), maybe_text())
            .prop_map(|(to, endpoint, state, note)| C::Direct(Directed { to, endpoint, state, note }))
            .boxed(),
        maybe_state().prop_map(C::SetManual).boxed(),
        (source, maybe_state(), option::of(time()))
            .prop_map(|(source, state, until)| C::SetSource { source, state, until })
            .boxed(),
        address().prop_map(|to| C::Probe { to }).boxed(),
        (address(), maybe_name(), message())
            .prop_map(|(to, endpoint, message)| C::Send { to, endpoint, message })
            .boxed(),
        any::<u64>().prop_map(|serial| C::Confirm { serial }).boxed(),
        push_service().prop_map(C::EnablePush).boxed(),
        (endpoint(), maybe_text()).prop_map(|(address, node)| C::DisablePush { address, node }).boxed(),
        roster_command().prop_map(C::Roster).boxed(),
        (address(), category_command()).prop_map(|(owner, command)| C::Category { owner, command }).boxed(),
        (endpoint(), bytes()).prop_map(|(to, payload)| C::Relay { to, payload }).boxed(),
        (address(), conference_command())
            .prop_map(|(conference, command)| C::Conference { conference, command })
            .boxed(),
    ])
}

pub(super) fn roster_command() -> impl Strategy<Value = RosterCommand> {
    use RosterCommand as C;
    prop_oneof![
        option::of(any::<u64>()).prop_map(|version| C::Get { version }),
        (address(), maybe_text(), vec(text(), 0..3)).prop_map(|(address, name, groups)| C::Set {
            address,
            name,
            groups
        }),
        (address(), container()).prop_map(|(address, container)| C::Place { address, container }),
        address().prop_map(|address| C::Remove { address }),
        (address(), handshake(), bytes()).prop_map(|(with, step, carried)| C::Handshake {
            with,
            step,
            carried
        }),
        Just(C::Blocked),
        vec(address(), 0..3).prop_map(C::Block),
        vec(address(), 0..3).prop_map(C::Unblock),
    ]
}

pub(super) fn category_command() -> impl Strategy<Value = CategoryCommand> {
    use CategoryCommand as C;
    prop_oneof![
        Just(C::List),
        (text(), vec(text(), 0..3), option::of(any::<u32>())).prop_map(|(category, ids, max)| C::Read {
            category,
            ids,
            max
        }),
        (text(), text(), bytes(), option::of(settings()))
            .prop_map(|(category, id, content, settings)| C::Publish { category, id, content, settings }),
        (text(), text(), any::<bool>()).prop_map(|(category, id, notify)| C::Retract {
            category,
            id,
            notify
        }),
        text().prop_map(|category| C::Purge { category }),
        (text(), option::of(settings())).prop_map(|(category, settings)| C::Create { category, settings }),
        text().prop_map(|category| C::Delete { category }),
        text().prop_map(|category| C::Settings { category }),
        (text(), settings()).prop_map(|(category, settings)| C::Configure { category, settings }),
    ]
}
