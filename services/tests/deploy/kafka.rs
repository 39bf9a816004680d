//! Kafka as the compose file has it: a real broker with those settings starts, and its health check finds it.

use crate::{
    compose::project,
    programs::{free_port, good, root, run, str_of, strings, text},
};
use std::process::Command;

/// A setting of Kafka by the name that its image has for it: `KAFKA_NODE_ID` is `node.id`.
fn property(variable: &str) -> Option<String> {
    Some(variable.strip_prefix("KAFKA_")?.to_ascii_lowercase().replace('_', "."))
}

/// A broker on loopback with all that the file says, ports and folder apart; the health check finds it.
#[test]
fn kafka_starts_with_these_settings_and_its_health_check_finds_it() {
    let project = project();
    let service = &project["services"]["kafka"];
    let folder = tempfile::tempdir().expect("a folder");
    let port = two_free_ports();
    let moved = |value: &str| {
        let ports = value.replace("9092", "{port}").replace("9093", "{controller}");
        ports.replace("://:", "://127.0.0.1:").replace("kafka:", "127.0.0.1:").replace("@kafka", "@127.0.0.1")
    };
    let data = format!("{}/1/data", folder.path().display());
    let lines = service["environment"].as_object().expect("a map").iter().filter_map(|(name, value)| {
        let value = str_of(value).replace("/var/lib/kafka/data", &data);
        Some(format!("{}={}\n", property(name)?, moved(&value)))
    });
    std::fs::write(folder.path().join("extra.properties"), lines.collect::<String>()).expect("written");
    let id = str_of(&service["environment"]["CLUSTER_ID"]);
    std::fs::write(folder.path().join("cluster"), id).expect("written");

    let kafka = || Command::new(root().join("tools/kafka.sh"));
    let mut start = kafka();
    start.arg("start").arg(folder.path()).args(["1", &port.to_string()]);
    start.env("LINNET_KAFKA_OWNER", std::process::id().to_string());
    good(&run(&mut start, ""));
    let configured = std::fs::read_to_string(folder.path().join("1/server.properties")).expect("written");
    assert!(configured.contains("log.flush.interval.messages=1"), "{configured}");
    let check = strings(&service["healthcheck"]["test"]);
    let tool = check[1].strip_prefix("/opt/kafka/bin/").expect("a tool of Kafka");
    let healthy = || {
        let arguments =
            check[2..].iter().map(|word| word.replace("localhost:9092", &format!("127.0.0.1:{port}")));
        let mut command = kafka();
        command.args(["run", tool]).args(arguments);
        command
    };
    good(&run(&mut healthy(), ""));
    let image = str_of(&service["image"]);
    let version = image.strip_prefix("apache/kafka:").expect("Apache's own");
    assert!(
        text("tools/kafka.sh").contains(&format!("version={version}")),
        "what the tests run is what is deployed"
    );
    good(&run(kafka().arg("stop").arg(folder.path()), ""));
}

/// The first of two ports in a row that nothing listens on.
fn two_free_ports() -> u16 {
    let free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = || free_port().port();
    std::iter::repeat_with(first).find(|port| port.checked_add(1).is_some_and(free)).expect("there are many")
}
