//! Who may do what to whom in a conference (XEP-0045 §8 to §10), and who may invite.

use super::{
    entry::{affiliate, tea},
    *,
};
use crate::conversation::{Affiliation, Role, WhoMayInvite};

fn role(name: &str, role: Role) -> ConferenceCommand {
    ConferenceCommand::SetRole { nick: nick(name), role, reason: None }
}

fn invite(name: &str) -> ConferenceCommand {
    ConferenceCommand::Invite { who: who(name), reason: None, continues: None }
}

/// A moderated conference of Alice (owner), Anna (admin), Mike (member) and Bob.
fn hall() -> Play {
    let mut play = tea();
    play.configures("alice/phone", |configuration| configuration.moderated = true);
    affiliate(&mut play, "alice/phone", "anna", Affiliation::Admin);
    affiliate(&mut play, "alice/phone", "mike", Affiliation::Member);
    for (from, name) in [("anna/desk", "Anna"), ("mike/desk", "Mike"), ("bob/desk", "Bob")] {
        play.joins(from, name);
    }
    play
}

fn last(lines: &[String]) -> &str {
    lines.last().map_or("", String::as_str)
}

#[test]
fn a_visitor_asks_for_voice_gets_it_and_loses_it() {
    let mut play = hall();
    let say = || ConferenceCommand::Say { message: text("may I?") };
    assert_eq!(play.asks("bob/desk", say()), ["bob/desk: no, Forbidden"]);
    let asked = play.asks("bob/desk", ConferenceCommand::RequestVoice);
    assert_eq!(asked, ["alice/phone voice for Bob?", "anna/desk voice for Bob?", "bob/desk: done"]);
    assert_eq!(play.asks("mike/desk", role("Bob", Role::Participant)), ["mike/desk: no, Forbidden"]);
    assert_eq!(
        play.asks("anna/desk", role("Bob", Role::Participant)),
        [
            "alice/phone sees Bob None Participant bob/desk",
            "anna/desk sees Bob None Participant bob/desk",
            "bob/desk sees Bob None Participant bob/desk (self)",
            "mike/desk sees Bob None Participant",
            "anna/desk: done",
        ]
    );
    assert_eq!(last(&play.asks("bob/desk", say())), "bob/desk: accepted 1");
    let again = play.asks("bob/desk", ConferenceCommand::RequestVoice);
    assert_eq!(again, ["bob/desk: no, NotAcceptable"]);
    assert_eq!(last(&play.asks("anna/desk", role("Bob", Role::Visitor))), "anna/desk: done");
    assert_eq!(play.asks("bob/desk", say()), ["bob/desk: no, Forbidden"]);
    play.is_durable();
}

#[test]
fn a_kick_takes_all_endpoints_of_the_nick_out() {
    let mut play = hall();
    play.joins("bob/phone", "Bob");
    assert_eq!(play.asks("mike/desk", role("Bob", Role::None)), ["mike/desk: no, Forbidden"]);
    assert_eq!(play.asks("anna/desk", role("Alice", Role::None)), ["anna/desk: no, Outranked"]);
    assert_eq!(play.asks("anna/desk", role("Nobody", Role::None)), ["anna/desk: no, NotFound"]);
    assert_eq!(
        play.asks("anna/desk", role("Bob", Role::None)),
        [
            "bob/desk misses Bob kicked by Anna (self)",
            "bob/phone misses Bob kicked by Anna (self)",
            "alice/phone misses Bob kicked by Anna",
            "anna/desk misses Bob kicked by Anna",
            "mike/desk misses Bob kicked by Anna",
            "anna/desk: done",
        ]
    );
    assert_eq!(last(&play.joins("bob/desk", "Bob")), "bob/desk: done", "he may come back");
    play.is_durable();
}

#[test]
fn a_ban_lasts() {
    let mut play = hall();
    let lines = affiliate(&mut play, "anna/desk", "bob", Affiliation::Outcast);
    assert_eq!(lines[0], "bob/desk misses Bob banned by Some(Anna) (self)");
    assert_eq!(play.joins("bob/desk", "Bob"), ["bob/desk: no, Banned"]);
    assert_eq!(
        affiliate(&mut play, "anna/desk", "alice", Affiliation::Outcast),
        ["anna/desk: no, Forbidden"]
    );
    assert_eq!(
        affiliate(&mut play, "alice/phone", "alice", Affiliation::Outcast),
        ["alice/phone: no, Conflict"]
    );
    let list = |affiliation| ConferenceCommand::ListAffiliation { affiliation };
    let banned = play.asks("anna/desk", list(Affiliation::Outcast));
    assert_eq!(banned, ["anna/desk: Affiliations([(bob@example.org, Outcast, None)])"]);
    assert_eq!(play.asks("mike/desk", list(Affiliation::Outcast)), ["mike/desk: no, Forbidden"]);
    let lines = affiliate(&mut play, "anna/desk", "bob", Affiliation::None);
    assert_eq!(lines, ["alice/phone hears bob None", "anna/desk hears bob None", "anna/desk: done"]);
    assert_eq!(last(&play.joins("bob/desk", "Bob")), "bob/desk: done");
    play.is_durable();
}

