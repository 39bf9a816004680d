//! One shard moves, in calm: its users have their contacts still, and everybody sees what they show.

use crate::{
    records::{address, name},
    shards::{Shards, shard_of_user},
};
use tests::{Client, Server, client::Way, limits::WAIT};

fn come(server: &Server, person: usize) -> Client {
    let mut client = Client::new(server, &name(person), "c");
    client.sign_in(Way::Tls).expect("signed in");
    client.manage().expect("managed");
    client.send("<presence/>").expect("sent");
    client
}

fn says(client: &mut Client, stanza: &str) {
    client.send(stanza).expect("sent");
    client.fence().expect("there");
}

/// Both are contacts of each other.
fn befriend(one: &mut Client, other: &mut Client) {
    says(one, &format!("<presence type='subscribe' to='{}'/>", address(1)));
    says(other, &format!("<presence type='subscribe' to='{}'/>", address(0)));
    for (client, contact) in [(one, 1), (other, 0)] {
        client.take_first(WAIT, |element| element.attribute("type") == Some("subscribe")).expect("asked");
        says(client, &format!("<presence type='subscribed' to='{}'/>", address(contact)));
    }
}

/// Waits for a presence of the other with that note.
fn sees(client: &mut Client, from: usize, note: &str) {
    let from = format!("{}/", address(from));
    let found = client.take_first(WAIT, |element| {
        element.name() == "presence"
            && element.attribute("from").is_some_and(|sender| sender.starts_with(&from))
            && element.child("status", "jabber:client").is_some_and(|status| status.text() == note)
    });
    assert!(found.is_some(), "«{note}» of {from} did not come: {}", client.heard());
}

#[test]
fn who_has_moved_has_contacts_is_seen_and_sees() {
    let server = Server::start_pool(2, 1, &["--log", "warn"]);
    Shards::wait_until_calm(&server);
    server.add_users(&[name(0), name(1)]);
    let (mut one, mut other) = (come(&server, 0), come(&server, 1));
    befriend(&mut one, &mut other);
    one.send("<presence><status>before</status></presence>").expect("sent");
    sees(&mut other, 0, "before");

    let shard = shard_of_user(&address(0));
    let shards = Shards::of(&server);
    let target = (0..2).find(|node| !shards.owned_by(*node).contains(&shard)).expect("one of two");
    Shards::move_one(&server, shard, target).expect("moved");
    Shards::wait_until_calm(&server);
    assert!(Shards::of(&server).owned_by(target).contains(&shard));

    one.send("<presence><status>after</status></presence>").expect("sent");
    sees(&mut other, 0, "after");
    other.send("<presence><status>too</status></presence>").expect("sent");
    sees(&mut one, 1, "too");
    one.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>").expect("sent");
    let roster = one.take_first(WAIT, |element| element.attribute("id") == Some("roster")).expect("a roster");
    let contacts = roster.first().map_or(0, |query| query.children().count());
    assert_eq!(contacts, 1, "{}", String::from_utf8_lossy(&roster.to_bytes()));
}
