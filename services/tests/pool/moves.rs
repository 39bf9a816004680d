//! Nodes and brokers come and go while people talk.

use domain::{Address, Home, ShardCount};
use std::{
    thread,
    time::{Duration, Instant},
};
use tests::{Server, Stage, limits::WAIT, server::DOMAIN};

/// Alice is at the first node, Bob at the second, Carol at the third.
const TALK: &str = "alice/phone signs in with management
    bob/desk signs in with management
    alice/phone befriends bob/desk
    alice/phone: <message to='{bob}' type='chat' id='1'><body>one</body></message>
    alice/phone is acknowledged
    bob/desk hears <message from='{alice}/phone' id='1'/>
    bob/desk: <message to='{alice}' type='chat' id='2'><body>two</body></message>
    bob/desk is acknowledged
    alice/phone hears <message from='{bob}/desk' id='2'/>";

/// Both ways, and nobody has seen anybody go.
const GO_ON: &str = "alice/phone: <message to='{bob}' type='chat' id='3'><body>three</body></message>
    alice/phone is acknowledged
    bob/desk hears <message from='{alice}/phone' id='3'><body>three</body></message>
    bob/desk: <message to='{alice}' type='chat' id='4'><body>four</body></message>
    bob/desk is acknowledged
    alice/phone hears <message from='{bob}/desk' id='4'><body>four</body></message>
    bob/desk hears nothing of <presence from='{alice}/phone' type='unavailable'/>
    alice/phone hears nothing of <presence from='{bob}/desk' type='unavailable'/>";

#[test]
fn nobody_notices_the_end_of_a_node_that_he_is_not_connected_to() {
    let mut server = Server::start_pool(3, 1, &[]);
    let packed = {
        let mut stage = Stage::on(&server);
        stage.play(TALK);
        stage.pack()
    };
    server.kill_node(2);
    let mut stage = Stage::stay(&server, packed);
    stage.play(GO_ON);
    stage.play(
        "alice/phone: <presence><show>dnd</show></presence>
         bob/desk hears <presence from='{alice}/phone'><show>dnd</show></presence>",
    );
    let packed = stage.pack();
    // It comes back, gets shards again, and nobody notices that either.
    server.restart_node(2);
    Stage::stay(&server, packed).play(
        "alice/phone: <message to='{bob}' type='chat' id='5'><body>five</body></message>
         alice/phone is acknowledged
         bob/desk hears <message id='5'/>
         bob/desk: <presence><show>away</show></presence>
         alice/phone hears <presence from='{bob}/desk'><show>away</show></presence>",
    );
}

#[test]
fn a_client_of_a_dead_node_resumes_on_another() {
    let mut server = Server::start_pool(3, 1, &[]);
    let packed = {
        let mut stage = Stage::on(&server);
        stage.play(TALK);
        // What a session is lives at its node and at its user's home; here only the one goes.
        home_is_at(&server, &stage.account("alice"), "n2");
        stage.pack()
    };
    // Her home knows how far her client is: it is told within REPORT_DELAY.
    thread::sleep(2 * REPORT_DELAY);
    server.kill_node(0);
    let mut stage = Stage::stay(&server, packed);
    // Said while she has no connection.
    stage.play(
        "bob/desk: <message to='{alice}' type='chat' id='while'><body>while you were away</body></message>
         bob/desk is acknowledged",
    );
    stage.client("alice/phone").go_to(server.ports_of(2));
    stage.play(
        "alice/phone resumes
         alice/phone hears <message from='{bob}/desk' id='while'/>",
    );
    stage.play(GO_ON);
}

#[test]
fn a_node_that_is_stopped_hands_everything_over() {
    let mut server = Server::start_pool(2, 1, &[]);
    let packed = {
        let mut stage = Stage::on(&server);
        stage.play(TALK);
        stage.pack()
    };
    server.ask_node_to_stop(0);
    let mut stage = Stage::stay(&server, packed);
    stage.play(
        "alice/phone hears <stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>
         alice/phone is hung up on",
    );
    stage.client("alice/phone").go_to(server.ports_of(1));
    stage.play("alice/phone resumes");
    stage.play(GO_ON);
    drop(stage);
    assert_eq!(server.node_ended(0).code(), Some(0), "{}", server.log());
}

