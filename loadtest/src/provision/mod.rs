//! Making the users and the contacts that the scenarios need. Both may be done again: what is there stays.

mod befriend;
mod command;

use std::rc::Rc;

use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinSet;

pub(crate) use befriend::contacts;

use crate::cli::{ProvisionArgs, Via};
use crate::progress::Progress;
use crate::session::connect::connect;
use crate::session::sign_in::Purpose;
use crate::target::Target;
use crate::trouble::Trouble;
use command::Registrar;

/// Makes the users, so many at a time.
pub(crate) async fn users(args: ProvisionArgs) -> Result<(), Trouble> {
    let target = Rc::new(Target::new(&args.server)?);
    let registrar = match args.via {
        Via::Xep0077 => None,
        _ => Some(Rc::new(Registrar::new(&args)?)),
    };
    let progress = Progress::new("users", args.server.users as u64);
    let mut waiting = 0..args.server.users;
    let mut making = JoinSet::new();
    let mut made = 0;
    loop {
        while making.len() < args.server.at_once
            && let Some(user) = waiting.next()
        {
            let (target, registrar) = (Rc::clone(&target), registrar.clone());
            making.spawn_local(async move {
                match registrar {
                    Some(registrar) => registrar.register(&target, user).await,
                    None => register(&target, user).await,
                }
            });
        }
        let Some(done) = making.join_next().await else { return Ok(()) };
        done.map_err(|error| Trouble::Flag(error.to_string()))??;
        made += 1;
        progress.at(made);
    }
}

/// Over XMPP, on a connection of its own (XEP-0077 §3.1).
async fn register(target: &Target, user: usize) -> Result<(), Trouble> {
    let mut connection = connect(target, user, Purpose::Register).await?;
    // The account is there; how the connection ends does not matter.
    let _ = connection.stream.write_all(b"</stream:stream>").await;
    let _ = connection.stream.shutdown().await;
    Ok(())
}
