//! Where values come from, and who wins: flag over environment over file over default.

use super::{
    Problem,
    settings::{SETTINGS, Setting, setting},
};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Names more alike than this are offered as what was meant (1: the same).
const ALIKE: f64 = 0.7;

/// The settings given on the command line.
#[derive(Clone, Default)]
pub(crate) struct Flags {
    pub(super) file: Option<PathBuf>,
    pub(super) given: BTreeMap<&'static str, String>,
}

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

/// Finds the value of every setting; `environment` looks a variable up.
pub(super) fn resolve(
    flags: &Flags,
    environment: impl Fn(&str) -> Option<String>,
    problems: &mut Vec<Problem>,
) -> Vec<Value> {
    let path = flags.file.clone().or_else(|| environment("LINNET_CONFIG").map(PathBuf::from));
    let file = path.map(|path| (read_file(&path, problems), path));
    let value = |setting: &'static Setting| {
        let variable = setting.variable();
        let (text, origin) = if let Some(text) = flags.given.get(setting.name) {
            (Some(text.clone()), Origin::Flag)
        } else if let Some(text) = environment(&variable) {
            (Some(text), Origin::Environment(variable))
        } else if let Some((values, path)) = &file
            && let Some(text) = values.get(setting.name)
        {
            (Some(text.clone()), Origin::File(path.clone()))
        } else {
            (setting.default.map(str::to_owned), Origin::Default)
        };
        Value { setting, text, origin }
    };
    SETTINGS.iter().map(value).collect()
}

fn read_file(path: &PathBuf, problems: &mut Vec<Problem>) -> BTreeMap<String, String> {
    let parsed = fs::read_to_string(path)
        .map_err(|error| error.to_string())
        .and_then(|text| text.parse::<toml::Table>().map_err(|error| error.to_string()));
    let table = match parsed {
        Ok(table) => table,
        Err(error) => {
            problems.push(Problem::new("config", format!("{}: {}", path.display(), error.trim_end())));
            return BTreeMap::new();
        }
    };
    let mut values = BTreeMap::new();
    for (key, value) in table {
        match (setting(&key), text_of(&value)) {
            (None, _) => problems.push(unknown(&key, path)),
            (Some(_), Some(text)) => drop(values.insert(key, text)),
            (Some(setting), None) => {
                let text = format!("{}: a {} is not understood", path.display(), value.type_str());
                problems.push(Problem::new(setting.name, text));
            }
        }
    }
    values
}

fn unknown(key: &str, path: &std::path::Path) -> Problem {
    let alike = |setting: &&Setting| strsim::jaro_winkler(key, setting.name);
    let nearest = SETTINGS.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)));
    let hint = match nearest.filter(|nearest| alike(nearest) > ALIKE) {
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
        for setting in SETTINGS {
            if let Some(text) = matches.get_one::<String>(setting.name) {
                self.given.insert(setting.name, text.clone());
            }
        }
        Ok(())
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let config =
            Arg::new("config").long("config").value_name("FILE").value_parser(value_parser!(PathBuf));
        let config = config.help("TOML file with settings, by the same names [env: LINNET_CONFIG]");
        SETTINGS.iter().fold(command.arg(config), |command, setting| command.arg(flag(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
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