#[test]
fn a_role_follows_the_affiliation_that_it_came_from() {
    let mut play = hall();
    let mut seen = |affiliation| affiliate(&mut play, "alice/phone", "bob", affiliation)[0].clone();
    assert_eq!(seen(Affiliation::Member), "alice/phone sees Bob Member Participant bob/desk");
    assert_eq!(seen(Affiliation::Admin), "alice/phone sees Bob Admin Moderator bob/desk");
    assert_eq!(seen(Affiliation::Member), "alice/phone sees Bob Member Participant bob/desk");
    assert_eq!(seen(Affiliation::None), "alice/phone sees Bob None Visitor bob/desk");
    play.asks("alice/phone", role("Bob", Role::Moderator));
    let lines = affiliate(&mut play, "alice/phone", "bob", Affiliation::Member);
    assert_eq!(lines[0], "alice/phone sees Bob Member Moderator bob/desk", "it was a grant of its own");
    play.is_durable();
}

#[test]
fn there_is_always_an_owner() {
    let mut play = hall();
    assert_eq!(
        affiliate(&mut play, "alice/phone", "alice", Affiliation::Admin),
        ["alice/phone: no, Conflict"]
    );
    let both = ConferenceCommand::SetAffiliations {
        changes: vec![(who("alice"), Affiliation::None, None), (who("anna"), Affiliation::Owner, None)],
    };
    assert_eq!(last(&play.asks("alice/phone", both)), "alice/phone: done");
    assert_eq!(affiliate(&mut play, "anna/desk", "anna", Affiliation::None), ["anna/desk: no, Conflict"]);
    play.is_durable();
}

#[test]
fn a_list_of_changes_is_all_or_nothing() {
    let mut play = hall();
    let logged = play.log.len();
    for changes in [
        vec![(who("bob"), Affiliation::Member, None), (who("alice"), Affiliation::Member, None)],
        vec![(who("bob"), Affiliation::Member, None), (who("carl"), Affiliation::Admin, None)],
    ] {
        let lines = play.asks("anna/desk", ConferenceCommand::SetAffiliations { changes });
        assert_eq!(lines, ["anna/desk: no, Forbidden"]);
    }
    let twice = vec![(who("bob"), Affiliation::Member, None), (who("bob"), Affiliation::None, None)];
    let lines = play.asks("anna/desk", ConferenceCommand::SetAffiliations { changes: twice });
    assert_eq!(lines, ["anna/desk: no, BadRequest"]);
    assert_eq!(play.log.len(), logged);
}

#[test]
fn without_membership_there_is_no_place_where_only_members_may_be() {
    let mut play = hall();
    play.configures("alice/phone", |configuration| configuration.members_only = true);
    let lines = affiliate(&mut play, "anna/desk", "mike", Affiliation::None);
    assert_eq!(lines[0], "mike/desk misses Mike NotMember (self)");
    assert_eq!(play.joins("mike/desk", "Mike"), ["mike/desk: no, MembersOnly"]);
}

#[test]
fn lists_are_for_those_who_need_them() {
    let mut play = hall();
    let members = || ConferenceCommand::ListAffiliation { affiliation: Affiliation::Member };
    let listed = "Affiliations([(mike@example.org, Member, None)])";
    assert_eq!(play.asks("anna/desk", members()), [format!("anna/desk: {listed}")]);
    assert_eq!(play.asks("bob/desk", members()), ["bob/desk: no, Forbidden"]);
    play.configures("alice/phone", |configuration| configuration.whois_everyone = true);
    assert_eq!(play.asks("bob/desk", members()), [format!("bob/desk: {listed}")]);
    assert_eq!(play.asks("eve/phone", members()), ["eve/phone: no, Forbidden"]);
    let visitors = || ConferenceCommand::ListRole { role: Role::Visitor };
    assert!(play.asks("anna/desk", visitors())[0].contains("Roles([Occupant { nick: Bob"));
    assert_eq!(play.asks("mike/desk", visitors()), ["mike/desk: no, Forbidden"]);
}

#[test]
fn an_invitation_makes_a_member_and_can_be_declined_once() {
    let mut play = hall();
    play.configures("alice/phone", |configuration| configuration.members_only = true);
    assert_eq!(play.asks("eve/phone", invite("carol")), ["eve/phone: no, NotAcceptable"]);
    assert_eq!(
        play.asks("mike/desk", invite("carol")),
        [
            "alice/phone hears carol Member",
            "anna/desk hears carol Member",
            "carol invited by mike continues None",
            "mike/desk: done",
        ]
    );
    assert_eq!(last(&play.joins("carol/pad", "Carol")), "carol/pad: done");
    play.asks("mike/desk", invite("dora"));
    let decline = || ConferenceCommand::Decline { to: who("mike"), reason: None };
    assert_eq!(play.asks("eve/phone", decline()), ["eve/phone: no, Forbidden"]);
    assert_eq!(play.asks("dora/pad", decline()), ["mike/desk declined by dora", "dora/pad: done"]);
    assert_eq!(play.asks("dora/pad", decline()), ["dora/pad: no, Forbidden"]);
    play.is_durable();
}

#[test]
fn who_may_invite_is_configured_and_the_banned_are_not_invited() {
    let mut play = hall();
    play.configures("alice/phone", |configuration| configuration.invite = WhoMayInvite::Moderators);
    assert_eq!(play.asks("mike/desk", invite("carol")), ["mike/desk: no, Forbidden"]);
    let lines = play.asks("anna/desk", invite("carol"));
    assert_eq!(lines, ["carol invited by anna continues None", "anna/desk: done"]);
    affiliate(&mut play, "anna/desk", "eve", Affiliation::Outcast);
    assert_eq!(play.asks("anna/desk", invite("eve")), ["anna/desk: no, Forbidden"]);
}
