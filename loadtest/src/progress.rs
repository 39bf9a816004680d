//! The live line on stderr, shown only where stderr is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// One phase of a run.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A phase with that many steps.
    pub(crate) fn new(phase: &'static str, steps: u64) -> Self {
        let bar = ProgressBar::new(steps);
        let line = "{prefix:>12} {bar:30} {human_pos}/{human_len} {per_sec} {elapsed} {msg}";
        if let Ok(style) = ProgressStyle::with_template(line) {
            bar.set_style(style);
        }
        bar.set_prefix(phase);
        Self(bar)
    }

    /// That many steps are done.
    pub(crate) fn at(&self, done: u64) {
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
