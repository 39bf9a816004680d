//! A TCP connection, with TLS in it from some point on.

use super::Trust;
use crate::limits::{WAIT, WRITE};
use rustls::{ClientConnection, StreamOwned};
use socket2::{Domain, Type};
use std::{
    io::{self, Read as _, Write as _},
    net::{IpAddr, Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

/// The bytes' way.
pub struct Socket {
    tcp: TcpStream,
    tls: Option<Box<StreamOwned<ClientConnection, TcpStream>>>,
    patience: Duration,
}

impl Socket {
    /// Connects.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::connect_within(address, WAIT)
    }

    /// Connects; neither that nor a part of TLS's handshake may take longer.
    pub fn connect_within(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let tcp = TcpStream::connect_timeout(&address, patience)?;
        tcp.set_nodelay(true)?;
        tcp.set_write_timeout(Some(WRITE))?;
        Ok(Self { tcp, tls: None, patience })
    }

    /// Connects from one of this machine's other addresses.
    pub fn connect_from(from: IpAddr, to: SocketAddr) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(from, 0).into())?;
        socket.connect_timeout(&to.into(), WAIT)?;
        Ok(Self { tcp: socket.into(), tls: None, patience: WAIT })
    }

    /// Speaks TLS from here on; the handshake is done when this returns.
    pub fn secure(&mut self, trust: &Trust, protocol: &[u8]) -> io::Result<()> {
        let mut stream = StreamOwned::new(trust.client(protocol)?, self.tcp.try_clone()?);
        self.tcp.set_read_timeout(Some(self.patience))?;
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        self.tls = Some(Box::new(stream));
        Ok(())
    }

    /// Sends all of it.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.tls {
            Some(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
            None => self.tcp.write_all(bytes),
        }
    }

    /// Reads something.
    ///
    /// Errors: `TimedOut` if nothing came in time.
    pub fn read(&mut self, into: &mut [u8], wait: Duration) -> io::Result<usize> {
        self.tcp.set_read_timeout(Some(wait))?;
        let read = match &mut self.tls {
            Some(tls) => tls.read(into),
            None => self.tcp.read(into),
        };
        read.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => error,
        })
    }

    pub(super) fn exporter(&self) -> Option<[u8; 32]> {
        let label = b"EXPORTER-Channel-Binding";
        let tls = self.tls.as_ref()?;
        tls.conn.export_keying_material([0; 32], label, Some(b"")).ok()
    }

    /// Closes both ways, without TLS's or XML's good-bye.
    pub fn shut(&mut self) {
        // It may be closed already.
        let _ = self.tcp.shutdown(Shutdown::Both);
    }
}
