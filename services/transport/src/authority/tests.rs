//! What the authority makes, keeps and leaves alone.

use super::*;
use std::os::unix::fs::PermissionsExt as _;

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + 20_000 * DAY
}

struct Scene {
    _dir: tempfile::TempDir,
    authority: Authority,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let authority = Authority::new(dir.path().join("tls"));
        fs::create_dir_all(&authority.dir).expect("made");
        Self { _dir: dir, authority }
    }

    fn ensure(&self, list: &[&str], at: SystemTime) -> Ensured {
        self.authority.ensure(&names(list), at).expect("ensured")
    }

    fn refusal(&self) -> String {
        self.authority.ensure(&names(NAMES), now()).expect_err("refused").to_string()
    }

    fn ca(&self) -> String {
        fs::read_to_string(self.authority.ca()).expect("there")
    }

    fn server(&self) -> String {
        fs::read_to_string(self.authority.certificate()).expect("there")
    }
}

const NAMES: &[&str] = &["example.org", "conference.example.org", "localhost", "127.0.0.1", "::1"];

#[test]
fn what_is_made_is_kept_and_can_be_used() {
    let scene = Scene::new();
    assert_eq!(scene.ensure(NAMES, now()), Ensured::Founded);
    let (ca, server) = (scene.ca(), scene.server());
    assert_eq!(scene.ensure(NAMES, now() + DAY), Ensured::Kept);
    assert_eq!((scene.ca(), scene.server()), (ca, server));
    crate::Tls::open(&scene.authority.certificate(), &scene.authority.key()).expect("usable");
    for key in [scene.authority.key(), scene.authority.dir.join("ca.key")] {
        let mode = fs::metadata(key).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let ends = not_after(Path::new("x"), &scene.server()).expect("parsed");
    assert_eq!(ends.duration_since(now()).expect("later"), 397 * DAY);
}

#[test]
fn other_names_or_an_end_in_sight_renew_the_certificate_but_not_the_authority() {
    let scene = Scene::new();
    scene.ensure(NAMES, now());
    let ca = scene.ca();
    assert_eq!(scene.ensure(&["example.net"], now()), Ensured::Renewed);
    assert_eq!(scene.ensure(&["example.net"], now() + 366 * DAY), Ensured::Kept);
    assert_eq!(scene.ensure(&["example.net"], now() + 368 * DAY), Ensured::Renewed);
    assert_eq!(scene.ca(), ca);
}

#[test]
fn an_authority_at_its_end_is_founded_anew() {
    let scene = Scene::new();
    scene.ensure(NAMES, now());
    let ca = scene.ca();
    assert_eq!(scene.ensure(NAMES, now() + 3_640 * DAY), Ensured::Founded);
    assert_ne!(scene.ca(), ca);
}

#[test]
fn a_crash_between_certificate_and_key_is_mended() {
    let scene = Scene::new();
    scene.ensure(NAMES, now());
    fs::remove_file(scene.authority.key()).expect("removed");
    assert_eq!(scene.ensure(NAMES, now()), Ensured::Renewed);
    fs::remove_file(scene.authority.dir.join("ca.key")).expect("removed");
    assert_eq!(scene.ensure(NAMES, now()), Ensured::Founded);
    assert_eq!(scene.ensure(NAMES, now()), Ensured::Kept);
}

#[test]
fn a_certificate_of_somebody_else_is_never_touched() {
    let scene = Scene::new();
    let key = KeyPair::generate().expect("a key");
    let foreign = CertificateParams::new(names(&["example.com"])).and_then(|params| params.self_signed(&key));
    let foreign = foreign.expect("made").pem();
    fs::write(scene.authority.certificate(), &foreign).expect("written");
    assert_eq!(scene.ensure(NAMES, now()), Ensured::Kept);
    assert_eq!(scene.server(), foreign);
    assert!(!scene.authority.ca().exists());
    fs::rename(scene.authority.certificate(), scene.authority.ca()).expect("moved");
    assert!(scene.refusal().contains("ca.pem"));
    assert_eq!(scene.ca(), foreign);
}

#[test]
fn a_key_without_its_certificate_is_never_touched() {
    let scene = Scene::new();
    for key in ["ca.key", "server.key"] {
        fs::write(scene.authority.dir.join(key), "precious").expect("written");
        assert!(scene.refusal().contains(key));
        assert_eq!(fs::read_to_string(scene.authority.dir.join(key)).expect("there"), "precious");
    }
}

#[test]
fn a_file_that_is_no_certificate_is_reported_by_name() {
    let scene = Scene::new();
    fs::write(scene.authority.certificate(), "hello").expect("written");
    let error = scene.refusal();
    assert!(error.contains("server.pem") && error.contains("delete"), "{error}");
    assert_eq!(scene.server(), "hello");
}

#[test]
fn the_nodes_of_a_pool_have_one_authority_and_a_certificate_each_for_both_sides() {
    let scene = Scene::new();
    let node = |name: &str| Authority::of_node(&scene.authority.dir, name);
    assert_eq!(node("n1").ensure(&names(&["n1"]), now()).expect("made"), Ensured::Founded);
    let ca = scene.ca();
    assert_eq!(node("n.2").ensure(&names(&["n.2", "10.0.0.2"]), now()).expect("made"), Ensured::Renewed);
    assert_eq!(node("n1").ensure(&names(&["n1"]), now()).expect("kept"), Ensured::Kept);
    assert_eq!(scene.ca(), ca);
    let path = node("n.2").certificate();
    assert_eq!(path, scene.authority.dir.join("n.2.pem"));
    let pem = fs::read_to_string(&path).expect("there");
    let (server, client) = with_certificate(&path, &pem, |certificate| {
        let usage = certificate.extended_key_usage().expect("read").expect("has one").value.clone();
        (usage.server_auth, usage.client_auth)
    })
    .expect("parsed");
    assert!(server && client);
}
