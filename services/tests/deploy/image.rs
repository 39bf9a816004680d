//! The image: what it copies is there, it is built by what `make build` does, its commands run, and every library that
//! `linnet` loads is in it.

use crate::programs::{good, root, run, said, text};
use std::{collections::BTreeSet, process::Command};
use tests::binary;

/// Instructions with their arguments, continued lines joined.
fn instructions() -> Vec<(String, String)> {
    let joined = text("Dockerfile").replace("\\\n", " ");
    let lines = joined.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let split =
        |line: &str| line.split_once(' ').map(|(name, rest)| (name.to_owned(), rest.trim().to_owned()));
    lines.map(|line| split(line).expect(line)).collect()
}

/// The arguments of every instruction of that name.
fn all(name: &str) -> Vec<String> {
    instructions().into_iter().filter(|(found, _)| found == name).map(|(_, rest)| rest).collect()
}

fn words(json: &str) -> Vec<String> {
    serde_json::from_str(json).expect("a list in JSON")
}

#[test]
fn it_is_built_as_everywhere_from_what_is_there() {
    let from = all("FROM");
    let toolchain = text("Cargo.toml");
    let wanted = toolchain.split("rust-version = \"").nth(1).and_then(|rest| rest.split('"').next());
    let wanted = wanted.expect("the workspace says it");
    assert!(from[0].starts_with(&format!("rust:{wanted}-slim-")), "{}", from[0]);
    let debian = |image: &str| image.split('-').find(|part| part.starts_with("bookworm")).map(str::len);
    assert!(debian(&from[0]).is_some() && from[1].starts_with("debian:bookworm-slim"), "one C library");
    let built = all("RUN");
    assert!(
        built.iter().any(|run| run.contains("make build"))
            && built.iter().any(|run| run == "tools/install.sh build")
    );
    for copied in all("COPY").iter().filter(|copied| !copied.starts_with("--from")) {
        let source = copied.split(' ').next().expect("a source");
        assert!(root().join(source).exists(), "{copied}");
    }
}

#[test]
fn its_commands_run() {
    let mut entry = words(&all("ENTRYPOINT")[0]);
    assert_eq!(entry.remove(0), "linnet");
    let default = words(&all("CMD")[0]);
    let shown = good(&run(Command::new(binary::path()).args(entry).args(default).env_clear(), ""));
    assert!(shown.contains("Usage: linnet"), "{shown}");
    let health = all("HEALTHCHECK")[0].clone();
    let check = words(health.split_once("CMD ").expect("a command").1);
    assert_eq!(check[0], "linnet");
    let nobody = run(Command::new(binary::path()).args(&check[1..]).env("LINNET_GRPC", "127.0.0.1:1"), "");
    assert!(!nobody.status.success() && said(&nobody).contains("no Linnet answers"), "{}", said(&nobody));
}

/// Debian's smallest image has the C library and libgcc; what else is loaded must be installed there.
#[test]
fn every_library_that_linnet_loads_is_in_it() {
    let listed = good(&run(Command::new("ldd").arg(binary::path()), ""));
    let names = listed.lines().filter_map(|line| line.split_whitespace().next());
    let name =
        |path: &str| path.rsplit('/').next().unwrap_or_default().split(".so").next().map(str::to_owned);
    let loaded: BTreeSet<_> = names.filter_map(name).collect();
    let installed = all("RUN").last().expect("the last stage has one").clone();
    let packages =
        [("libstdc++", "libstdc++6"), ("libssl", "libssl3"), ("libcrypto", "libssl3"), ("libz", "zlib1g")];
    for library in &loaded {
        let there = ["linux-vdso", "libc", "libm", "libgcc_s", "ld-linux-x86-64", "libdl", "libpthread"];
        let package = packages.iter().find(|(name, _)| name == library).map(|(_, package)| *package);
        let is_there =
            there.contains(&library.as_str()) || package.is_some_and(|package| installed.contains(package));
        assert!(is_there, "{library} is loaded and not installed: {installed}");
    }
    assert!(loaded.contains("libc"), "{loaded:?}");
}

/// The last stage's own steps, in a namespace whose `/etc` and `/var/lib` are copies that vanish; packages apart, which need
/// a mirror.
#[test]
fn its_user_can_be_made_and_owns_its_folders() {
    let steps = all("RUN").last().expect("the last stage has one").clone();
    let ours: Vec<_> = steps.split("&&").map(str::trim).filter(|step| !step.contains("/apt")).collect();
    let ours: Vec<_> = ours.into_iter().filter(|step| !step.starts_with("apt-get")).collect();
    let root = rustix::process::geteuid().is_root();
    // Who is no root may not give files away.
    let ours: Vec<_> = ours.into_iter().filter(|step| root || !step.starts_with("chown")).collect();
    assert!(ours.iter().any(|step| step.starts_with("useradd")), "{steps}");
    let script = format!(
        "mount -t tmpfs none /mnt && cp -a /etc/. /mnt && mount --bind /mnt /etc && mount -t tmpfs none /var/lib && {}",
        ours.join(" && ")
    );
    let script = format!("{script} && id linnet && stat -c %u /var/lib/linnet /etc/linnet");
    let mut command = Command::new("unshare");
    if !root {
        command.arg("--map-root-user");
    }
    let output = good(&run(
        command.args(["--mount", "sh", "-ec", &script]).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        "",
    ));
    assert!(output.contains("uid=10001(linnet) gid=10001(linnet)"), "{output}");
    assert!(!root || output.matches("10001\n").count() == 2, "{output}");
}
