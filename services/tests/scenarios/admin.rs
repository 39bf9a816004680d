//! Administration: by the command line (`linnet user`, `linnet status`) and by an administrator's own client (XEP-0133).

use serde_json::Value;
use std::process::Output;
use tests::{Client, House, Server, Stage, client::Way, play::play, server::password};

static HOUSE: House = House::new(&["--admin", "admin1@linnet.test,boss@linnet.test"]);

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    text(output)
}

fn json(output: &Output) -> Value {
    done(output);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(output)))
}

fn signs_in(server: &Server, name: &str) -> Result<Client, String> {
    let mut client = Client::new(server, name, "tests");
    client.sign_in(Way::Tls).map(|()| client)
}

#[test]
fn users_are_added_shown_disabled_given_passwords_and_removed() {
    let server = HOUSE.server();
    let user = |line: &[&str], input: &str| server.command(&[&["user"], line].concat(), input);
    let (address, secret) = ("cli@linnet.test", password("cli"));
    let added = json(&user(&["add", address, "--password-stdin", "--json"], &secret));
    assert_eq!((&added["address"], &added["enabled"]), (&address.into(), &true.into()));
    let again = user(&["add", address, "--password-stdin"], "other");
    assert!(!again.status.success() && text(&again).contains("already"), "{}", text(&again));
    let bad = user(&["add", "not an address@", "--password-stdin"], "x");
    assert!(!bad.status.success(), "{}", text(&bad));

    let mut client = signs_in(&server, "cli").expect("an account");
    let shown = json(&user(&["show", address, "--json"], ""));
    assert_eq!(shown["endpoints"].as_array().map(Vec::len), Some(1), "{shown}");
    let listed = json(&user(&["list", "--json"], ""));
    assert!(listed.as_array().expect("a list").iter().any(|user| user["address"] == address), "{listed}");
    assert!(done(&user(&["list"], "")).contains(address));

    done(&user(&["disable", address], ""));
    assert!(client.wait_for_end(), "who is disabled is signed out");
    let refused = signs_in(&server, "cli").err().expect("disabled");
    assert!(refused.contains("account-disabled"), "{refused}");
    done(&user(&["enable", address], ""));
    signs_in(&server, "cli").expect("enabled again");

    done(&user(&["password", address, "--password-stdin"], "another"));
    let refused = signs_in(&server, "cli").err().expect("the old password");
    assert!(refused.contains("not-authorized"), "{refused}");
    done(&user(&["password", address, "--password-stdin"], &secret));
    let mut client = signs_in(&server, "cli").expect("the password that was set");

    done(&user(&["remove", address, "--yes"], ""));
    assert!(client.wait_for_end(), "who is removed is signed out");
    assert!(signs_in(&server, "cli").is_err());
    let gone = user(&["show", address], "");
    assert!(!gone.status.success(), "{}", text(&gone));
}

#[test]
fn passwords_are_nowhere_in_what_is_kept() {
    let server = HOUSE.server();
    let secret = "correct-horse-battery-staple";
    done(&server.command(&["user", "add", "grep@linnet.test", "--password-stdin"], secret));
    let mut open = vec![server.data().clone()];
    let mut looked = 0;
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path())
        {
            if entry.is_dir() {
                open.push(entry);
            } else {
                // Files come and go while the server works.
                let bytes = std::fs::read(&entry).unwrap_or_default();
                looked += 1;
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "in clear in {}", entry.display());
            }
        }
    }
    assert!(looked > 3, "only {looked} files were looked at");
}

#[test]
fn status_counts_who_is_there_and_what_was_said() {
    let server = Server::start(&[]);
    let mut stage = Stage::on(&server);
    stage.play(
        "alice/phone signs in with management
         bob/desk signs in
         alice/phone: <message to='{bob}' type='chat' id='1'><body>counted</body></message>
         bob/desk hears <message id='1'/>
         alice/phone is acknowledged",
    );
    let status = json(&server.command(&["status", "--json"], ""));
    for (figure, least) in [
        ("users", 2),
        ("users_online", 2),
        ("endpoints", 2),
        ("connections", 2),
        ("two_party_conversations", 1),
        ("shards", 64),
        ("shards_owned", 64),
        ("messages_total", 1),
        ("deliveries_total", 1),
        ("sign_ins_total", 2),
    ] {
        assert!(status[figure].as_u64() >= Some(least), "{figure}: {status}");
    }
    assert_eq!(status["troubles"].as_array().map(Vec::len), Some(0), "{status}");
    let shown = done(&server.command(&["status"], ""));
    assert!(shown.contains("linnet.test") && shown.contains("2 of 2 online"), "{shown}");
}

