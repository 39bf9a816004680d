//! A real Prometheus with our configuration, in which only addresses differ.

use crate::programs::{Running, free_port, get, good, run, text};
use serde_json::Value;
use std::{net::SocketAddr, path::Path, process::Command};

/// It scrapes these.
pub(crate) struct Prometheus {
    pub(crate) running: Running,
    at: SocketAddr,
}

impl Prometheus {
    /// `ca` is whom both front ends' certificates come from.
    pub(crate) fn start(folder: &Path, nodes: [SocketAddr; 2], balancer: SocketAddr, ca: &Path) -> Self {
        let mut config = text("deploy/prometheus.yml");
        for (from, to) in [
            ("node1:5280", nodes[0].to_string()),
            ("node2:5280", nodes[1].to_string()),
            ("balancer:8404", balancer.to_string()),
            ("/etc/linnet/clients/ca.pem", ca.display().to_string()),
            ("scrape_interval: 5s", "scrape_interval: 1s".to_owned()),
            // Both are one host here; their ports tell them apart.
            ("regex: \"(.*):[0-9]+\"", "regex: \"(.*)\"".to_owned()),
        ] {
            assert!(config.contains(from), "{from}");
            config = config.replace(from, &to);
        }
        let file = folder.join("prometheus.yml");
        std::fs::write(&file, config).expect("written");
        std::fs::write(folder.join("alerts.yml"), text("deploy/alerts.yml")).expect("written");
        good(&run(Command::new("promtool").args(["check", "config"]).arg(&file), ""));
        let at = free_port();
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
        command.arg(format!("--web.listen-address={at}"));
        Self { running: Running::start(&mut command, folder, at), at }
    }

    /// What a query finds, by its API.
    pub(crate) fn query(&self, query: &str) -> Result<Vec<Value>, String> {
        let quoted: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let body = get(self.at, &format!("/api/v1/query?query={quoted}")).ok_or("refused")?;
        let answer: Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
        answer["data"]["result"].as_array().cloned().ok_or_else(|| answer.to_string())
    }
}
