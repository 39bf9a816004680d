//! The started server: `linnet standard` on free ports and a data folder of its own, its users, its command line, and
//! its end, polite or not.
//!
//! Invariant: a server ends with the value that started it.

use crate::{binary, limits::START, wire::Trust};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak, mpsc},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The domain of every server here.
pub const DOMAIN: &str = "linnet.test";

/// Where its listeners are.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// XMPP that begins with STARTTLS.
    pub xmpp: SocketAddr,
    /// XMPP inside TLS.
    pub xmpp_tls: SocketAddr,
    /// HTTPS.
    pub http: SocketAddr,
    /// Components, where they may connect.
    pub component: Option<SocketAddr>,
    /// Administration.
    pub grpc: SocketAddr,
}

/// A server that runs.
pub struct Server {
    /// Removed with the server.
    data: TempDir,
    options: Vec<String>,
    /// The size of a disk of its own, as `mount` takes it.
    disk: Option<String>,
    running: Option<Child>,
    ports: Ports,
    trust: Trust,
}

impl Server {
    /// With a new data folder and these options.
    pub fn start(options: &[&str]) -> Self {
        Self::start_with(None, options)
    }

    /// With its data on a disk (in memory) of this size that only it sees; needs root or user namespaces.
    pub fn start_on_small_disk(size: &str, options: &[&str]) -> Self {
        Self::start_with(Some(size.to_owned()), options)
    }

    fn start_with(disk: Option<String>, options: &[&str]) -> Self {
        let data = TempDir::new().expect("a temporary folder");
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let (child, ports) = launch(data.path(), disk.as_deref(), &options);
        let trust = Trust::of(&seen_by(&child, data.path()).join("tls/ca.pem"));
        Self { data, options, disk, running: Some(child), ports, trust }
    }

    /// Where its listeners are now.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// What clients trust.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Where it keeps everything.
    pub fn data(&self) -> PathBuf {
        match &self.running {
            Some(child) => seen_by(child, self.data.path()),
            None => self.data.path().to_owned(),
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("it runs").id()
    }

    /// kill -9: nothing is written, nobody is told.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().expect("it ran");
            child.wait().expect("it ends");
        }
    }

    /// SIGTERM, without waiting for what comes of it.
    pub fn ask_to_stop(&self) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, Signal::TERM).expect("it runs");
    }

    /// Waits for the end.
    pub fn ended(&mut self) -> ExitStatus {
        let mut child = self.running.take().expect("it ran");
        let until = Instant::now() + START;
        loop {
            if let Some(status) = child.try_wait().expect("a child of ours") {
                return status;
            }
            if Instant::now() > until {
                child.kill().expect("it runs");
                panic!("the server did not stop\n{}", self.log());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts again on the same data, on other ports.
    pub fn restart(&mut self) {
        assert!(self.running.is_none(), "it has ended before");
        let (child, ports) = launch(self.data.path(), self.disk.as_deref(), &self.options);
        self.running = Some(child);
        self.ports = ports;
    }

    /// Runs `linnet` against this server, with this on its standard input.
    pub fn command(&self, line: &[&str], input: &str) -> Output {
        let grpc = self.ports.grpc.to_string();
        let mut command = Command::new(binary::path());
        command.args(line).args(["--grpc", &grpc]).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("linnet starts");
        // Whoever needs no input may have ended already.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        child.wait_with_output().expect("linnet ends")
    }

    /// Makes users, each with [`password`].
    pub fn add_users(&self, names: &[String]) {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        for name in names {
            writeln!(file, "{name}@{DOMAIN}\t{}", password(name)).expect("written");
        }
        let path = file.path().to_str().expect("plain").to_owned();
        let done = self.command(&["user", "add", "--from", &path], "");
        assert!(done.status.success(), "{}\n{}", String::from_utf8_lossy(&done.stderr), self.log());
    }

    /// The last lines of its log.
    pub fn log(&self) -> String {
        let log = fs::read_to_string(self.data.path().join("test.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = &lines[lines.len().saturating_sub(30)..];
        format!("── the server's log ──\n{}", last.join("\n"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The password of a user of that name.
pub fn password(name: &str) -> String {
    format!("pass of {name}")
}

/// A folder as a process sees it, which may have disks of its own.
fn seen_by(child: &Child, folder: &Path) -> PathBuf {
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

/// Starts it and waits for its line.
fn launch(data: &Path, disk: Option<&str>, options: &[String]) -> (Child, Ports) {
    let log = File::options().create(true).append(true).open(data.join("test.log")).expect("writable");
    let free = "127.0.0.1:0";
    let listeners = ["--xmpp", free, "--xmpp-tls", free, "--http", free, "--grpc", free];
    let mut command = linnet(data, disk);
    command.args(["standard", "--domain", DOMAIN, "--data"]).arg(data).args(listeners).args(options);
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

/// A server that the scenes of a file share while at least one of them runs.
pub struct House {
    options: &'static [&'static str],
    server: Mutex<Weak<Server>>,
}

impl House {
    /// Starts nothing yet.
    pub const fn new(options: &'static [&'static str]) -> Self {
        Self { options, server: Mutex::new(Weak::new()) }
    }

    /// The one that runs, or a new one.
    pub fn server(&self) -> Arc<Server> {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = server.upgrade() {
            return running;
        }
        let started = Arc::new(Server::start(self.options));
        *server = Arc::downgrade(&started);
        started
    }
}
