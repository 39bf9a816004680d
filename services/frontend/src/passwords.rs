//! Hashing passwords costs milliseconds by intent: it happens on threads of its own, a few at a time.

use domain::account::Verifier;
use std::sync::Arc;
use tokio::sync::Semaphore;
use xmpp::sasl;

/// PBKDF2 iterations of new verifiers (XEP-0438 §4 asks for 10,000; RFC 7677 §4 for at least 4,096).
const ITERATIONS: u32 = 10_000;
/// Checks that run or wait at once; more are put off.
const AT_ONCE: usize = 64;

/// Makes the verifiers of a password, with fresh salt; `None` if passwords may not be like that (RFC 8265 §4) or there
/// is no randomness. Takes milliseconds.
pub fn verifiers(password: &str) -> Option<Vec<Verifier>> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).ok()?;
    sasl::make_verifiers(password, salt, ITERATIONS)
}

/// Checks passwords of PLAIN off the hot threads.
#[derive(Clone, Debug)]
pub(crate) struct Checks(Arc<Semaphore>);

impl Default for Checks {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Checks {
    /// Whether this is the password of one of the verifiers; `None` if too many are being checked already. A user
    /// without verifiers costs as much time as any other.
    pub(crate) async fn check(
        &self,
        verifiers: Vec<Verifier>,
        stand_in: Verifier,
        password: String,
    ) -> Option<bool> {
        let _permit = self.0.try_acquire().ok()?;
        let known = !verifiers.is_empty();
        let verifier = verifiers.into_iter().next_back().unwrap_or(stand_in);
        let checked = tokio::task::spawn_blocking(move || sasl::check_plain(&verifier, &password)).await;
        Some(checked.unwrap_or(false) && known)
    }
}
