//! The negotiation against a server written by hand: the server's lines are what RFC 6120 §9.1 shows.

use clap::Parser as _;

use super::*;
use crate::cli::{Cli, Command};

fn element(text: &str) -> Frame<'_> {
    Frame::Element(text.as_bytes())
}

/// Says one line to the machine and returns its step and its answer.
fn tell(machine: &mut SignIn<'_>, line: &str) -> (Result<Step, Trouble>, String) {
    let mut out = String::new();
    let step = machine.handle(&element(line), &mut out);
    (step, out)
}

const NO_TLS: &str = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>";
const SASL: &str = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
    <mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>";

fn target(mechanism: &str) -> Target {
    let args =
        ["loadtest", "sign-in", "--domain", "d.example", "--password", "pencil", "--mechanism", mechanism];
    match Cli::parse_from(args).command {
        Command::SignIn(args) => Target::new(&args.run.server).unwrap(),
        _ => unreachable!("the command is sign-in"),
    }
}

#[test]
fn signs_in_step_by_step() {
    let target = target("scram-sha1");
    let mut machine = SignIn::new(&target, "u7", "abc", Purpose::SignIn);
    let (step, out) = tell(&mut machine, NO_TLS);
    assert!(matches!(step, Ok(Step::More)) && out.starts_with("<starttls"));
    let (step, _) = tell(&mut machine, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    assert_eq!(step.unwrap(), Step::StartTls);
    let (_, out) = tell(&mut machine, SASL);
    assert!(out.contains("mechanism='SCRAM-SHA-1'"));
    // r=abcdef,s=QSXC,i=1
    let (_, out) = tell(&mut machine, "<challenge xmlns='x'>cj1hYmNkZWYscz1RU1hDLGk9MQ==</challenge>");
    assert!(out.starts_with("<response"));
    let (step, _) = tell(&mut machine, "<success xmlns='x'>dj1BQUFB</success>");
    assert!(matches!(step, Err(Trouble::Scram(_))), "a server that does not know the password is refused");
}

#[test]
fn binds_and_enables_stream_management() {
    let target = target("scram-sha1");
    let mut machine = SignIn::new(&target, "u7", "abc", Purpose::SignIn);
    machine.await_ = Await::Features { tls: true, authenticated: true };
    let (_, out) =
        tell(&mut machine, "<stream:features><bind/><sm xmlns='urn:xmpp:sm:3'/></stream:features>");
    assert!(out.contains("xmpp-bind"));
    let (_, out) = tell(&mut machine, "<iq type='result' id='b'><bind><jid>u7@d/load</jid></bind></iq>");
    assert_eq!(out, "<enable xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(tell(&mut machine, "<enabled xmlns='urn:xmpp:sm:3'/>").0.unwrap(), Step::Done);
}

#[test]
fn nothing_secret_before_tls() {
    let target = target("scram-sha1");
    let mut machine = SignIn::new(&target, "u7", "abc", Purpose::Register);
    let (step, out) = tell(&mut machine, SASL);
    assert!(matches!(step, Err(Trouble::NotOffered(_))) && out.is_empty());
}

#[test]
fn names_what_the_server_lacks_or_refuses() {
    let target = target("scram-sha256");
    let mut machine = SignIn::new(&target, "u7", "abc", Purpose::SignIn);
    machine.await_ = Await::Features { tls: true, authenticated: false };
    let text = tell(&mut machine, SASL).0.unwrap_err().to_string();
    assert!(text.contains("SCRAM-SHA-256") && text.contains("--mechanism"));
    machine.await_ = Await::Success;
    let text =
        tell(&mut machine, "<failure xmlns='x'><not-authorized/></failure>").0.unwrap_err().to_string();
    assert!(text.contains("not-authorized"));
}

#[test]
fn an_account_that_exists_is_registered() {
    let target = target("scram-sha1");
    let mut machine = SignIn::new(&target, "u7", "abc", Purpose::Register);
    machine.await_ = Await::Features { tls: true, authenticated: false };
    let (_, out) = tell(&mut machine, SASL);
    assert!(out.contains("<username>u7</username>"));
    let conflict =
        "<iq type='error'><error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
    assert_eq!(tell(&mut machine, conflict).0.unwrap(), Step::Done);
}