#[test]
fn a_message_is_held_while_kafka_is_away_and_people_sign_in() {
    let server = Server::start_pool(2, 1, &[]);
    let mut stage = Stage::on(&server);
    stage.play(TALK);
    stage.play("carol/pad signs in");
    server.kafka().pause(1);
    stage.play(
        "alice/phone: <message to='{bob}' type='chat' id='held'><body>held</body></message>
         bob/desk hears nothing of <message id='held'/>
         -- Who is known signs in, and presence goes on.
         carol/tab signs in
         alice/phone: <presence><show>xa</show></presence>
         bob/desk hears <presence from='{alice}/phone'><show>xa</show></presence>",
    );
    server.kafka().resume(1);
    stage.play(
        "alice/phone is acknowledged
         bob/desk hears <message id='held'><body>held</body></message>",
    );
    stage.play(GO_ON);
}

/// As `frontend::limits` has it.
const REPORT_DELAY: Duration = Duration::from_millis(50);
/// As `frontend::limits` has it: so long a stop waits for the log.
const RELEASE: Duration = Duration::from_secs(5);

#[test]
fn a_node_stops_also_while_kafka_is_away() {
    let mut server = Server::start_pool(1, 1, &["--drain-timeout", "5s"]);
    let mut stage = Stage::on(&server);
    stage.play("alice/phone signs in");
    drop(stage);
    server.kafka().pause(1);
    let since = Instant::now();
    server.ask_node_to_stop(0);
    assert_eq!(server.node_ended(0).code(), Some(0), "{}", server.log());
    assert!(since.elapsed() < RELEASE + Duration::from_secs(25), "{:?}", since.elapsed());
    server.kafka().resume(1);
}

#[test]
fn a_shard_is_moved_by_command_while_people_talk() {
    let server = Server::start_pool(2, 1, &[]);
    let mut stage = Stage::on(&server);
    stage.play(TALK);
    for node in ["n1", "n2"] {
        for shard in 0..16 {
            let moved = server.command(&["shard", "move", &shard.to_string(), node], "");
            assert!(moved.status.success(), "{}", String::from_utf8_lossy(&moved.stderr));
        }
    }
    stage.play(GO_ON);
}

#[test]
fn a_conference_outlives_the_nodes_of_its_occupants() {
    let mut server = Server::start_pool(3, 1, &[]);
    let packed = {
        let mut stage = Stage::on(&server);
        stage.play(
            "alice/phone signs in with management
             bob/desk signs in with management
             alice/phone starts {#tea} as Alice
             bob/desk enters {#tea} as Bob
             alice/phone: <message to='{#tea}' type='groupchat' id='1'><body>one</body></message>
             alice/phone hears <message from='{#tea}/Alice' type='groupchat' id='1'/>
             bob/desk hears <message from='{#tea}/Alice' type='groupchat' id='1'/>",
        );
        stage.pack()
    };
    server.kill_node(2);
    let mut stage = Stage::stay(&server, packed);
    stage.play(
        "bob/desk: <message to='{#tea}' type='groupchat' id='2'><body>two</body></message>
         alice/phone hears <message from='{#tea}/Bob' type='groupchat' id='2'/>
         bob/desk hears <message from='{#tea}/Bob' type='groupchat' id='2'/>
         alice/phone: <message to='{#tea}' type='groupchat' id='3'><body>three</body></message>
         bob/desk hears <message from='{#tea}/Alice' type='groupchat' id='3'/>",
    );
}

/// Moves the home of this user to that node, and waits until it is there.
fn home_is_at(server: &Server, account: &str, node: &str) {
    let address = Address::parse(&format!("{account}@{DOMAIN}")).expect("an address");
    let shard = Home::User(address).shard(ShardCount::new(16).expect("some")).0;
    let moved = server.command(&["shard", "move", &shard.to_string(), node], "");
    assert!(moved.status.success(), "{}", String::from_utf8_lossy(&moved.stderr));
    let since = Instant::now();
    loop {
        let listed = server.command(&["shard", "list", "--json"], "").stdout;
        let listed: serde_json::Value = serde_json::from_slice(&listed).expect("JSON");
        let is_it = |row: &&serde_json::Value| row["number"] == shard;
        let row = listed.as_array().into_iter().flatten().find(is_it).expect("the shard is listed");
        if row["owner"] == node {
            return;
        }
        assert!(since.elapsed() < WAIT, "shard {shard} does not come to {node}: {row}");
    }
}
