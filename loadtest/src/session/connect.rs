//! The host of [`SignIn`]: one TCP connection, its TLS, and the bytes between the machine and the socket.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::sign_in::{Purpose, SignIn, Step};
use crate::limits;
use crate::target::Target;
use crate::trouble::Trouble;
use crate::wire::scanner::Scanner;

/// A connection after its purpose is reached; the scanner may hold bytes already read.
pub(crate) struct Connection {
    pub(crate) stream: TlsStream<TcpStream>,
    pub(crate) scanner: Scanner,
}

/// Connects the user and reaches the purpose within the limit.
pub(crate) async fn connect(target: &Target, user: usize, purpose: Purpose) -> Result<Connection, Trouble> {
    let slow = Trouble::Slow { what: "signing in", seconds: limits::SIGN_IN.as_secs(), flag: "--at-once" };
    tokio::time::timeout(limits::SIGN_IN, negotiate(target, user, purpose))
        .await
        .unwrap_or(Err(slow))
        .map_err(|source| Trouble::SignIn { user, source: Box::new(source) })
}

async fn negotiate(target: &Target, user: usize, purpose: Purpose) -> Result<Connection, Trouble> {
    let nonce = nonce()?;
    let mut machine = SignIn::new(target, &target.name_of(user), &nonce, purpose);
    let mut tcp = TcpStream::connect(target.address)
        .await
        .map_err(|source| Trouble::Connect { target: target.address, source })?;
    tcp.set_nodelay(true)?;
    let mut scanner = Scanner::default();
    run(&mut machine, &mut tcp, &mut scanner).await?;
    let mut stream = target.tls.connect(target.server_name.clone(), tcp).await.map_err(Trouble::Tls)?;
    scanner.restart();
    run(&mut machine, &mut stream, &mut scanner).await?;
    Ok(Connection { stream, scanner })
}

/// Opens a stream and feeds the machine until it wants TLS or is done.
async fn run<S>(machine: &mut SignIn<'_>, stream: &mut S, scanner: &mut Scanner) -> Result<(), Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut out = String::new();
    machine.open(&mut out);
    loop {
        if !out.is_empty() {
            stream.write_all(out.as_bytes()).await?;
            stream.flush().await?;
            out.clear();
        }
        if stream.read_buf(scanner.space()).await? == 0 {
            return Err(Trouble::Closed("during sign-in"));
        }
        while let Some(frame) = scanner.next_frame()? {
            match machine.handle(&frame, &mut out)? {
                Step::More => {}
                Step::Restart => scanner.restart(),
                Step::StartTls | Step::Done => return Ok(()),
            }
        }
    }
}

/// Sixteen random bytes as text without commas (RFC 5802 §5.1).
fn nonce() -> Result<String, Trouble> {
    use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Trouble::Io(std::io::Error::other(error.to_string())))?;
    Ok(BASE64_STANDARD_NO_PAD.encode(bytes))
}
