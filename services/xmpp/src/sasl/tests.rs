//! The examples of the RFCs, and every way to lie.

use super::*;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    Timestamp,
    account::{Token, Verifier},
};

fn channel() -> Channel {
    Channel { exporter: Some([7; 32]), end_point: Some(Box::from(&b"hash"[..])) }
}

/// A verifier with the salt of an RFC's example.
fn verifier(hash: ScramHash, salt: &str, password: &str) -> Verifier {
    verifier::with_salt(hash, password, &STANDARD.decode(salt).expect("base64"), 4096)
}

fn run(hash: ScramHash, salt: &str, messages: [&str; 4], nonce: &str) -> Result<(), SaslError> {
    let [first, server_first, last, server_last] = messages;
    let read = ScramFirst::parse(hash, false, false, first.as_bytes(), &Channel::default())?;
    assert_eq!(read.user, "user");
    let (scram, challenge) = read.challenge(verifier(hash, salt, "pencil"), nonce);
    assert_eq!(challenge, server_first);
    assert_eq!(scram.finish(last.as_bytes())?, server_last);
    Ok(())
}

#[test]
fn rfc_5802_section_5() {
    let messages = [
        "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ];
    assert_eq!(run(ScramHash::Sha1, "QSXCR+Q6sek8bf92", messages, "3rfcNHYJY1ZVvWVs7j"), Ok(()));
}

#[test]
fn rfc_7677_section_3() {
    let messages = [
        "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ];
    let nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    assert_eq!(run(ScramHash::Sha256, "W22ZaJ0SNY7soEsUEjb6gQ==", messages, nonce), Ok(()));
    let mut wrong = messages;
    wrong[2] = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=eHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    let outcome = run(ScramHash::Sha256, "W22ZaJ0SNY7soEsUEjb6gQ==", wrong, nonce);
    assert_eq!(outcome, Err(SaslError::NotAuthorized));
}

/// A client's side of one exchange.
fn exchange(
    flag: &str,
    plus: bool,
    offered: bool,
    bound: &[u8],
    password: &str,
) -> Result<String, SaslError> {
    let verifiers = make_verifiers("pencil", [1; 16], 4096).expect("a password");
    let first = format!("{flag},,n=alice,r=abc");
    let read = ScramFirst::parse(ScramHash::Sha256, plus, offered, first.as_bytes(), &channel())?;
    let (scram, challenge) = read.challenge(verifiers[0].clone(), "xyz");
    let binding = STANDARD.encode([format!("{flag},,").as_bytes(), bound].concat());
    let unproven = format!("c={binding},r=abcxyz");
    let said = format!("n=alice,r=abc,{challenge},{unproven}");
    let proof = verifier::client_proof(ScramHash::Sha256, password, &verifiers[0], said.as_bytes());
    scram.finish(format!("{unproven},p={}", STANDARD.encode(proof)).as_bytes())
}

#[test]
fn channel_binding_is_checked_both_ways() {
    use SaslError::{MalformedRequest, NotAuthorized};
    assert!(exchange("p=tls-exporter", true, true, &[7; 32], "pencil").is_ok());
    assert!(exchange("p=tls-server-end-point", true, true, b"hash", "pencil").is_ok());
    assert!(exchange("n", false, true, b"", "pencil").is_ok());
    assert!(exchange("y", false, false, b"", "pencil").is_ok());
    for (flag, plus, bound, error) in [
        ("p=tls-exporter", true, &[8; 32][..], NotAuthorized),
        ("p=tls-unique", true, &[7; 32], MalformedRequest),
        ("p=tls-exporter", false, &[7; 32], MalformedRequest),
        ("n", true, b"", MalformedRequest),
        // Somebody in between hid the -PLUS mechanisms.
        ("y", false, b"", NotAuthorized),
    ] {
        assert_eq!(exchange(flag, plus, true, bound, "pencil"), Err(error), "{flag} {plus}");
    }
    assert_eq!(exchange("n", false, true, b"", "pencils"), Err(NotAuthorized));
}

#[test]
fn first_messages_are_read_strictly() {
    let read = |message: &str| {
        ScramFirst::parse(ScramHash::Sha1, false, false, message.as_bytes(), &Channel::default())
            .map(|first| (first.user, first.authzid))
    };
    assert_eq!(read("n,a=b=3Dc,n=a=2Cb,r=x"), Ok(("a,b".to_owned(), Some("b=c".to_owned()))));
    for bad in
        ["", "n,", "n,,m=x,n=a,r=x", "n,,n=a", "n,,n=a,r=", "n,,n=a=2c,r=x", "n,x,n=a,r=x", "z,,n=a,r=x"]
    {
        assert_eq!(read(bad), Err(SaslError::MalformedRequest), "{bad}");
    }
}

#[test]
fn plain_is_checked_against_a_verifier() {
    let verifiers = make_verifiers("p\u{e9}ncil", [1; 16], 4096).expect("a password");
    assert_ne!(verifiers[0].salt, verifiers[1].salt);
    for verifier in &verifiers {
        assert!(check_plain(verifier, "p\u{e9}ncil"));
        // The same password, decomposed.
        assert!(check_plain(verifier, "pe\u{301}ncil"));
        assert!(!check_plain(verifier, "pencil"));
        assert!(!check_plain(verifier, ""));
    }
    let read = plain::Plain::parse(b"\0alice\0secret").expect("good");
    assert_eq!(
        (read.authzid.as_deref(), read.user.as_str(), read.password.as_str()),
        (None, "alice", "secret")
    );
    assert!(!format!("{read:?}").contains("secret"));
    for bad in [&b""[..], b"\0alice", b"\0\0x", b"\0alice\0", b"\0a\0b\0c", b"\0\xff\0b"] {
        assert_eq!(plain::Plain::parse(bad), Err(SaslError::MalformedRequest));
    }
    assert_eq!(make_verifiers("", [1; 16], 4096), None);
}

#[test]
fn an_unknown_user_looks_like_a_known_one() {
    let fake = |user: &str| fake_verifier(&[3; 32], user, ScramHash::Sha256);
    let real = &make_verifiers("pencil", [1; 16], crate::limits::ITERATIONS).expect("a password")[0];
    assert_eq!(fake("nobody"), fake("nobody"));
    assert_ne!(fake("nobody").salt, fake("noone").salt);
    assert_eq!((fake("nobody").salt.len(), fake("nobody").iterations), (real.salt.len(), real.iterations));
    assert!(!check_plain(&fake("nobody"), "pencil"));
}

#[test]
fn a_token_proves_both_sides() {
    let token = Token {
        client: "phone".to_owned(),
        secret: vec![9; 32],
        mechanism: "HT-SHA-256-EXPR".to_owned(),
        expires: Timestamp(0),
        count: 0,
    };
    let key = ht::wire_form(&token.secret);
    let proof = |bound: &[u8]| {
        let hashed = verifier::hmac(ScramHash::Sha256, key.as_bytes(), &[b"Initiator", bound]);
        [&b"alice\0"[..], &hashed].concat()
    };
    let check = |message: &[u8], binding| {
        ht::Initiator::parse(message, binding, &channel()).ok().and_then(|read| read.check(&token))
    };
    let answer = check(&proof(&[7; 32]), HtBinding::Exporter).expect("right");
    assert_eq!(answer, verifier::hmac(ScramHash::Sha256, key.as_bytes(), &[b"Responder", &[7; 32]]));
    assert!(check(&proof(b"hash"), HtBinding::EndPoint).is_some());
    assert!(check(&proof(b""), HtBinding::None).is_some());
    assert!(check(&proof(&[8; 32]), HtBinding::Exporter).is_none());
    assert!(check(b"alice", HtBinding::None).is_none());
}

#[test]
fn every_mechanism_is_known_by_its_name() {
    for mechanism in Mechanism::PASSWORD.into_iter().chain(Mechanism::TOKEN) {
        assert_eq!(Mechanism::named(mechanism.name()), Some(mechanism));
        assert!(mechanism.fits(&channel()));
    }
    assert!(!Mechanism::Scram(ScramHash::Sha256, true).fits(&Channel::default()));
}
