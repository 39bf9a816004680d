//! Making users by a server's own command line, a process for each user.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::cli::{ProvisionArgs, Via};
use crate::limits;
use crate::target::Target;
use crate::trouble::Trouble;

/// Knows how to call the command.
pub(super) struct Registrar {
    via: Via,
    command: PathBuf,
    grpc: Option<SocketAddr>,
}

impl Registrar {
    /// Checks the flags.
    pub(super) fn new(args: &ProvisionArgs) -> Result<Self, Trouble> {
        let default = match args.via {
            Via::Ejabberd => "ejabberdctl",
            Via::Prosody => "prosodyctl",
            Via::Linnet | Via::Xep0077 => "linnet",
        };
        if args.via == Via::Linnet && args.grpc.is_none() {
            return Err(Trouble::Flag("--via linnet needs the admin service's address; give --grpc".into()));
        }
        let command = args.command.clone().unwrap_or_else(|| default.into());
        Ok(Self { via: args.via, command, grpc: args.grpc })
    }

    fn arguments(&self, target: &Target, user: usize) -> Vec<String> {
        let (domain, password) = (target.domain.clone(), target.password.clone());
        match self.via {
            Via::Ejabberd | Via::Prosody => vec!["register".into(), target.name_of(user), domain, password],
            Via::Linnet | Via::Xep0077 => {
                let mut arguments =
                    vec!["user".into(), "add".into(), target.address_of(user), "--password-stdin".into()];
                arguments.extend(self.grpc.iter().flat_map(|grpc| ["--grpc".into(), grpc.to_string()]));
                arguments
            }
        }
    }

    /// Makes one user; one that exists is left as it is.
    pub(super) async fn register(&self, target: &Target, user: usize) -> Result<(), Trouble> {
        let trouble =
            |reason: String| Trouble::Command { command: self.command.display().to_string(), reason };
        let mut child = Command::new(&self.command)
            .args(self.arguments(target, user))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| trouble(format!("{error}; change --command")))?;
        if let Some(mut stdin) = child.stdin.take()
            && self.via == Via::Linnet
        {
            // A command that has ended already says why by its exit code.
            let _ = stdin.write_all(format!("{}\n", target.password).as_bytes()).await;
        }
        let ended = tokio::time::timeout(limits::COMMAND, child.wait_with_output())
            .await
            .map_err(|_| trouble(format!("no end within {} s", limits::COMMAND.as_secs())))?
            .map_err(|error| trouble(error.to_string()))?;
        let said =
            [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        let exists = ["exist", "already", "conflict"].iter().any(|word| said.to_lowercase().contains(word));
        if ended.status.success() || exists { Ok(()) } else { Err(trouble(said.trim().to_owned())) }
    }
}
