//! Categories: published, read and told as their access model says (XEP-0060, XEP-0163).

use super::*;
use crate::{
    category::{Access, Settings},
    endpoint::CategoryCommand,
};

fn own(command: CategoryCommand) -> endpoint::Command {
    endpoint::Command::Category { owner: address("alice"), command }
}

fn publish(category: &str, id: &str, settings: Option<Settings>) -> endpoint::Command {
    own(CategoryCommand::Publish {
        category: category.into(),
        id: id.into(),
        content: "<a/>".into(),
        settings,
    })
}

fn read(category: &str, ids: &[&str], max: Option<u32>) -> endpoint::Command {
    let ids = ids.iter().map(|id| (*id).into()).collect();
    own(CategoryCommand::Read { category: category.into(), ids, max })
}

fn with_access(access: Access) -> Settings {
    Settings { access, ..Settings::default() }
}

fn many() -> Settings {
    Settings { max_items: 3, ..Settings::default() }
}

/// Alice and Bob see each other, Eve is a stranger.
fn stage() -> Stage {
    let mut stage = Stage::with(&["alice", "bob", "eve"]);
    for who in ["alice/desk", "alice/pad", "bob/phone", "eve/pc"] {
        stage.arrives(who);
    }
    stage.befriend("alice/desk", "bob/phone");
    stage
}

#[test]
fn a_publication_is_told_to_readers_and_to_oneself() {
    let mut stage = stage();
    stage.says("alice/desk", publish("nick", "1", None));
    stage.expect(&[
        "alice/desk: alice's nick has 1",
        "alice/pad: alice's nick has 1",
        "bob/phone: alice's nick has 1",
    ]);
    stage.says("alice/desk", publish("notes", "1", Some(with_access(Access::Whitelist))));
    stage.expect(&["alice/desk: alice's notes has 1", "alice/pad: alice's notes has 1"]);
}

#[test]
fn the_access_model_decides_who_reads() {
    let mut stage = stage();
    for (category, access) in
        [("o", Access::Open), ("p", Access::Presence), ("r", Access::Roster), ("w", Access::Whitelist)]
    {
        stage.says("alice/desk", publish(category, "1", Some(with_access(access))));
    }
    stage.heard.clear();
    for (who, category, line) in [
        ("alice/pad", "w", "items [1]"),
        ("bob/phone", "o", "items [1]"),
        ("bob/phone", "p", "items [1]"),
        ("bob/phone", "w", "refused Forbidden"),
        ("eve/pc", "o", "items [1]"),
        ("eve/pc", "p", "refused MembersOnly"),
        ("eve/pc", "r", "refused Forbidden"),
        ("eve/pc", "none", "refused NotFound"),
    ] {
        stage.says(who, read(category, &[], None));
        stage.expect(&[&format!("{who}: {line}")]);
    }
    for (who, line) in [("alice/desk", "[o p r w]"), ("bob/phone", "[o p]"), ("eve/pc", "[o]")] {
        stage.says(who, own(CategoryCommand::List));
        stage.expect(&[&format!("{who}: categories {line}")]);
    }
    stage.says("bob/phone", publish("o", "2", None));
    stage.says("bob/phone", own(CategoryCommand::Settings { category: "o".into() }));
    stage.expect(&["bob/phone: refused Forbidden", "bob/phone: refused Forbidden"]);
}

#[test]
fn items_are_read_newest_last_and_the_oldest_goes_first() {
    let mut stage = stage();
    for id in ["1", "2", "3", "1", "4"] {
        stage.says("alice/desk", publish("list", id, Some(many())));
    }
    stage.heard.clear();
    stage.says("alice/desk", read("list", &[], None));
    stage.says("alice/desk", read("list", &[], Some(2)));
    stage.says("alice/desk", read("list", &["4", "3", "2"], None));
    stage.expect(&["alice/desk: items [3 1 4]", "alice/desk: items [1 4]", "alice/desk: items [3 4]"]);
}

#[test]
fn a_precondition_that_does_not_hold_is_a_conflict() {
    let mut stage = stage();
    stage.says("alice/desk", publish("list", "1", Some(many())));
    stage.heard.clear();
    stage.says("alice/desk", publish("list", "2", Some(Settings::default())));
    stage.expect(&["alice/desk: refused Conflict"]);
    stage.says("alice/desk", own(CategoryCommand::Create { category: "list".into(), settings: None }));
    stage.expect(&["alice/desk: refused Conflict"]);
}

