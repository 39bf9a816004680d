//! How the command line looks: colours only on a terminal and never with `NO_COLOR` (no-color.org), tables, JSON.

use comfy_table::{ContentArrangement, Table, presets};
use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
};

/// For what went wrong, on standard error.
pub(crate) fn red(text: &str) -> String {
    paint(text, 31, io::stderr().is_terminal())
}

/// For what deserves a look, on standard error.
pub(crate) fn yellow(text: &str) -> String {
    paint(text, 33, io::stderr().is_terminal())
}

/// For what is well, on standard output.
pub(crate) fn green(text: &str) -> String {
    paint(text, 32, io::stdout().is_terminal())
}

fn paint(text: &str, colour: u8, on_terminal: bool) -> String {
    let wanted = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if on_terminal && wanted { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}

/// An empty table with these headings: with lines on a terminal, plain columns in a pipe.
pub(crate) fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    if io::stdout().is_terminal() {
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table.load_style(presets::NOTHING);
    }
    table.set_header(headings.to_vec());
    table
}

/// One JSON document on standard output.
pub(crate) fn print_json(value: &serde_json::Value) {
    // A reader that went away (`| head`) is no error.
    let _ = writeln!(io::stdout(), "{value:#}");
}
