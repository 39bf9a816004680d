//! The started binary: its configuration commands, and its client against a small administration service.

use proto::admin::{
    CreateUserRequest, CreateUserResponse, DrainNodeRequest, DrainNodeResponse, GetUserRequest,
    ListNodesRequest, ListNodesResponse, ListShardsRequest, ListShardsResponse, ListUsersRequest,
    ListUsersResponse, MoveShardRequest, MoveShardResponse, Node, NodeState, Rates, RemoveUserRequest,
    RemoveUserResponse, SetEnabledRequest, SetEnabledResponse, SetPasswordRequest, SetPasswordResponse,
    Shard, StatusRequest, StatusResponse, User,
    admin_server::{Admin, AdminServer},
};
use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex, MutexGuard},
};
use tonic::{Request, Response, Status, transport::server::TcpIncoming};

/// Runs `linnet` with nothing of ours in its environment.
fn linnet(line: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_linnet"))
        .args(line)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("written");
    child.wait_with_output().expect("ended")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn config_show_says_where_each_value_came_from() {
    let shown = linnet(&["config", "show", "--json", "--domain", "example.org", "--data", "."], "");
    assert!(shown.status.success(), "{}", err(&shown));
    let values: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    let find = |name: &str| {
        let all = values.as_array().expect("a list");
        all.iter().find(|value| value["name"] == name).cloned().expect("listed")
    };
    assert_eq!((&find("domain")["value"], &find("domain")["from"]), (&"example.org".into(), &"flag".into()));
    assert_eq!(find("grpc")["from"], "default");
    let table = linnet(&["config", "show"], "");
    assert!(out(&table).contains("max-stanza") && !out(&table).contains('\x1b'), "{}", out(&table));
}

#[test]
fn config_check_names_every_flag_to_change_and_fails() {
    let checked = linnet(&["config", "check", "--data", ".", "--xmpp", "nonsense", "--log-days", "0"], "");
    assert_eq!(checked.status.code(), Some(1));
    for flag in ["--domain", "--xmpp", "--log-days"] {
        assert!(err(&checked).contains(flag), "{}", err(&checked));
    }
    let checked = linnet(&["config", "check", "--data", ".", "--domain", "example.org"], "");
    assert!(checked.status.success() && out(&checked).contains("can be used"), "{}", err(&checked));
}

#[test]
fn a_server_that_is_not_there_is_named_with_its_flag() {
    let answer = linnet(&["user", "list", "--grpc", "127.0.0.1:1"], "");
    assert_eq!(answer.status.code(), Some(1));
    assert!(err(&answer).contains("127.0.0.1:1") && err(&answer).contains("--grpc"), "{}", err(&answer));
}

#[test]
fn users_are_added_listed_changed_and_removed() {
    let desk = Desk::default();
    let grpc = desk.clone().open();
    let user = |line: &[&str], input: &str| linnet(&[&["user", "--grpc", &grpc], line].concat(), input);

    let added = user(&["add", "alice@example.org", "--password-stdin", "--json"], "secret\n");
    assert!(added.status.success(), "{}", err(&added));
    let added: serde_json::Value = serde_json::from_slice(&added.stdout).expect("JSON");
    assert_eq!(added["address"], "alice@example.org");
    assert_eq!(desk.password("alice@example.org").as_deref(), Some("secret"));

    let again = user(&["add", "alice@example.org", "--password-stdin"], "other\n");
    assert!(!again.status.success() && err(&again).contains("there is one already"), "{}", err(&again));
    let none = user(&["add", "bob@example.org"], "");
    assert!(err(&none).contains("--password-stdin"), "{}", err(&none));

    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("users");
    let mut lines: Vec<_> = (0..2_000).map(|n| format!("u{n}@example.org\tp{n}")).collect();
    lines.push("alice@example.org\tx".to_owned());
    std::fs::write(&file, lines.join("\n")).expect("written");
    let many = user(&["add", "--from", file.to_str().expect("plain")], "");
    assert!(!many.status.success() && err(&many).contains("1 of 2001 failed"), "{}", err(&many));
    assert_eq!(desk.password("u1999@example.org").as_deref(), Some("p1999"));

    let listed = user(&["list", "--json"], "");
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert_eq!(listed.as_array().map(Vec::len), Some(2_001), "all pages");

    assert!(user(&["disable", "alice@example.org"], "").status.success());
    assert!(out(&user(&["show", "alice@example.org"], "")).contains("no"));
    assert!(user(&["password", "alice@example.org", "--password-stdin"], "new\n").status.success());
    assert_eq!(desk.password("alice@example.org").as_deref(), Some("new"));
    assert!(user(&["remove", "alice@example.org"], "").status.success());
    let gone = user(&["show", "alice@example.org"], "");
    assert!(!gone.status.success() && err(&gone).contains("no such user"), "{}", err(&gone));
}

#[test]
fn status_shows_the_figures_and_the_troubles() {
    let grpc = Desk::default().open();
    let shown = linnet(&["status", "--grpc", &grpc], "");
    assert!(shown.status.success(), "{}", err(&shown));
    let text = out(&shown);
    assert!(
        text.contains("example.org") && text.contains("3 of 5 online") && text.contains("41.5"),
        "{text}"
    );
    assert!(text.contains("the disk is full"), "{text}");
    let checked = linnet(&["status", "--grpc", &grpc, "--check"], "");
    assert!(!checked.status.success() && err(&checked).contains("not ready"), "{}", err(&checked));
    let json = linnet(&["status", "--grpc", &grpc, "--json"], "");
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["rates"]["messages"], 41.5);
}

