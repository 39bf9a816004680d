//! profanity: signs in, contacts, messages both ways, a conference; and does not sign in where it trusts another CA.

use super::terminal::Terminal;
use std::path::Path;
use tempfile::TempDir;
use tests::{Server, Stage, server::password};

/// Starts it as a user of the server, and has it connect.
fn profanity(server: &Server, home: &Path, user: &str, ca: &Path) -> Terminal {
    let terminal = Terminal::run("profanity", home, &[("SSL_CERT_FILE", ca)]);
    let ports = server.ports();
    terminal.shows("Profanity");
    for (name, value) in [
        ("jid", format!("{user}@linnet.test/profanity")),
        ("server", ports.xmpp.ip().to_string()),
        ("port", ports.xmpp.port().to_string()),
        ("tls", "force".to_owned()),
        ("password", password(user)),
    ] {
        if name == "jid" {
            terminal.types("/account add me").shows("Account created.");
        }
        terminal.types(&format!("/account set me {name} \"{value}\""));
    }
    terminal.shows("Updated password for account me").types("/connect me");
    terminal
}

#[test]
fn a_person_at_a_terminal_talks_with_one_who_uses_something_else() {
    let server = Server::start(&[]);
    let home = TempDir::new().expect("a folder");
    let mut stage = Stage::on(&server);
    stage.play("bob/desk signs in\nbob/desk forgets");
    server.add_users(&["terminal".to_owned()]);
    let bob = stage.variable("bob").to_owned();
    stage.set("alice", "terminal@linnet.test");

    let alice = profanity(&server, home.path(), "terminal", &server.data().join("tls/ca.pem"));
    alice.shows("logged in successfully, online");
    alice.types(&format!("/roster add {bob} Robert")).shows("Roster item added");
    alice.types(&format!("/sub request {bob}"));
    stage.play(
        "bob/desk hears <presence from='terminal@linnet.test' type='subscribe'/>
         bob/desk: <presence to='terminal@linnet.test' type='subscribed'/>
         bob/desk: <presence><status>made of brass</status></presence>",
    );
    alice.types("/win 1").shows("Robert").shows("made of brass");

    alice.types(&format!("/msg {bob} hello from the terminal"));
    stage.play(
        "bob/desk hears <message from='terminal@linnet.test/profanity' type='chat'><body>hello from the terminal</body></message>
         bob/desk: <message to='terminal@linnet.test' type='chat' id='1'><body>and back again</body></message>",
    );
    alice.shows("and back again");

    alice.types("/join teapot@conference.linnet.test nick Alice").shows("You have joined the room as Alice");
    alice.types("/room accept").shows("Room unlocked");
    stage.play(
        "bob/desk enters teapot@conference.linnet.test as Bob
         bob/desk: <message to='teapot@conference.linnet.test' type='groupchat' id='2'><body>is there tea?</body></message>",
    );
    alice.shows("is there tea?").types("plenty of it");
    stage.play(
        "bob/desk hears <message from='teapot@conference.linnet.test/Bob'><body>is there tea?</body></message>
         bob/desk hears <message from='teapot@conference.linnet.test/Alice' type='groupchat'><body>plenty of it</body></message>",
    );
}

#[test]
fn nobody_signs_in_who_trusts_another_authority() {
    let server = Server::start(&[]);
    let other = Server::start(&[]);
    server.add_users(&["terminal".to_owned()]);
    let home = TempDir::new().expect("a folder");
    let alice = profanity(&server, home.path(), "terminal", &other.data().join("tls/ca.pem"));
    alice.shows("TLS certificate verification failed");
}
