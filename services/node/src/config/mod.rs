//! The configuration of `linnet standard` and of `linnet node`: read from flags, environment, file and defaults, checked
//! as a whole.
//!
//! Invariant: a [`Standard`] or [`Node`] is complete and consistent; every problem found is reported, not only the first.

mod check;
mod components;
pub(crate) mod node;
mod parse;
mod pool;
mod secret;
mod settings;
mod show;
mod sources;

use clap::Subcommand;
use domain::Address;
pub(crate) use node::{ClusterTls, Kafka, KafkaTls, Login, Node, Sasl, host_name};
use settings::Edition;
pub(crate) use show::report;
pub(crate) use sources::{Flags, PoolFlags};
use sources::{Sources, Value};
use std::{
    env, net::SocketAddr, num::NonZeroUsize, path::PathBuf, process::ExitCode, thread::available_parallelism,
    time::Duration,
};
use xmpp::component::Components;

/// Everything that Standard Edition can be told. What each means: `config/settings.rs`.
#[derive(Clone, Debug)]
pub(crate) struct Standard {
    pub(crate) data: PathBuf,
    /// A domain, without a user.
    pub(crate) domain: Address,
    pub(crate) xmpp: Option<SocketAddr>,
    pub(crate) xmpp_tls: Option<SocketAddr>,
    pub(crate) http: Option<SocketAddr>,
    pub(crate) http_tls: bool,
    pub(crate) component: Option<SocketAddr>,
    pub(crate) components: Components,
    pub(crate) grpc: Option<SocketAddr>,
    /// Certificate chain and key; `None`: to be made in `data`/tls.
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
    pub(crate) admin: Vec<Address>,
    pub(crate) offline_im: bool,
    /// 0: for ever.
    pub(crate) history_days: u32,
    /// At least 1.
    pub(crate) log_days: u32,
    /// Bytes.
    pub(crate) disk_reserve: u64,
    pub(crate) workers: NonZeroUsize,
    pub(crate) session_quiet: Duration,
    /// Bytes.
    pub(crate) max_stanza: usize,
    pub(crate) max_connections: usize,
    pub(crate) max_connections_per_address: usize,
    /// Bytes; 0: no upload.
    pub(crate) upload_max: u64,
    /// Bytes.
    pub(crate) upload_quota: u64,
    /// At least 1.
    pub(crate) upload_days: u32,
    pub(crate) drain_timeout: Duration,
    /// A filter that `tracing_subscriber::EnvFilter` takes.
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Something is wrong with a setting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Problem {
    /// The flag to change.
    pub(crate) setting: &'static str,
    pub(crate) text: String,
}

impl Problem {
    fn new(setting: &'static str, text: impl Into<String>) -> Self {
        Self { setting, text: text.into() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "--{}: {}", self.setting, self.text)
    }
}

/// `linnet config …`
#[derive(Subcommand)]
pub(crate) enum Ask {
    /// Every setting, its value, and where that came from
    Show {
        #[command(flatten)]
        flags: PoolFlags,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Whether these settings can be used: every problem, with the flag to change
    Check {
        #[command(flatten)]
        flags: PoolFlags,
    },
}

/// Carries out `linnet config …`: about `linnet node` where a role is given, else about `linnet standard`.
pub(crate) fn answer(ask: Ask) -> ExitCode {
    match ask {
        Ask::Show { flags, json } => show::show(&Reading::new(None, &flags.0, variable), json),
        Ask::Check { flags } => {
            let reading = Reading::new(None, &flags.0, variable);
            match reading.edition {
                Edition::Standard => show::check(reading.standard().map(|standard| check::notes(&standard))),
                Edition::Enterprise => show::check(reading.node().map(|node| node::notes(&node))),
            }
        }
    }
}

/// The configuration that these flags and this process's environment make, or all that is wrong with it.
pub(crate) fn load(flags: &Flags) -> Result<Standard, Vec<Problem>> {
    Reading::new(Some(Edition::Standard), flags, variable).standard()
}

/// As [`load`], of a node.
pub(crate) fn load_node(flags: &PoolFlags) -> Result<Node, Vec<Problem>> {
    Reading::new(Some(Edition::Enterprise), &flags.0, variable).node()
}

/// The default of the setting of that name; empty if it has none.
pub(crate) fn default_of(name: &str) -> &'static str {
    Edition::Enterprise.setting(name).and_then(|setting| setting.default).unwrap_or_default()
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// The settings as they were given, while they are being understood.
struct Reading {
    edition: Edition,
    values: Vec<Value>,
    problems: Vec<Problem>,
}

impl Reading {
    /// Of that edition, or of the one that the settings speak of.
    fn new(edition: Option<Edition>, flags: &Flags, environment: impl Fn(&str) -> Option<String>) -> Self {
        let mut problems = Vec::new();
        let sources = Sources::open(flags, environment, &mut problems);
        let edition = edition.unwrap_or_else(|| sources.edition());
        let values = sources.resolve(edition, &mut problems);
        Self { edition, values, problems }
    }

