//! Starting `linnet` on free ports, and the line in which it says which they are.

use super::{DOMAIN, Ports};
use crate::{binary, limits::START};
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
};

/// A folder as a process sees it, which may have disks of its own.
pub(super) fn seen_by(child: &Child, folder: &Path) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{}/root", child.id()));
    root.join(folder.strip_prefix("/").expect("absolute"))
}

/// The command that becomes `linnet`, after it has mounted a disk of that size on its data folder.
fn linnet(data: &Path, disk: Option<&str>) -> Command {
    let Some(size) = disk else { return Command::new(binary::path()) };
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let script = format!("mount -t tmpfs -o size={size} linnet \"$0\" && exec \"$@\"");
    command.args(["--mount", "sh", "-c", &script]).arg(data).arg(binary::path());
    command
}

/// Starts it in this role and waits for its line.
pub(super) fn launch(data: &Path, disk: Option<&str>, role: &[String], options: &[String]) -> (Child, Ports) {
    let log = File::options().create(true).append(true).open(data.join("test.log")).expect("writable");
    let free = "127.0.0.1:0";
    let listeners = ["--xmpp", free, "--xmpp-tls", free, "--http", free, "--grpc", free];
    let mut command = linnet(data, disk);
    command.args(role).args(["--domain", DOMAIN, "--data"]).arg(data).args(listeners).args(options);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let mut child = command.spawn().expect("linnet starts");
    let out = child.stdout.take().expect("piped");
    let (line, ready) = mpsc::channel();
    thread::spawn(move || {
        for text in BufReader::new(out).lines().map_while(Result::ok) {
            // Nobody waits for further lines; they are read so that the server never blocks on them.
            let _ = line.send(text);
        }
    });
    if let Some(ports) = ready.recv_timeout(START).ok().as_deref().and_then(ports) {
        return (child, ports);
    }
    child.kill().ok();
    child.wait().ok();
    panic!("linnet did not start: {}", fs::read_to_string(data.join("test.log")).unwrap_or_default());
}

/// From `linnet: linnet.test is ready: xmpp … xmpp-tls … http … component … grpc …`.
fn ports(line: &str) -> Option<Ports> {
    let words: Vec<&str> = line.split(' ').collect();
    let after = |name| {
        let at = words.iter().position(|word| *word == name)?;
        words.get(at + 1)?.parse().ok()
    };
    Some(Ports {
        xmpp: after("xmpp")?,
        xmpp_tls: after("xmpp-tls")?,
        http: after("http")?,
        component: after("component"),
        grpc: after("grpc")?,
    })
}
