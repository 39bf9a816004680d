//! Every kind of fact survives the way to bytes and back; what is no record is refused.

use super::*;
use domain::{
    EndpointId, EndpointName, Message, Timestamp,
    account::{PushService, ScramHash, Token, Verifier},
    category::{Access, Item, Settings},
    conversation::{self, Affiliation, Configuration, Departure, Readers, Role, WhoMayInvite},
    endpoint::{Rendered, Said},
    message::{MessageKind, Traits},
    presentity::{Activity, Availability, Container, State},
    roster::{Contact, Subscription},
    user,
};
use proptest::{option, prelude::*, sample::select};
use std::sync::Arc;

fn address() -> impl Strategy<Value = Address> {
    select(vec!["alice@example.org", "bürgi@münchen.example", "example.org", "a.b-c+d@x.example"])
        .prop_map(|text| Address::parse(text).expect("an address"))
}

fn name() -> impl Strategy<Value = EndpointName> {
    let names = select(vec!["phone", "desk/2 left", "Büro ☎"]).prop_map(EndpointName::parse);
    prop_oneof![3 => names.prop_map(|name| name.expect("a name")), 1 => Just(EndpointName::nameless())]
}

fn endpoint() -> impl Strategy<Value = EndpointId> {
    (address(), name()).prop_map(|(user, name)| EndpointId::new(user, name))
}

fn text() -> impl Strategy<Value = Arc<str>> {
    select(vec!["", "x", "a < b & c", "日本語\u{0}"]).prop_map(Arc::from)
}

fn carried() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..8).prop_map(Bytes::from)
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![Just(0), any::<u64>()].prop_map(Timestamp)
}

fn id() -> impl Strategy<Value = ConversationId> {
    prop_oneof![
        (address(), address()).prop_map(|(a, b)| ConversationId::between(a, b)),
        address().prop_map(ConversationId::Conference),
    ]
}

fn message() -> impl Strategy<Value = Arc<Message>> {
    use MessageKind::{Chat, Conference, Headline, Normal};
    let kind = select(vec![Normal, Chat, Conference, Headline]);
    let texts = (option::of(text()), option::of(text()), option::of(text()), option::of(text()));
    (texts, (option::of(text()), option::of(text())), kind, any::<u16>(), carried()).prop_map(
        |((id, origin_id, body, language), (subject, thread), kind, traits, carried)| {
            let traits = Traits(traits);
            Arc::new(Message { id, origin_id, kind, traits, body, language, subject, thread, carried })
        },
    )
}

fn said() -> impl Strategy<Value = Arc<Said>> {
    let names = (option::of(name()), option::of(name()), option::of(text()));
    (id(), any::<u64>(), time(), endpoint(), names, message()).prop_map(
        |(conversation, number, at, from, (nick, to, occupant_id), message)| {
            let rendered = Rendered::default();
            Arc::new(Said { conversation, number, at, from, nick, to, message, occupant_id, rendered })
        },
    )
}

fn state() -> impl Strategy<Value = Arc<State>> {
    use Availability as A;
    let availability = select(vec![
        A::Available,
        A::Idle,
        A::Busy,
        A::BusyIdle,
        A::DoNotDisturb,
        A::BeRightBack,
        A::Away,
        A::Offline,
    ]);
    let activity = select(vec![
        Activity::OnThePhone,
        Activity::InAConference,
        Activity::InAMeeting,
        Activity::Presenting,
        Activity::OutOfOffice,
        Activity::OffWork,
        Activity::UrgentOnly,
    ]);
    let shades = (any::<bool>(), any::<bool>(), any::<i8>());
    (availability, option::of(activity), shades, option::of(time()), option::of(text()), carried()).prop_map(
        |(availability, activity, (eager, extended, priority), idle_since, note, carried)| {
            Arc::new(State { availability, activity, eager, extended, idle_since, note, priority, carried })
        },
    )
}

fn verifiers() -> impl Strategy<Value = Vec<Verifier>> {
    let verifier = (select(vec![ScramHash::Sha1, ScramHash::Sha256]), any::<u32>(), any::<[u8; 3]>())
        .prop_map(|(hash, iterations, [a, b, c])| Verifier {
            hash,
            iterations,
            salt: vec![a],
            stored_key: vec![b],
            server_key: vec![c],
        });
    prop::collection::vec(verifier, 0..3)
}

fn contact() -> impl Strategy<Value = Arc<Contact>> {
    use Container::{Blocked, Colleagues, External, Friends, Workgroup};
    let container = option::of(select(vec![Blocked, External, Colleagues, Workgroup, Friends]));
    (address(), option::of(text()), prop::collection::vec(text(), 0..3), any::<[bool; 4]>(), container)
        .prop_map(|(address, name, groups, [to, from, asked, approved], container)| {
            let subscription = Subscription { to, from, asked, approved };
            Arc::new(Contact { address, name, groups, subscription, container })
        })
}