    fn standard(mut self) -> Result<Standard, Vec<Problem>> {
        let standard = self.understand();
        if let Some(standard) = &standard {
            self.problems.extend(check::problems(standard));
        }
        match standard {
            Some(standard) if self.problems.is_empty() => Ok(standard),
            _ => Err(self.problems),
        }
    }

    /// Every setting is asked for before the first is found missing, so that all problems come up.
    fn understand(&mut self) -> Option<Standard> {
        let certificate = self.pair(("certificate", parse::path), ("key", parse::path));
        let data = self.get("data", parse::path);
        let domain = self.get("domain", parse::domain);
        let xmpp = self.get("xmpp", parse::listener);
        let xmpp_tls = self.get("xmpp-tls", parse::listener);
        let http = self.get("http", parse::listener);
        let http_tls = self.get("http-tls", parse::switch);
        let component = self.get("component", parse::listener);
        let components = self.get_or("components", components::read, Components::new);
        let grpc = self.get("grpc", parse::listener);
        let admin = self.get_or("admin", parse::users, Vec::new);
        let offline_im = self.get("offline-im", parse::switch);
        let history_days = self.get("history-days", parse::days);
        let log_days = self.get("log-days", parse::some_days);
        let disk_reserve = self.get("disk-reserve", parse::bytes);
        let workers = self.get_or("workers", parse::count, processors);
        let session_quiet = self.get("session-quiet", parse::time);
        let max_stanza = self.get("max-stanza", check::stanza);
        let max_connections = self.get("max-connections", parse::count);
        let max_connections_per_address = self.get("max-connections-per-address", parse::count);
        let upload_max = self.get("upload-max", parse::bytes);
        let upload_quota = self.get("upload-quota", parse::bytes);
        let upload_days = self.get("upload-days", parse::some_days);
        let drain_timeout = self.get("drain-timeout", parse::time);
        let log = self.get("log", parse::filter);
        let log_format = self.get("log-format", log_format);
        Some(Standard {
            data: data?,
            domain: domain?,
            xmpp: xmpp?,
            xmpp_tls: xmpp_tls?,
            http: http?,
            http_tls: http_tls?,
            component: component?,
            components: components?,
            grpc: grpc?,
            certificate: certificate.ok()?,
            admin: admin?,
            offline_im: offline_im?,
            history_days: history_days?,
            log_days: log_days?,
            disk_reserve: disk_reserve?,
            workers: workers?,
            session_quiet: session_quiet?,
            max_stanza: max_stanza?,
            max_connections: max_connections?.get(),
            max_connections_per_address: max_connections_per_address?.get(),
            upload_max: upload_max?,
            upload_quota: upload_quota?,
            upload_days: upload_days?,
            drain_timeout: drain_timeout?,
            log: log?,
            log_format: log_format?,
        })
    }

    /// Both or none.
    fn pair<A, B>(
        &mut self,
        (first, parse_first): (&'static str, impl Fn(&str) -> Result<A, String>),
        (second, parse_second): (&'static str, impl Fn(&str) -> Result<B, String>),
    ) -> Result<Option<(A, B)>, Reported> {
        let (a, b) = (self.parsed(first, parse_first), self.parsed(second, parse_second));
        match (a?, b?) {
            (Some(a), Some(b)) => Ok(Some((a, b))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(self.refuse(second, format!("needed beside --{first}"))),
            (None, Some(_)) => Err(self.refuse(first, format!("needed beside --{second}"))),
        }
    }

    fn get<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match self.parsed(name, parse) {
            Ok(Some(value)) => Some(value),
            Ok(None) => {
                self.refuse(name, "needed, and not given");
                None
            }
            Err(Reported) => None,
        }
    }

    fn get_or<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
        otherwise: impl Fn() -> T,
    ) -> Option<T> {
        self.parsed(name, parse).ok().map(|value| value.unwrap_or_else(otherwise))
    }

    /// The value, if there is one.
    fn parsed<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Reported> {
        let Some(value) = self.values.iter().find(|value| value.setting.name == name) else {
            return Ok(None);
        };
        let Some(text) = &value.text else { return Ok(None) };
        match parse(text) {
            Ok(parsed) => Ok(Some(parsed)),
            Err(expected) => {
                let problem = format!("{text:?} (from {}): {expected}", value.origin);
                Err(self.refuse(name, problem))
            }
        }
    }

    fn refuse(&mut self, name: &'static str, text: impl Into<String>) -> Reported {
        self.problems.push(Problem::new(name, text));
        Reported
    }
}

/// The problem is among the problems.
struct Reported;

fn processors() -> NonZeroUsize {
    available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("text or json is expected".to_owned()),
    }
}

#[cfg(test)]
mod tests;
