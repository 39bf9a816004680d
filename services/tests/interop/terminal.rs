//! A program in a terminal of its own (tmux), that is typed to and looked at.

use std::{
    path::Path,
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};
use tests::limits::WAIT;

static TERMINALS: AtomicU32 = AtomicU32::new(1);

/// How often the screen is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A terminal; it ends with this value.
pub(crate) struct Terminal {
    name: String,
}

impl Terminal {
    /// Runs a program with this home folder and these variables.
    pub(crate) fn run(program: &str, home: &Path, variables: &[(&str, &Path)]) -> Self {
        let number = TERMINALS.fetch_add(1, Ordering::Relaxed);
        let terminal = Self { name: format!("linnet-{}-{number}", std::process::id()) };
        let mut line = format!("env LANG=C.UTF-8 HOME='{}'", home.display());
        for (name, value) in variables {
            line += &format!(" {name}='{}'", value.display());
        }
        line += &format!(" {program}");
        let made = terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "160", "-y", "50", &line]);
        assert!(made.status.success(), "{made:?}");
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        Command::new("tmux").args(["-L", &self.name]).args(arguments).output().expect("tmux runs")
    }

    /// Types a line.
    pub(crate) fn types(&self, line: &str) -> &Self {
        self.tmux(&["send-keys", "-l", line]);
        self.tmux(&["send-keys", "Enter"]);
        self
    }

    /// Waits until the screen shows this text.
    pub(crate) fn shows(&self, text: &str) -> &Self {
        let until = Instant::now() + WAIT;
        loop {
            let screen = String::from_utf8_lossy(&self.tmux(&["capture-pane", "-p"]).stdout).into_owned();
            if screen.contains(text) {
                return self;
            }
            assert!(Instant::now() < until, "{text:?} is not shown:\n{}", screen.trim());
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}
