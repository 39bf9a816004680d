//! Lists of everybody: each node lists the users of all, whole or not at all.

use serde_json::Value;
use std::{
    process::Output,
    time::{Duration, Instant},
};
use tests::Server;

/// As `frontend::limits` has it.
const LISTING: Duration = Duration::from_secs(10);

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn json(server: &Server, node: usize, line: &[&str]) -> Value {
    let output = server.command_at(node, line, "");
    assert!(output.status.success(), "{}\n{}", text(&output), server.log());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output)))
}

/// The users as this node lists them.
fn listed(server: &Server, node: usize) -> Vec<String> {
    let users = json(server, node, &["user", "list", "--json"]);
    let users = users.as_array().expect("a list").iter();
    users.map(|user| user["address"].as_str().expect("an address").to_owned()).collect()
}

fn addresses(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("{name}@{}", tests::server::DOMAIN)).collect()
}

#[test]
fn the_users_of_all_nodes_are_listed_by_each_also_after_one_has_died() {
    let mut server = Server::start_pool(2, 1, &[]);
    let mut names: Vec<String> = (10..40).map(|number| format!("user{number}")).collect();
    server.add_users(&names);
    for node in [0, 1] {
        assert!(!json(&server, node, &["shard", "list", "--json"]).as_array().expect("a list").is_empty());
        assert_eq!(listed(&server, node), addresses(&names), "by node {node}");
        assert_eq!(json(&server, node, &["status", "--json"])["users"], names.len());
    }
    let removed = server.command_at(1, &["user", "remove", &addresses(&names)[3], "--yes"], "");
    assert!(removed.status.success(), "{}", text(&removed));
    names.remove(3);
    for node in [0, 1] {
        assert_eq!(listed(&server, node), addresses(&names), "by node {node}");
    }

    // Nobody can claim what was the dead one's: rather no list than a part of it.
    server.kafka().pause(1);
    server.kill_node(0);
    let since = Instant::now();
    let refused = server.command_at(1, &["user", "list"], "");
    assert!(since.elapsed() >= LISTING, "others may be about to claim it: {:?}", since.elapsed());
    assert!(
        !refused.status.success() && text(&refused).contains("not every shard has an owner"),
        "{}",
        text(&refused)
    );
    // What only the dead one had written down comes from the log.
    server.kafka().resume(1);
    assert_eq!(listed(&server, 1), addresses(&names), "by the one that is left");
    server.add_users(&["user99".to_owned()]);
    names.push("user99".to_owned());
    let removed = server.command_at(1, &["user", "remove", &addresses(&names)[0], "--yes"], "");
    assert!(removed.status.success(), "{}", text(&removed));
    names.remove(0);
    // Its rows of what is others' now are old, and not shown.
    server.restart_node(0);
    for node in [0, 1] {
        assert_eq!(listed(&server, node), addresses(&names), "by node {node}");
        assert_eq!(json(&server, node, &["status", "--json"])["users"], names.len());
    }
}
