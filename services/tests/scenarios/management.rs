//! Stream management (XEP-0198): a lost connection loses nothing and doubles nothing.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};
use tests::{Client, House, Server, Stage, client::Way, limits::WAIT, play::play, server::DOMAIN};

static HOUSE: House = House::new(&[]);

#[test]
fn a_lost_connection_is_resumed_with_nothing_lost_or_doubled() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in with management
         alice/phone befriends bob/desk
         alice/phone: <message to='{bob}' type='chat' id='1'><body>one</body></message>
         bob/desk hears <message id='1'/>
         bob/desk is cut off
         alice/phone: <message to='{bob}' type='chat' id='2'><body>two</body></message>
         alice/phone: <message to='{bob}' type='chat' id='3'><body>three</body></message>
         bob/desk resumes
         bob/desk hears <message id='2'><body>two</body></message>
         bob/desk hears <message id='3'><body>three</body></message>
         bob/desk hears nothing of <message/>
         -- Nobody noticed.
         alice/phone hears nothing of <presence from='{bob}/desk' type='unavailable'/>
         bob/desk: <message to='{alice}' type='chat' id='4'><body>four</body></message>
         bob/desk is acknowledged
         alice/phone hears <message from='{bob}/desk' id='4'/>",
    );
}

#[test]
fn what_was_not_acknowledged_comes_again() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in with management
         bob/desk keeps silent
         alice/phone: <message to='{bob}' type='chat' id='1'><body>one</body></message>
         bob/desk hears <message id='1'><stanza-id xmlns='urn:xmpp:sid:0' id='{s}'/></message>
         bob/desk is cut off
         bob/desk resumes
         alice/phone: <message to='{bob}' type='chat' id='2'><body>two</body></message>
         bob/desk hears <message id='2'/>
         bob/desk hears nothing of <message id='1'/>",
    );
}

#[test]
fn the_old_connection_may_still_look_alive() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play(
        "alice/phone signs in
         bob/desk signs in with management
         alice/phone: <message to='{bob}' type='chat' id='1'><body>one</body></message>
         bob/desk hears <message id='1'/>",
    );
    // Without a word to the old connection, which is kept open meanwhile.
    let old = stage.client("bob/desk").put_aside();
    stage.play(
        "bob/desk resumes
         alice/phone: <message to='{bob}' type='chat' id='2'><body>two</body></message>
         bob/desk hears <message id='2'/>
         bob/desk hears nothing of <message id='1'/>",
    );
    drop(old);
    stage.play(
        "alice/phone: <message to='{bob}' type='chat' id='3'><body>three</body></message>
         bob/desk hears <message id='3'/>",
    );
}

#[test]
fn who_never_comes_back_gets_it_at_the_next_sign_in() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in with management
         bob/desk keeps silent
         alice/phone: <message to='{bob}' type='chat' id='1'><body>one</body></message>
         bob/desk hears <message id='1'/>
         bob/desk is cut off
         -- The same name again: the lost one is given up, and what it had not confirmed comes again.
         bob/desk signs in
         bob/desk hears <message id='1'><body>one</body></message>
         bob/desk hears nothing of <message/>",
    );
}

#[test]
fn a_count_that_is_too_high_ends_the_stream() {
    play(
        &HOUSE,
        "alice/phone signs in with management
         alice/phone: <a xmlns='urn:xmpp:sm:3' h='1000'/>
         alice/phone hears <stream:error><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>
            <handled-count-too-high xmlns='urn:xmpp:sm:3' h='1000'/></stream:error>
         alice/phone is hung up on",
    );
}

#[test]
fn nothing_can_be_resumed_by_somebody_else_or_after_a_restart() {
    let mut server = Server::start(&[]);
    let mut stage = Stage::on(&server);
    stage.play("alice/phone signs in with management\nbob/desk signs in with management");
    let id = stage.client("alice/phone").management.as_ref().expect("on").id.clone();
    stage.client("bob/desk").management.as_mut().expect("on").id = id;
    stage.play("bob/desk is cut off");
    let refused = stage.client("bob/desk").resume(tests::client::Way::Tls).expect_err("not his");
    assert!(refused.contains("<item-not-found"), "{refused}");
    let packed = stage.pack();
    server.kill();
    server.restart();
    let mut stage = Stage::go_on(&server, packed);
    let refused = stage.client("alice/phone").resume(tests::client::Way::Tls).expect_err("not after that");
    assert!(refused.contains("<item-not-found"), "{refused}");
    stage.play("alice/phone signs in with management");
}

/// Said while the hearer changes its connection all the time.
const SAID: u32 = 3_000;

#[test]
fn who_changes_connections_while_people_talk_hears_everything_once() {
    let server = Server::start(&[]);
    server.add_users(&["alice".to_owned(), "bob".to_owned()]);
    let mut bob = Client::new(&server, "bob", "desk");
    bob.sign_in(Way::Tls).and_then(|()| bob.manage()).expect("bob signs in");
    bob.send("<presence/>").expect("sent");
    bob.fence().expect("he is there");
    let mut alice = Client::new(&server, "alice", "phone");
    let talk = thread::spawn(move || {
        alice.sign_in(Way::Tls).and_then(|()| alice.manage()).expect("alice signs in");
        for n in 0..SAID {
            let text = format!("<message to='bob@{DOMAIN}' type='chat' id='{n}'><body>{n}</body></message>");
            alice.send(&text).expect("sent");
            if n % 16 == 0 {
                alice.wait_for_acknowledgement().expect("acknowledged");
            }
        }
        alice.wait_for_acknowledgement().expect("acknowledged");
    });
    let (mut heard, mut former, mut changes) = (Vec::new(), None, 0);
    let until = Instant::now() + 3 * WAIT;
    while heard.len() < SAID as usize && Instant::now() < until {
        bob.listen(Instant::now() + Duration::from_secs(1));
        let messages = bob.inbox.drain(..).filter(|element| element.name() == "message");
        let before = heard.len();
        heard.extend(messages.filter_map(|m| m.attribute("id")?.parse::<u32>().ok()));
        if heard.len() / 40 > before / 40 {
            // The old connection stays open, unread, until the next change.
            former = bob.put_aside();
            bob.resume(Way::Tls).expect("the session is there");
            changes += 1;
        }
    }
    drop(former);
    talk.join().expect("alice was acknowledged");
    assert!(changes > 20, "{changes} changes");
    let missing: BTreeSet<u32> = (0..SAID).filter(|n| !heard.contains(n)).collect();
    assert!(heard.is_sorted() && heard.len() == SAID as usize, "missing {missing:?}, heard {}", heard.len());
}
