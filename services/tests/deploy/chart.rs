//! The chart: three files of values that helm renders, Kubernetes' own code validates, and whose settings, probes and hooks
//! are run.

use crate::programs::{checked, get, go_tool, good, root, run, said, str_of, strings, text};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};
use tests::{Server, binary, wire};

const EXAMPLES: [&str; 3] = ["small", "production", "bare"];
/// As old as the chart allows, and as new as the validation is.
const KUBERNETES: [&str; 2] = ["1.29.0", "1.36.2"];

fn helm(arguments: &[&str]) -> Command {
    let mut helm = go_tool("helm");
    helm.args(arguments).current_dir(root());
    helm
}

fn template(kubernetes: &str, more: &[&str]) -> Command {
    let mut helm =
        helm(&["template", "x", "helm/linnet", "--namespace", "chat", "--kube-version", kubernetes]);
    helm.args(more);
    helm
}

fn example(name: &str) -> String {
    format!("helm/linnet/examples/{name}.yaml")
}

/// What is rendered, once it was found valid.
fn rendered(name: &str) -> Vec<Value> {
    let yaml = good(&run(&mut template(KUBERNETES[1], &["--values", &example(name)]), ""));
    let valid = good(&run(go_tool("check").arg("manifests"), &yaml));
    serde_json::from_str(&valid).expect("JSON")
}

fn find<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"))
}

#[test]
fn helm_finds_nothing_to_say_and_kubernetes_takes_what_it_renders() {
    for name in EXAMPLES {
        let mut lint = helm(&["lint", "helm/linnet", "--strict", "--values", &example(name)]);
        good(&run(&mut lint, ""));
        for kubernetes in KUBERNETES {
            let yaml = good(&run(&mut template(kubernetes, &["--values", &example(name)]), ""));
            good(&run(go_tool("check").arg("manifests"), &yaml));
        }
        let kinds: Vec<_> = rendered(name).iter().map(|object| str_of(&object["kind"]).to_owned()).collect();
        let has = |kind: &str| kinds.iter().any(|found| found == kind);
        assert!(has("StatefulSet") && has("ConfigMap") && has("Service"), "{name}: {kinds:?}");
        let watched = name == "production";
        assert_eq!((has("ServiceMonitor"), has("NetworkPolicy")), (watched, watched), "{name}");
        assert_eq!(has("PodDisruptionBudget"), name != "bare");
        assert_eq!(has("Secret"), name != "production", "who brings Secrets has none made");
    }
}

/// The validation is worth nothing unless it finds what is wrong.
#[test]
fn what_is_wrong_is_found() {
    let yaml = good(&run(&mut template(KUBERNETES[1], &["--values", &example("small")]), ""));
    for (from, to, expected) in [
        ("runAsNonRoot: true", "runsAsNonRoot: true", "unknown field"),
        ("containerPort: 5280", "containerPort: 528000", "must be between 1 and 65535"),
        ("memory: 1Gi", "memory: 1Gb", "quantities"),
        ("secretName: x-linnet-gossip", "secretName: x-other", "nothing mounts Secret x-linnet-gossip"),
        (
            "name: http, port: 5280, targetPort: http",
            "name: http, port: 5280, targetPort: web",
            "names port web",
        ),
        ("serviceName: x-linnet-nodes", "serviceName: x-linnet", "not headless"),
        ("kind: StatefulSet", "kind: StatefulSets", "no kind"),
    ] {
        let broken = yaml.replacen(from, to, 1);
        assert_ne!(broken, yaml, "{from}");
        let output = run(go_tool("check").arg("manifests"), &broken);
        assert!(
            !output.status.success() && said(&output).contains(expected),
            "{expected}: {}",
            said(&output)
        );
    }
}

