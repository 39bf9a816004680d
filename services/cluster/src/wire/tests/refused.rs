//! What is no message of this release: refused by the name of the field, or unknown; and the limits of one.

use crate::{
    limits::{LIST_ENTRIES, MESSAGE_BYTES, SENTENCE_BYTES},
    wire::{DecodeError, Message, Origin, ResumptionId, SessionId},
};
use domain::{Address, EndpointName, Reason, Refusal, Shard, conversation, user};
use event_log::codec::CodecError;
use prost::Message as _;
use proto::{cluster, entity};

fn alice() -> String {
    "alice@example.org".to_owned()
}

fn address() -> Address {
    Address::parse(&alice()).expect("an address")
}

fn decode(body: cluster::message::Body) -> Result<Message, DecodeError> {
    let message = cluster::Message { body: Some(body), ..cluster::Message::default() };
    Message::decode(&message.encode_to_vec()).map(|(message, _)| message)
}

fn to_user(command: cluster::user_command::Command) -> Result<Message, DecodeError> {
    let command = Some(cluster::UserCommand { command: Some(command) });
    decode(cluster::message::Body::User(cluster::ToUser { address: alice(), command }))
}

fn wrong(field: &'static str, why: CodecError) -> DecodeError {
    DecodeError::Field { field, why }
}

#[test]
fn a_part_that_is_missing_is_named() {
    use cluster::user_command::Command as C;
    let missing = CodecError::Missing("value");
    let error = to_user(C::Deliver(cluster::Deliver::default())).expect_err("refused");
    assert_eq!(error, wrong("Deliver.said", missing.clone()));
    assert_eq!(error.to_string(), "Deliver.said: the value is missing or of an unknown kind");
    let asks = to_user(C::Probe(cluster::Probe::default())).expect_err("refused");
    assert_eq!(asks, wrong("Probe.from", missing.clone()));
    let answer = cluster::AnswerTo { endpoint: "desk".into(), ticket: 1, answer: None };
    assert_eq!(to_user(C::Answer(answer)).expect_err("refused"), wrong("AnswerTo.answer", missing.clone()));
    let user = cluster::ToUser { address: alice(), command: None };
    let error = decode(cluster::message::Body::User(user)).expect_err("refused");
    assert_eq!(error, wrong("ToUser.command", missing));
}

#[test]
fn a_part_within_a_part_is_named_by_the_inner_one() {
    use cluster::user_command::Command as C;
    let from = entity::Endpoint { user: alice(), name: "desk".into() };
    let step = cluster::HandshakeFrom { from: alice(), step: 77, carried: bytes::Bytes::new() };
    let error = to_user(C::Handshake(step)).expect_err("refused");
    assert_eq!(error, wrong("HandshakeFrom.step", CodecError::Impossible("Handshake")));
    let put = cluster::SetAffiliations {
        changes: vec![cluster::AffiliationChange { who: alice(), affiliation: 99, reason: None }],
    };
    let command = cluster::ConferenceCommand {
        command: Some(cluster::conference_command::Command::SetAffiliations(put)),
    };
    let asked = cluster::ConferenceAsked { from: Some(from), ticket: 1, command: Some(command) };
    let command = cluster::ConversationCommand {
        command: Some(cluster::conversation_command::Command::Conference(asked)),
    };
    let id = entity::ConversationId { id: Some(entity::conversation_id::Id::Conference(alice())) };
    let body = cluster::ToConversation { id: Some(id), command: Some(command) };
    let error = decode(cluster::message::Body::Conversation(body)).expect_err("refused");
    assert_eq!(error, wrong("AffiliationChange.affiliation", CodecError::Impossible("affiliation")));
}

#[test]
fn an_address_that_is_none_is_refused_with_its_field() {
    let user = cluster::ToUser { address: "a/b".into(), command: Some(cluster::UserCommand::default()) };
    let error = decode(cluster::message::Body::User(user)).expect_err("refused");
    assert!(matches!(error, DecodeError::Field { field: "ToUser.address", why: CodecError::Address(_) }));
    let nick = "x".repeat(domain::limits::ADDRESS_PART_BYTES + 1);
    let let_go = cluster::Detach { user: alice(), endpoint: nick, session: None };
    let error = decode(cluster::message::Body::Detach(let_go)).expect_err("refused");
    assert!(matches!(error, DecodeError::Field { field: "Detach.endpoint", .. }));
}

/// Tag 200, of length 1: no kind of message has it yet.
const NEWER: [u8; 4] = [0xc2, 0x0c, 0x01, 0x00];

