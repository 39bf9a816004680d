//! Precedence, problems and the table itself.

use super::*;
use check::notes;
use std::{collections::BTreeSet, fs};

fn flags(given: &[(&'static str, &str)]) -> Flags {
    Flags { file: None, given: given.iter().map(|(name, text)| (*name, (*text).to_owned())).collect() }
}

const NEEDED: [(&str, &str); 2] = [("data", "."), ("domain", "example.org")];

fn read(given: &[(&'static str, &str)]) -> Result<Standard, Vec<Problem>> {
    let all: Vec<_> = NEEDED.iter().chain(given).copied().collect();
    Reading::new(Some(Edition::Standard), &flags(&all), |_| None).standard()
}

fn problems(given: &[(&'static str, &str)]) -> Vec<String> {
    read(given).expect_err("refused").iter().map(ToString::to_string).collect()
}

#[test]
fn the_defaults_are_a_working_configuration() {
    let standard = read(&[]).expect("works");
    assert_eq!(standard.xmpp, "0.0.0.0:5222".parse().ok());
    assert_eq!(standard.max_stanza, 256 * 1024);
    assert_eq!(standard.session_quiet, domain::limits::SESSION_QUIET);
    assert!(standard.offline_im && standard.http_tls && standard.certificate.is_none());
    assert_eq!(notes(&standard), []);
}

#[test]
fn flag_over_environment_over_file_over_default() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("linnet.toml");
    let text = "domain = 'file.example'\nlog = 'debug'\nlog-days = 3\noffline-im = false\nadmin = ['a@flag.example']";
    fs::write(&file, text).expect("written");
    let mut flags = flags(&[("data", "."), ("domain", "flag.example")]);
    let environment = |name: &str| match name {
        "LINNET_CONFIG" => Some(file.display().to_string()),
        "LINNET_DOMAIN" => Some("environment.example".to_owned()),
        "LINNET_LOG_DAYS" => Some("5".to_owned()),
        _ => None,
    };
    let reading = Reading::new(Some(Edition::Standard), &flags, environment);
    let origins: Vec<_> = ["domain", "log-days", "log", "xmpp"]
        .map(|name| reading.values.iter().find(|value| value.setting.name == name))
        .iter()
        .map(|value| value.map(|value| value.origin.to_string()).unwrap_or_default())
        .collect();
    assert_eq!(origins, ["flag", "LINNET_LOG_DAYS", &file.display().to_string(), "default"]);
    let standard = reading.standard().expect("works");
    assert_eq!((standard.domain.as_str(), standard.log_days), ("flag.example", 5));
    assert_eq!((standard.log.as_str(), standard.offline_im, standard.admin.len()), ("debug", false, 1));
    flags.file = Some(dir.path().join("other.toml"));
    let refused = Reading::new(Some(Edition::Standard), &flags, environment)
        .standard()
        .expect_err("the flag names another file");
    assert!(refused[0].to_string().contains("other.toml"));
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("linnet.toml");
    fs::write(&file, "max_stanza = 1\nzzz = 2\n[xmpp]\nport = 5222").expect("written");
    let flags = Flags { file: Some(file), ..flags(&NEEDED) };
    let refused = Reading::new(Some(Edition::Standard), &flags, |_| None).standard().expect_err("refused");
    let text: Vec<_> = refused.iter().map(ToString::to_string).collect();
    assert!(
        text.iter().any(|line| line.contains("`max_stanza`") && line.contains("`max-stanza`?")),
        "{text:?}"
    );
    assert!(text.iter().any(|line| line.contains("`zzz`") && line.contains("config show")), "{text:?}");
    assert!(text.iter().any(|line| line.starts_with("--xmpp") && line.contains("table")), "{text:?}");
}

#[test]
fn every_problem_is_found_and_names_its_flag() {
    let found = problems(&[("domain", "a@b"), ("xmpp", "5222"), ("log-days", "0"), ("max-stanza", "1KiB")]);
    for name in ["--domain", "--xmpp", "--log-days", "--max-stanza"] {
        assert!(found.iter().any(|line| line.starts_with(name)), "{name}: {found:?}");
    }
    assert!(
        Reading::new(Some(Edition::Standard), &flags(&[]), |_| None).standard().expect_err("refused").len()
            >= 2
    );
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for (given, expected) in [
        (&[("xmpp", "off"), ("xmpp-tls", "off"), ("http", "off")][..], "--xmpp: nobody"),
        (&[("xmpp", "0.0.0.0:5280")][..], "--http: 0.0.0.0:5280 is taken by --xmpp"),
        (&[("admin", "a@example.net")][..], "--admin: a@example.net"),
        (&[("certificate", "x.pem")][..], "--key: needed"),
        (&[("certificate", "/nowhere/x.pem"), ("key", "Cargo.toml")][..], "--certificate: /nowhere/x.pem"),
        (&[("upload-quota", "1MiB")][..], "--upload-quota"),
        (&[("data", "Cargo.toml")][..], "--data: Cargo.toml is not a directory"),
    ] {
        let found = problems(given);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}: {found:?}");
    }
}

#[test]
fn an_open_door_is_noted() {
    let standard = read(&[("grpc", "0.0.0.0:5290"), ("http-tls", "off")]).expect("works");
    let noted: Vec<_> = notes(&standard).iter().map(|note| note.setting).collect();
    assert_eq!(noted, ["grpc", "http-tls"]);
}

/// A setting that nothing reads would be an option that does nothing.
#[test]
fn every_setting_is_read() {
    for setting in Edition::Standard.settings() {
        let found = read(&[(setting.name, "\u{0}=[")]).err().unwrap_or_default();
        let named = found.iter().any(|problem| problem.setting == setting.name);
        assert!(named, "--{} takes anything: {found:?}", setting.name);
    }
}

#[test]
fn names_are_unique_and_plain() {
    let all = Edition::Enterprise.settings();
    let names: BTreeSet<_> = all.map(|setting| setting.name).collect();
    assert_eq!(names.len(), Edition::Enterprise.settings().count());
    assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
}
