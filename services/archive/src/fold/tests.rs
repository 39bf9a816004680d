//! Which histories a message is in, by the rows that it makes.

use super::*;
use domain::{EndpointId, EndpointName, Message, Timestamp};
use event_log::WriterId;
use std::sync::Arc;

fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}

fn name(text: &str) -> EndpointName {
    EndpointName::parse(text).expect("a name")
}

fn said(number: u64, to: Option<&str>, readers: Readers) -> Fact {
    Fact::Said {
        number,
        at: Timestamp(1000 + number),
        from: EndpointId::new(address("alice@x"), name("phone")),
        nick: None,
        occupant_id: None,
        to: to.map(name),
        message: Arc::new(Message { body: Some("hello".into()), ..Message::default() }),
        readers,
    }
}

/// What the rows begin with, and what of them can be read back as said.
fn folded(id: ConversationId, facts: Vec<Fact>) -> (Vec<String>, Vec<u64>) {
    let entry = Entry { home: Home::Conversation(id), facts: Facts::Conversation(facts) };
    let stamp = Stamp { epoch: 1, writer: WriterId(1) };
    let record = entry.encode(stamp);
    let (mut keys, mut numbers) = (Vec::new(), Vec::new());
    rows(stamp, &entry, &record, &mut |(key, value)| {
        let prefix = key[..key.len() - 21].to_vec();
        keys.push(String::from_utf8(prefix).expect("addresses are text").replace('\u{1}', "+"));
        numbers.extend(super::said(value.into()).map(|said| said.number));
    });
    keys.sort();
    (keys, numbers)
}

fn keys(of: &[&str]) -> Vec<String> {
    of.iter().map(ToString::to_string).collect()
}

#[test]
fn talk_between_two_is_in_both_their_histories() {
    let pair = ConversationId::between(address("alice@x"), address("bob@x"));
    let (found, numbers) = folded(pair, vec![said(1, Some("desk"), Readers::All)]);
    assert_eq!(found, keys(&["Calice@x+bob@x", "Ualice@x", "Ubob@x"]));
    assert_eq!(numbers, [1]);
    let alone = ConversationId::between(address("alice@x"), address("alice@x"));
    assert_eq!(folded(alone, vec![said(1, None, Readers::All)]).0, keys(&["Calice@x+alice@x", "Ualice@x"]));
}

#[test]
fn a_conference_has_what_is_for_all_and_people_have_their_whispers() {
    let tea = || ConversationId::Conference(address("tea@c.x"));
    assert_eq!(folded(tea(), vec![said(1, None, Readers::All)]), (keys(&["Ctea@c.x"]), vec![1]));
    assert_eq!(folded(tea(), vec![said(1, None, Readers::Nobody)]), (vec![], vec![]));
    let whisper = said(2, Some("Bob"), Readers::Whispered(address("bob@x")));
    let (found, numbers) = folded(tea(), vec![said(1, None, Readers::Nobody), whisper]);
    assert_eq!(found, keys(&["Calice@x+tea@c.x", "Cbob@x+tea@c.x", "Ualice@x", "Ubob@x"]));
    assert_eq!(numbers, [2, 2]);
    let to_oneself = said(3, Some("Alice"), Readers::Whispered(address("alice@x")));
    assert_eq!(folded(tea(), vec![to_oneself]).0, keys(&["Calice@x+tea@c.x", "Ualice@x"]));
}