#[test]
fn items_and_categories_are_taken_back() {
    let mut stage = stage();
    let quiet = Settings { notify_retract: false, ..many() };
    for id in ["1", "2", "3"] {
        stage.says("alice/desk", publish("list", id, Some(quiet.clone())));
    }
    stage.detach("alice/pad");
    stage.heard.clear();
    let retract =
        |id: &str, notify| own(CategoryCommand::Retract { category: "list".into(), id: id.into(), notify });
    stage.says("alice/desk", retract("1", false));
    stage.says("alice/desk", retract("1", true));
    stage.says("alice/desk", retract("2", true));
    stage.expect(&[
        "alice/desk: refused NotFound",
        "alice/desk: alice's list lost 2",
        "bob/phone: alice's list lost 2",
    ]);
    stage.says("alice/desk", own(CategoryCommand::Purge { category: "list".into() }));
    stage.says("alice/desk", read("list", &[], None));
    stage.says("alice/desk", own(CategoryCommand::Delete { category: "list".into() }));
    stage.says("alice/desk", own(CategoryCommand::Purge { category: "list".into() }));
    stage.expect(&[
        "alice/desk: alice's list is empty",
        "bob/phone: alice's list is empty",
        "alice/desk: items []",
        "alice/desk: alice's list is deleted",
        "bob/phone: alice's list is deleted",
        "alice/desk: refused NotFound",
    ]);
}

#[test]
fn a_category_is_made_and_configured() {
    let mut stage = stage();
    let configure = |settings| own(CategoryCommand::Configure { category: "list".into(), settings });
    stage.says("alice/desk", configure(many()));
    stage
        .says("alice/desk", own(CategoryCommand::Create { category: "list".into(), settings: Some(many()) }));
    for id in ["1", "2", "3"] {
        stage.says("alice/desk", publish("list", id, None));
    }
    stage.heard.clear();
    stage.says("alice/desk", configure(Settings { max_items: 2, ..many() }));
    stage.says("alice/desk", read("list", &[], None));
    stage.says("alice/desk", own(CategoryCommand::Settings { category: "list".into() }));
    stage.says("alice/desk", configure(Settings { max_items: 0, ..many() }));
    stage.expect(&[
        "alice/desk: items [2 3]",
        "alice/desk: settings Presence 2",
        "alice/desk: refused NotAcceptable",
    ]);
}

#[test]
fn those_who_come_later_get_the_last_item() {
    let mut stage = stage();
    stage.says("alice/desk", publish("nick", "1", None));
    stage.says(
        "alice/desk",
        publish("quiet", "1", Some(Settings { send_last: false, ..Settings::default() })),
    );
    stage.says(
        "alice/desk",
        publish("passing", "1", Some(Settings { persist: false, ..Settings::default() })),
    );
    stage.attach("bob/car");
    stage.heard.clear();
    stage.shows("bob/car", Availability::Available);
    let news: Vec<_> = stage.heard.iter().filter(|line| line.contains("'s")).collect();
    assert_eq!(news, ["bob/car: alice's nick has 1"]);
    stage.attach("alice/car");
    stage.heard.clear();
    stage.shows("alice/car", Availability::Available);
    let news: Vec<_> = stage.heard.iter().filter(|line| line.contains("'s")).collect();
    assert_eq!(news, ["alice/car: alice's nick has 1"]);
}

#[test]
fn a_contact_without_categories_is_there_and_a_stranger_learns_nothing() {
    let mut stage = Stage::with(&["alice", "bob", "carol"]);
    for endpoint in ["alice/desk", "bob/phone", "carol/pad"] {
        stage.arrives(endpoint);
    }
    stage.befriend("alice/desk", "bob/phone");
    let list = || endpoint::Command::Category { owner: address("alice"), command: CategoryCommand::List };
    stage.says("bob/phone", list());
    stage.expect(&["bob/phone: categories []"]);
    stage.says("carol/pad", list());
    stage.expect(&["carol/pad: refused Unavailable"]);
    stage.says("alice/desk", list());
    stage.expect(&["alice/desk: categories []"]);
}
