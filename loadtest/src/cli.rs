//! The command line. Every number has a bound, and every refusal names the flag.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::limits;
use crate::wire::scram::Mechanism;

/// Puts an XMPP server on this machine under load and says what it did and what that cost.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the users u0, u1, … or the contacts among them.
    #[command(subcommand)]
    Provision(Provision),
    /// Users sign in as fast as the server lets them.
    SignIn(SignInArgs),
    /// Users are signed in and do nothing: memory of a session.
    Idle(IdleArgs),
    /// Users change their presence; their contacts see it.
    Presence(PresenceArgs),
    /// Users talk in pairs.
    Im(ImArgs),
    /// Users talk in conferences.
    Conference(ConferenceArgs),
    /// All users come back at once, each with contacts.
    Storm(StormArgs),
    /// Put the JSON reports of several runs into one Markdown table.
    Table {
        /// Reports written by --json.
        #[arg(required = true)]
        reports: Vec<PathBuf>,
    },
}

/// Where the server is and who signs in.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerArgs {
    /// Loopback address and port of the server's XMPP listener (STARTTLS).
    #[arg(long, default_value = "127.0.0.1:5222", value_parser = loopback)]
    pub(crate) target: SocketAddr,
    /// Domain of the users.
    #[arg(long, default_value = "localhost")]
    pub(crate) domain: String,
    /// Number of the first user.
    #[arg(long, default_value_t = 0, value_parser = at_most::<{ limits::USERS }>)]
    pub(crate) first: usize,
    /// How many users: from u0 on, or from --first.
    #[arg(long, default_value_t = 100, value_parser = within::<{ limits::USERS }>)]
    pub(crate) users: usize,
    /// Password of all users.
    #[arg(long, env = "LOADTEST_PASSWORD", default_value = "loadtest", hide_env_values = true)]
    pub(crate) password: String,
    /// SASL mechanism.
    #[arg(long, value_enum, default_value = "scram-sha1")]
    pub(crate) mechanism: Mechanism,
    /// How many users sign in at the same time.
    #[arg(long, default_value_t = 32, value_parser = within::<{ limits::USERS }>)]
    pub(crate) at_once: usize,
}

/// What is observed and where the result goes.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// Process of the server, observed with all its descendants; may be given several times.
    #[arg(long)]
    pub(crate) server_pid: Vec<u32>,
    /// Name of the server in the report.
    #[arg(long, default_value = "server")]
    pub(crate) label: String,
    /// Write the report here as JSON too.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
    /// Longest wait, in seconds, for what the server still owes at the end of a phase.
    #[arg(long, default_value_t = 60, value_parser = seconds)]
    pub(crate) wait: u64,
}

/// An open-loop rate.
#[derive(Debug, Clone, Args)]
pub(crate) struct RateArgs {
    /// Events a second, of all users together.
    #[arg(long, default_value_t = 100.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// Seconds to measure.
    #[arg(long, default_value_t = 20, value_parser = seconds)]
    pub(crate) seconds: u64,
    /// Seconds before that, at the same rate and not measured.
    #[arg(long, default_value_t = 3, value_parser = seconds)]
    pub(crate) warm_up: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Provision {
    /// Make the users.
    Users(ProvisionArgs),
    /// Make each user a contact of the users beside it, both ways, over XMPP. May be run again.
    Contacts {
        #[command(flatten)]
        server: ServerArgs,
        #[command(flatten)]
        contacts: ContactArgs,
        /// How many requests may wait for their approval.
        #[arg(long, default_value_t = 64, value_parser = within::<{ limits::WINDOW }>)]
        window: usize,
        /// Longest wait in seconds.
        #[arg(long, default_value_t = 600, value_parser = seconds)]
        wait: u64,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ProvisionArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// How: over XMPP (XEP-0077), or by the server's own command.
    #[arg(long, value_enum)]
    pub(crate) via: Via,
    /// The server's command, if it is not on the path.
    #[arg(long)]
    pub(crate) command: Option<PathBuf>,
    /// For --via linnet: loopback address and port of the admin service.
    #[arg(long, value_parser = loopback)]
    pub(crate) grpc: Option<SocketAddr>,
}

/// How users are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Via {
    /// In-band registration.
    Xep0077,
    /// `linnet user add`.
    Linnet,
    /// `ejabberdctl register`.
    Ejabberd,
    /// `prosodyctl register`.
    Prosody,
}

/// How many contacts each user has.
#[derive(Debug, Clone, Args)]
pub(crate) struct ContactArgs {
    /// Contacts of each user: an even number, half on each side of it in the circle of users.
    #[arg(long, default_value_t = 20, value_parser = within::<{ limits::CONTACTS }>)]
    pub(crate) contacts: usize,
}

#[derive(Debug, Args)]
pub(crate) struct SignInArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

#[derive(Debug, Args)]
pub(crate) struct IdleArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Seconds to be idle.
    #[arg(long, default_value_t = 20, value_parser = seconds)]
    pub(crate) seconds: u64,
}