fn settings() -> impl Strategy<Value = Settings> {
    let access = select(vec![Access::Open, Access::Presence, Access::Roster, Access::Whitelist]);
    (access, any::<u32>(), any::<[bool; 3]>()).prop_map(
        |(access, max_items, [persist, send_last, notify_retract])| Settings {
            access,
            max_items,
            persist,
            send_last,
            notify_retract,
        },
    )
}

fn user_fact() -> impl Strategy<Value = user::Fact> {
    use user::Fact as F;
    let token = (text(), carried(), time(), any::<u64>()).prop_map(|(client, secret, expires, count)| {
        let mechanism = "HT-SHA-256-EXPR".to_owned();
        F::TokenSet(Token { client: client.to_string(), secret: secret.to_vec(), mechanism, expires, count })
    });
    let item = (text(), endpoint(), carried())
        .prop_map(|(id, publisher, content)| Arc::new(Item { id, publisher, content }));
    let push = (endpoint(), text(), carried()).prop_map(|(address, node, options)| {
        F::PushEnabled(Arc::new(PushService { address, node, options }))
    });
    let account = prop_oneof![
        push,
        (endpoint(), option::of(text())).prop_map(|(address, node)| F::PushDisabled { address, node }),
        (verifiers(), time()).prop_map(|(verifiers, at)| F::AccountCreated { verifiers, at }),
        verifiers().prop_map(|verifiers| F::PasswordSet { verifiers }),
        any::<bool>().prop_map(F::EnabledSet),
        Just(F::AccountRemoved),
        token,
        text().prop_map(|client| F::TokenRemoved { client: client.to_string() }),
        option::of(state()).prop_map(F::ManualSet),
        time().prop_map(F::Seen),
    ];
    let roster = prop_oneof![
        contact().prop_map(F::ContactSet),
        address().prop_map(F::ContactRemoved),
        (address(), carried()).prop_map(|(from, carried)| F::RequestKept { from, carried }),
        address().prop_map(F::RequestDropped),
        prop::collection::vec(address(), 0..3).prop_map(F::Blocked),
        prop::collection::vec(address(), 0..3).prop_map(F::Unblocked),
    ];
    let kept = prop_oneof![
        (any::<u64>(), said()).prop_map(|(seq, said)| F::Kept { seq, said }),
        any::<u64>().prop_map(|seq| F::KeptDropped { seq }),
        (text(), settings()).prop_map(|(category, settings)| F::CategorySet { category, settings }),
        text().prop_map(F::CategoryRemoved),
        (text(), item).prop_map(|(category, item)| F::ItemSet { category, item }),
        (text(), text()).prop_map(|(category, id)| F::ItemRemoved { category, id }),
        text().prop_map(F::Purged),
    ];
    prop_oneof![account, roster, kept]
}

fn configuration() -> impl Strategy<Value = Box<Configuration>> {
    let texts = (text(), text(), text(), option::of(text()));
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
        option::of(text()).prop_map(|note| Departure::Left { note }),
        (name(), option::of(text())).prop_map(|(by, reason)| Departure::Kicked { by, reason }),
        (option::of(name()), option::of(text())).prop_map(|(by, reason)| Departure::Banned { by, reason }),
        (option::of(address()), option::of(text()))
            .prop_map(|(alternate, reason)| Departure::Destroyed { alternate, reason }),
        select(vec![Departure::Vanished, Departure::NotMember, Departure::Shutdown]),
    ]
}

fn conversation_fact() -> impl Strategy<Value = conversation::Fact> {
    use Affiliation::{Admin, Member, None, Outcast, Owner};
    use conversation::Fact as F;
    let role = || select(vec![Role::None, Role::Visitor, Role::Participant, Role::Moderator]);
    let affiliation = select(vec![None, Outcast, Member, Admin, Owner]);
    let names = (option::of(name()), option::of(name()), option::of(text()));
    let readers =
        prop_oneof![Just(Readers::All), address().prop_map(Readers::Whispered), Just(Readers::Nobody)];
    let said = (any::<u64>(), time(), endpoint(), names, (message(), readers)).prop_map(
        |(number, at, from, (nick, to, occupant_id), (message, readers))| F::Said {
            number,
            at,
            from,
            nick,
            to,
            message,
            occupant_id,
            readers,
        },
    );
    let talk = prop_oneof![
        (any::<u64>(), endpoint(), time()).prop_map(|(session, by, at)| F::SessionOpened { session, by, at }),
        (any::<u64>(), time()).prop_map(|(session, at)| F::SessionClosed { session, at }),
        said,
        (address(), prop::collection::vec(any::<u64>(), 0..4))
            .prop_map(|(by, numbers)| F::Confirmed { by, numbers }),
    ];
    let conference = prop_oneof![
        (address(), time(), configuration(), any::<u64>())
            .prop_map(|(owner, at, configuration, seed)| F::Created { owner, at, configuration, seed }),
        configuration().prop_map(|configuration| F::Configured { configuration }),
        (endpoint(), name(), role(), time()).prop_map(|(endpoint, nick, role, at)| F::Joined {
            endpoint,
            nick,
            role,
            at
        }),
        (endpoint(), name()).prop_map(|(endpoint, nick)| F::Renamed { endpoint, nick }),
        (name(), role(), address()).prop_map(|(nick, role, by)| F::RoleChanged { nick, role, by }),
        (endpoint(), departure(), time()).prop_map(|(endpoint, how, at)| F::Left { endpoint, how, at }),
        (address(), affiliation, option::of(name())).prop_map(|(who, affiliation, nick)| F::Affiliated {
            who,
            affiliation,
            nick
        }),
        (text(), name(), time()).prop_map(|(topic, by, at)| F::TopicSet { topic, by, at }),
        (time(), option::of(address())).prop_map(|(at, alternate)| F::Ended { at, alternate }),
    ];
    prop_oneof![talk, conference]
}

