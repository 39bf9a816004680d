//! A new password: typed twice at a prompt, or one line of standard input.

use super::Failure;
use clap::Args;
use std::io::{self, BufRead, IsTerminal as _};

/// A longer line is no password (the server takes 1,023 bytes).
const LINE: u64 = 4096;

/// Where the password comes from.
#[derive(Args)]
pub(super) struct PasswordArgs {
    /// Read the password from the first line of standard input, for scripts
    #[arg(long)]
    password_stdin: bool,
}

/// Asks for it.
pub(super) fn new_password(from: &PasswordArgs) -> Result<String, Failure> {
    let password = if from.password_stdin { first_line(io::stdin().lock())? } else { prompted()? };
    if password.is_empty() { Err(Failure::Input("the password is empty".to_owned())) } else { Ok(password) }
}

fn first_line(input: impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    input.take(LINE).read_line(&mut line).map_err(|error| Failure::Input(error.to_string()))?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

fn prompted() -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Input("no terminal to ask for the password: use --password-stdin".to_owned()));
    }
    let ask = |prompt| rpassword::prompt_password(prompt).map_err(|error| Failure::Input(error.to_string()));
    let password = ask("Password: ")?;
    if ask("Again: ")? == password {
        Ok(password)
    } else {
        Err(Failure::Input("the two passwords differ".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_the_password_without_its_end() {
        for (input, expected) in [("secret\n", "secret"), (" two words \r\nmore", " two words "), ("", "")] {
            assert_eq!(first_line(input.as_bytes()).ok().as_deref(), Some(expected));
        }
        let long = "x".repeat(10_000);
        assert_eq!(first_line(long.as_bytes()).map(|line| line.len() as u64).ok(), Some(LINE));
    }
}