#[test]
fn nodes_are_listed_and_drained() {
    let grpc = Desk::with_a_pool().open();
    let node = |line: &[&str]| linnet(&[&["node"], line, &["--grpc", &grpc]].concat(), "");
    let listed = node(&["list"]);
    assert!(listed.status.success(), "{}", err(&listed));
    for shown in ["n1", "serving", "22", "asked", "linked", "no link"] {
        assert!(out(&listed).contains(shown), "{shown}: {}", out(&listed));
    }
    let drained = node(&["drain", "n1"]);
    assert!(drained.status.success() && out(&drained).contains("can be stopped"), "{}", err(&drained));
    let stays = node(&["drain", "n2", "--wait", "1"]);
    assert!(!stays.status.success() && err(&stays).contains("still owns 21 shards"), "{}", err(&stays));
    let begun = node(&["drain", "n2", "--wait", "0", "--json"]);
    let begun: serde_json::Value = serde_json::from_slice(&begun.stdout).expect("JSON");
    assert_eq!((&begun["name"], &begun["shards"]), (&"n2".into(), &21.into()));
    let unknown = node(&["drain", "n9"]);
    assert!(!unknown.status.success() && err(&unknown).contains("no node n9"), "{}", err(&unknown));
    let json: serde_json::Value = serde_json::from_slice(&node(&["list", "--json"]).stdout).expect("JSON");
    assert_eq!((&json[0]["state"], &json[2]["state"]), (&"draining".into(), &"serving".into()));
}

#[test]
fn shards_are_listed_and_moved() {
    let grpc = Desk::with_a_pool().open();
    let shard = |line: &[&str]| linnet(&[&["shard"], line, &["--grpc", &grpc]].concat(), "");
    let listed = shard(&["list"]);
    assert!(out(&listed).contains("n1") && out(&listed).contains("nobody"), "{}", out(&listed));
    let json: serde_json::Value = serde_json::from_slice(&shard(&["list", "--json"]).stdout).expect("JSON");
    assert_eq!((&json[0]["epoch"], &json[1]["owner"]), (&7.into(), &serde_json::Value::Null));
    let moved = shard(&["move", "1", "n2"]);
    assert!(moved.status.success() && out(&moved).contains("Shard 1 moves to n2"), "{}", err(&moved));
    assert!(err(&shard(&["move", "1", "n9"])).contains("no node n9"));
    assert!(err(&shard(&["move", "64", "n1"])).contains("shards are 0 to 1"));
    assert!(err(&shard(&["move", "x", "n1"])).contains("invalid value"));
}

