//! A house with one door: a listener, a toy session that can be steered, and TLS clients that trust its authority.

use domain::Timestamp;
use std::{
    net::SocketAddr,
    rc::Rc,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};
use tokio::{net::TcpStream, sync::mpsc, task::LocalSet, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls};
use transport::{
    Admission, Closed, ConnectionLimits, Entrance, Gate, InboxSender, Io, Listener, Opening, Session, Tls,
    TlsFacts, authority::Authority,
};

/// A wait of a test: far more than is needed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a toy session was told.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    Opened(InboxSender<Ask>),
    Received(Vec<u8>),
    Secured(TlsFacts),
    Flushed,
    Draining,
    Ticked,
    Closed(Closed),
}

/// What a test asks of a toy session.
#[derive(Debug)]
pub(crate) enum Ask {
    Say(Vec<u8>),
    /// Say something at each flush, so often.
    SayMore(u32),
    SignIn,
    Deaf(bool),
    TickIn(Duration),
    Close,
    Abandon,
}

/// Says `go` and begins TLS at `tls`, says `bye` at the drain, reports everything else.
pub(crate) struct Toy {
    told: mpsc::UnboundedSender<Told>,
    deaf: bool,
    deadline: Option<Timestamp>,
    more: u32,
}

impl Toy {
    fn tell(&self, told: Told) {
        // A test that is over does not listen any more.
        let _ = self.told.send(told);
    }
}

impl Session for Toy {
    type Event = Ask;

    fn received(&mut self, _: Timestamp, bytes: &[u8], io: &mut Io) {
        if bytes.starts_with(b"tls") {
            io.write(b"go");
            io.start_tls();
        } else {
            self.tell(Told::Received(bytes.to_vec()));
        }
    }

    fn event(&mut self, now: Timestamp, event: Ask, io: &mut Io) {
        match event {
            Ask::Say(bytes) => io.write(&bytes),
            Ask::SayMore(times) => {
                io.write(b".");
                self.more = times;
            }
            Ask::SignIn => io.signed_in(),
            Ask::Deaf(deaf) => self.deaf = deaf,
            Ask::Abandon => io.abandon(),
            Ask::TickIn(after) => self.deadline = Some(now.plus(after)),
            Ask::Close => {
                io.write(b"end");
                io.close();
            }
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    fn tick(&mut self, _: Timestamp, _: &mut Io) {
        self.deadline = None;
        self.tell(Told::Ticked);
    }

    fn secured(&mut self, _: Timestamp, facts: TlsFacts, io: &mut Io) {
        io.write(b"hello");
        self.tell(Told::Secured(facts));
    }

    fn flushed(&mut self, _: Timestamp, io: &mut Io) {
        if self.more > 0 {
            self.more -= 1;
            io.write(b".");
        }
        self.tell(Told::Flushed);
    }

    fn draining(&mut self, _: Timestamp, io: &mut Io) {
        io.write(b"bye");
        io.close();
        self.tell(Told::Draining);
    }

    fn closed(&mut self, _: Timestamp, why: Closed) {
        self.tell(Told::Closed(why));
    }

    fn wants_more_input(&self) -> bool {
        !self.deaf
    }
}

pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) gate: Arc<Gate>,
    pub(crate) tls: Arc<Tls>,
    pub(crate) authority: Authority,
    told: mpsc::UnboundedReceiver<Told>,
    listening: tokio::task::JoinHandle<std::io::Result<()>>,
    /// Of the client; kept from connection to connection, so that sessions are resumed.
    client: Mutex<Option<Arc<rustls::ClientConfig>>>,
    _dir: tempfile::TempDir,
}

/// Runs `play` in a house with these limits, on one thread.
pub(crate) fn play<F: Future<Output = ()>>(
    opening: Opening,
    admission: Admission,
    limits: ConnectionLimits,
    play: impl FnOnce(House) -> F,
) {
    let before = |listener| listener;
    play_at(opening, admission, limits, before, play);
}

/// As [`play`], with a load balancer before the door.
pub(crate) fn play_behind_balancer<F: Future<Output = ()>>(
    admission: Admission,
    play: impl FnOnce(House) -> F,
) {
    let limits = ConnectionLimits::default();
    play_at(Opening::StartTls, admission, limits, Listener::behind_balancer, play);
}