#[test]
fn values_that_cannot_work_are_refused() {
    let small = example("small");
    for (value, expected) in [
        ("replicas=0", "/replicas"),
        ("shards=1025", "/shards"),
        ("domain=", "/domain"),
        ("domain=alice@example.org", "/domain"),
        ("kafka.brokers={kafka}", "/kafka/brokers"),
        ("kafka.sasl.enabled=true", "/kafka/sasl"),
        ("kafka.tls.enabled=true", "/kafka/tls"),
        ("kafka.hold=5", "/kafka/hold"),
        ("clients.ports.xmpp=70000", "/clients/ports/xmpp"),
        ("antiAffinity=always", "/antiAffinity"),
        ("replica=3", "replica"),
        ("settings.max_stanza=1", "max_stanza"),
        ("settings.domain=example.net", "the chart sets it"),
        ("drainSeconds=120", "killed while it hands over"),
    ] {
        let output = run(&mut template(KUBERNETES[1], &["--values", &small, "--set", value]), "");
        assert!(!output.status.success() && said(&output).contains(expected), "{value}: {}", said(&output));
    }
    let none = run(&mut template(KUBERNETES[1], &[]), "");
    assert!(!none.status.success() && said(&none).contains("/domain"), "{}", said(&none));
}

/// The files of the volumes as a pod sees them, below `folder`; what the operator brings is made up.
fn volumes(objects: &[Value], pod: &Value, folder: &Path) {
    let made: BTreeMap<_, _> = objects
        .iter()
        .filter(|object| object["kind"] == "Secret")
        .map(|secret| (str_of(&secret["metadata"]["name"]), secret))
        .collect();
    let mounts = pod["containers"][0]["volumeMounts"].as_array().expect("a list");
    let mounted = |volume: &Value| {
        let mount = mounts.iter().find(|mount| mount["name"] == volume["name"]).expect("mounted");
        folder.join(str_of(&mount["mountPath"]).trim_start_matches('/'))
    };
    for volume in pod["volumes"].as_array().expect("a list") {
        let path = mounted(volume);
        fs::create_dir_all(&path).expect("made");
        if volume["configMap"]["name"].is_string() {
            let is_it = |object: &&Value| {
                object["kind"] == "ConfigMap" && object["metadata"]["name"] == volume["configMap"]["name"]
            };
            let map = objects.iter().find(is_it).expect("made");
            let settings = str_of(&map["data"]["linnet.toml"]);
            let here = settings.replace("\"/", &format!("\"{}/", folder.display()));
            fs::write(path.join("linnet.toml"), here).expect("written");
        }
        let Some(name) = volume["secret"]["secretName"].as_str() else { continue };
        let brought = ["ca.crt", "tls.crt", "tls.key", "secret", "password"];
        let files: Vec<(&str, Vec<u8>)> = match made.get(name) {
            Some(secret) => secret["data"].as_object().expect("a map").iter().map(decoded).collect(),
            None => brought.map(|file| (file, b"brought by the operator".to_vec())).into(),
        };
        let rights = u32::try_from(volume["secret"]["defaultMode"].as_u64().expect("a mode")).expect("small");
        for (file, content) in files {
            let file = path.join(file);
            fs::write(&file, content).expect("written");
            fs::set_permissions(&file, fs::Permissions::from_mode(rights)).expect("ours");
        }
    }
}

fn decoded<'a>((name, value): (&'a String, &Value)) -> (&'a str, Vec<u8>) {
    (name, BASE64_STANDARD.decode(str_of(value)).expect("base64"))
}

/// The variables of the container of the first pod.
fn environment(container: &Value) -> Vec<(String, String)> {
    let variable = |variable: &Value| {
        let value = variable["value"].as_str().unwrap_or("x-linnet-0");
        (str_of(&variable["name"]).to_owned(), value.replace("$(LINNET_NODE)", "x-linnet-0"))
    };
    container["env"].as_array().expect("a list").iter().map(variable).collect()
}

