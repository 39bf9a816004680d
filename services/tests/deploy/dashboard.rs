//! The dashboard and the alerts: what they ask for is exported, every query is understood by a real Prometheus that scrapes
//! the front ends of a pool under load, and every panel has data.

use crate::{
    balancer::{Balancer, Behind},
    programs::{checked, root, run, str_of, text, until},
    prometheus::Prometheus,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
};
use tests::{Client, Server, client::Way, limits::START, wire};

const DASHBOARD: &str = "helm/linnet/dashboards/pool.json";

fn dashboard() -> Value {
    serde_json::from_str(&text(DASHBOARD)).expect("JSON")
}

/// Each query with the title of its panel, as Grafana sends it.
fn queries() -> Vec<(String, String)> {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().expect("a list");
    let targets = panels.iter().flat_map(|panel| {
        let title = str_of(&panel["title"]).to_owned();
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        targets.into_iter().map(move |target| (title.clone(), str_of(&target["expr"]).to_owned()))
    });
    targets
        .map(|(title, query)| (title, query.replace("$__rate_interval", "10s").replace("$node", ".*")))
        .collect()
}

/// The expressions of the alerts, by their names.
fn alerts() -> Vec<(String, String)> {
    let file = checked("yaml", "deploy/alerts.yml");
    let groups = file["groups"].as_array().expect("a list");
    let rules = groups.iter().flat_map(|group| group["rules"].as_array().expect("a list"));
    rules.map(|rule| (str_of(&rule["alert"]).to_owned(), str_of(&rule["expr"]).to_owned())).collect()
}

/// The metrics of ours that a query names.
fn metrics(query: &str) -> BTreeSet<&str> {
    let words = query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("linnet_")).collect()
}

/// The names that a node exports.
fn exported(server: &Server, node: usize) -> BTreeSet<String> {
    let answer = wire::request(server.ports_of(node).http, server.trust(), "GET /metrics", &[], b"")
        .expect("answered");
    let body = String::from_utf8(answer.body).expect("text");
    let lines = body.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect()
}

/// Two people and some messages, one who has a wrong password, and one who speaks no TLS.
fn talk(server: &Server) -> Vec<Client> {
    server.add_users(&["romeo".to_owned(), "juliet".to_owned()]);
    let mut all = Vec::new();
    for name in ["romeo", "juliet"] {
        let mut client = Client::new(server, name, "desk");
        client.sign_in(Way::Tls).expect("signed in");
        client.send("<presence/>").expect("sent");
        all.push(client);
    }
    for _ in 0..20 {
        all[0].send("<message to='juliet@linnet.test' type='chat'><body>hi</body></message>").expect("sent");
    }
    all[0].fence().expect("answered");
    let mut stranger = Client::new(server, "nobody", "desk");
    stranger.sign_in(Way::Tls).expect_err("refused");
    let mut garbage = TcpStream::connect(server.ports().xmpp_tls).expect("connected");
    garbage.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("written");
    // It is counted when the server has hung up.
    let _ = garbage.read_to_end(&mut Vec::new());
    all
}

#[test]
fn every_query_is_understood_and_every_panel_has_data() {
    let server = Server::start_pool(2, 1, &[]);
    let node = |number| {
        let ports = server.ports_of(number);
        Behind { xmpp: ports.xmpp, xmpp_tls: ports.xmpp_tls, http: ports.http }
    };
    let folder = tempfile::tempdir().expect("a folder");
    let folders = ["haproxy", "prometheus"].map(|name| folder.path().join(name));
    folders.iter().for_each(|folder| std::fs::create_dir(folder).expect("made"));
    let balancer = Balancer::start(&folders[0], &[node(0), node(1)]);
    let nodes = [0, 1].map(|number| server.ports_of(number).http);
    let ca = server.data().join("tls/ca.pem");
    let prometheus = Prometheus::start(&folders[1], nodes, balancer.at[&8404], &ca);
    let _talking = talk(&server);
    let trouble = || prometheus.running.log();
    until(START, trouble, || prometheus.query("sum(up) == 3").ok().filter(|found| !found.is_empty()));

    let mut wrong = Vec::new();
    for (title, query) in queries().into_iter().chain(alerts()) {
        if let Err(error) = prometheus.query(&query) {
            wrong.push(format!("{title}: {query}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (title, query) in queries() {
        let trouble = || format!("{title}: no data: {query}");
        until(START, trouble, || prometheus.query(&query).ok().filter(|found| !found.is_empty()));
    }
}

#[test]
fn what_is_asked_for_is_exported() {
    let server = Server::start_pool(2, 1, &[]);
    let _talking = talk(&server);
    // Some are exported only where something of the kind has happened.
    let exported: BTreeSet<_> = [0, 1].into_iter().flat_map(|node| exported(&server, node)).collect();
    let asked: Vec<_> = queries().into_iter().chain(alerts()).collect();
    for (title, query) in &asked {
        for name in metrics(query) {
            assert!(exported.contains(name), "{title} asks for {name}, which nothing exports");
        }
    }
}

#[test]
fn alerts_are_rules_that_prometheus_takes() {
    let output =
        run(Command::new("promtool").args(["check", "rules"]).arg(root().join("deploy/alerts.yml")), "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let documented = text("docs/deploy.md");
    for (name, _) in alerts() {
        assert!(documented.contains(&name), "docs/deploy.md does not say what to do at {name}");
    }
}

/// What Grafana wants of a dashboard: ids and places of their own, and a source that is provisioned.
#[test]
fn grafana_is_given_what_it_expects() {
    let dashboard = dashboard();
    assert_eq!((&dashboard["uid"], &dashboard["schemaVersion"]), (&"linnet-pool".into(), &39.into()));
    let variables = dashboard["templating"]["list"].as_array().expect("a list");
    let names: Vec<_> = variables.iter().map(|variable| str_of(&variable["name"])).collect();
    assert_eq!(names, ["datasource", "node"]);
    let (mut ids, mut taken) = (BTreeSet::new(), BTreeMap::new());
    for panel in dashboard["panels"].as_array().expect("a list") {
        let title = str_of(&panel["title"]);
        assert!(ids.insert(panel["id"].as_u64().expect("a number")), "{title}");
        let place = |name: &str| panel["gridPos"][name].as_u64().expect("a number");
        assert!(place("x") + place("w") <= 24, "{title}");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert_eq!(taken.insert((x, y), title), None, "{title}");
            }
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(["timeseries", "stat"].contains(&str_of(&panel["type"])), "{title}");
        for target in panel["targets"].as_array().expect("a list") {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
    let sources = checked("yaml", "deploy/grafana/provisioning/datasources/prometheus.yml");
    assert_eq!(
        (&sources["apiVersion"], &sources["datasources"][0]["type"]),
        (&1.into(), &"prometheus".into())
    );
    let providers = checked("yaml", "deploy/grafana/provisioning/dashboards/linnet.yml");
    let path = str_of(&providers["providers"][0]["options"]["path"]);
    let compose = text("docker-compose.yml");
    assert!(compose.contains(&format!("./helm/linnet/dashboards:{path}:ro")));
    assert!(compose.contains(&format!("DASHBOARD_PATH: {path}/pool.json")));
}
