//! Listeners, TLS and the one session driver: bytes in, bytes out, with a limit on everything a connection holds.
//!
//! A door brings a [`Session`] (a machine without I/O) for each connection. A [`Listener`] accepts connections
//! as far as the [`Gate`] admits them and hands each to a [`Connection`], the future that drives its session:
//! it reads, decrypts, hands over what the session's [`Inbox`] brings, and writes what the session answers, all
//! that is ready in one turn with one write. [`Tls`] holds the certificate, which [`authority`] makes if there is
//! none. One runtime thread runs many connections; nothing in a session needs to be `Send`.
//!
//! Metrics (by the `metrics` facade; install a recorder before [`Gate::new`]):
//!
//! | name | kind | what |
//! |---|---|---|
//! | `linnet_transport_connections` | gauge | open connections |
//! | `linnet_transport_accepted_total` | counter | connections admitted |
//! | `linnet_transport_refused_total{limit}` | counter | connections refused: `total`, `address`, `unsigned`, `draining` |
//! | `linnet_transport_received_bytes_total`, `linnet_transport_sent_bytes_total` | counters | bytes on the wire |
//! | `linnet_transport_handshakes_total` | counter | TLS handshakes completed |
//! | `linnet_transport_handshakes_failed_total{kind}` | counter | `timeout`, `closed`, `incompatible`, `alert`, `malformed` |
//! | `linnet_transport_unannounced_total{kind}` | counter | connections to a port behind a load balancer that did not say who connects: `missing`, `malformed`, `timeout`, `closed` |
//! | `linnet_transport_stuck_total` | counter | connections closed since their reader stopped reading |

pub mod authority;
mod driver;
mod gate;
mod inbox;
pub mod limits;
mod listener;
mod meters;
mod proxy;
mod session;
mod tls;

pub use driver::Connection;
pub use gate::{Admission, Gate, Permit, Refused};
pub use inbox::{Inbox, InboxSender, Rejected, inbox};
pub use limits::ConnectionLimits;
pub use listener::{Arrival, Entrance, Listener, Opening};
pub use rustls::ServerConfig;
pub use session::{Closed, Io, Session, TlsFacts, TlsVersion};
pub use tls::{Tls, TlsError};