#[test]
fn the_settings_of_a_node_are_shown_and_checked() {
    let shown = linnet(&["config", "show", "--role", "frontend"], "");
    assert!(out(&shown).contains("kafka-hold") && out(&shown).contains("max-stanza"), "{}", out(&shown));
    assert!(!out(&linnet(&["config", "show"], "")).contains("kafka-hold"));
    let checked = linnet(&["config", "check", "--role", "frontend", "--data", ".", "--shards", "0"], "");
    assert_eq!(checked.status.code(), Some(1));
    for flag in ["--domain", "--kafka", "--shards"] {
        assert!(err(&checked).contains(flag), "{}", err(&checked));
    }
    let same = linnet(&["node", "--role", "frontend", "--data", ".", "--shards", "0"], "");
    assert_eq!((same.status.code(), err(&same)), (Some(1), err(&checked)));
    let standard = linnet(&["standard", "--kafka", "127.0.0.1:9092"], "");
    assert!(err(&standard).contains("unexpected argument"), "{}", err(&standard));
}

/// As the deployments do it: made once, then given to each node.
#[test]
fn made_certificates_are_settings_of_a_node() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let made = linnet(&["node", "certificates", &path(""), "n1", "n2", "--domain", "example.org"], "");
    assert!(made.status.success() && out(&made).contains("clients/ca.pem"), "{}", err(&made));
    let files = [
        ("--cluster-ca", path("cluster/ca.pem")),
        ("--cluster-certificate", path("cluster/n1.pem")),
        ("--cluster-key", path("cluster/n1.key")),
        ("--cluster-secret", path("cluster/secret")),
        ("--certificate", path("clients/server.pem")),
        ("--key", path("clients/server.key")),
    ];
    let mut line = vec!["config", "check", "--role", "frontend", "--node", "n1", "--join", "n2:7800"];
    line.extend(["--data", ".", "--domain", "example.org", "--kafka", "kafka:9092"]);
    line.extend(files.iter().flat_map(|(flag, path)| [*flag, path.as_str()]));
    let checked = linnet(&line, "");
    assert!(checked.status.success() && !err(&checked).contains("note"), "{}", err(&checked));
}

/// An administration service that keeps its users in a map, and nodes in a list.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<BTreeMap<String, (User, String)>>>, Arc<Mutex<Vec<Node>>>);

impl Desk {
    /// Serves on a thread of its own; the address to reach it at.
    fn open(self) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        listener.set_nonblocking(true).expect("set");
        let address = listener.local_addr().expect("bound").to_string();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("usable");
                let server = tonic::transport::Server::builder().add_service(AdminServer::new(self));
                server.serve_with_incoming(TcpIncoming::from(listener)).await
            })
        });
        address
    }

    /// Three nodes; the first is asked.
    fn with_a_pool() -> Self {
        let desk = Self::default();
        let node = |name: &str, shards| Node { name: name.to_owned(), shards, ..Node::default() };
        let mut nodes = vec![node("n1", 22), node("n2", 21), node("n3", 21)];
        nodes.iter_mut().for_each(|node| node.set_state(NodeState::Serving));
        nodes[0].answers = true;
        nodes[1].linked = true;
        *desk.1.lock().expect("whole") = nodes;
        desk
    }

    fn pool(&self) -> MutexGuard<'_, Vec<Node>> {
        self.1.lock().expect("whole")
    }

    fn password(&self, address: &str) -> Option<String> {
        self.0.lock().expect("whole").get(address).map(|(_, password)| password.clone())
    }

    fn change(&self, address: &str, change: impl FnOnce(&mut (User, String))) -> Result<User, Status> {
        let mut users = self.0.lock().expect("whole");
        let entry = users.get_mut(address).ok_or_else(|| Status::not_found("no such user"))?;
        change(entry);
        Ok(entry.0.clone())
    }
}

#[tonic::async_trait]
impl Admin for Desk {
    async fn create_user(
        &self,
        ask: Request<CreateUserRequest>,
    ) -> Result<Response<CreateUserResponse>, Status> {
        let CreateUserRequest { address, password } = ask.into_inner();
        let mut users = self.0.lock().expect("whole");
        if users.contains_key(&address) {
            return Err(Status::already_exists("there is one already"));
        }
        let user = User { address: address.clone(), enabled: true, ..User::default() };
        users.insert(address, (user.clone(), password));
        Ok(Response::new(CreateUserResponse { user: Some(user) }))
    }

