//! Strategies for what messages are made of: names, texts, states, what was said.

use bytes::Bytes;
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Message, Reason, Refusal, Ticket, Timestamp,
    account::{PushService, ScramHash, Token, Verifier},
    category::{Access, CategoryNotice, Change, Item, Settings},
    endpoint::{Rendered, Said},
    message::{MessageKind, Traits},
    presentity::{Activity, Aggregate, Availability, Container, Notice, State},
    roster::{Contact, Handshake, Subscription},
};
use proptest::{collection::vec, option, prelude::*, sample::select, strategy::Union};
use std::sync::Arc;

/// One of many: `prop_oneof!` takes ten.
pub(super) fn one_of<T: std::fmt::Debug>(those: Vec<BoxedStrategy<T>>) -> Union<BoxedStrategy<T>> {
    Union::new(those)
}

pub(super) fn address() -> impl Strategy<Value = Address> {
    select(vec!["alice@example.org", "bürgi@münchen.example", "example.org", "a.b-c+d@x.example"])
        .prop_map(|text| Address::parse(text).expect("an address"))
}

pub(super) fn name() -> impl Strategy<Value = EndpointName> {
    let names = select(vec!["phone", "desk/2 left", "Büro ☎"]).prop_map(EndpointName::parse);
    prop_oneof![3 => names.prop_map(|name| name.expect("a name")), 1 => Just(EndpointName::nameless())]
}

pub(super) fn maybe_name() -> impl Strategy<Value = Option<EndpointName>> {
    option::of(name())
}

pub(super) fn endpoint() -> impl Strategy<Value = EndpointId> {
    (address(), name()).prop_map(|(user, name)| EndpointId::new(user, name))
}

pub(super) fn text() -> impl Strategy<Value = Arc<str>> {
    select(vec!["", "x", "a < b & c", "日本語\u{0}"]).prop_map(Arc::from)
}

pub(super) fn maybe_text() -> impl Strategy<Value = Option<Arc<str>>> {
    option::of(text())
}

pub(super) fn bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..8).prop_map(Bytes::from)
}

pub(super) fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![Just(0), any::<u64>()].prop_map(Timestamp)
}

pub(super) fn ticket() -> impl Strategy<Value = Ticket> {
    any::<u64>().prop_map(Ticket)
}

pub(super) fn id() -> impl Strategy<Value = ConversationId> {
    prop_oneof![
        (address(), address()).prop_map(|(a, b)| ConversationId::between(a, b)),
        address().prop_map(ConversationId::Conference),
    ]
}

pub(super) fn refusal() -> impl Strategy<Value = Refusal> {
    use Reason as R;
    let reasons = vec![
        R::NotFound,
        R::Unavailable,
        R::Forbidden,
        R::Outranked,
        R::MembersOnly,
        R::PasswordRequired,
        R::Banned,
        R::Conflict,
        R::LimitReached,
        R::BadRequest,
        R::NotAcceptable,
        R::NotImplemented,
        R::UnexpectedRequest,
        R::RemoteNotFound,
        R::Gone,
        R::TryLater,
        R::NotAuthorized,
    ];
    let text = option::of(select(vec!["", "try again later", "zu viele Gruppen"]));
    (select(reasons), text).prop_map(|(reason, text)| Refusal { reason, text })
}

pub(super) fn message() -> impl Strategy<Value = Arc<Message>> {
    use MessageKind::{Chat, Conference, Headline, Normal};
    let kind = select(vec![Normal, Chat, Conference, Headline]);
    let texts = (maybe_text(), maybe_text(), maybe_text(), maybe_text());
    (texts, (maybe_text(), maybe_text()), kind, any::<u16>(), bytes()).prop_map(
        |((id, origin_id, body, language), (subject, thread), kind, traits, carried)| {
            let traits = Traits(traits);
            Arc::new(Message { id, origin_id, kind, traits, body, language, subject, thread, carried })
        },
    )
}

pub(super) fn said() -> impl Strategy<Value = Arc<Said>> {
    let names = (maybe_name(), maybe_name(), maybe_text());
    (id(), any::<u64>(), time(), endpoint(), names, message()).prop_map(
        |(conversation, number, at, from, (nick, to, occupant_id), message)| {
            let rendered = Rendered::default();
            Arc::new(Said { conversation, number, at, from, nick, to, message, occupant_id, rendered })
        },
    )
}

