//! What all clients of the log have in common: how they reach the brokers, and what happens to librdkafka's own words.

use super::{ConnectError, Options};
use crate::limits::{RECONNECT_AT_MOST, SOCKET_WAIT};
use rdkafka::{
    ClientConfig, ClientContext,
    config::{FromClientConfigAndContext, RDKafkaLogLevel},
    consumer::ConsumerContext,
    error::{KafkaError, RDKafkaErrorCode},
};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// What was said longer ago has nothing to do with what goes wrong now.
const NEWS: Duration = Duration::from_mins(1);

/// What the clients hear of their connections, put together.
#[derive(Default)]
pub(super) struct Health {
    last: Mutex<Option<(Instant, String)>>,
    /// A broker said no, and will again: a wrong password, a certificate that is not trusted.
    refused: Mutex<Option<String>>,
    /// Connections that were lost or could not be made.
    pub(super) lost: AtomicU64,
}

impl Health {
    /// What was said last, for people.
    pub(super) fn last(&self) -> String {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let last = last.filter(|(at, _)| at.elapsed() < NEWS);
        last.map_or_else(|| "its brokers do not answer".into(), |(_, said)| said)
    }

    pub(super) fn refused(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The ear of one client.
#[derive(Clone)]
pub(super) struct Context {
    /// What the client is for, in log lines.
    pub(super) of: &'static str,
    pub(super) health: Arc<Health>,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        use RDKafkaLogLevel as L;
        match level {
            L::Emerg | L::Alert | L::Critical => {
                tracing::error!(target: "kafka", client = self.of, facility, "{text}");
            }
            // Connections come and go; what matters of it is said by `error` and by the log's own trouble.
            L::Error | L::Warning => tracing::info!(target: "kafka", client = self.of, facility, "{text}"),
            _ => tracing::debug!(target: "kafka", client = self.of, facility, "{text}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        let reason = plain(reason);
        tracing::debug!(target: "kafka", client = self.of, ?code, "{reason}");
        match code {
            Some(
                RDKafkaErrorCode::Authentication
                | RDKafkaErrorCode::SaslAuthenticationFailed
                | RDKafkaErrorCode::SSL,
            ) => {
                *self.health.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.clone());
            }
            Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => {
                self.health.lost.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
        *self.health.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), reason));
    }
}

impl ConsumerContext for Context {}

/// Without librdkafka's prefix of threads and its suffix of times.
fn plain(reason: &str) -> String {
    let reason = reason.rsplit_once("]: ").map_or(reason, |(_, text)| text);
    reason.split(" (after ").next().unwrap_or(reason).trim().to_owned()
}

/// An error in words, and never with a setting's value, which may be a secret.
pub(super) fn say(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, what, key, _) => format!("{key}: {what}"),
        other => other.rdkafka_error_code().map_or_else(|| other.to_string(), |code| code.to_string()),
    }
}

/// The settings of every client.
pub(super) fn settings(options: &Options) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &options.brokers)
        .set("client.id", "linnet")
        .set("security.protocol", protocol(options))
        .set("socket.keepalive.enable", "true")
        .set("socket.timeout.ms", SOCKET_WAIT.as_millis().to_string())
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", RECONNECT_AT_MOST.as_millis().to_string())
        .set("retry.backoff.ms", "50")
        .set("retry.backoff.max.ms", RECONNECT_AT_MOST.as_millis().to_string())
        // Who leads a partition may change without an error: its leader may be there and silent.
        .set("topic.metadata.refresh.interval.ms", "2000")
        .set("enable.metrics.push", "false")
        .set_log_level(RDKafkaLogLevel::Notice);
    if let Some(tls) = &options.tls {
        if let Some(ca) = &tls.ca {
            config.set("ssl.ca.pem", ca);
        }
        if let Some((certificate, key)) = &tls.identity {
            config.set("ssl.certificate.pem", certificate).set("ssl.key.pem", key);
        }
    }
    if let Some(sasl) = &options.sasl {
        config
            .set("sasl.mechanism", sasl.mechanism.name())
            .set("sasl.username", &sasl.user)
            .set("sasl.password", &sasl.password);
    }
    config
}