    async fn list_users(
        &self,
        ask: Request<ListUsersRequest>,
    ) -> Result<Response<ListUsersResponse>, Status> {
        let ask = ask.into_inner();
        let users = self.0.lock().expect("whole");
        let size = usize::try_from(ask.page_size).expect("fits").min(700);
        let after = users.values().filter(|(user, _)| user.address > ask.page_token);
        let page: Vec<User> = after.take(size).map(|(user, _)| user.clone()).collect();
        let last = page.len() < size;
        let next_page_token =
            page.last().filter(|_| !last).map(|user| user.address.clone()).unwrap_or_default();
        Ok(Response::new(ListUsersResponse { users: page, next_page_token }))
    }

    async fn get_user(&self, ask: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.change(&ask.into_inner().address, |_| ()).map(Response::new)
    }

    async fn set_password(
        &self,
        ask: Request<SetPasswordRequest>,
    ) -> Result<Response<SetPasswordResponse>, Status> {
        let SetPasswordRequest { address, password } = ask.into_inner();
        self.change(&address, |entry| entry.1 = password)?;
        Ok(Response::new(SetPasswordResponse {}))
    }

    async fn set_enabled(
        &self,
        ask: Request<SetEnabledRequest>,
    ) -> Result<Response<SetEnabledResponse>, Status> {
        let SetEnabledRequest { address, enabled } = ask.into_inner();
        let user = self.change(&address, |entry| entry.0.enabled = enabled)?;
        Ok(Response::new(SetEnabledResponse { user: Some(user) }))
    }

    async fn remove_user(
        &self,
        ask: Request<RemoveUserRequest>,
    ) -> Result<Response<RemoveUserResponse>, Status> {
        let address = ask.into_inner().address;
        let removed = self.0.lock().expect("whole").remove(&address);
        removed.map(|_| Response::new(RemoveUserResponse {})).ok_or_else(|| Status::not_found("no such user"))
    }

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        Ok(Response::new(StatusResponse {
            domain: "example.org".to_owned(),
            troubles: vec!["the disk is full".to_owned()],
            users: 5,
            users_online: 3,
            rates: Some(Rates { messages: 41.5, ..Rates::default() }),
            ..StatusResponse::default()
        }))
    }

    async fn list_nodes(&self, _: Request<ListNodesRequest>) -> Result<Response<ListNodesResponse>, Status> {
        Ok(Response::new(ListNodesResponse { nodes: self.pool().clone() }))
    }

    async fn drain_node(
        &self,
        ask: Request<DrainNodeRequest>,
    ) -> Result<Response<DrainNodeResponse>, Status> {
        let name = ask.into_inner().name;
        let mut pool = self.pool();
        let node = pool.iter_mut().find(|node| node.name == name);
        let node = node.ok_or_else(|| Status::not_found(format!("there is no node {name}")))?;
        node.set_state(NodeState::Draining);
        // n2 is one that hands over nothing.
        node.shards = if name == "n2" { node.shards } else { 0 };
        Ok(Response::new(DrainNodeResponse {}))
    }

    async fn list_shards(
        &self,
        _: Request<ListShardsRequest>,
    ) -> Result<Response<ListShardsResponse>, Status> {
        let owned = Shard { number: 0, epoch: Some(7), owner: "n1".to_owned(), ..Shard::default() };
        let moving = Shard { number: 1, next: "n2".to_owned(), pinned: true, ..Shard::default() };
        Ok(Response::new(ListShardsResponse { shards: vec![owned, moving] }))
    }

    async fn move_shard(
        &self,
        ask: Request<MoveShardRequest>,
    ) -> Result<Response<MoveShardResponse>, Status> {
        let MoveShardRequest { number, node } = ask.into_inner();
        match (number, node.as_str()) {
            (0..2, "n1" | "n2") => Ok(Response::new(MoveShardResponse {})),
            (0..2, _) => Err(Status::not_found(format!("there is no node {node}"))),
            _ => Err(Status::invalid_argument("number: shards are 0 to 1")),
        }
    }
}