fn availability() -> impl Strategy<Value = Availability> {
    use Availability as A;
    select(vec![
        A::Available,
        A::Idle,
        A::Busy,
        A::BusyIdle,
        A::DoNotDisturb,
        A::BeRightBack,
        A::Away,
        A::Offline,
    ])
}

fn activity() -> impl Strategy<Value = Option<Activity>> {
    use Activity as A;
    option::of(select(vec![
        A::OnThePhone,
        A::InAConference,
        A::InAMeeting,
        A::Presenting,
        A::OutOfOffice,
        A::OffWork,
        A::UrgentOnly,
    ]))
}

pub(super) fn state() -> impl Strategy<Value = Arc<State>> {
    let shades = (any::<bool>(), any::<bool>(), any::<i8>());
    (availability(), activity(), shades, option::of(time()), maybe_text(), bytes()).prop_map(
        |(availability, activity, (eager, extended, priority), idle_since, note, carried)| {
            Arc::new(State { availability, activity, eager, extended, idle_since, note, priority, carried })
        },
    )
}

pub(super) fn maybe_state() -> impl Strategy<Value = Option<Arc<State>>> {
    option::of(state())
}

pub(super) fn notice() -> impl Strategy<Value = Arc<Notice>> {
    let whole = (availability(), activity(), maybe_text(), option::of(time())).prop_map(
        |(availability, activity, note, last_seen)| {
            Arc::new(Aggregate { availability, activity, note, last_seen })
        },
    );
    (address(), maybe_name(), maybe_state(), maybe_text(), whole).prop_map(
        |(presentity, endpoint, state, parting, aggregate)| {
            Arc::new(Notice { presentity, endpoint, state, parting, aggregate })
        },
    )
}

pub(super) fn handshake() -> impl Strategy<Value = Handshake> {
    use Handshake::{Subscribe, Subscribed, Unsubscribe, Unsubscribed};
    select(vec![Subscribe, Subscribed, Unsubscribe, Unsubscribed])
}

pub(super) fn container() -> impl Strategy<Value = Option<Container>> {
    use Container::{Blocked, Colleagues, External, Friends, Workgroup};
    option::of(select(vec![Blocked, External, Colleagues, Workgroup, Friends]))
}

pub(super) fn contact() -> impl Strategy<Value = Arc<Contact>> {
    (address(), maybe_text(), vec(text(), 0..3), any::<[bool; 4]>(), container()).prop_map(
        |(address, name, groups, [to, from, asked, approved], container)| {
            let subscription = Subscription { to, from, asked, approved };
            Arc::new(Contact { address, name, groups, subscription, container })
        },
    )
}

pub(super) fn verifiers() -> impl Strategy<Value = Vec<Verifier>> {
    let verifier = (select(vec![ScramHash::Sha1, ScramHash::Sha256]), any::<u32>(), any::<[u8; 3]>())
        .prop_map(|(hash, iterations, [a, b, c])| Verifier {
            hash,
            iterations,
            salt: vec![a],
            stored_key: vec![b],
            server_key: vec![c],
        });
    vec(verifier, 0..3)
}

pub(super) fn token() -> impl Strategy<Value = Token> {
    (text(), bytes(), time(), any::<u64>()).prop_map(|(client, secret, expires, count)| {
        let mechanism = "HT-SHA-256-EXPR".to_owned();
        Token { client: client.to_string(), secret: secret.to_vec(), mechanism, expires, count }
    })
}

pub(super) fn push_service() -> impl Strategy<Value = PushService> {
    (endpoint(), text(), bytes()).prop_map(|(address, node, options)| PushService { address, node, options })
}

pub(super) fn settings() -> impl Strategy<Value = Settings> {
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

pub(super) fn item() -> impl Strategy<Value = Arc<Item>> {
    (text(), endpoint(), bytes())
        .prop_map(|(id, publisher, content)| Arc::new(Item { id, publisher, content }))
}

pub(super) fn category_notice() -> impl Strategy<Value = Arc<CategoryNotice>> {
    let change = prop_oneof![
        item().prop_map(Change::Published),
        text().prop_map(Change::Retracted),
        Just(Change::Purged),
        Just(Change::Deleted),
    ];
    (address(), text(), change)
        .prop_map(|(owner, category, change)| Arc::new(CategoryNotice { owner, category, change }))
}
