//! What sessions ask about the deployment: the directory of conferences, last activity, and XEP-0133's commands.

use crate::{
    clock,
    entity::{Account, ToUser},
    front::FrontEnd,
    passwords,
};
use domain::{Address, Reason, Refusal, user::Command};
use tokio::sync::oneshot;
use xmpp::session::{AdminCommand, Answer, Who};

/// Users that a count or a list by state looks at; a larger deployment is told to use `linnet user list`.
const LOOKED_AT: usize = 10_000;

/// The public conferences that exist.
pub(crate) async fn conferences(front: &FrontEnd) -> Answer {
    front.public_conferences().await.map_or_else(|_| try_later(), Answer::Conferences)
}

/// When a user was last signed in.
pub(crate) async fn last_activity(front: &FrontEnd, asker: Address, address: Address) -> Answer {
    let ask = |reply| ToUser::LastSeen { asker: asker.clone(), reply };
    match front.router().question(&address, ask).await {
        Some(Some(last)) => Answer::LastActivity(last),
        // Nobody learns from the answer whether there is such a user.
        Some(None) => Answer::Refused(Reason::Forbidden.into()),
        None => try_later(),
    }
}

/// An administrator's command.
pub(crate) async fn run(front: &FrontEnd, command: AdminCommand) -> Answer {
    match command {
        AdminCommand::AddUser { address, password } => match verifiers(password).await {
            Some(verifiers) => {
                tell(front, address, Command::CreateAccount { verifiers, at: clock::now() }).await
            }
            None => bad_password(),
        },
        AdminCommand::SetPassword { address, password } => match verifiers(password).await {
            Some(verifiers) => tell(front, address, Command::SetPassword { verifiers }).await,
            None => bad_password(),
        },
        AdminCommand::DeleteUsers(users) => tell_all(front, users, || Command::RemoveAccount).await,
        AdminCommand::DisableUsers(users) => tell_all(front, users, || Command::SetEnabled(false)).await,
        AdminCommand::EnableUsers(users) => tell_all(front, users, || Command::SetEnabled(true)).await,
        AdminCommand::EndSessions(sessions) => {
            for (address, endpoint) in sessions {
                let ask = ToUser::EndSessions(endpoint);
                if !front.router().ask_patiently(address, ask).await {
                    return try_later();
                }
            }
            Answer::Done
        }
        AdminCommand::Count(who) => match list(front, who, usize::MAX).await {
            Some(users) => Answer::Count(users.len() as u64),
            None => try_later(),
        },
        AdminCommand::List { who, max } => match list(front, who, max as usize).await {
            Some(users) => Answer::Users(users),
            None => try_later(),
        },
    }
}

async fn list(front: &FrontEnd, who: Who, max: usize) -> Option<Vec<Address>> {
    let everybody = front.users_after(None, LOOKED_AT).await.ok()?;
    if who == Who::Registered {
        return Some(everybody.into_iter().take(max).collect());
    }
    let mut found = Vec::new();
    for address in everybody {
        if found.len() == max {
            break;
        }
        let Some(account) = describe(front, address.clone()).await else { continue };
        let wanted = if who == Who::Online { !account.endpoints.is_empty() } else { !account.enabled };
        if wanted {
            found.push(address);
        }
    }
    Some(found)
}

async fn describe(front: &FrontEnd, address: Address) -> Option<Account> {
    front.router().question(&address, ToUser::Describe).await?
}

async fn tell_all(front: &FrontEnd, users: Vec<Address>, command: impl Fn() -> Command) -> Answer {
    for address in users {
        if let refused @ Answer::Refused(_) = tell(front, address, command()).await {
            return refused;
        }
    }
    Answer::Done
}

async fn tell(front: &FrontEnd, address: Address, command: Command) -> Answer {
    let (reply, outcome) = oneshot::channel();
    if !front.router().ask_patiently(address, ToUser::Admin(command, reply)).await {
        return try_later();
    }
    match outcome.await {
        Ok(Ok(())) => Answer::Done,
        Ok(Err(refusal)) => Answer::Refused(refusal),
        Err(_) => try_later(),
    }
}

async fn verifiers(password: String) -> Option<Vec<domain::account::Verifier>> {
    tokio::task::spawn_blocking(move || passwords::verifiers(&password)).await.ok()?
}

fn try_later() -> Answer {
    Answer::Refused(Refusal::from(Reason::TryLater))
}

fn bad_password() -> Answer {
    Answer::Refused(Refusal::because(
        Reason::NotAcceptable,
        "the password is empty or has a character that passwords may not have",
    ))
}
