//! The compose file: compose's own loader takes it, what it mounts is there, and its commands, settings and health checks
//! are run as processes.

use crate::programs::{checked, good, root, run, said, str_of, strings, text};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, process::Command};
use tests::{Server, binary};

pub(crate) fn project() -> Value {
    checked("compose", "docker-compose.yml")
}

fn linnet(arguments: &[String]) -> Command {
    let mut command = Command::new(binary::path());
    command.args(arguments).env_clear();
    command
}

/// What is in `/etc/linnet` and `/var/lib/linnet` there is below `folder` here.
fn here(text: &str, folder: &Path) -> String {
    ["/etc/linnet", "/var/lib/linnet"]
        .iter()
        .fold(text.to_owned(), |text, path| text.replace(path, &format!("{}{path}", folder.display())))
}

fn settings(service: &Value, folder: &Path) -> BTreeMap<String, String> {
    let environment = service["environment"].as_object().expect("a map");
    environment.iter().map(|(name, value)| (name.clone(), here(str_of(value), folder))).collect()
}

/// From nothing: the one-shot service makes what both nodes are then told, and `linnet` takes it.
#[test]
fn what_the_first_service_makes_is_what_the_nodes_are_given() {
    let project = project();
    let folder = tempfile::tempdir().expect("a folder");
    let made: Vec<_> = strings(&project["services"]["certificates"]["command"])
        .iter()
        .map(|word| here(word, folder.path()))
        .collect();
    good(&run(&mut linnet(&made), ""));
    // A second start keeps them.
    let again = good(&run(&mut linnet(&made), ""));
    assert!(again.contains("kept") && !again.contains("made"), "{again}");
    std::fs::create_dir_all(folder.path().join("var/lib/linnet")).expect("made");
    for name in ["node1", "node2"] {
        let service = &project["services"][name];
        assert_eq!(strings(&service["command"]), ["node"], "{name}: all else is in its environment");
        let settings = settings(service, folder.path());
        assert_eq!((settings["LINNET_NODE"].as_str(), str_of(&service["hostname"])), (name, name));
        for arguments in [&["config", "check"][..], &["config", "show", "--json"]] {
            let arguments: Vec<_> = arguments.iter().map(|&word| word.to_owned()).collect();
            let output = run(linnet(&arguments).envs(&settings), "");
            good(&output);
            // One broker is what a machine alone has.
            let all = said(&output);
            let mut notes = all.lines().filter(|line| line.starts_with("note"));
            assert!(notes.all(|note| note.contains("--kafka-replication")), "{name}: {all}");
        }
        let known = good(&run(
            linnet(&["config".to_owned(), "show".to_owned(), "--json".to_owned()]).envs(&settings),
            "",
        ));
        for variable in settings.keys() {
            assert!(known.contains(&format!("\"from\": \"{variable}\"")), "{name}: nothing reads {variable}");
        }
    }
}

#[test]
fn the_health_check_tells_whether_a_node_works() {
    let project = project();
    let check = strings(&project["services"]["node1"]["healthcheck"]["test"]);
    assert_eq!(check[..2], ["CMD", "linnet"]);
    let arguments: Vec<_> = check[2..].iter().map(|&word| word.to_owned()).collect();
    let mut server = Server::start(&[]);
    let grpc = server.ports().grpc.to_string();
    good(&run(linnet(&arguments).env("LINNET_GRPC", &grpc), ""));
    server.kill();
    assert!(!run(linnet(&arguments).env("LINNET_GRPC", &grpc), "").status.success());
}

#[test]
fn what_is_mounted_and_what_is_waited_for_is_there() {
    let project = project();
    let services = project["services"].as_object().expect("a map");
    let mut mounted = 0;
    for (name, service) in services {
        for volume in service["volumes"].as_array().into_iter().flatten() {
            if volume["type"] == "bind" {
                assert!(Path::new(str_of(&volume["source"])).exists(), "{name}: {volume}");
                mounted += 1;
            }
        }
        for (other, wait) in service["depends_on"].as_object().into_iter().flatten() {
            let healthy = wait["condition"] == "service_healthy";
            assert!(
                !healthy || services[other]["healthcheck"]["test"].is_array(),
                "{name} waits for {other}"
            );
        }
    }
    assert!(mounted >= 4, "{mounted}");
    let ready = |name: &str| services[name]["depends_on"]["kafka"]["condition"] == "service_healthy";
    assert!(ready("node1") && ready("node2"));
    // Else `up --wait` would take its end for a failure.
    let first = &services["node1"]["depends_on"]["certificates"]["condition"];
    assert_eq!(first, "service_completed_successfully");
    // Longer than a node takes to hand over its shards and to see its clients off.
    let grace = str_of(&services["node1"]["stop_grace_period"]);
    assert_eq!(grace, "1m30s");
}

/// The same ports everywhere: the load balancer publishes what the front ends listen on.
#[test]
fn ports_and_users_are_the_same_in_every_file() {
    let project = project();
    let published = project["services"]["balancer"]["ports"].as_array().expect("a list");
    let balancer = text("deploy/haproxy.cfg");
    let image = text("Dockerfile");
    for port in published {
        let target = port["target"].as_u64().expect("a port");
        assert!(balancer.contains(&format!("bind :{target}\n")), "{target}");
        assert!(balancer.contains(&format!("server node1 node1:{target}")), "{target}");
        assert!(image.contains(&format!(" {target} ")), "{target}");
    }
    let chart = text("helm/linnet/templates/nodes.yaml");
    assert!(image.contains("USER 10001:10001") && chart.contains("runAsUser: 10001"));
    assert!(root().join(".dockerignore").exists());
}