fn stamp() -> impl Strategy<Value = Stamp> {
    (any::<u64>(), any::<u64>()).prop_map(|(epoch, writer)| Stamp { epoch, writer: WriterId(writer) })
}

proptest! {
    #[test]
    fn facts_of_a_user_survive(stamp in stamp(), user in address(), facts in prop::collection::vec(user_fact(), 0..4)) {
        let bytes = encode_user(stamp, &user, &facts);
        let Ok(Record::Facts(found, Entry { home, facts: Facts::User(decoded) })) = decode(bytes.clone()) else {
            return Err(TestCaseError::fail("another kind"));
        };
        prop_assert_eq!((found, home), (stamp, Home::User(user.clone())));
        // The facts themselves have no equality; what they show and what they encode to have.
        prop_assert_eq!(format!("{decoded:?}"), format!("{facts:?}"));
        prop_assert_eq!(encode_user(stamp, &user, &decoded), bytes);
    }

    #[test]
    fn facts_of_a_conversation_survive(stamp in stamp(), id in id(), facts in prop::collection::vec(conversation_fact(), 0..4)) {
        let decoded = decode(encode_conversation(stamp, &id, &facts)).expect("a record");
        prop_assert_eq!(decoded.stamp(), stamp);
        let Record::Facts(_, Entry { home, facts: Facts::Conversation(decoded) }) = decoded else {
            return Err(TestCaseError::fail("another kind"));
        };
        prop_assert_eq!(home, Home::Conversation(id));
        prop_assert_eq!(decoded, facts);
    }

    /// A turn is cut between facts only, each part fits or is one fact, and no part is empty.
    #[test]
    fn a_large_turn_is_split(id in id(), facts in prop::collection::vec(conversation_fact(), 0..12), bytes in 1_usize..400) {
        let parts = Entry::conversation(id.clone(), facts.clone()).split(bytes);
        let mut together = Vec::new();
        for Entry { home, facts } in parts {
            let Facts::Conversation(facts) = facts else { return Err(TestCaseError::fail("another kind")) };
            prop_assert_eq!(home, Home::Conversation(id.clone()));
            let sum: usize = facts.iter().map(|fact| fact.to_proto().encoded_len()).sum();
            prop_assert!(facts.len() == 1 || (sum <= bytes && !facts.is_empty()));
            together.extend(facts);
        }
        prop_assert_eq!(together, facts);
    }

    /// Whatever lies there: an answer, no panic.
    #[test]
    fn any_bytes_are_a_record_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = decode(bytes.into());
    }
}

#[test]
fn secrets_survive_too() {
    // `Debug` hides them, so they are compared by themselves.
    let token = Token {
        client: "c".into(),
        secret: vec![1, 2, 3],
        mechanism: "HT-SHA-256-EXPR".into(),
        expires: Timestamp(4),
        count: 5,
    };
    assert_eq!(Token::from_proto(token.to_proto()), Ok(token));
    let verifier = Verifier {
        hash: ScramHash::Sha256,
        iterations: 10_000,
        salt: vec![1],
        stored_key: vec![2],
        server_key: vec![3],
    };
    assert_eq!(Verifier::from_proto(verifier.to_proto()), Ok(verifier));
}

#[test]
fn a_claim_survives() {
    let stamp = Stamp { epoch: 3, writer: WriterId(9) };
    let record = decode(encode_claim(stamp)).expect("a record");
    assert!(record.is_claim() && record.stamp() == stamp);
}

#[test]
fn an_unknown_version_is_refused_by_name() {
    let newer = log::Record { version: 2, epoch: 1, writer: 1, body: None }.encode_to_vec();
    let error = decode(newer.into()).expect_err("refused");
    assert_eq!(error, CodecError::UnknownVersion { found: 2, known: 1 });
    assert_eq!(error.to_string(), "a record of version 2; this program reads version 1");
}

#[test]
fn a_kind_of_fact_that_is_not_known_is_refused() {
    let facts = vec![log::UserFact { fact: None }];
    let body = Body::User(log::UserFacts { user: "alice@example.org".into(), facts });
    let record = log::Record { version: 1, epoch: 1, writer: 1, body: Some(body) }.encode_to_vec();
    assert_eq!(decode(record.into()).expect_err("refused"), CodecError::Missing("fact of a user"));
}