#[test]
fn linnet_takes_the_settings_that_the_chart_writes() {
    for name in EXAMPLES {
        let objects = rendered(name);
        let pod = &find(&objects, "StatefulSet")["spec"]["template"]["spec"];
        let folder = tempfile::tempdir().expect("a folder");
        volumes(&objects, pod, folder.path());
        let container = &pod["containers"][0];
        let arguments = strings(&container["args"]);
        assert_eq!(arguments[..2], ["node", "--config"], "{name}");
        let file = folder.path().join(arguments[2].trim_start_matches('/'));
        let mut check = Command::new(binary::path());
        check.args(["config", "check", "--config"]).arg(&file).env_clear().envs(environment(container));
        good(&run(&mut check, ""));
        let mut show = Command::new(binary::path());
        show.args(["config", "show", "--json", "--config"])
            .arg(&file)
            .env_clear()
            .envs(environment(container));
        let shown: Value = serde_json::from_str(&good(&run(&mut show, ""))).expect("JSON");
        let value = |name: &str| {
            let all = shown.as_array().expect("a list");
            all.iter().find(|value| value["name"] == name).expect("listed")["value"].clone()
        };
        assert_eq!(value("node"), "x-linnet-0");
        assert_eq!(value("advertise"), "x-linnet-0.x-linnet-nodes.chat.svc:7800");
        assert_eq!(value("join"), "x-linnet-nodes.chat.svc:7800");
        if name == "production" {
            let given = ["shards", "max-stanza", "kafka-user", "proxy-protocol"].map(value);
            assert_eq!(given, ["128", "128KiB", "linnet", "on"].map(Value::from));
        }
    }
}

/// The names that nodes are reached by, and the domain, are in what the chart makes; OpenSSL says so.
#[test]
fn the_certificates_that_the_chart_makes_are_good() {
    let objects = rendered("small");
    let pod = &find(&objects, "StatefulSet")["spec"]["template"]["spec"];
    let folder = tempfile::tempdir().expect("a folder");
    volumes(&objects, pod, folder.path());
    for (place, name, purpose) in [
        ("cluster", "x-linnet-0.x-linnet-nodes.chat.svc", "sslserver"),
        ("cluster", "x-linnet-0.x-linnet-nodes.chat.svc", "sslclient"),
        ("clients", "conference.chat.example.org", "sslserver"),
    ] {
        let place = folder.path().join("etc/linnet").join(place);
        let mut verify = Command::new("openssl");
        verify.args(["verify", "-purpose", purpose, "-verify_hostname", name, "-CAfile"]);
        good(&run(verify.arg(place.join("ca.crt")).arg(place.join("tls.crt")), ""));
    }
    let secret = fs::read(folder.path().join("etc/linnet/gossip/secret")).expect("there");
    assert!(secret.len() >= 32, "{}", secret.len());
}

#[test]
fn probes_are_answered_and_the_hook_reaches_the_node() {
    let objects = rendered("small");
    let container = &find(&objects, "StatefulSet")["spec"]["template"]["spec"]["containers"][0];
    let server = Server::start(&[]);
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let asked = &container[probe]["httpGet"];
        assert_eq!((&asked["scheme"], &asked["port"]), (&"HTTPS".into(), &"http".into()), "{probe}");
        let line = format!("GET {}", str_of(&asked["path"]));
        let answer = wire::request(server.ports().http, server.trust(), &line, &[], b"");
        assert_eq!(answer.expect("an answer").status, 200, "{probe}");
    }
    // In clear nobody answers: the scheme matters.
    assert!(get(server.ports().http, "/health/live").is_none());

    let hook = strings(&container["lifecycle"]["preStop"]["exec"]["command"]);
    let mut command = Command::new(hook[0]);
    let folder = binary::path().parent().expect("in a folder").display().to_string();
    command.args(&hook[1..]).env_clear().env("PATH", format!("{folder}:/usr/bin:/bin"));
    command.env("LINNET_NODE", "x-linnet-0").env("LINNET_GRPC", server.ports().grpc.to_string());
    let output = run(&mut command, "");
    assert!(said(&output).contains("there is no node x-linnet-0"), "{}", said(&output));
}

/// Every value stands in the table with its default, and nothing else does.
#[test]
fn the_readme_has_every_value() {
    let values = checked("yaml", "helm/linnet/values.yaml");
    let mut wanted = BTreeMap::new();
    flatten(&values, "", &mut wanted);
    let readme = text("helm/linnet/README.md");
    let mut listed = BTreeMap::new();
    for line in readme.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let plain = |cell: &str| cell.trim_matches('`').to_owned();
        listed.insert(plain(cells[1]), plain(cells[2]));
    }
    assert_eq!(listed, wanted);
}

fn flatten(value: &Value, path: &str, into: &mut BTreeMap<String, String>) {
    match value.as_object() {
        Some(map) if !map.is_empty() => {
            for (name, value) in map {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(value, &path, into);
            }
        }
        _ => drop(into.insert(path.to_owned(), value.to_string())),
    }
}
