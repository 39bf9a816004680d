//! Where values come from, and who wins: flag over environment over file over default.

use super::{
    Problem,
    settings::{Edition, Setting},
};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Names more alike than this are offered as what was meant (1: the same).
const ALIKE: f64 = 0.7;

/// The settings given on the command line; as arguments, those of Standard Edition.
#[derive(Clone, Default)]
pub(crate) struct Flags {
    pub(super) file: Option<PathBuf>,
    pub(super) given: BTreeMap<&'static str, String>,
}

/// The settings given on the command line; as arguments, those of a node too.
#[derive(Clone, Default)]
pub(crate) struct PoolFlags(pub(super) Flags);

/// One setting with its value.
pub(crate) struct Value {
    pub(crate) setting: &'static Setting,
    /// As it was given; `None`: not given, and no default.
    pub(crate) text: Option<String>,
    pub(crate) origin: Origin,
}

/// Where a value came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    Flag,
    Environment(String),
    File(PathBuf),
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment(name) => f.write_str(name),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Where values are looked for.
pub(super) struct Sources<'a, E> {
    flags: &'a Flags,
    environment: E,
    file: Option<(toml::Table, PathBuf)>,
}

impl<'a, E: Fn(&str) -> Option<String>> Sources<'a, E> {
    /// Reads the file, if one is named; `environment` looks a variable up.
    pub(super) fn open(flags: &'a Flags, environment: E, problems: &mut Vec<Problem>) -> Self {
        let path = flags.file.clone().or_else(|| environment("LINNET_CONFIG").map(PathBuf::from));
        let file = path.map(|path| (read_file(&path, problems), path));
        Self { flags, environment, file }
    }

    /// Whether one of them says which role a node has.
    pub(super) fn edition(&self) -> Edition {
        let named = |(table, _): &(toml::Table, PathBuf)| table.contains_key("role");
        let given = self.flags.given.contains_key("role")
            || (self.environment)("LINNET_ROLE").is_some()
            || self.file.as_ref().is_some_and(named);
        if given { Edition::Enterprise } else { Edition::Standard }
    }

    /// Finds the value of every setting of that edition. What is given and is no setting of it is a problem, but for
    /// variables, which may be somebody else's.
    pub(super) fn resolve(self, edition: Edition, problems: &mut Vec<Problem>) -> Vec<Value> {
        for name in self.flags.given.keys().filter(|name| edition.setting(name).is_none()) {
            problems.push(Problem::new(name, "only with --role"));
        }
        let values = self.file.as_ref().map(|(table, path)| understand(table, path, edition, problems));
        let value = |setting: &'static Setting| {
            let variable = setting.variable();
            let (text, origin) = if let Some(text) = self.flags.given.get(setting.name) {
                (Some(text.clone()), Origin::Flag)
            } else if let Some(text) = (self.environment)(&variable) {
                (Some(text), Origin::Environment(variable))
            } else if let (Some(values), Some((_, path))) = (&values, &self.file)
                && let Some(text) = values.get(setting.name)
            {
                (Some(text.clone()), Origin::File(path.clone()))
            } else {
                (setting.default.map(str::to_owned), Origin::Default)
            };
            Value { setting, text, origin }
        };
        edition.settings().map(value).collect()
    }
}

fn read_file(path: &Path, problems: &mut Vec<Problem>) -> toml::Table {
    let parsed = fs::read_to_string(path)
        .map_err(|error| error.to_string())
        .and_then(|text| text.parse::<toml::Table>().map_err(|error| error.to_string()));
    parsed.unwrap_or_else(|error| {
        problems.push(Problem::new("config", format!("{}: {}", path.display(), error.trim_end())));
        toml::Table::new()
    })
}

fn understand(
    table: &toml::Table,
    path: &Path,
    edition: Edition,
    problems: &mut Vec<Problem>,
) -> BTreeMap<&'static str, String> {
    let mut values = BTreeMap::new();
    for (key, value) in table {
        match (edition.setting(key), text_of(value)) {
            (None, _) => problems.push(unknown(key, path, edition)),
            (Some(setting), Some(text)) => drop(values.insert(setting.name, text)),
            (Some(setting), None) => {
                let text = format!("{}: a {} is not understood", path.display(), value.type_str());
                problems.push(Problem::new(setting.name, text));
            }
        }
    }
    values
}

fn unknown(key: &str, path: &Path, edition: Edition) -> Problem {
    let alike = |setting: &&Setting| strsim::jaro_winkler(key, setting.name);
    let nearest = edition.settings().max_by(|a, b| alike(a).total_cmp(&alike(b)));
    let hint = match nearest.filter(|nearest| alike(nearest) > ALIKE) {
        _ if Edition::Enterprise.setting(key).is_some() => {
            " of `linnet standard`; it is one of `linnet node`".to_owned()
        }
        Some(nearest) => format!("; did you mean `{}`?", nearest.name),
        None => "; `linnet config show` lists all".to_owned(),
    };
    Problem::new("config", format!("{}: there is no setting `{key}`{hint}", path.display()))
}

/// A TOML value as the flag would have it.
fn text_of(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(on) => Some(if *on { "on" } else { "off" }.to_owned()),
        toml::Value::Array(list) => {
            let parts: Option<Vec<String>> = list.iter().map(text_of).collect();
            parts.map(|parts| parts.join(","))
        }
        _ => None,
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.file = matches.get_one::<PathBuf>("config").cloned();
        for setting in Edition::Enterprise.settings() {
            // Not every command has every flag.
            if let Ok(Some(text)) = matches.try_get_one::<String>(setting.name) {
                self.given.insert(setting.name, text.clone());
            }
        }
        Ok(())
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        augment(command, Edition::Standard)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for PoolFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Flags::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl Args for PoolFlags {
    fn augment_args(command: Command) -> Command {
        augment(command, Edition::Enterprise)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn augment(command: Command, edition: Edition) -> Command {
    let config = Arg::new("config").long("config").value_name("FILE").value_parser(value_parser!(PathBuf));
    let config = config.help("TOML file with settings, by the same names [env: LINNET_CONFIG]");
    edition.settings().fold(command.arg(config), |command, setting| command.arg(flag(setting)))
}

fn flag(setting: &'static Setting) -> Arg {
    let default = match setting.default {
        Some(default) => format!(" [default: {default}]"),
        None if setting.needed => " [needed]".to_owned(),
        None => String::new(),
    };
    Arg::new(setting.name).long(setting.name).value_name(setting.value).help(format!(
        "{}{default} [env: {}]",
        setting.about,
        setting.variable()
    ))
}
