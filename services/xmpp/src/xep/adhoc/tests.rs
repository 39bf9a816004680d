//! The administrators' commands as dialogues (XEP-0050, XEP-0133).

use crate::{
    limits::{ADMINISTERED, LISTED_USERS, NEWCOMERS, NOTE_BYTES},
    session::Config,
    xep::script::{config, me, play, play_with},
};

const ADMIN: &str = "http://jabber.org/protocol/admin";

/// Alice is an administrator here.
fn ruled() -> Config {
    let mut config = config();
    config.administrators.push(me().user);
    config
}

fn execute(node: &str, inside: &str) -> String {
    format!(
        "C: set example.org <command xmlns='http://jabber.org/protocol/commands' node='{ADMIN}#{node}' sessionid='s'>{inside}</command>"
    )
}

fn form(fields: &[(&str, &[&str])]) -> String {
    let value = |value: &&str| format!("<value>{value}</value>");
    let field = |(var, values): &(&str, &[&str])| {
        format!("<field var='{var}'>{}</field>", values.iter().map(value).collect::<String>())
    };
    let fields: String = fields.iter().map(field).collect();
    format!(
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>{ADMIN}</value></field>{fields}</x>"
    )
}

fn completed(node: &str, inside: &str) -> String {
    let end = if inside.is_empty() { "/>".to_owned() } else { format!(">{inside}</command>") };
    format!(
        "S: <command xmlns='http://jabber.org/protocol/commands' node='{ADMIN}#{node}' sessionid='s' status='completed'{end}"
    )
}

#[test]
fn others_may_not() {
    play(&format!("{}\nS: ! auth forbidden", execute("add-user", "")));
    play(
        "C: get example.org <query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>
         S: <query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'><item jid='example.org' node='urn:linnet:escalate' name='Bring others into a talk'/><item jid='example.org' node='urn:linnet:presence' name='Choose a presence that stays'/></query>",
    );
    play_with(&ruled(), &format!("{}\nS: ! cancel item-not-found", execute("no-such", "")));
}