fn play_at<F: Future<Output = ()>>(
    opening: Opening,
    admission: Admission,
    limits: ConnectionLimits,
    before: impl FnOnce(Listener) -> Listener,
    play: impl FnOnce(House) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let rooms = Rc::new(LocalSet::new());
    rooms.block_on(&runtime, async {
        let house = House::open(opening, admission, limits, before);
        timeout(5 * PATIENCE, play(house)).await.expect("the play ends in time");
    });
}

/// As [`play`], with the limits as they are by default.
pub(crate) fn play_simply<F: Future<Output = ()>>(opening: Opening, scene: impl FnOnce(House) -> F) {
    play(opening, Admission::default(), ConnectionLimits::default(), scene);
}

impl House {
    fn open(
        opening: Opening,
        admission: Admission,
        limits: ConnectionLimits,
        before: impl FnOnce(Listener) -> Listener,
    ) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let authority = Authority::new(dir.path());
        authority.ensure(&["localhost".to_owned()], SystemTime::now()).expect("a certificate");
        let tls = Tls::open(&authority.certificate(), &authority.key()).expect("usable");
        let gate = Gate::new(admission);
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = before(Listener::bind(any, opening, 1).expect("bound").remove(0));
        let address = listener.address().expect("bound");
        let entrance = Arc::new(Entrance { gate: Arc::clone(&gate), tls: Arc::clone(&tls), limits });
        let (sender, told) = mpsc::unbounded_channel();
        let make = move |_, inbox| {
            let toy = Toy { told: sender.clone(), deaf: false, deadline: None, more: 0 };
            toy.tell(Told::Opened(inbox));
            toy
        };
        let listening = tokio::task::spawn_local(listener.run(entrance, make, |connection| {
            tokio::task::spawn_local(connection);
        }));
        Self { address, gate, tls, authority, told, listening, client: Mutex::default(), _dir: dir }
    }

    /// What a session is told next.
    pub(crate) async fn told(&mut self) -> Told {
        timeout(PATIENCE, self.told.recv()).await.expect("told in time").expect("the house stands")
    }

    pub(crate) async fn opened(&mut self) -> InboxSender<Ask> {
        match self.told().await {
            Told::Opened(inbox) => inbox,
            other => panic!("expected a new connection, not {other:?}"),
        }
    }

    pub(crate) async fn secured(&mut self) -> TlsFacts {
        match self.told().await {
            Told::Secured(facts) => facts,
            other => panic!("expected the end of a handshake, not {other:?}"),
        }
    }

    /// Skips flushes and what was received.
    pub(crate) async fn closed(&mut self) -> Closed {
        loop {
            match self.told().await {
                Told::Closed(why) => return why,
                Told::Flushed | Told::Received(_) => {}
                other => panic!("expected the end, not {other:?}"),
            }
        }
    }

    pub(crate) async fn knock(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("connected")
    }

    /// A TLS client over `stream` that trusts the authority.
    pub(crate) async fn secure(
        &self,
        stream: TcpStream,
        version: &'static rustls::SupportedProtocolVersion,
    ) -> TlsStream<TcpStream> {
        let config = self.client.lock().expect("whole").get_or_insert_with(|| self.trusting(version)).clone();
        let name = "localhost".try_into().expect("a name");
        TlsConnector::from(config).connect(name, stream).await.expect("a handshake")
    }

    fn trusting(&self, version: &'static rustls::SupportedProtocolVersion) -> Arc<rustls::ClientConfig> {
        use rustls::pki_types::{CertificateDer, pem::PemObject as _};
        let mut roots = rustls::RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(self.authority.ca()).expect("a certificate");
        roots.add(ca).expect("usable");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .expect("supported")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"xmpp-client".to_vec()];
        Arc::new(config)
    }

    /// The next TLS client begins without a session to resume.
    pub(crate) fn forget_sessions(&self) {
        *self.client.lock().expect("whole") = None;
    }

    /// The listener's end.
    pub(crate) async fn stopped(self) {
        timeout(PATIENCE, self.listening).await.expect("in time").expect("no panic").expect("no error");
    }
}