fn protocol(options: &Options) -> &'static str {
    match (&options.tls, &options.sasl) {
        (None, None) => "plaintext",
        (Some(_), None) => "ssl",
        (None, Some(_)) => "sasl_plaintext",
        (Some(_), Some(_)) => "sasl_ssl",
    }
}

/// Of a consumer that takes partitions by itself: there is no group, but librdkafka wants its name.
pub(super) fn consumer_settings(options: &Options, of: &str, buffer: usize) -> ClientConfig {
    let mut config = settings(options);
    config
        .set("group.id", format!("{}.{of}", options.prefix))
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_uncommitted")
        .set("check.crcs", "true")
        .set("enable.partition.eof", (of == "reader").to_string())
        .set("fetch.wait.max.ms", "500")
        .set("fetch.error.backoff.ms", "50")
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.max.bytes", buffer.to_string())
        .set("queued.max.messages.kbytes", (buffer / 1024).to_string());
    config
}

/// For clients that nobody asks for their words between two uses: they say little, and what they say does not pile up.
pub(super) fn quiet(mut config: ClientConfig) -> ClientConfig {
    config.set_log_level(RDKafkaLogLevel::Critical);
    config
}

/// Makes a client.
pub(super) fn make<C: ClientContext, T: FromClientConfigAndContext<C>>(
    config: &ClientConfig,
    context: C,
) -> Result<T, ConnectError> {
    config.create_with_context(context).map_err(|error| ConnectError::Options(say(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kafka::{Mechanism, Sasl, Tls, producer},
        limits::{LINGER, READER_FETCH, REQUEST_WAIT, STATE_LINGER, TAIL_FETCH},
    };

    fn value(config: &ClientConfig, key: &str) -> String {
        let native = config.create_native_config().unwrap_or_else(|error| panic!("{}", say(&error)));
        native.get(key).unwrap_or_else(|error| panic!("{}", say(&error)))
    }

    #[test]
    fn librdkafka_takes_the_settings_and_the_limits_stand_in_them() {
        let mechanism = Mechanism::Plain;
        let options = Options {
            tls: Some(Tls::default()),
            sasl: Some(Sasl { mechanism, user: "linnet".into(), password: "secret".into() }),
            ..Options::new("127.0.0.1:9", "test", "example.org")
        };
        let milliseconds = |limit: std::time::Duration| limit.as_millis().to_string();
        let log = producer::settings(&options, LINGER.as_secs_f64() * 1000.0);
        for (key, expected) in [
            ("security.protocol", "sasl_ssl"),
            ("acks", "-1"),
            ("enable.idempotence", "true"),
            ("enable.gapless.guarantee", "true"),
            ("linger.ms", &milliseconds(LINGER)),
            ("socket.timeout.ms", &milliseconds(SOCKET_WAIT)),
            ("request.timeout.ms", &milliseconds(REQUEST_WAIT)),
            ("reconnect.backoff.max.ms", &milliseconds(RECONNECT_AT_MOST)),
        ] {
            assert_eq!(value(&log, key), expected, "{key}");
        }
        // The broker says first that it takes too long.
        assert!(REQUEST_WAIT < SOCKET_WAIT && LINGER < STATE_LINGER);
        for (of, fetch) in [("tail", TAIL_FETCH), ("reader", READER_FETCH)] {
            let config = consumer_settings(&options, of, fetch);
            assert_eq!(value(&config, "fetch.max.bytes"), fetch.to_string());
            assert_eq!(value(&config, "queued.max.messages.kbytes"), (fetch / 1024).to_string());
            assert_eq!(value(&config, "enable.partition.eof"), (of == "reader").to_string());
        }
    }

    #[test]
    fn what_librdkafka_says_is_shown_without_its_trimmings() {
        let said = "[thrd:127.0.0.1:9/bootstrap]: 127.0.0.1:9/bootstrap: Connect failed: refused (after 0ms in state X)";
        assert_eq!(plain(said), "127.0.0.1:9/bootstrap: Connect failed: refused");
        let secret = KafkaError::ClientConfig(
            rdkafka::types::RDKafkaConfRes::RD_KAFKA_CONF_INVALID,
            "no PEM".into(),
            "ssl.key.pem".into(),
            "a secret".into(),
        );
        assert_eq!(say(&secret), "ssl.key.pem: no PEM");
    }
}
