//! The content of requests, read before anybody is known to have sent it: bounded in bytes, in number and in time.

use crate::limits::{BODY_TIME, LONG_BODIES, SHORT_BODY};
use actix_web::http::StatusCode;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use std::time::Duration;
use tokio::sync::Semaphore;
use xmpp::limits::BODY_BYTES;

/// Reads contents.
pub(crate) struct Intake {
    long: Semaphore,
    patience: Duration,
}

impl Default for Intake {
    fn default() -> Self {
        Self { long: Semaphore::new(LONG_BODIES), patience: BODY_TIME }
    }
}

impl Intake {
    /// The whole of a request's content, or the status of its refusal.
    pub(super) async fn read<E>(
        &self,
        content: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Bytes, StatusCode> {
        let read = tokio::time::timeout(self.patience, self.collect(content)).await;
        read.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT))
    }

    async fn collect<E>(
        &self,
        mut content: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Bytes, StatusCode> {
        let mut bytes = BytesMut::new();
        let mut place = None;
        while let Some(chunk) = content.next().await {
            let chunk = chunk.map_err(|_| StatusCode::BAD_REQUEST)?;
            bytes.extend_from_slice(&chunk);
            if bytes.len() > BODY_BYTES {
                return Err(StatusCode::PAYLOAD_TOO_LARGE);
            }
            if bytes.len() > SHORT_BODY && place.is_none() {
                place = Some(self.long.try_acquire().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?);
            }
        }
        Ok(bytes.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    async fn status(intake: &Intake, count: usize) -> Option<StatusCode> {
        let chunks = stream::iter((0..count).map(|_| Ok::<_, ()>(Bytes::from_static(&[b'x'; 1024]))));
        intake.read(chunks).await.err()
    }

    #[tokio::test]
    async fn a_request_has_a_limit() {
        let intake = Intake::default();
        assert_eq!(status(&intake, BODY_BYTES / 1024).await, None);
        assert_eq!(status(&intake, BODY_BYTES / 1024 + 1).await, Some(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(intake.long.available_permits(), LONG_BODIES, "the places come back");
    }

    #[tokio::test]
    async fn long_requests_have_a_number_and_short_ones_pass() {
        let intake = Intake::default();
        let _all = intake.long.try_acquire_many(u32::try_from(LONG_BODIES).expect("few")).expect("free");
        assert_eq!(status(&intake, SHORT_BODY / 1024).await, None);
        assert_eq!(status(&intake, SHORT_BODY / 1024 + 1).await, Some(StatusCode::SERVICE_UNAVAILABLE));
    }

    #[tokio::test]
    async fn who_sends_too_slowly_is_not_waited_for() {
        let intake = Intake { patience: Duration::ZERO, ..Intake::default() };
        let never = stream::pending::<Result<Bytes, ()>>();
        assert_eq!(intake.read(never).await, Err(StatusCode::REQUEST_TIMEOUT));
        assert_eq!(Intake::default().patience, BODY_TIME);
    }
}
