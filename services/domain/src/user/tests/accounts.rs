//! Accounts, sign-in and its ends, tokens.

use super::*;
use crate::account::Token;

fn token(client: &str, expires: u64) -> Token {
    Token {
        client: client.into(),
        secret: vec![7; 32],
        mechanism: "HT-SHA-256-EXPR".into(),
        expires: Timestamp(expires),
        count: 0,
    }
}

#[test]
fn an_account_is_made_once_and_may_be_switched_off() {
    let mut stage = Stage::with(&["alice"]);
    stage.ask("alice", Command::CreateAccount { verifiers: Vec::new(), at: Timestamp(2) });
    stage.expect(&["administrator: refused Conflict"]);
    stage.arrives("alice/desk");
    stage.ask("alice", Command::SetEnabled(false));
    stage.expect(&["alice/desk: ended, AccountChanged"]);
    assert!(stage.user("alice").exists() && !stage.user("alice").is_enabled());
    stage.attach("alice/desk");
    stage.expect(&["alice/desk: ended, AccountChanged"]);
    stage.ask("alice", Command::SetEnabled(true));
    stage.attach("alice/desk");
    stage.expect(&[]);
    stage.ask("bob", Command::SetEnabled(true));
    stage.ask("bob", Command::RemoveAccount);
    stage.ask("bob", Command::SetPassword { verifiers: Vec::new() });
    stage.expect(&["administrator: refused NotFound"; 3]);
}

#[test]
fn another_password_ends_sessions_and_tokens() {
    let mut stage = Stage::with(&["alice"]);
    stage.ask("alice", Command::SetToken { token: token("phone", 9000) });
    stage.arrives("alice/desk");
    assert_eq!(stage.user("alice").tokens().len(), 1);
    stage.ask("alice", Command::SetPassword { verifiers: Vec::new() });
    stage.expect(&["alice/desk: ended, AccountChanged"]);
    assert!(stage.user("alice").tokens().is_empty());
    assert!(stage.user("alice").is_idle());
}

#[test]
fn a_token_replaces_that_of_the_same_client_and_the_expired_go() {
    let mut stage = Stage::with(&["alice"]);
    stage.ask("alice", Command::SetToken { token: token("phone", 1500) });
    stage.ask("alice", Command::SetToken { token: token("phone", 1600) });
    stage.ask("alice", Command::SetToken { token: token("desk", 9000) });
    let clients = |stage: &mut Stage| -> Vec<_> {
        stage.user("alice").tokens().iter().map(|t| (t.client.clone(), t.expires.0)).collect()
    };
    assert_eq!(clients(&mut stage), [("phone".into(), 1600), ("desk".into(), 9000)]);
    stage.now = Timestamp(2000);
    stage.ask("alice", Command::SetToken { token: token("car", 9000) });
    stage.ask("alice", Command::RemoveToken { client: "desk".into() });
    assert_eq!(clients(&mut stage), [("car".into(), 9000)]);
    let facts = stage.facts[&address("alice")].len();
    stage.ask("alice", Command::RemoveToken { client: "desk".into() });
    stage.ask("nobody", Command::SetToken { token: token("desk", 9000) });
    assert_eq!(stage.facts[&address("alice")].len(), facts, "nothing to say, nothing logged");
    assert!(stage.facts[&address("nobody")].is_empty());
}

#[test]
fn a_second_sign_in_of_the_same_name_replaces_the_first() {
    let mut stage = Stage::with(&["alice", "bob"]);
    stage.befriend("alice", "bob");
    stage.arrives("bob/phone");
    stage.arrives("alice/desk");
    stage.attach("alice/desk");
    stage.expect(&["alice/desk: ended, Replaced", "bob/phone: alice/desk is gone, in all Offline"]);
    stage.says("alice/desk", endpoint::Command::Unpublish { note: None });
    stage.expect(&[]);
}

#[test]
fn a_removed_account_leaves_nothing_behind() {
    let mut stage = Stage::with(&["alice", "bob", "carol"]);
    stage.befriend("alice", "bob");
    stage.arrives("bob/phone");
    stage.arrives("carol/pad");
    stage.steps("carol/pad", Handshake::Subscribe, "alice");
    stage.ask(
        "alice",
        Command::Deliver {
            endpoint: None,
            said: said("bob/phone", "alice", 1, message("hello")),
            late: false,
        },
    );
    stage.heard.clear();
    stage.ask("alice", Command::RemoveAccount);
    stage.expect(&[
        "bob/phone: alice Unsubscribe",
        "bob/phone: contact alice to",
        "bob/phone: alice Unsubscribed",
        "bob/phone: contact alice",
        "carol/pad: alice Unsubscribed",
        "carol/pad: contact alice",
    ]);
    let mut rows = Vec::new();
    stage.user("alice").take_changed(&mut |row| rows.push(row));
    let gone = |row: &crate::user::Row| {
        use crate::user::Row;
        match row {
            Row::Account(row) => row.is_none(),
            Row::Contact(_, row) => row.is_none(),
            Row::Request(_, row) => row.is_none(),
            Row::Blocked(entries) => entries.is_empty(),
            Row::Kept(_, row) => row.is_none(),
            Row::Category(_, row) => row.is_none(),
            Row::Item { item, .. } => item.is_none(),
        }
    };
    assert!(rows.len() >= 4 && rows.iter().all(gone), "{rows:?}");
    assert!(!stage.user("alice").exists() && stage.user("alice").is_idle());
}

#[test]
fn an_account_made_again_does_not_repeat_a_roster_version() {
    let mut stage = Stage::with(&["alice"]);
    let version = |stage: &mut Stage| stage.user("alice").roster_version();
    stage.steps("alice/desk", Handshake::Subscribe, "bob"); // not signed in
    stage.expect(&["alice/desk: refused UnexpectedRequest"]);
    stage.arrives("alice/desk");
    stage.steps("alice/desk", Handshake::Subscribe, "bob");
    let before = version(&mut stage);
    stage.ask("alice", Command::RemoveAccount);
    stage.ask("alice", Command::CreateAccount { verifiers: Vec::new(), at: Timestamp(5000) });
    assert!(version(&mut stage) > before);
}
