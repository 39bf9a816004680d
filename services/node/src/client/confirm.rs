//! Asking before something that cannot be undone; only where somebody can answer.

use super::Failure;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// An error unless the person at the terminal says yes. Without a terminal nobody is asked.
pub(super) fn confirm(question: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Ok(());
    }
    let unheard = |error: io::Error| Failure::Input(error.to_string());
    eprint!("{question} [y/N] ");
    io::stderr().flush().map_err(unheard)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(unheard)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::Input("nothing was done".to_owned())),
    }
}
