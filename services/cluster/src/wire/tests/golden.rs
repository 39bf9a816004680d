//! Bytes as they stood when the contract was made: if one of these changes, nodes of two releases no longer understand
//! each other.

use crate::wire::{Message, Origin, SessionId};
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Refusal, Shard, Ticket, Timestamp, conversation,
    endpoint::{Event, Rendered, Said},
    message::MessageKind,
    user,
};

const DELIVER: &str = "082910031a740a0f626f62406578616d706c652e6f726712610a5f125b0a260a240a11616c696365406578616d706c65\
    2e6f7267120f626f62406578616d706c652e6f726710071880af8dee9f3422190a11616c696365406578616d706c652e\
    6f726712046465736b3a0d0a026d3118012a0568656c6c6f1801";
const SEND: &str = "22690a260a240a11616c696365406578616d706c652e6f7267120f626f62406578616d706c652e6f7267123f0a3d0a19\
    0a11616c696365406578616d706c652e6f726712046465736b120f626f62406578616d706c652e6f726720052a0d0a02\
    6d3118012a0568656c6c6f";
const REFUSED: &str = "2a170a0408091002120f220d08051209081012056c61746572";

fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.org")).expect("an address")
}

fn desk(name: &str) -> EndpointId {
    EndpointId::new(address(name), EndpointName::parse("desk").expect("a name"))
}

fn words() -> domain::Message {
    domain::Message {
        id: Some("m1".into()),
        kind: MessageKind::Chat,
        body: Some("hello".into()),
        ..domain::Message::default()
    }
}

fn assert_golden(message: &Message, from: Option<Origin>, golden: &str) {
    let bytes = message.encode(from);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, golden);
    let (decoded, origin) = Message::decode(&bytes).expect("a message");
    assert_eq!((format!("{decoded:?}"), origin), (format!("{message:?}"), from));
}

#[test]
fn a_message_to_deliver() {
    let said = Said {
        conversation: ConversationId::between(address("alice"), address("bob")),
        number: 7,
        at: Timestamp(1_795_258_800_000),
        from: desk("alice"),
        nick: None,
        occupant_id: None,
        to: None,
        message: words().into(),
        rendered: Rendered::default(),
    };
    let command = user::Command::Deliver { endpoint: None, said: said.into(), late: true };
    let message = Message::User { address: address("bob"), command };
    let from = Origin { shard: Shard(41), epoch: 3 };
    assert_golden(&message, Some(from), DELIVER);
}

#[test]
fn a_message_to_say() {
    let command = conversation::Command::Send {
        from: desk("alice"),
        to: address("bob"),
        endpoint: None,
        ticket: Ticket(5),
        message: words().into(),
    };
    let id = ConversationId::between(address("alice"), address("bob"));
    let message = Message::Conversation { id, command };
    assert_golden(&message, None, SEND);
}

#[test]
fn a_refusal_to_a_session() {
    let refusal = Refusal::because(domain::Reason::TryLater, "later");
    let event = Event::Refused(Ticket(5), refusal);
    let message = Message::Event { session: SessionId { node: 9, number: 2 }, event };
    assert_golden(&message, None, REFUSED);
}
