//! `linnet config show` and `linnet config check`, for people and for programs.

use super::{Problem, Reading, sources::Value};
use crate::ui;
use serde_json::json;
use std::process::ExitCode;

pub(super) fn show(reading: &Reading, json: bool) -> ExitCode {
    if json {
        let values: Vec<_> = reading.values.iter().map(as_json).collect();
        ui::print_json(&json!(values));
    } else {
        let mut table = ui::table(&["setting", "value", "from", "about"]);
        for value in &reading.values {
            let text = value.text.as_deref().unwrap_or(if value.setting.needed { "(needed)" } else { "" });
            table.add_row([value.setting.name, text, &value.origin.to_string(), value.setting.about]);
        }
        println!("{table}");
    }
    report(&reading.problems)
}

fn as_json(value: &Value) -> serde_json::Value {
    json!({
        "name": value.setting.name,
        "value": value.text,
        "from": value.origin.to_string(),
        "default": value.setting.default,
        "flag": format!("--{}", value.setting.name),
        "variable": value.setting.variable(),
        "about": value.setting.about,
    })
}

/// Takes the notes of a configuration that can be used, or the problems of another.
pub(super) fn check(outcome: Result<Vec<Problem>, Vec<Problem>>) -> ExitCode {
    match outcome {
        Ok(notes) => {
            for note in notes {
                eprintln!("{} {note}", ui::yellow("note:"));
            }
            println!("{}", ui::green("These settings can be used."));
            ExitCode::SUCCESS
        }
        Err(problems) => report(&problems),
    }
}

/// Prints every problem; failure if there is one.
pub(crate) fn report(problems: &[Problem]) -> ExitCode {
    for problem in problems {
        eprintln!("{} {problem}", ui::red("error:"));
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
