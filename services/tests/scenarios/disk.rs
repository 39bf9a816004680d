//! Trouble with the disk: full, and then not any more; cut off in the middle of a write.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    time::Instant,
};
use tests::{Server, Stage};

/// Fills the disk under a folder until nothing more fits but this many bytes.
fn fill(folder: &Path, leave: u64) -> PathBuf {
    let ballast = folder.join("ballast");
    let mut file = File::create(&ballast).expect("room for a name");
    let part = vec![0; 64 * 1024];
    while file.write_all(&part).is_ok() {}
    let size = file.metadata().expect("readable").len();
    file.set_len(size.saturating_sub(leave)).expect("smaller");
    ballast
}

/// What `linnet status` says is wrong.
fn troubles(server: &Server) -> Vec<serde_json::Value> {
    let status = server.command(&["status", "--json"], "");
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).expect("JSON");
    status["troubles"].as_array().expect("a list").clone()
}

#[test]
fn a_full_disk_refuses_what_is_new_and_recovers_by_itself() {
    // A small disk of its own, so that nobody else's is filled.
    let server = Server::start_on_small_disk("96m", &["--disk-reserve", "8MiB"]);
    let mut stage = Stage::on(&server);
    stage.play(
        "alice/phone signs in
         bob/desk signs in
         alice/phone: <message to='{bob}' type='chat' id='before'><body>room enough</body></message>
         bob/desk hears <message id='before'/>",
    );
    // Below the reserve, but not below the half of it that is for what was begun.
    let ballast = fill(&server.data(), 6 << 20);
    let until = Instant::now() + tests::limits::WAIT;
    while troubles(&server).is_empty() {
        assert!(Instant::now() < until, "the trouble is not shown: {}", server.log());
    }
    stage.play(
        "alice/phone: <message to='{bob}' type='chat' id='full'><body>no room</body></message>
         alice/phone hears <message type='error' id='full'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         bob/desk hears nothing of <message id='full'/>
         alice/phone gets from upload.{d}: <request xmlns='urn:xmpp:http:upload:0' filename='a' size='1'/>
         alice/phone is refused: wait resource-constraint
         -- What is kept can still be read, and what is soft still passes.
         bob/desk sets <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='q'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='before'/></forwarded></result></message>
         bob/desk is told
         alice/phone: <message to='{bob}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>
         bob/desk hears <message><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
    );
    fs::remove_file(ballast).expect("removed");
    let until = Instant::now() + tests::limits::WAIT;
    while !troubles(&server).is_empty() {
        assert!(Instant::now() < until, "it did not recover: {}", server.log());
    }
    stage.play(
        "alice/phone: <message to='{bob}' type='chat' id='after'><body>room again</body></message>
         bob/desk hears <message id='after'/>",
    );
}

/// The newest write-ahead log.
fn newest_log(data: &Path) -> PathBuf {
    let files = fs::read_dir(data.join("db")).expect("readable").map(|entry| entry.expect("readable").path());
    let logs = files.filter(|file| file.extension().is_some_and(|ending| ending == "log"));
    logs.max().expect("there is one")
}

#[test]
fn a_write_that_was_cut_off_is_cut_and_reported_and_nothing_else_is_lost() {
    let mut server = Server::start(&[]);
    let mut stage = Stage::on(&server);
    stage.play(
        "alice/phone signs in with management
         alice/phone: <message to='{bob}' type='chat' id='1'><body>one</body></message>
         alice/phone: <message to='{bob}' type='chat' id='2'><body>two</body></message>
         alice/phone is acknowledged",
    );
    let packed = stage.pack();
    server.kill();
    let log = newest_log(&server.data());
    let mut file = File::options().append(true).open(&log).expect("writable");
    // The beginning of a record that says that it is longer than what follows.
    file.write_all(&[1, 2, 3, 4, 200, 0, 1, b'h', b'a', b'l', b'f']).expect("written");
    drop(file);
    server.restart();
    assert!(server.log().contains("cut"), "it is not reported: {}", server.log());
    Stage::go_on(&server, packed).play(
        "bob/desk signs in
         bob/desk hears <message from='{alice}/phone' id='1'/>
         bob/desk hears <message from='{alice}/phone' id='2'/>",
    );
}
