//! The settings of a node: what is taken, and what is refused with the flag to change.

use super::*;
use crate::config::{Flags, settings::Edition};
use std::{fs, os::unix::fs::PermissionsExt as _};

/// On a loopback address, where certificates are not needed.
const NEEDED: [(&str, &str); 5] = [
    ("data", "."),
    ("domain", "example.org"),
    ("role", "frontend"),
    ("kafka", "127.0.0.1:9092"),
    ("cluster", "127.0.0.1:7800"),
];

fn read(given: &[(&'static str, &str)]) -> Result<Node, Vec<Problem>> {
    let all = NEEDED.iter().chain(given).map(|(name, text)| (*name, (*text).to_owned()));
    let flags = Flags { file: None, given: all.collect() };
    Reading::new(None, &flags, |_| None).node()
}

fn problems(given: &[(&'static str, &str)]) -> Vec<String> {
    read(given).expect_err("refused").iter().map(ToString::to_string).collect()
}

/// A folder with a file that only its owner may read.
fn secret(content: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret");
    fs::write(&path, content).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
    let path = path.to_str().expect("plain").to_owned();
    (folder, path)
}

#[test]
fn a_role_and_kafka_make_a_node() {
    let node = read(&[]).expect("works");
    assert_eq!((node.role, node.shards), (Role::Frontend, ShardCount::DEFAULT));
    assert_eq!(node.name, host_name());
    assert_eq!((node.kafka.prefix.as_str(), node.kafka.replication), ("linnet", 3));
    assert_eq!(node.kafka.hold, Duration::from_secs(5));
    assert!(node.kafka.tls.is_none() && node.kafka.login.is_none() && !node.proxy_protocol);
    assert_eq!(node.cluster.advertise.to_string(), "127.0.0.1:7800", "a loopback address is its own");
    assert_eq!(node.standard.domain.as_str(), "example.org");
    let noted: Vec<_> = notes(&node).iter().map(|note| note.setting).collect();
    assert_eq!(noted, ["certificate", "cluster-certificate", "join"]);
}

#[test]
fn everything_can_be_given() {
    let (_folder, file) = secret("sixteen letters!\n");
    let node = read(&[
        ("node", "linnet-0"),
        ("shards", "1024"),
        ("kafka", "a:9092, [::1]:9093"),
        ("kafka-ca", &file),
        ("kafka-certificate", &file),
        ("kafka-key", &file),
        ("kafka-user", "linnet"),
        ("kafka-password", &file),
        ("kafka-sasl", "plain"),
        ("cluster", "0.0.0.0:7900"),
        ("join", "linnet-nodes:7900"),
        ("cluster-ca", &file),
        ("cluster-certificate", &file),
        ("cluster-key", &file),
        ("cluster-secret", &file),
        ("proxy-protocol", "on"),
    ]);
    let node = node.expect("works");
    assert_eq!(node.cluster.advertise.to_string(), "linnet-0:7900");
    assert_eq!((node.kafka.brokers.len(), node.cluster.join.len(), node.shards.get()), (2, 1, 1024));
    let login = node.kafka.login.as_ref().expect("given");
    assert_eq!((login.user.as_str(), login.sasl), ("linnet", Sasl::Plain));
    assert_eq!(login.password.bytes(), b"sixteen letters!");
    assert!(node.kafka.tls.as_ref().is_some_and(|tls| tls.identity.is_some()));
    assert!(node.cluster.tls.is_some() && node.proxy_protocol);
    let shown = format!("{node:?}");
    assert!(!shown.contains("sixteen"), "{shown}");
}

#[test]
fn each_problem_names_the_flag_to_change() {
    let (_folder, short) = secret("fifteen letters");
    for (given, expected) in [
        (&[("kafka", "kafka")][..], "--kafka: \"kafka\" (from flag): \"kafka\": HOST:PORT"),
        (&[("join", "linnet-nodes")][..], "--join: \"linnet-nodes\" (from flag)"),
        (&[("shards", "0")][..], "--shards: \"0\" (from flag): a number from 1 to 1024"),
        (&[("shards", "1025")][..], "--shards: \"1025\""),
        (&[("role", "edge")][..], "--role: \"edge\" (from flag): frontend"),
        (&[("node", "a b")][..], "--node: \"a b\""),
        (&[("kafka-replication", "0")][..], "--kafka-replication: \"0\""),
        (&[("kafka-prefix", "a/b")][..], "--kafka-prefix: \"a/b\""),
        (&[("kafka-hold", "0s")][..], "--kafka-hold: \"0s\" (from flag): more than no time"),
        (&[("kafka-sasl", "gssapi")][..], "--kafka-sasl: \"gssapi\""),
        (&[("kafka-user", "linnet")][..], "--kafka-password: needed beside --kafka-user"),
        (&[("kafka-certificate", "Cargo.toml")][..], "--kafka-key: needed beside --kafka-certificate"),
        (
            &[("kafka-certificate", "Cargo.toml"), ("kafka-key", "Cargo.toml")][..],
            "--kafka-ca: needed beside",
        ),
        (&[("kafka-ca", "/nowhere/ca.pem")][..], "--kafka-ca: \"/nowhere/ca.pem\" (from flag): No such file"),
        (&[("cluster-key", "Cargo.toml")][..], "--cluster-certificate: needed beside --cluster-key"),
        (&[("cluster-ca", "Cargo.toml")][..], "--cluster-certificate: needed beside --cluster-ca"),
        (
            &[("cluster-secret", "/nowhere/secret")][..],
            "--cluster-secret: \"/nowhere/secret\" (from flag): No such",
        ),
        (&[("cluster-secret", short.as_str())][..], "--cluster-secret"),
        (&[("cluster", "off")][..], "--cluster: \"off\" (from flag): ADDRESS:PORT"),
        (&[("grpc", "127.0.0.1:7800")][..], "--cluster: 127.0.0.1:7800 is taken by --grpc"),
        (&[("xmpp", "off"), ("xmpp-tls", "off"), ("http", "off")][..], "--xmpp: nobody could connect"),
    ] {
        let found = problems(given);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}: {found:?}");
    }
    let open = problems(&[("cluster", "0.0.0.0:7800")]);
    assert!(open.len() == 2 && open.iter().all(|line| line.contains("linnet node certificates")), "{open:?}");
}

#[test]
fn what_is_missing_is_all_said_at_once() {
    let flags = Flags { file: None, given: [("role", "frontend".to_owned())].into() };
    let found = Reading::new(None, &flags, |_| None).node().expect_err("refused");
    let named: Vec<_> = found.iter().map(|problem| problem.setting).collect();
    for name in ["data", "domain", "kafka"] {
        assert!(named.contains(&name), "{name}: {named:?}");
    }
}

/// A setting that nothing reads would be an option that does nothing.
#[test]
fn every_setting_is_read() {
    for setting in Edition::Enterprise.settings() {
        let found = read(&[(setting.name, "\u{0}=[")]).err().unwrap_or_default();
        let named = found.iter().any(|problem| problem.setting == setting.name);
        assert!(named, "--{} takes anything: {found:?}", setting.name);
    }
}

#[test]
fn the_role_decides_which_settings_there_are() {
    let edition = |given: &[(&'static str, &str)], role: Option<&str>| {
        let given = given.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        let role = role.map(str::to_owned);
        let environment = |name: &str| role.clone().filter(|_| name == "LINNET_ROLE");
        let reading = Reading::new(None, &Flags { file: None, given }, environment);
        (reading.edition, reading.problems.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(edition(&[], None), (Edition::Standard, vec![]));
    assert_eq!(edition(&[("role", "frontend")], None).0, Edition::Enterprise);
    assert_eq!(edition(&[("shards", "8")], Some("frontend")), (Edition::Enterprise, vec![]));
    let stray = edition(&[("shards", "8")], None);
    assert_eq!(stray, (Edition::Standard, vec!["--shards: only with --role".to_owned()]));
}

#[test]
fn a_file_says_the_role_and_standard_takes_none_of_a_nodes_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("linnet.toml");
    let text = "role = 'frontend'\nkafka = ['a:1', 'b:2']\nproxy-protocol = true\ncluster = '127.0.0.1:7800'";
    fs::write(&path, text).expect("written");
    let given = [("data", ".".to_owned()), ("domain", "example.org".to_owned())].into();
    let flags = Flags { file: Some(path), given };
    let node = Reading::new(None, &flags, |_| None).node().expect("works");
    assert!(node.kafka.brokers.len() == 2 && node.proxy_protocol);
    let found = Reading::new(Some(Edition::Standard), &flags, |_| None).standard().expect_err("refused");
    assert!(
        found.len() == 4 && found.iter().all(|line| line.text.contains("one of `linnet node`")),
        "{found:?}"
    );
}

#[test]
fn users_who_do_not_exist_look_alike_on_all_nodes_of_a_pool() {
    let (_ours, ours) = secret("the secret of this pool");
    let (_other, other) = secret("the secret of another one");
    let disguise = |name, path: &str| {
        let node = read(&[("node", name), ("cluster-secret", path)]).expect("works");
        crate::roles::frontend::disguise(&node)
    };
    assert_eq!(disguise("one", &ours), disguise("two", &ours));
    assert_ne!(disguise("one", &ours), disguise("one", &other));
}
