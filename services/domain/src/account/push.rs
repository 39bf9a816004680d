//! Push services (XMPP: XEP-0357): who is told that something waits for the user when no device can be reached, so that
//! one is woken.

use crate::EndpointId;
use bytes::Bytes;
use std::sync::Arc;

/// What a client enabled. `Debug` shows neither node nor options: together they are a key to the device.
#[derive(Clone, PartialEq, Eq)]
pub struct PushService {
    /// Whom to tell.
    pub address: EndpointId,
    /// The service's own name for the device; empty if it has none.
    pub node: Arc<str>,
    /// What the service wants to see again with each push, in the protocol of the client's door.
    pub options: Bytes,
}

impl std::fmt::Debug for PushService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushService").field("address", &self.address).finish_non_exhaustive()
    }
}
