//! The administrators' gRPC service, `linnet.admin.v1.Admin`: accounts, and how the deployment is doing.

pub(crate) mod commands;
mod pool;
mod status;

use crate::{
    directory::Unlisted,
    entity::{Account, ToUser},
    front::FrontEnd,
};
use domain::{Address, Reason, Refusal, Shard, user::Command};
use proto::admin::{
    CreateUserRequest, CreateUserResponse, DrainNodeRequest, DrainNodeResponse, GetUserRequest,
    ListNodesRequest, ListNodesResponse, ListShardsRequest, ListShardsResponse, ListUsersRequest,
    ListUsersResponse, MoveShardRequest, MoveShardResponse, RemoveUserRequest, RemoveUserResponse,
    SetEnabledRequest, SetEnabledResponse, SetPasswordRequest, SetPasswordResponse, StatusRequest,
    StatusResponse, User, admin_server,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;
use tonic::{Request, Response, Status};

pub use admin_server::AdminServer;
pub use pool::{Alone, Member, Owned, Pool, Stage, Unmoved};

/// Bytes of a password before normalisation; longer ones are refused.
const PASSWORD_BYTES: usize = 1023;
/// Users of a page when nothing is said, and at most.
const PAGE: (u32, u32) = (100, 1000);
/// A home that does not answer in this time is reported as unavailable.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a command is asked whose home moves before it has answered.
const ATTEMPTS: u32 = 5;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Admin(FrontEnd, Arc<dyn Pool>);

impl Admin {
    /// Of this front end in this pool.
    pub fn new(front: FrontEnd, pool: Arc<dyn Pool>) -> Self {
        Self(front, pool)
    }

    fn address(&self, text: &str) -> Result<Address, Status> {
        let address =
            Address::parse(text).map_err(|error| Status::invalid_argument(format!("address: {error}")))?;
        if address.local().is_none() {
            return Err(Status::invalid_argument("address: a user's address has a name before the @"));
        }
        if address.domain() != self.0.domain().as_str() {
            let served = self.0.domain();
            return Err(Status::invalid_argument(format!("address: the domain served here is {served}")));
        }
        Ok(address)
    }

    async fn verifiers(password: String) -> Result<Vec<domain::account::Verifier>, Status> {
        if password.is_empty() || password.len() > PASSWORD_BYTES {
            return Err(Status::invalid_argument(format!("password: 1 to {PASSWORD_BYTES} bytes")));
        }
        let made = tokio::task::spawn_blocking(move || crate::passwords::verifiers(&password)).await;
        made.map_err(|_| Status::internal("the password could not be hashed"))?.ok_or_else(|| {
            Status::invalid_argument("password: it has a character that passwords may not have (RFC 8265)")
        })
    }

    /// Carries a command out; once more if the user's home moves before it has answered.
    async fn command(&self, address: Address, command: Command) -> Result<(), Status> {
        for attempt in 0..ATTEMPTS {
            let (reply, outcome) = oneshot::channel();
            let ask = ToUser::Admin(command.clone(), reply);
            if !self.0.router().ask_patiently(address.clone(), ask).await {
                return Err(Status::unavailable("the server is busy; try again"));
            }
            match tokio::time::timeout(PATIENCE, outcome).await {
                Ok(Ok(Ok(()))) => return Ok(()),
                // It was made by the attempt before, whose answer was lost.
                Ok(Ok(Err(refusal))) if attempt > 0 && refusal.reason == Reason::Conflict => return Ok(()),
                Ok(Ok(Err(refusal))) => return Err(refused(&refusal)),
                Ok(Err(_)) => {}
                Err(_) => break,
            }
        }
        Err(Status::unavailable("the user's home did not answer; try again"))
    }

    async fn describe(&self, address: Address) -> Result<Account, Status> {
        let router = self.0.router();
        let asked = tokio::time::timeout(PATIENCE, router.question(&address, ToUser::Describe)).await;
        let Ok(Some(found)) = asked else {
            return Err(Status::unavailable("the user's home did not answer; try again"));
        };
        found.ok_or_else(|| Status::not_found("there is no such user"))
    }
}

fn refused(refusal: &Refusal) -> Status {
    let text = refusal.text.unwrap_or("refused");
    match refusal.reason {
        Reason::NotFound | Reason::Gone => Status::not_found("there is no such user"),
        Reason::Conflict => Status::already_exists("there is such a user already"),
        Reason::TryLater => Status::unavailable(text),
        Reason::LimitReached => Status::resource_exhausted(text),
        Reason::BadRequest | Reason::NotAcceptable => Status::invalid_argument(text),
        _ => Status::failed_precondition(text),
    }
}

fn user(account: &Account) -> User {
    User {
        address: account.address.to_string(),
        enabled: account.enabled,
        created_at: account.created.0,
        last_seen_at: account.last_seen.map(|at| at.0),
        endpoints: account.endpoints.iter().map(ToString::to_string).collect(),
    }
}

#[tonic::async_trait]
impl admin_server::Admin for Admin {
    async fn create_user(
        &self,
        request: Request<CreateUserRequest>,
    ) -> Result<Response<CreateUserResponse>, Status> {
        let CreateUserRequest { address, password } = request.into_inner();
        let address = self.address(&address)?;
        let verifiers = Self::verifiers(password).await?;
        self.command(address.clone(), Command::CreateAccount { verifiers, at: crate::clock::now() }).await?;
        let account = self.describe(address).await?;
        Ok(Response::new(CreateUserResponse { user: Some(user(&account)) }))
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<ListUsersResponse>, Status> {
        let ListUsersRequest { page_size, page_token } = request.into_inner();
        let size = if page_size == 0 { PAGE.0 } else { page_size.min(PAGE.1) };
        let after = if page_token.is_empty() { None } else { Some(self.address(&page_token)?) };
        let addresses =
            self.0.users_after(after.as_ref(), size as usize).await.map_err(|unlisted| match unlisted {
                Unlisted::Incomplete => Status::unavailable(unlisted.to_string()),
                Unlisted::Rows(_) => Status::internal(unlisted.to_string()),
            })?;
        let next_page_token = match addresses.last() {
            Some(last) if addresses.len() == size as usize => last.to_string(),
            _ => String::new(),
        };
        let mut users = Vec::with_capacity(addresses.len());
        for address in addresses {
            match self.describe(address).await {
                Ok(account) => users.push(user(&account)),
                // Removed since the page was read.
                Err(status) if status.code() == tonic::Code::NotFound => {}
                Err(status) => return Err(status),
            }
        }
        Ok(Response::new(ListUsersResponse { users, next_page_token }))
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let address = self.address(&request.into_inner().address)?;
        Ok(Response::new(user(&self.describe(address).await?)))
    }

    async fn set_password(
        &self,
        request: Request<SetPasswordRequest>,
    ) -> Result<Response<SetPasswordResponse>, Status> {
        let SetPasswordRequest { address, password } = request.into_inner();
        let address = self.address(&address)?;
        let verifiers = Self::verifiers(password).await?;
        self.command(address, Command::SetPassword { verifiers }).await?;
        Ok(Response::new(SetPasswordResponse {}))
    }

    async fn set_enabled(
        &self,
        request: Request<SetEnabledRequest>,
    ) -> Result<Response<SetEnabledResponse>, Status> {
        let SetEnabledRequest { address, enabled } = request.into_inner();
        let address = self.address(&address)?;
        self.command(address.clone(), Command::SetEnabled(enabled)).await?;
        let account = self.describe(address).await?;
        Ok(Response::new(SetEnabledResponse { user: Some(user(&account)) }))
    }

    async fn remove_user(
        &self,
        request: Request<RemoveUserRequest>,
    ) -> Result<Response<RemoveUserResponse>, Status> {
        let address = self.address(&request.into_inner().address)?;
        self.command(address, Command::RemoveAccount).await?;
        Ok(Response::new(RemoveUserResponse {}))
    }

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        Ok(Response::new(status::of(&self.0).await))
    }

    async fn list_nodes(&self, _: Request<ListNodesRequest>) -> Result<Response<ListNodesResponse>, Status> {
        Ok(Response::new(ListNodesResponse { nodes: pool::nodes(&*self.1) }))
    }

    async fn drain_node(
        &self,
        request: Request<DrainNodeRequest>,
    ) -> Result<Response<DrainNodeResponse>, Status> {
        self.1.drain(&request.into_inner().name).await.map_err(|unmoved| pool::status(&unmoved))?;
        Ok(Response::new(DrainNodeResponse {}))
    }

    async fn list_shards(
        &self,
        _: Request<ListShardsRequest>,
    ) -> Result<Response<ListShardsResponse>, Status> {
        Ok(Response::new(ListShardsResponse { shards: pool::shards(&*self.1) }))
    }

    async fn move_shard(
        &self,
        request: Request<MoveShardRequest>,
    ) -> Result<Response<MoveShardResponse>, Status> {
        let MoveShardRequest { number, node } = request.into_inner();
        let count = self.0.log().shards().get();
        let number = u16::try_from(number).ok().filter(|number| *number < count);
        let number = number
            .ok_or_else(|| Status::invalid_argument(format!("number: shards are 0 to {}", count - 1)))?;
        self.1.move_shard(Shard(number), &node).await.map_err(|unmoved| pool::status(&unmoved))?;
        Ok(Response::new(MoveShardResponse {}))
    }
}
