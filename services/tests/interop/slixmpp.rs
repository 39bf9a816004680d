//! slixmpp: signs in, roster, messages both ways, a conference, history; does not sign in where it trusts another CA; and
//! as a component (XEP-0114).

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};
use tests::{
    Server, Stage,
    component::{file, secret},
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

const ECHO: &str = "echo.linnet.test";

fn echo(server: &Server, secret: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/echo.py");
    let port = server.ports().component.expect("components may connect");
    let mut python = Command::new("/usr/bin/python3");
    python.arg(script).args([ECHO, secret, &port.ip().to_string(), &port.port().to_string()]);
    python
}

#[test]
fn a_component_echoes_what_people_say() {
    let file = file(&[ECHO]);
    let server =
        Server::start(&["--component", "127.0.0.1:0", "--components", file.path().to_str().expect("plain")]);
    let mut stage = Stage::on(&server);
    stage.play("alice/phone signs in with interests");
    let mut component = echo(&server, &secret(ECHO)).stdout(Stdio::piped()).spawn().expect("python3 runs");
    let mut said = BufReader::new(component.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert_eq!(said.next().as_deref(), Some("connected"), "{}", server.log());
    stage.play(
        "alice/phone: <message to='bob@echo.linnet.test' type='chat' id='1'><body>over the border</body></message>
         alice/phone hears <message from='bob@echo.linnet.test' type='chat'><body>over the border</body></message>
         alice/phone gets from echo.linnet.test: <query xmlns='http://jabber.org/protocol/disco#info'/>
         alice/phone is told <query xmlns='http://jabber.org/protocol/disco#info'><identity category='gateway' type='echo'/></query>
         alice/phone: <presence to='bob@echo.linnet.test' type='subscribe'/>
         alice/phone hears <presence from='bob@echo.linnet.test' type='-'/>
         alice/phone: <message to='bob@echo.linnet.test' type='chat' id='2'><body>good-bye</body></message>",
    );
    assert_eq!(said.next().as_deref(), Some("done"));
    component.wait().expect("it ends");
}
