//! Hashing passwords costs milliseconds by intent: it happens on threads of its own, a few at a time.

use domain::account::Verifier;
use std::sync::Arc;
use tokio::sync::Semaphore;
use xmpp::sasl;

/// PBKDF2 iterations of new verifiers (XEP-0438 §4 asks for 10,000; RFC 7677 §4 for at least 4,096).
const ITERATIONS: u32 = 10_000;
/// Checks that wait for their turn; more are put off.
const WAITING: usize = 4_096;

/// Makes the verifiers of a password, with fresh salt; `None` if passwords may not be like that (RFC 8265 §4) or there
/// is no randomness. Takes milliseconds.
pub fn verifiers(password: &str) -> Option<Vec<Verifier>> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).ok()?;
    sasl::make_verifiers(password, salt, ITERATIONS)
}

/// Checks passwords of PLAIN off the hot threads, as many at once as there are processors, the others in turn.
#[derive(Clone, Debug)]
pub(crate) struct Checks {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Checks {
    fn default() -> Self {
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        Self { running: Arc::new(Semaphore::new(at_once)), waiting: Arc::new(Semaphore::new(WAITING)) }
    }
}

impl Checks {
    /// Whether this is the password of one of the verifiers; `None` if too many wait already. A user without verifiers
    /// costs as much time as any other.
    pub(crate) async fn check(
        &self,
        verifiers: Vec<Verifier>,
        stand_in: Verifier,
        password: String,
    ) -> Option<bool> {
        let _place = self.waiting.try_acquire().ok()?;
        let _turn = self.running.acquire().await.ok()?;
        let known = !verifiers.is_empty();
        let verifier = verifiers.into_iter().next_back().unwrap_or(stand_in);
        let checked = tokio::task::spawn_blocking(move || sasl::check_plain(&verifier, &password)).await;
        Some(checked.unwrap_or(false) && known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_checked_in_turn_and_too_many_are_put_off() {
        let verifiers = verifiers("pencil").expect("a password");
        let checks = Checks::default();
        crate::block_on(async {
            let check = || {
                let (checks, verifiers) = (checks.clone(), verifiers.clone());
                async move { checks.check(verifiers.clone(), verifiers[0].clone(), "pencil".to_owned()).await }
            };
            let many: Vec<_> = (0..100).map(|_| actix::spawn(check())).collect();
            for checked in many {
                assert_eq!(checked.await.expect("it runs"), Some(true));
            }
            let _all = checks.waiting.clone().acquire_many_owned(4_096).await.expect("open");
            assert_eq!(check().await, None);
        });
    }
}