#[test]
fn a_newer_kind_is_unknown_wherever_it_stands() {
    let is_unknown = |bytes: &[u8]| matches!(Message::decode(bytes), Ok((Message::Unknown, None)));
    assert!(is_unknown(&NEWER) && is_unknown(&[]));
    // The command within `ToUser`.
    let mut user = vec![0x0a, 17];
    user.extend(alice().bytes());
    user.extend([0x12, 4]);
    user.extend(NEWER);
    let mut message = vec![0x1a, u8::try_from(user.len()).expect("short")];
    message.extend(user);
    assert!(is_unknown(&message));
    let outcome =
        cluster::Outcome { result: Some(cluster::outcome::Result::Answer(cluster::Answer { answer: None })) };
    let answer = cluster::AnswerTo { endpoint: "desk".into(), ticket: 1, answer: Some(outcome) };
    let read = to_user(cluster::user_command::Command::Answer(answer));
    assert!(matches!(read, Ok(Message::Unknown)));
}

#[test]
fn a_newer_field_of_a_known_kind_is_passed_over() {
    let command = conversation::Command::End;
    let message = Message::Conversation { id: domain::ConversationId::Conference(address()), command };
    let mut bytes = message.encode(None).to_vec();
    bytes.extend(NEWER);
    let (read, _) = Message::decode(&bytes).expect("a message");
    assert_eq!(format!("{read:?}"), format!("{message:?}"));
}

#[test]
fn what_sessions_ask_is_not_said_as_a_command() {
    let endpoint = EndpointName::parse("desk").expect("a name");
    for command in [user::Command::Attach { endpoint: endpoint.clone() }, user::Command::Detach { endpoint }]
    {
        let bytes = Message::User { address: address(), command }.encode(None);
        assert!(matches!(Message::decode(&bytes), Ok((Message::Unknown, None))));
    }
}

#[test]
fn an_origin_is_whole_or_not_there() {
    let whole = Origin { shard: Shard(u16::MAX), epoch: u64::MAX };
    let bytes = Message::Unknown.encode(Some(whole));
    assert_eq!(Message::decode(&bytes).expect("read").1, Some(whole));
    for (from_shard, from_epoch, field) in [
        (Some(1), None, "Message.from_epoch"),
        (None, Some(1), "Message.from_shard"),
        (Some(65_536), Some(1), "Message.from_shard"),
    ] {
        let message = cluster::Message { from_shard, from_epoch, body: None };
        let error = Message::decode(&message.encode_to_vec()).expect_err("refused");
        assert!(matches!(error, DecodeError::Field { field: found, .. } if found == field), "{error}");
    }
}

#[test]
fn a_message_has_so_many_bytes_at_most() {
    let payload = |bytes: usize| {
        let from = domain::EndpointId::new(address(), EndpointName::nameless());
        let command = user::Command::Relay {
            from,
            endpoint: EndpointName::nameless(),
            ticket: domain::Ticket(0),
            payload: vec![0; bytes].into(),
        };
        Message::User { address: address(), command }.encode(None)
    };
    let beside = payload(MESSAGE_BYTES).len() - MESSAGE_BYTES;
    let largest = payload(MESSAGE_BYTES - beside);
    assert_eq!(largest.len(), MESSAGE_BYTES);
    assert!(Message::decode(&largest).is_ok());
    let error = Message::decode(&payload(MESSAGE_BYTES - beside + 1)).expect_err("refused");
    assert_eq!(error, DecodeError::TooLarge { bytes: MESSAGE_BYTES + 1 });
}

#[test]
fn a_list_has_so_many_entries_at_most() {
    let confirm = |count: usize| {
        let command = conversation::Command::Confirm { by: address(), numbers: vec![1; count] };
        let message = Message::Conversation { id: domain::ConversationId::Conference(address()), command };
        Message::decode(&message.encode(None)).map(|_| ())
    };
    assert_eq!(confirm(LIST_ENTRIES), Ok(()));
    assert_eq!(confirm(LIST_ENTRIES + 1), Err(wrong("Confirm.numbers", CodecError::Impossible("length"))));
}

#[test]
fn of_a_sentence_that_is_too_long_only_the_reason_is_heard() {
    let heard = |bytes: usize| {
        let text: &'static str = Box::leak("x".repeat(bytes).into());
        let result = Err(Refusal::because(Reason::TryLater, text));
        let message = Message::Attached { session: SessionId { node: 1, number: 1 }, ask: 1, result };
        match Message::decode(&message.encode(None)) {
            Ok((Message::Attached { result: Err(refusal), .. }, None)) => refusal,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(heard(SENTENCE_BYTES).text.map(str::len), Some(SENTENCE_BYTES));
    assert_eq!(heard(SENTENCE_BYTES + 1), Refusal::from(Reason::TryLater));
}

/// `Debug` hides it, so it is compared by itself.
#[test]
fn the_id_of_a_resumption_survives_and_is_not_shown() {
    let said = ResumptionId("secret".into());
    let message = Message::LetGo { session: SessionId { node: 1, number: 1 }, id: said.clone() };
    assert!(!format!("{message:?}").contains("secret"));
    let Ok((Message::LetGo { id, .. }, None)) = Message::decode(&message.encode(None)) else {
        panic!("another kind")
    };
    assert_eq!(id, said);
}
