//! Where the state of a shard comes from when its owner is gone: from `linnet.state`, where the log does not reach back any
//! more, or from the standby copy of the next owner in line, so that little is replayed.

use std::{fmt::Write as _, time::Instant};
use tests::{Server, Stage, kafka, limits::START};

/// Waits until a number is this, on every node that runs.
fn until(server: &Server, nodes: &[usize], name: &str, is_so: impl Fn(f64) -> bool) {
    let patience = Instant::now() + 2 * START;
    while !nodes.iter().all(|node| is_so(server.metric(*node, name))) {
        assert!(Instant::now() < patience, "never so: {name}\n{}", server.log());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn is_zero(value: f64) -> bool {
    value.abs() < f64::EPSILON
}

/// Removes what is in the log, as its age would.
fn forget_the_log(server: &Server) {
    let topic = format!("{}.log", server.topics());
    let partition = |number| format!(r#"{{"topic":"{topic}","partition":{number},"offset":-1}}"#);
    let partitions: Vec<String> = (0..16).map(partition).collect();
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = format!(r#"{{"partitions":[{}],"version":1}}"#, partitions.join(","));
    std::fs::write(file.path(), text).expect("written");
    kafka::run(&format!(
        "kafka-delete-records.sh --bootstrap-server {} --offset-json-file {}",
        server.kafka().brokers(),
        file.path().display()
    ));
}

#[test]
fn nodes_with_empty_disks_have_all_that_was_there_though_the_log_has_lost_it() {
    let mut server = Server::start_pool(2, 1, &[]);
    let mut stage = Stage::on(&server);
    stage.play(
        "alice/phone signs in with management
         alice/phone sets <query xmlns='jabber:iq:roster'><item jid='{bob}' name='Bob'><group>Friends</group></item></query>
         alice/phone is told
         alice/phone: <message to='{bob}' type='chat' id='kept1'><body>one</body></message>
         alice/phone: <message to='{bob}' type='chat' id='kept2'><body>two</body></message>
         alice/phone is acknowledged",
    );
    until(&server, &[0, 1], "linnet_state_lag_records ", is_zero);
    let packed = stage.pack();
    server.kill();
    (0..2).for_each(|node| server.wipe_node(node));
    forget_the_log(&server);
    server.restart();
    until(&server, &[0, 1], "linnet_shards_owned ", |shards| shards > 0.0);
    Stage::go_on(&server, packed).play(
        "bob/desk signs in
         bob/desk hears <message id='kept1'><body>one</body></message>
         bob/desk hears <message id='kept2'><body>two</body></message>
         alice/desk signs in
         alice/desk gets <query xmlns='jabber:iq:roster'/>
         alice/desk is told <query xmlns='jabber:iq:roster'><item jid='{bob}' name='Bob'><group>Friends</group></item></query>
         -- What is new is numbered after what was, and found.
         alice/desk: <message to='{bob}' type='chat' id='new'><body>three</body></message>
         bob/desk hears <message id='new'><body>three</body></message>",
    );
    let status = server.command(&["status", "--json"], "");
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains(r#""troubles":[]"#) || status.contains(r#""troubles": []"#), "{status}");
}

#[test]
fn the_next_owner_in_line_replays_next_to_nothing() {
    let mut server = Server::start_pool(2, 1, &[]);
    let mut stage = Stage::on(&server);
    let (mut said, mut heard) = (String::from("alice/phone signs in with management\n"), String::new());
    for name in ["bob", "carol", "dave", "erin"] {
        writeln!(heard, "{name}/desk signs in").expect("written");
        for n in 0..25 {
            let message = format!("type='chat' id='{name}{n}'><body>{n}</body></message>");
            writeln!(said, "alice/phone: <message to='{{{name}}}' {message}").expect("written");
            writeln!(heard, "{name}/desk hears <message {message}").expect("written");
        }
    }
    stage.play(&said).play("alice/phone is acknowledged");
    until(&server, &[0, 1], "linnet_standby_lag_records ", is_zero);
    let before = server.metric(1, "linnet_replayed_records_total ");
    let packed = stage.pack();
    server.kill_node(0);
    until(&server, &[1], "linnet_shards_owned ", |shards| (shards - 16.0).abs() < f64::EPSILON);
    let replayed = server.metric(1, "linnet_replayed_records_total ") - before;
    assert!(replayed < 10.0, "{replayed} records\n{}", server.log());
    Stage::go_on(&server, packed).play(&heard);
}
