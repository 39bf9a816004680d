//! The result of a run, for people as a table and for programs as JSON.

use std::fs;
use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};

use crate::limits;
use crate::measure::tracker::Tally;
use crate::trouble::Trouble;

/// One measured number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measure {
    /// What it is.
    pub(crate) name: String,
    /// In what it is given.
    pub(crate) unit: String,
    /// How much.
    pub(crate) value: f64,
}

impl Measure {
    /// A named number.
    pub(crate) fn new(name: &str, unit: &str, value: f64) -> Self {
        Self { name: name.into(), unit: unit.into(), value }
    }
}

/// The result of one scenario on one server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// The server's name, from `--label`.
    pub(crate) server: String,
    /// The scenario and what sets it apart, such as its rate.
    pub(crate) scenario: String,
    /// What was measured, in the order to show it.
    pub(crate) measures: Vec<Measure>,
    /// What became of the messages; all clean where the scenario sends none.
    pub(crate) tally: Tally,
    /// Watchers that did not end with the newest state of a contact.
    pub(crate) stale: u64,
}

impl Report {
    /// An empty report.
    pub(crate) fn new(server: &str, scenario: String) -> Self {
        Self { server: server.into(), scenario, measures: Vec::new(), tally: Tally::default(), stale: 0 }
    }

    /// Adds one number.
    pub(crate) fn add(&mut self, name: &str, unit: &str, value: f64) {
        self.measures.push(Measure::new(name, unit, value));
    }

    /// Whether the run counts as passed.
    pub(crate) fn passed(&self) -> bool {
        self.tally.is_clean() && self.stale == 0
    }

    /// The report for people.
    pub(crate) fn text(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header([format!("{} on {}", self.scenario, self.server), String::new(), String::new()]);
        for measure in &self.measures {
            table.add_row([measure.name.clone(), number(measure.value), measure.unit.clone()]);
        }
        for (name, count) in self.faults() {
            table.add_row([name, &count.to_string(), ""]);
        }
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        format!("{table}\n{}", if self.passed() { "passed" } else { "FAILED: see the counts above" })
    }

    /// Writes the report as JSON.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Trouble> {
        let trouble = |reason: String| Trouble::File { path: path.display().to_string(), reason };
        let text = serde_json::to_string_pretty(self).map_err(|error| trouble(error.to_string()))?;
        fs::write(path, text + "\n").map_err(|error| trouble(error.to_string()))
    }

    /// Reads a report that was written as JSON.
    pub(crate) fn read(path: &Path) -> Result<Self, Trouble> {
        let trouble = |reason: String| Trouble::File { path: path.display().to_string(), reason };
        let size = fs::metadata(path).map_err(|error| trouble(error.to_string()))?.len();
        if size > limits::REPORT {
            return Err(trouble(format!("more than {} bytes", limits::REPORT)));
        }
        let text = fs::read_to_string(path).map_err(|error| trouble(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| trouble(error.to_string()))
    }

    fn faults(&self) -> [(&'static str, u64); 4] {
        let Tally { lost, duplicated, out_of_order, .. } = self.tally;
        [
            ("lost", lost),
            ("duplicated", duplicated),
            ("out of order", out_of_order),
            ("stale at the end", self.stale),
        ]
    }
}

/// Several reports as one Markdown table: a row for each scenario and measure, a column for each server.
pub(crate) fn markdown(reports: &[Report]) -> String {
    let mut servers: Vec<&str> = Vec::new();
    let mut rows: Vec<(&str, &str, &str)> = Vec::new();
    for report in reports {
        if !servers.contains(&report.server.as_str()) {
            servers.push(&report.server);
        }
        for measure in &report.measures {
            let row = (report.scenario.as_str(), measure.name.as_str(), measure.unit.as_str());
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    rows.sort_by_key(|row| reports.iter().position(|report| report.scenario == row.0));
    let mut text = format!("| scenario | measure | {} |\n|---|---|", servers.join(" | "));
    text.push_str(&"---:|".repeat(servers.len()));
    for (scenario, name, unit) in rows {
        text.extend(["\n| ", scenario, " | ", name, ", ", unit, " |"]);
        for server in &servers {
            let cell = find(reports, server, scenario, name).map_or("–".into(), number);
            text.extend([" ", &cell, " |"]);
        }
    }
    let verdicts = reports.iter().filter(|report| !report.passed());
    let failed: Vec<String> =
        verdicts.map(|report| format!("{} on {}", report.scenario, report.server)).collect();
    let verdict = if failed.is_empty() { "in no run".into() } else { failed.join(", ") };
    text + &format!("\n\nLost, duplicated, out of order or stale: {verdict}.\n")
}

fn find(reports: &[Report], server: &str, scenario: &str, name: &str) -> Option<f64> {
    let report = reports.iter().find(|report| report.server == server && report.scenario == scenario)?;
    report.measures.iter().find(|measure| measure.name == name).map(|measure| measure.value)
}

/// Three figures are what such a measurement is good for.
fn number(value: f64) -> String {
    let decimals = if value.abs() >= 100.0 { 0 } else { usize::from(value.abs() < 10.0) + 1 };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(server: &str, scenario: &str, value: f64) -> Report {
        let mut report = Report::new(server, scenario.into());
        report.add("CPU", "µs", value);
        report
    }

    #[test]
    fn servers_stand_beside_each_other() {
        let mut lossy = report("b", "im", 2.5);
        lossy.tally.lost = 1;
        let text = markdown(&[report("a", "im", 1234.4), report("a", "idle", 7.0), lossy]);
        assert!(text.contains("| scenario | measure | a | b |\n|---|---|---:|---:|\n"));
        assert!(text.contains("| im | CPU, µs | 1234 | 2.50 |\n| idle | CPU, µs | 7.00 | – |\n"));
        assert!(text.ends_with("stale: im on b.\n"));
    }

    #[test]
    fn written_and_read_again() {
        let path = std::env::temp_dir().join(format!("loadtest-report-{}.json", std::process::id()));
        let one = report("a", "im", 1.0);
        one.write(&path).unwrap();
        assert_eq!(Report::read(&path).unwrap(), one);
        fs::write(&path, vec![b' '; usize::try_from(limits::REPORT).unwrap() + 1]).unwrap();
        assert!(Report::read(&path).unwrap_err().to_string().contains("more than"));
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_fault_fails_the_run_and_says_so() {
        let mut faulty = report("a", "im", 1.0);
        assert!(faulty.passed() && faulty.text().ends_with("passed"));
        faulty.stale = 1;
        assert!(!faulty.passed() && faulty.text().contains("FAILED"));
    }
}
