//! `linnet user add`: one account, or many from a file, a few at a time.

use super::{
    Failure, Target,
    password::{PasswordArgs, new_password},
    user,
};
use crate::ui;
use clap::Args;
use futures_util::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use proto::admin::{CreateUserRequest, User};
use std::{fs, path::PathBuf};
use tonic::Status;

/// Requests under way at once: enough to keep the server's processors busy with key derivation.
const AT_ONCE: usize = 32;
/// Bytes of a file of addresses; a larger one is refused.
const FILE: u64 = 256 << 20;

/// What to add.
#[derive(Args)]
pub(super) struct Add {
    /// Such as alice@example.org; several get the same password
    #[arg(required_unless_present = "from")]
    addresses: Vec<String>,
    /// File with an address on each line, or address, tab, password
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    #[command(flatten)]
    password: PasswordArgs,
}

/// Who is to be added, and with which password if it is their own.
type Newcomer = (String, Option<String>);

pub(super) async fn run(target: &Target, add: Add) -> Result<(), Failure> {
    let newcomers = newcomers(&add)?;
    let shared = newcomers.iter().any(|(_, own)| own.is_none());
    let password = if shared { new_password(&add.password)? } else { String::new() };
    let admin = target.connect().await?;
    let progress = progress(newcomers.len());
    let total = newcomers.len();
    let requests = newcomers.into_iter().map(|(address, own)| {
        let password = own.unwrap_or_else(|| password.clone());
        let mut admin = admin.clone();
        async move {
            let request = CreateUserRequest { address: address.clone(), password };
            let answer = admin.create_user(request).await;
            (address, answer.map(|answer| answer.into_inner().user.unwrap_or_default()))
        }
    });
    let mut answers = stream::iter(requests).buffered(AT_ONCE);
    let (mut added, mut failed) = (Vec::new(), Vec::new());
    while let Some((address, answer)) = answers.next().await {
        progress.inc(1);
        match answer {
            Ok(user) => added.push(user),
            Err(status) => {
                progress.suspend(|| eprintln!("{} {address}: {}", ui::red("error:"), status.message()));
                failed.push(status);
            }
        }
    }
    progress.finish_and_clear();
    report(target, &added, &failed, total)
}

fn report(target: &Target, added: &[User], failed: &[Status], total: usize) -> Result<(), Failure> {
    match added {
        [] => {}
        [one] if target.json && total == 1 => ui::print_json(&user::as_json(one)),
        many if target.json => ui::print_json(&many.iter().map(user::as_json).collect()),
        [one] => println!("{}", ui::green(&format!("{} can sign in.", one.address))),
        many => println!("{}", ui::green(&format!("{} users can sign in.", many.len()))),
    }
    match failed {
        [] => Ok(()),
        [only] if total == 1 => Err(target.failure(only)),
        some => Err(Failure::Some(some.len(), total)),
    }
}

fn newcomers(add: &Add) -> Result<Vec<Newcomer>, Failure> {
    let mut newcomers: Vec<Newcomer> = add.addresses.iter().map(|address| (address.clone(), None)).collect();
    if let Some(path) = &add.from {
        let fault = |text: String| Failure::Input(format!("{}: {text}", path.display()));
        let size = fs::metadata(path).map_err(|error| fault(error.to_string()))?.len();
        if size > FILE {
            return Err(fault("too large".to_owned()));
        }
        let text = fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
        newcomers.extend(text.lines().filter_map(newcomer));
    }
    if newcomers.is_empty() { Err(Failure::Input("no address is given".to_owned())) } else { Ok(newcomers) }
}

fn newcomer(line: &str) -> Option<Newcomer> {
    let (address, password) = match line.split_once('\t') {
        Some((address, password)) => (address, Some(password.to_owned())),
        None => (line, None),
    };
    let address = address.trim();
    (!address.is_empty()).then(|| (address.to_owned(), password))
}

/// Drawn on standard error, only if that is a terminal and there is something to watch.
fn progress(count: usize) -> ProgressBar {
    if count < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} users, {per_sec}, {eta} left");
    ProgressBar::new(count as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_address_or_an_address_and_its_password() {
        assert_eq!(newcomer("a@example.org"), Some(("a@example.org".to_owned(), None)));
        let own = Some(("a@example.org".to_owned(), Some("p w".to_owned())));
        assert_eq!(newcomer(" a@example.org \tp w"), own);
        assert_eq!(newcomer("  "), None);
    }
}