#[derive(Debug, Args)]
pub(crate) struct PresenceArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) contacts: ContactArgs,
    #[command(flatten)]
    pub(crate) rate: RateArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ImArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) rate: RateArgs,
    /// Bytes of a message's body.
    #[arg(long, default_value_t = 100, value_parser = at_most::<{ limits::BODY }>)]
    pub(crate) body: usize,
    /// Send as fast as the server acknowledges, with this many unacknowledged messages a user, instead of --rate.
    #[arg(long, value_parser = within::<{ limits::WINDOW }>)]
    pub(crate) saturate: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct ConferenceArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) rate: RateArgs,
    /// Occupants of each conference; the users are divided among the conferences.
    #[arg(long, default_value_t = 25, value_parser = within::<{ limits::OCCUPANTS }>)]
    pub(crate) occupants: usize,
    /// Address of the conference service; `conference.` before the domain if not given.
    #[arg(long)]
    pub(crate) service: Option<String>,
    /// Bytes of a message's body.
    #[arg(long, default_value_t = 100, value_parser = at_most::<{ limits::BODY }>)]
    pub(crate) body: usize,
}

#[derive(Debug, Args)]
pub(crate) struct StormArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) contacts: ContactArgs,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| "give ADDRESS:PORT, such as 127.0.0.1:5222".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("only a loopback address may be put under load".into())
    }
}

fn within<const MOST: usize>(text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|_| "give a whole number".to_owned())?;
    if (1..=MOST).contains(&number) { Ok(number) } else { Err(format!("give 1 to {MOST}")) }
}

fn at_most<const MOST: usize>(text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|_| "give a whole number".to_owned())?;
    if number <= MOST { Ok(number) } else { Err(format!("give at most {MOST}")) }
}

fn seconds(text: &str) -> Result<u64, String> {
    let number = text.parse().map_err(|_| "give whole seconds".to_owned())?;
    let most = limits::SECONDS;
    if number <= most { Ok(number) } else { Err(format!("give at most {most}")) }
}

fn rate(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "give a number".to_owned())?;
    let most = limits::RATE;
    if number > 0.0 && number <= most {
        Ok(number)
    } else {
        Err(format!("give more than 0 and at most {most}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(args: &[&str]) -> String {
        Cli::try_parse_from([&["loadtest"], args].concat()).unwrap_err().to_string()
    }

    #[test]
    fn only_loopback_is_put_under_load() {
        for target in ["192.0.2.1:5222", "[2001:db8::1]:5222", "0.0.0.0:5222", "example.org:5222"] {
            let text = refusal(&["im", "--target", target]);
            assert!(text.contains("--target"), "{text}");
        }
        assert!(Cli::try_parse_from(["loadtest", "im", "--target", "[::1]:5222"]).is_ok());
    }

    #[test]
    fn every_number_has_a_bound() {
        let over = |number: usize| (number + 1).to_string();
        for (scenario, flag, value) in [
            ("im", "--users", over(limits::USERS)),
            ("im", "--users", "0".into()),
            ("im", "--first", over(limits::USERS)),
            ("im", "--at-once", over(limits::USERS)),
            ("im", "--body", over(limits::BODY)),
            ("im", "--saturate", over(limits::WINDOW)),
            ("im", "--rate", (limits::RATE + 1.0).to_string()),
            ("im", "--rate", "NaN".into()),
            ("im", "--seconds", (limits::SECONDS + 1).to_string()),
            ("storm", "--contacts", over(limits::CONTACTS)),
            ("conference", "--occupants", over(limits::OCCUPANTS)),
        ] {
            let text = refusal(&[scenario, flag, &value]);
            assert!(text.contains(flag), "{text}");
        }
    }
}