#[test]
fn a_user_is_added_by_a_form() {
    let config = ruled();
    let asked = "S: <command xmlns='http://jabber.org/protocol/commands' node='http://jabber.org/protocol/admin#add-user' sessionid='s' status='executing'><actions execute='complete'><complete/></actions><x xmlns='jabber:x:data' type='form'><title>Account</title><instructions>Whose account, and which password?</instructions><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/admin</value></field><field var='accountjid' type='jid-single' label='Address'><required/></field><field var='password' type='text-private' label='Password'><required/></field><field var='password-verify' type='text-private' label='The password again'><required/></field></x></command>";
    play_with(&config, &format!("{}\n{asked}", execute("add-user", "")));
    let filled =
        form(&[("accountjid", &["carol@example.org"]), ("password", &["pw"]), ("password-verify", &["pw"])]);
    play_with(
        &config,
        &format!(
            "{}
             H: Admin(AddUser(carol@example.org))
             h: done
             {}",
            execute("add-user", &filled),
            completed("add-user", "")
        ),
    );
    play_with(
        &config,
        &format!(
            "{}
             H: Admin(AddUser(carol@example.org))
             h: no Conflict
             S: ! cancel conflict",
            execute("add-user", &filled)
        ),
    );
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is() {
    let config = ruled();
    for (node, fields) in [
        ("add-user", vec![("accountjid", &["carol@example.org"][..])]),
        ("add-user", vec![("accountjid", &["carol@example.com"][..]), ("password", &["pw"][..])]),
        ("add-user", vec![("accountjid", &["carol@example.org/x"][..]), ("password", &["pw"][..])]),
        (
            "add-user",
            vec![
                ("accountjid", &["carol@example.org"][..]),
                ("password", &["pw"][..]),
                ("password-verify", &["PW"][..]),
            ],
        ),
        ("delete-user", vec![]),
        ("delete-user", vec![("accountjids", &["a b"][..])]),
        ("disable-user", vec![("accountjids", &["carol@example.org/x"][..])]),
        ("get-registered-users-list", vec![("max_items", &["many"][..])]),
    ] {
        play_with(&config, &format!("{}\nS: ! modify not-acceptable", execute(node, &form(&fields))));
    }
    let many = vec!["carol@example.org"; ADMINISTERED + 1];
    play_with(
        &config,
        &format!("{}\nS: ! modify not-acceptable", execute("delete-user", &form(&[("accountjids", &many)]))),
    );
}

#[test]
fn accounts_are_administered() {
    for (node, question) in [
        ("delete-user", "DeleteUsers([carol@example.org])"),
        ("disable-user", "DisableUsers([carol@example.org])"),
        ("reenable-user", "EnableUsers([carol@example.org])"),
        ("end-user-session", "EndSessions([(carol@example.org, None)])"),
    ] {
        play_with(
            &ruled(),
            &format!(
                "{}
                 H: Admin({question})
                 h: done
                 {}",
                execute(node, &form(&[("accountjids", &["carol@example.org"])])),
                completed(node, "")
            ),
        );
    }
    play_with(
        &ruled(),
        &format!(
            "{}
             H: Admin(SetPassword(carol@example.org))
             h: done
             {}",
            execute(
                "change-user-password",
                &form(&[("accountjid", &["carol@example.org"]), ("password", &["pw"])])
            ),
            completed("change-user-password", "")
        ),
    );
}

#[test]
fn people_are_counted_and_listed() {
    for (node, who, var, label) in [
        ("get-registered-users-num", "Registered", "registeredusersnum", "Accounts"),
        ("get-disabled-users-num", "Disabled", "disabledusersnum", "Disabled accounts"),
        ("get-online-users-num", "Online", "onlineusersnum", "Users online"),
    ] {
        let result = format!(
            "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>{ADMIN}</value></field><field var='{var}' type='text-single' label='{label}'><value>7</value></field></x>"
        );
        play_with(
            &ruled(),
            &format!(
                "{}\nH: Admin(Count({who}))\nh: count 7\n{}",
                execute(node, ""),
                completed(node, &result)
            ),
        );
    }
    let result = format!(
        "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>{ADMIN}</value></field><field var='onlineuserjids' type='jid-multi' label='Users online'><value>alice@example.org</value><value>bob@example.org</value></field></x>"
    );
    play_with(
        &ruled(),
        &format!(
            "{}
             H: Admin(List(Online, {LISTED_USERS}))
             h: users alice@example.org bob@example.org
             {}",
            execute("get-online-users-list", &form(&[("max_items", &["100000"])])),
            completed("get-online-users-list", &result)
        ),
    );
}

#[test]
fn a_talk_becomes_a_conference() {
    let execute = |fields: &str| {
        format!(
            "C: set example.org <command xmlns='http://jabber.org/protocol/commands' node='urn:linnet:escalate' sessionid='s'><x xmlns='jabber:x:data' type='submit'>{fields}</x></command>"
        )
    };
    let field = |var: &str, values: &[&str]| {
        let values =
            values.iter().map(|value| format!("<value>{value}</value>")).collect::<Vec<_>>().concat();
        format!("<field var='{var}'>{values}</field>")
    };
    let with = field("with", &["bob@example.org"]);
    play(&format!(
        "{}
         D: escalate bob@example.org [carol@example.org] Some(\"t\")
         d: new@conference.example.org
         S: <command xmlns='http://jabber.org/protocol/commands' node='urn:linnet:escalate' sessionid='s' status='completed'><x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:linnet:escalate</value></field><field var='conference' type='jid-single' label='Conference'><value>new@conference.example.org</value></field></x></command>",
        execute(&(with.clone() + &field("invite", &["carol@example.org"]) + &field("thread", &["t"])))
    ));
    let many = vec!["carol@example.org"; NEWCOMERS + 1];
    for wrong in [
        with.clone(),
        field("invite", &["carol@example.org"]),
        with.clone() + &field("invite", &["alice@example.org"]),
        with.clone() + &field("invite", &["carol@example.com"]),
        with + &field("invite", &many),
    ] {
        play(&format!("{}\nS: ! modify not-acceptable", execute(&wrong)));
    }
}

#[test]
fn a_presence_that_stays_is_chosen_and_taken_back() {
    let execute = |fields: &str| {
        format!(
            "C: set example.org <command xmlns='http://jabber.org/protocol/commands' node='urn:linnet:presence' sessionid='s'><x xmlns='jabber:x:data' type='submit'>{fields}</x></command>"
        )
    };
    let field = |var: &str, value: &str| format!("<field var='{var}'><value>{value}</value></field>");
    for (chosen, state) in
        [("do-not-disturb", "DoNotDisturb writing"), ("busy", "Busy writing"), ("automatic", "reset")]
    {
        play(&format!(
            "{}
             D: choose {state}
             d: done
             S: <command xmlns='http://jabber.org/protocol/commands' node='urn:linnet:presence' sessionid='s' status='completed'/>",
            execute(&(field("state", chosen) + &field("note", "writing")))
        ));
    }
    let long = "x".repeat(NOTE_BYTES + 1);
    for wrong in [String::new(), field("state", "elsewhere"), field("state", "busy") + &field("note", &long)]
    {
        play(&format!("{}\nS: ! modify not-acceptable", execute(&wrong)));
    }
}

#[test]
fn a_command_is_given_up_or_misused() {
    let command = |action: &str| {
        format!(
            "C: set example.org <command xmlns='http://jabber.org/protocol/commands' node='{ADMIN}#add-user' sessionid='s' action='{action}'/>"
        )
    };
    play_with(
        &ruled(),
        &format!(
            "{}\nS: <command xmlns='http://jabber.org/protocol/commands' node='{ADMIN}#add-user' sessionid='s' status='canceled'/>",
            command("cancel")
        ),
    );
    play_with(
        &ruled(),
        &format!(
            "{}\nS: ! modify bad-request <bad-action xmlns='http://jabber.org/protocol/commands'/>",
            command("prev")
        ),
    );
}

#[test]
fn the_commands_are_listed_for_those_who_may() {
    let config = ruled();
    for (node, name) in super::admin::COMMANDS.iter().map(|offer| (offer.node, offer.name)) {
        play_with(
            &config,
            &format!(
                "C: get example.org <query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/>
                 S: <query xmlns='http://jabber.org/protocol/disco#info' node='{node}'><identity category='automation' type='command-node' name='{}'/><feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/commands'/><feature var='jabber:x:data'/></query>",
                name.replace('\'', "&apos;")
            ),
        );
    }
}