#[test]
fn an_administrator_adds_and_removes_users_with_a_client() {
    let server = HOUSE.server();
    server.add_users(&["boss".to_owned()]);
    let mut boss = signs_in(&server, "boss").expect("an account");
    let mut run = |node: &str, fields: &[(&str, &str)]| {
        let command = format!(
            "xmlns='http://jabber.org/protocol/commands' node='http://jabber.org/protocol/admin#{node}'"
        );
        let mut answer = ask(&mut boss, &format!("<command {command} action='execute'/>"));
        if answer.contains("status='executing'") {
            let session = answer.split("sessionid='").nth(1).and_then(|rest| rest.split('\'').next());
            let session = session.map(|id| format!(" sessionid='{id}'")).unwrap_or_default();
            let fields: String = fields
                .iter()
                .map(|(var, value)| format!("<field var='{var}'><value>{value}</value></field>"))
                .collect();
            let form = format!(
                "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>\
                 <value>http://jabber.org/protocol/admin</value></field>{fields}</x>"
            );
            answer = ask(&mut boss, &format!("<command {command}{session}>{form}</command>"));
        }
        answer
    };
    let secret = password("adhoc");
    let added = run(
        "add-user",
        &[("accountjid", "adhoc@linnet.test"), ("password", &secret), ("password-verify", &secret)],
    );
    assert!(added.contains("status='completed'"), "{added}");
    let mut client = signs_in(&server, "adhoc").expect("added");
    let count = run("get-registered-users-num", &[]);
    assert!(count.contains("registeredusersnum"), "{count}");
    let removed = run("delete-user", &[("accountjids", "adhoc@linnet.test")]);
    assert!(removed.contains("status='completed'"), "{removed}");
    assert!(client.wait_for_end());
    assert!(signs_in(&server, "adhoc").is_err(), "removed");
}

fn ask(client: &mut Client, command: &str) -> String {
    client.send(&format!("<iq type='set' id='c' to='linnet.test'>{command}</iq>")).expect("sent");
    let answer = client.take_first(tests::limits::WAIT, |element| element.attribute("id") == Some("c"));
    String::from_utf8(answer.expect("an answer").to_bytes()).expect("UTF-8")
}

#[test]
fn who_is_no_administrator_may_not_and_is_not_shown_how() {
    play(
        &HOUSE,
        "bob/desk signs in
         bob/desk sets at {d}: <command xmlns='http://jabber.org/protocol/commands' node='http://jabber.org/protocol/admin#add-user' action='execute'/>
         bob/desk is refused: auth forbidden
         bob/desk gets from {d}: <query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>
         bob/desk is told <query xmlns='http://jabber.org/protocol/disco#items'><not xmlns='play'>
            <item xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/admin#add-user'/></not></query>",
    );
}

/// What a pool can do is asked of Standard Edition too: it has one node, which keeps everything.
#[test]
fn one_node_owns_every_shard_and_hands_over_none() {
    let server = HOUSE.server();
    let nodes = json(&server.command(&["node", "list", "--json"], ""));
    assert_eq!((nodes.as_array().map(Vec::len), &nodes[0]["shards"]), (Some(1), &64.into()), "{nodes}");
    let shards = json(&server.command(&["shard", "list", "--json"], ""));
    let all = shards.as_array().expect("a list");
    assert!(all.len() == 64 && all.iter().all(|shard| shard["owner"] == nodes[0]["name"]), "{shards}");
    let name = nodes[0]["name"].as_str().expect("a name");
    for line in [&["node", "drain", name][..], &["shard", "move", "0", name]] {
        let refused = server.command(line, "");
        assert!(
            !refused.status.success() && text(&refused).contains("Standard Edition"),
            "{}",
            text(&refused)
        );
    }
    let unknown = server.command(&["shard", "move", "64", name], "");
    assert!(!unknown.status.success() && text(&unknown).contains("0 to 63"), "{}", text(&unknown));
}
