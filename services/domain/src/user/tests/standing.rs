//! How the user can be written to, told to the conversations that asked.

use super::*;
use crate::endpoint::RosterCommand;

fn ask_standing(stage: &mut Stage, of: &str, towards: &str) {
    let conversation = ConversationId::between(address(of), address(towards));
    stage.ask(of, Command::AskStanding { conversation, towards: address(towards) });
}

#[test]
fn everyone_with_an_account_is_reachable_while_messages_are_kept() {
    let mut stage = Stage::with(&["alice"]);
    ask_standing(&mut stage, "alice", "bob");
    ask_standing(&mut stage, "nobody", "bob");
    assert_eq!(stage.told(), ["[alice bob] alice is Reachable", "[bob nobody] nobody is Unknown"]);
    assert!(stage.user("nobody").is_idle());
    assert!(!stage.user("alice").is_idle(), "a conversation counts on being told");
    stage.arrives("alice/desk");
    stage.detach("alice/desk");
    assert!(stage.told().is_empty(), "nothing changed");
    let conversation = ConversationId::between(address("alice"), address("bob"));
    stage.ask("alice", Command::ForgetConversation { conversation });
    assert!(stage.user("alice").is_idle());
}

#[test]
fn a_block_and_a_switched_off_account_are_told_at_once() {
    let mut stage = Stage::with(&["alice"]);
    ask_standing(&mut stage, "alice", "bob");
    ask_standing(&mut stage, "alice", "carol");
    stage.told();
    stage.arrives("alice/desk");
    stage.says("alice/desk", endpoint::Command::Roster(RosterCommand::Block(vec![address("bob")])));
    assert_eq!(stage.told(), ["[alice bob] alice is Blocked"]);
    stage.says("alice/desk", endpoint::Command::Roster(RosterCommand::Unblock(Vec::new())));
    assert_eq!(stage.told(), ["[alice bob] alice is Reachable"]);
    stage.ask("alice", Command::SetEnabled(false));
    assert_eq!(stage.told(), ["[alice bob] alice is Unknown", "[alice carol] alice is Unknown"]);
    stage.ask("alice", Command::SetEnabled(true));
    stage.told();
    stage.ask("alice", Command::RemoveAccount);
    assert_eq!(stage.told(), ["[alice bob] alice is Unknown", "[alice carol] alice is Unknown"]);
}

#[test]
fn without_offline_im_only_those_who_are_there_are_reachable() {
    let mut stage = Stage { policy: Policy { offline_im: false, ..Policy::default() }, ..Stage::default() };
    stage.ask("alice", Command::CreateAccount { verifiers: Vec::new(), at: Timestamp(1) });
    ask_standing(&mut stage, "alice", "bob");
    assert_eq!(stage.told(), ["[alice bob] alice is Offline"]);
    stage.attach("alice/desk");
    stage.says("alice/desk", endpoint::Command::Publish(priority(-1)));
    assert!(stage.told().is_empty(), "this endpoint takes no messages");
    stage.says("alice/desk", endpoint::Command::Publish(priority(0)));
    assert_eq!(stage.told(), ["[alice bob] alice is Reachable"]);
    stage.detach("alice/desk");
    assert_eq!(stage.told(), ["[alice bob] alice is Offline"]);
}

#[test]
fn what_was_acknowledged_before_the_end_is_kept_all_the_same() {
    let mut stage = Stage { policy: Policy { offline_im: false, ..Policy::default() }, ..Stage::default() };
    stage.ask("alice", Command::CreateAccount { verifiers: Vec::new(), at: Timestamp(1) });
    let said = said("bob/phone", "alice", 1, message("just in time"));
    stage.ask("alice", Command::Deliver { endpoint: None, said, late: false });
    assert_eq!(stage.told(), ["[alice bob] alice confirms [1]"]);
    stage.attach("alice/desk");
    stage.heard.clear();
    stage.shows("alice/desk", Availability::Available);
    assert!(stage.heard.contains(&"alice/desk: gets \"just in time\" from bob/phone, late #1".to_owned()));
}
