//! The house rules of the design, checked: who may depend on whom, sizes, names, first lines, and that the documents
//! name files that exist.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The levels of the house: an arrow points down, or stays inside the second level.
const LEVELS: [(&str, u8); 13] = [
    ("proto", 1),
    ("domain", 1),
    ("xmpp", 2),
    ("transport", 2),
    ("event-log", 2),
    ("store", 2),
    ("cluster", 2),
    ("frontend", 3),
    ("archive", 3),
    ("node", 4),
    ("tests", 5),
    ("loadtest", 0),
    ("fuzz", 5),
];

/// What a machine's crate may not depend on, directly or not.
const RUNTIMES: [&str; 8] = ["tokio", "actix", "actix-rt", "async-std", "smol", "mio", "rdkafka", "rocksdb"];

const FORBIDDEN_NAMES: [&str; 6] = ["common", "util", "types", "core", "manager", "helper"];

const LINES_AT_MOST: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("services/tests lies two below")
        .to_owned()
}

/// Every file under `dir` whose name ends so, build output and hidden folders apart.
fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).expect("readable").map(|entry| entry.expect("readable").path()) {
            let name = entry.file_name().expect("has one").to_string_lossy().into_owned();
            if entry.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    open.push(entry);
                }
            } else if name.ends_with(ending) {
                found.push(entry);
            }
        }
    }
    found.sort();
    found
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--offline",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Package id to the names and ids of its normal dependencies.
fn dependencies(metadata: &Value) -> BTreeMap<String, Vec<String>> {
    let nodes = metadata["resolve"]["nodes"].as_array().expect("a resolve graph");
    let normal = |dep: &Value| {
        dep["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|k| k["kind"].is_null()))
    };
    let ids = |node: &Value| {
        let deps = node["deps"].as_array().expect("a list");
        deps.iter().filter(|dep| normal(dep)).map(|dep| text(dep, "pkg").to_owned()).collect()
    };
    nodes.iter().map(|node| (text(node, "id").to_owned(), ids(node))).collect()
}

#[test]
fn arrows_only_point_down() {
    let metadata = metadata();
    let level: BTreeMap<_, _> = LEVELS.into_iter().collect();
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: Vec<_> = packages.iter().filter(|package| package["source"].is_null()).collect();
    assert!(ours.len() >= 8, "only {} packages of ours were found", ours.len());
    let mut wrong = Vec::new();
    for package in ours {
        let name = text(package, "name");
        let Some(&own) = level.get(name) else {
            wrong.push(format!("{name} has no level in tidy.rs"));
            continue;
        };
        let dependencies = package["dependencies"].as_array().expect("a list");
        for dependency in dependencies.iter().filter(|dependency| !dependency["path"].is_null()) {
            let other = text(dependency, "name");
            let Some(&theirs) = level.get(other) else { continue };
            let down = theirs < own || (own == 2 && theirs == 2);
            // The front end asks the archive for history in its own process until they are processes of their own.
            let roles_in_one_process = (name, other) == ("frontend", "archive");
            if !down && !roles_in_one_process {
                wrong.push(format!("{name} (level {own}) depends on {other} (level {theirs})"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn machines_depend_on_no_runtime() {
    let metadata = metadata();
    let graph = dependencies(&metadata);
    let packages = metadata["packages"].as_array().expect("packages");
    let name_of: BTreeMap<_, _> = packages.iter().map(|p| (text(p, "id"), text(p, "name"))).collect();
    for machine in ["domain", "xmpp"] {
        let start = packages
            .iter()
            .find(|p| text(p, "name") == machine && p["source"].is_null())
            .expect("is a member");
        let mut seen = BTreeSet::new();
        let mut open = vec![text(start, "id").to_owned()];
        while let Some(id) = open.pop() {
            let name = name_of[id.as_str()];
            assert!(!RUNTIMES.contains(&name), "{machine} depends on {name}, directly or not");
            if seen.insert(id.clone()) {
                open.extend(graph[&id].iter().cloned());
            }
        }
        assert!(seen.len() > 3, "{machine}: the graph was not followed");
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_small() {
    let mut wrong = Vec::new();
    let all = files(&root(), ".rs");
    assert!(all.len() > 50, "only {} files were found", all.len());
    for file in all {
        let source = fs::read_to_string(&file).expect("readable");
        let shown = file.strip_prefix(root()).expect("below the root").display().to_string();
        if !source.starts_with("//!") {
            wrong.push(format!("{shown}: the first line is not a //! sentence"));
        }
        let lines = source.lines().count();
        if lines > LINES_AT_MOST {
            wrong.push(format!("{shown}: {lines} lines, at most {LINES_AT_MOST}"));
        }
        for part in file.strip_prefix(root()).expect("below").components() {
            let part = part.as_os_str().to_string_lossy();
            if FORBIDDEN_NAMES.contains(&part.trim_end_matches(".rs")) {
                wrong.push(format!("{shown}: {part} says nothing"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_unfinished_business() {
    let marks = ["todo!(", "unimplemented!(", "dbg!(", "#[ignore", "FIXME", "XXX:"];
    let mut wrong = Vec::new();
    for file in files(&root(), ".rs") {
        if file.ends_with("tidy.rs") {
            continue;
        }
        let source = fs::read_to_string(&file).expect("readable");
        for mark in marks.iter().filter(|mark| source.contains(**mark)) {
            wrong.push(format!("{}: {mark}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Generated types stop at the crates that speak the contracts.
#[test]
fn generated_types_stop_at_the_edges() {
    let allowed = ["proto", "event-log", "store", "cluster", "node", "frontend/src/admin"];
    for file in files(&root().join("services"), ".rs") {
        let shown = file.strip_prefix(root()).expect("below").display().to_string();
        let source = fs::read_to_string(&file).expect("readable");
        let uses = source.contains("use proto::") || source.contains(" proto::");
        let may = allowed
            .iter()
            .any(|place| shown.contains(&format!("{place}/")) || shown.contains(&format!("{place}.rs")));
        assert!(!uses || may || shown.contains("tests/"), "{shown} uses generated types");
    }
}

/// `docs/journey.md` is the walk of one IM; each path it names must exist, and so must those of the conformance table.
#[test]
fn documents_name_files_that_exist() {
    let mut named = 0;
    for document in ["docs/journey.md", "docs/conformance.md", "README.md"] {
        let source =
            fs::read_to_string(root().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"));
        for path in source
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| word.starts_with("services/") && !word.contains(' '))
        {
            let path = path.split("::").next().expect("has a first part");
            assert!(root().join(path).exists(), "{document} names {path}, which does not exist");
            named += 1;
        }
    }
    assert!(named >= 7, "the journey names its rooms");
}

/// The load generator's own patience: minutes in which nothing happens. A run that meets one fails and says so.
const LIMITS_WITHOUT_TEST: [&str; 8] = [
    "loadtest SIGN_IN",
    "loadtest SIGN_OUT",
    "loadtest COMMAND",
    "frontend PARKED_CHECK",
    "frontend HOMELESS",
    "frontend LISTINGS",
    "frontend LISTED_AT_ONCE",
    "frontend LISTED_CONFERENCES",
];

/// Whether `name` stands somewhere in code, on its own; comments do not count.
fn names(source: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split(|c| !is_part(c))).any(|word| word == name)
}

/// The source of a crate: what runs, and what tests it.
fn code_and_tests(folder: &Path) -> (String, String) {
    let (mut code, mut tests) = (String::new(), String::new());
    for file in files(folder, ".rs")
        .into_iter()
        .filter(|file| !file.ends_with("tidy.rs") && !file.display().to_string().contains("/benches/"))
    {
        let source = fs::read_to_string(&file).expect("readable");
        let shown = file.strip_prefix(folder).expect("below").display().to_string();
        if shown.starts_with("tests/") || shown.contains("/tests/") || shown.ends_with("tests.rs") {
            tests += &source;
        } else if shown != "src/limits.rs" {
            let (runs, tested) = source.split_once("#[cfg(test)]\nmod tests {").unwrap_or((&source, ""));
            code += runs;
            tests += tested;
        }
    }
    (code, tests)
}

/// Every limit is kept by something that runs and met by a test: of its own crate, of a crate that keeps it too, or of
/// the scenarios.
#[test]
fn every_limit_is_kept_and_tested() {
    let folders =
        ["domain", "xmpp", "transport", "event-log", "store", "cluster", "archive", "frontend", "tests"]
            .map(|name| root().join("services").join(name));
    let crates: Vec<_> = folders
        .into_iter()
        .chain([root().join("loadtest")])
        .map(|folder| (folder.file_name().expect("has one").to_string_lossy().into_owned(), folder))
        .map(|(name, folder)| {
            (name, fs::read_to_string(folder.join("src/limits.rs")), code_and_tests(&folder))
        })
        .collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (owner, limits, _) in &crates {
        let limits = limits.as_ref().unwrap_or_else(|error| panic!("{owner}: {error}"));
        let ident = owner.replace('-', "_");
        for line in limits.lines().filter(|line| line.starts_with("pub") && line.contains(" const ")) {
            let name = line.split(" const ").nth(1).and_then(|rest| rest.split(':').next()).expect(line);
            let concerned = |other: &str, source: &str| owner == other || names(source, &ident);
            let is_default = limits.lines().filter(|line| names(line, name)).count() > 1;
            // What the tests wait for is kept by them alone.
            let kept = crates
                .iter()
                .any(|(other, _, (code, _))| other != "tests" && concerned(other, code) && names(code, name));
            let tested = crates.iter().any(|(other, _, (code, tests))| {
                (concerned(other, tests) || concerned(other, code)) && names(tests, name)
            });
            let in_scenarios = crates.iter().any(|(other, _, (code, tests))| {
                other == "tests" && (names(tests, name) || names(code, name))
            });
            let excused = LIMITS_WITHOUT_TEST.contains(&format!("{owner} {name}").as_str());
            if !kept && !is_default && owner != "tests" {
                wrong.push(format!("{owner}: nothing keeps to {name}"));
            }
            if (tested || in_scenarios) == excused {
                wrong.push(format!("{owner}: {name} has {} test", if excused { "a" } else { "no" }));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty() && count > 100, "{count} limits\n{}", wrong.join("\n"));
}
