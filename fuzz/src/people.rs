//! Who and what the plays are about: few names, so that they meet often, and small values.

use crate::draw::Draw;
use bytes::Bytes;
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Message, Timestamp,
    account::{ScramHash, Token, Verifier},
    category::{Access, Settings},
    endpoint::{Rendered, Said},
    message::{MessageKind, Traits},
    presentity::{Activity, Availability, State},
    roster::Handshake,
};
use std::sync::Arc;

/// The first three have a home here, the last is of another domain.
pub(crate) const USERS: [&str; 4] =
    ["alice@example.org", "bob@example.org", "carol@example.org", "eve@example.net"];
pub(crate) const ENDPOINTS: [&str; 3] = ["desk", "phone", "pad"];
pub(crate) const CONFERENCES: [&str; 2] = ["tea@conference.example.org", "chess@conference.example.org"];
const NICKS: [&str; 3] = ["A", "B", "C"];
const CATEGORIES: [&str; 3] = ["nick", "list", "urn:x"];
const WORDS: [&str; 5] = ["", "a", "b", "tea", "a longer one, with <marks> & \"quotes\""];

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).expect("one of ours")
}

pub(crate) fn name(text: &str) -> EndpointName {
    EndpointName::parse(text).expect("one of ours")
}

pub(crate) fn user(draw: &mut Draw<'_>) -> Address {
    address(draw.pick(&USERS))
}

pub(crate) fn endpoint_name(draw: &mut Draw<'_>) -> EndpointName {
    name(draw.pick(&ENDPOINTS))
}

pub(crate) fn endpoint(draw: &mut Draw<'_>) -> EndpointId {
    EndpointId::new(user(draw), endpoint_name(draw))
}

pub(crate) fn conference(draw: &mut Draw<'_>) -> Address {
    address(draw.pick(&CONFERENCES))
}

pub(crate) fn nick(draw: &mut Draw<'_>) -> EndpointName {
    name(draw.pick(&NICKS))
}

pub(crate) fn conversation(draw: &mut Draw<'_>) -> ConversationId {
    if draw.once_in(3) {
        ConversationId::Conference(conference(draw))
    } else {
        ConversationId::between(user(draw), user(draw))
    }
}

pub(crate) fn word(draw: &mut Draw<'_>) -> Arc<str> {
    draw.pick(&WORDS).into()
}

pub(crate) fn carried(draw: &mut Draw<'_>) -> Bytes {
    Bytes::from_static(draw.pick(&[b"", b"<x xmlns='urn:x'/>"]))
}

pub(crate) fn category(draw: &mut Draw<'_>) -> Arc<str> {
    draw.pick(&CATEGORIES).into()
}

pub(crate) fn handshake(draw: &mut Draw<'_>) -> Handshake {
    draw.pick(&[Handshake::Subscribe, Handshake::Subscribed, Handshake::Unsubscribe, Handshake::Unsubscribed])
}

pub(crate) fn time(draw: &mut Draw<'_>) -> Timestamp {
    Timestamp(1_000_000 + u64::from(draw.below(64)) * 1_000)
}

pub(crate) fn state(draw: &mut Draw<'_>) -> Arc<State> {
    Arc::new(State {
        availability: draw.pick(&[
            Availability::Available,
            Availability::Idle,
            Availability::Busy,
            Availability::BusyIdle,
            Availability::DoNotDisturb,
            Availability::BeRightBack,
            Availability::Away,
            Availability::Offline,
        ]),
        activity: draw.option(|draw| draw.pick(&[Activity::InAMeeting, Activity::OnThePhone])),
        eager: draw.once_in(4),
        extended: draw.once_in(4),
        idle_since: draw.option(time),
        note: draw.option(word),
        priority: draw.pick(&[0, 1, -1, 127, -128]),
        carried: carried(draw),
    })
}

/// Chooses all of a message: most are what people write, some only signal.
pub(crate) fn message(draw: &mut Draw<'_>, kind: MessageKind) -> Arc<Message> {
    let traits = draw.pick(&[
        Traits::default(),
        Traits::TYPING,
        Traits::RECEIPT,
        Traits::NO_STORE,
        Traits::NO_COPY,
        Traits::SIGNAL,
        Traits::STORE,
    ]);
    Arc::new(Message {
        origin_id: draw.option(word),
        kind,
        traits,
        body: draw.pick(&[Some("hello"), None]).map(Arc::from),
        subject: draw.once_in(8).then(|| word(draw)),
        thread: draw.once_in(8).then(|| word(draw)),
        ..Message::default()
    })
}

pub(crate) fn said(draw: &mut Draw<'_>) -> Arc<Said> {
    let conversation = conversation(draw);
    let is_conference = matches!(conversation, ConversationId::Conference(_));
    let kind = if is_conference { MessageKind::Conference } else { MessageKind::Chat };
    Arc::new(Said {
        conversation,
        number: u64::from(draw.below(8)),
        at: time(draw),
        from: endpoint(draw),
        nick: is_conference.then(|| nick(draw)),
        occupant_id: is_conference.then(|| word(draw)),
        to: draw.option(endpoint_name),
        message: message(draw, kind),
        rendered: Rendered::default(),
    })
}

pub(crate) fn settings(draw: &mut Draw<'_>) -> Settings {
    Settings {
        access: draw.pick(&[Access::Open, Access::Presence, Access::Roster, Access::Whitelist]),
        max_items: draw.pick(&[1, 2, 3, 0, u32::MAX]),
        persist: draw.once_in(2),
        send_last: draw.once_in(2),
        notify_retract: draw.once_in(2),
    }
}

pub(crate) fn verifiers(draw: &mut Draw<'_>) -> Vec<Verifier> {
    draw.list(1, |draw| Verifier {
        hash: draw.pick(&[ScramHash::Sha1, ScramHash::Sha256]),
        iterations: 4096,
        salt: vec![1; 16],
        stored_key: vec![2; 32],
        server_key: vec![3; 32],
    })
}

pub(crate) fn token(draw: &mut Draw<'_>) -> Token {
    Token {
        client: word(draw).to_string(),
        secret: vec![draw.below(4)],
        mechanism: "HT-SHA-256-NONE".into(),
        expires: time(draw),
        count: u64::from(draw.below(4)),
    }
}
