//! slixmpp: signs in, roster, messages both ways, a conference, history; and does not sign in where it trusts another CA.

use std::{
    path::Path,
    process::{Command, Output},
};
use tests::{
    Server,
    server::{DOMAIN, password},
};

fn run(server: &Server, ca: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/two_people.py");
    let ports = server.ports();
    // The system's own Python: that is where Debian's package is.
    let mut python = Command::new("/usr/bin/python3");
    python.arg(script).args([DOMAIN, &ports.xmpp.ip().to_string(), &ports.xmpp.port().to_string()]).arg(ca);
    for name in ["alice", "bob"] {
        python.args([name, &password(name)]);
    }
    python.output().expect("python3 runs")
}

#[test]
fn two_people_do_what_people_do() {
    let server = Server::start(&[]);
    server.add_users(&["alice".to_owned(), "bob".to_owned()]);
    let output = run(&server, &server.data().join("tls/ca.pem"));
    let said = String::from_utf8_lossy(&output.stdout);
    let trouble = String::from_utf8_lossy(&output.stderr);
    for step in ["signed in", "roster", "message", "reply", "receipt", "conference", "history", "signed out"]
    {
        assert!(said.lines().any(|line| line == step), "no {step}:\n{said}\n{trouble}\n{}", server.log());
    }
    assert!(output.status.success(), "{trouble}");
}

#[test]
fn nobody_signs_in_who_trusts_another_authority() {
    let server = Server::start(&[]);
    let other = Server::start(&[]);
    server.add_users(&["alice".to_owned(), "bob".to_owned()]);
    let output = run(&server, &other.data().join("tls/ca.pem"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.trim() == "not trusted", "{said}");
}
