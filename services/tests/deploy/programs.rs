//! The programs of others that these tests run, and what they need: files of ours with other addresses in them, ports.

use serde_json::Value;
use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};
use tests::limits::{START, WAIT};

/// The repository.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).expect("services/tests lies two below").to_owned()
}

/// A file of the repository.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs a command to its end, with this on its standard input.
pub(crate) fn run(command: &mut Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_owned();
    let writer = thread::spawn(move || {
        // Whoever needs no input may have ended already.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("written");
    output
}

/// What it said on both ways.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Its standard output, if it succeeded.
pub(crate) fn good(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A program in Go that `tools/go-tool.sh` keeps.
pub(crate) fn go_tool(name: &str) -> Command {
    let kept = good(&run(Command::new(root().join("tools/go-tool.sh")).arg(name), ""));
    Command::new(kept.trim())
}

/// What compose makes of the compose file, or a YAML file as it is.
pub(crate) fn checked(how: &str, path: &str) -> Value {
    let output = run(go_tool("check").args([how, &root().join(path).display().to_string()]), "");
    serde_json::from_str(&good(&output)).expect("JSON")
}

/// Text of a JSON value.
pub(crate) fn str_of(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Texts of a JSON list.
pub(crate) fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}")).iter().map(str_of).collect()
}

/// A port of loopback that nothing listens on.
pub(crate) fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    listener.local_addr().expect("bound")
}

/// A program that runs until this is dropped; what it says is in a file.
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts it and waits until it takes connections there.
    pub(crate) fn start(command: &mut Command, folder: &Path, listens: SocketAddr) -> Self {
        let log = folder.join("program.log");
        let file = File::create(&log).expect("made");
        command.stdin(Stdio::null()).stdout(file.try_clone().expect("a file")).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let running = Self { child, log };
        until(START, || running.log(), || TcpStream::connect(listens).ok());
        running
    }

    /// What it said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until there is an answer; fails with the trouble after `patience`.
pub(crate) fn until<T>(patience: Duration, trouble: impl Fn() -> String, ask: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "nothing came: {}", trouble());
        thread::sleep(Duration::from_millis(50));
    }
}

/// The body of an answer in clear with status 200.
pub(crate) fn get(at: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.set_read_timeout(Some(WAIT)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {at}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.split(' ').nth(1).filter(|status| *status == "200").map(|_| body.to_owned())
}
