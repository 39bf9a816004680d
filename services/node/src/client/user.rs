//! `linnet user list|show|password|disable|enable|remove`; `add` is in `add.rs`.

use super::{
    Admin, Failure, Target,
    add::{self, Add},
    confirm::confirm,
    password::{PasswordArgs, new_password},
    when,
};
use crate::ui;
use clap::{Args, Subcommand};
use proto::admin::{
    GetUserRequest, ListUsersRequest, RemoveUserRequest, SetEnabledRequest, SetPasswordRequest, User,
};
use serde_json::{Value, json};

/// Users in one request of `linnet user list`.
const PAGE: u32 = 1_000;

/// `linnet user …`
#[derive(Args)]
pub(crate) struct UserAsk {
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Make an account, or many
    Add(Add),
    /// All users
    List,
    /// One user
    Show {
        /// Such as alice@example.org
        address: String,
    },
    /// Set another password; the user's sessions end
    Password {
        /// Such as alice@example.org
        address: String,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Let a user no longer sign in; the user's sessions end
    Disable {
        /// Such as alice@example.org
        address: String,
    },
    /// Let a user sign in again
    Enable {
        /// Such as alice@example.org
        address: String,
    },
    /// Remove a user and everything that is the user's own
    Remove {
        /// Such as alice@example.org
        address: String,
        /// Do not ask first (nor is asked where there is no terminal)
        #[arg(long)]
        yes: bool,
    },
}

/// Carries it out.
pub(crate) async fn run(ask: UserAsk) -> Result<(), Failure> {
    let target = ask.target;
    match ask.command {
        UserCommand::Add(add) => add::run(&target, add).await,
        UserCommand::List => list(&target).await,
        UserCommand::Show { address } => show(&target, address).await,
        UserCommand::Password { address, password } => set_password(&target, address, &password).await,
        UserCommand::Disable { address } => set_enabled(&target, address, false).await,
        UserCommand::Enable { address } => set_enabled(&target, address, true).await,
        UserCommand::Remove { address, yes } => remove(&target, address, yes).await,
    }
}

async fn list(target: &Target) -> Result<(), Failure> {
    let mut admin = target.connect().await?;
    let users = all_users(&mut admin).await.map_err(|status| target.failure(&status))?;
    if target.json {
        ui::print_json(&users.iter().map(as_json).collect());
        return Ok(());
    }
    let mut table = ui::table(&["address", "signs in", "endpoints", "last seen"]);
    for user in &users {
        table.add_row([
            user.address.as_str(),
            if user.enabled { "yes" } else { "no" },
            &user.endpoints.len().to_string(),
            &last_seen(user),
        ]);
    }
    println!("{table}");
    Ok(())
}

async fn all_users(admin: &mut Admin) -> Result<Vec<User>, tonic::Status> {
    let mut users = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = admin.list_users(ListUsersRequest { page_size: PAGE, page_token }).await?.into_inner();
        users.extend(page.users);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(users);
        }
    }
}

async fn show(target: &Target, address: String) -> Result<(), Failure> {
    let answer = target.connect().await?.get_user(GetUserRequest { address }).await;
    let user = answer.map_err(|status| target.failure(&status))?.into_inner();
    if target.json {
        ui::print_json(&as_json(&user));
        return Ok(());
    }
    let mut table = ui::table(&["user", &user.address]);
    table.add_row(["signs in", if user.enabled { "yes" } else { "no" }]);
    table.add_row(["made", &when::date(user.created_at)]);
    table.add_row(["last seen", &last_seen(&user)]);
    table.add_row(["endpoints", &user.endpoints.join("\n")]);
    println!("{table}");
    Ok(())
}

async fn set_password(target: &Target, address: String, password: &PasswordArgs) -> Result<(), Failure> {
    let password = new_password(password)?;
    let request = SetPasswordRequest { address: address.clone(), password };
    let answer = target.connect().await?.set_password(request).await;
    answer.map_err(|status| target.failure(&status))?;
    done(target, &address, "has a new password");
    Ok(())
}

async fn set_enabled(target: &Target, address: String, enabled: bool) -> Result<(), Failure> {
    let request = SetEnabledRequest { address: address.clone(), enabled };
    let answer = target.connect().await?.set_enabled(request).await;
    answer.map_err(|status| target.failure(&status))?;
    done(target, &address, if enabled { "can sign in" } else { "can no longer sign in" });
    Ok(())
}

async fn remove(target: &Target, address: String, yes: bool) -> Result<(), Failure> {
    if !yes {
        confirm(&format!("Remove {address}, with contacts, kept messages and files?"))?;
    }
    let answer = target.connect().await?.remove_user(RemoveUserRequest { address: address.clone() }).await;
    answer.map_err(|status| target.failure(&status))?;
    done(target, &address, "is removed");
    Ok(())
}

fn done(target: &Target, address: &str, what: &str) {
    if target.json {
        ui::print_json(&json!({ "address": address, "done": true }));
    } else {
        println!("{}", ui::green(&format!("{address} {what}.")));
    }
}

pub(super) fn as_json(user: &User) -> Value {
    json!({
        "address": user.address,
        "enabled": user.enabled,
        "created_at": when::date(user.created_at),
        "last_seen_at": user.last_seen_at.map(when::date),
        "endpoints": user.endpoints,
    })
}

fn last_seen(user: &User) -> String {
    match user.last_seen_at {
        _ if !user.endpoints.is_empty() => "now".to_owned(),
        Some(at) => when::date(at),
        None => "never".to_owned(),
    }
}
