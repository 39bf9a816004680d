//! What a node is told when Kafka, or what lies in it, is not as it must be.

use crate::ear::{A, Heard, Line, connect, options, until};
use domain::ShardCount;
use event_log::{
    AppendError, Log,
    kafka::{ConnectError, Mechanism, Options, Sasl, Tls},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use std::time::{Duration, Instant};
use tests::{
    Kafka,
    kafka::{self, Extra},
};

fn refusal(options: &Options) -> ConnectError {
    match Log::connect(options.clone()) {
        Ok(_) => panic!("it connects"),
        Err(error) => error,
    }
}

#[test]
fn another_number_of_shards_and_another_pool_are_refused_by_name() {
    let made = options(Kafka::shared());
    drop(connect(&made));
    let shards = ShardCount::new(8).expect("not zero");
    assert_eq!(refusal(&Options { shards, ..made.clone() }), ConnectError::Shards { has: 4, wanted: 8 });
    let error = refusal(&Options { domain: "other.test".into(), ..made.clone() });
    assert_eq!(
        error.to_string(),
        format!(
            "the topics {}.* belong to the pool of linnet.test, and this node serves other.test: give it another \
             --kafka-prefix",
            made.prefix
        )
    );
    drop(connect(&made));
}

#[test]
fn a_topic_that_can_lose_records_is_refused_with_the_command_that_mends_it() {
    let made = options(Kafka::shared());
    drop(connect(&made));
    for (topic, wrong) in
        [("log", "cleanup.policy=compact"), ("state", "unclean.leader.election.enable=true")]
    {
        let (brokers, name) = (&made.brokers, format!("{}.{topic}", made.prefix));
        let alter = format!(
            "kafka-configs.sh --bootstrap-server {brokers} --alter --entity-type topics --entity-name {name}"
        );
        kafka::run(&format!("{alter} --add-config {wrong}"));
        let ConnectError::Topic(said) = refusal(&made) else { panic!("another error") };
        assert!(said.starts_with(&format!("the topic {name} has {wrong} and not ")), "{said}");
        let command = said.split('`').nth(1).expect("the sentence holds a command");
        kafka::run(command);
        drop(connect(&made));
    }
}

#[test]
fn more_copies_than_brokers_and_a_place_where_nobody_answers() {
    let error = refusal(&Options { replication: 3, ..options(Kafka::shared()) });
    assert!(error.to_string().ends_with("there are not 3 brokers to keep its copies"), "{error}");
    let nobody = Options {
        brokers: "127.0.0.1:9".into(),
        patience: Duration::from_secs(1),
        ..options(Kafka::shared())
    };
    let error = refusal(&nobody);
    assert!(matches!(&error, ConnectError::Unreachable(why) if why.contains("127.0.0.1:9")), "{error}");
}

/// An authority, and a certificate of it for loopback with its key.
fn certificates() -> (String, String, String) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "the authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
    let certificate = params.signed_by(&key, &ca).expect("signed");
    (ca.pem(), certificate.pem(), key.serialize_pem())
}

#[test]
fn tls_and_a_password_let_in_and_what_is_wrong_with_them_is_said_plainly() {
    let (ca, certificate, key) = certificates();
    let line = |pem: &str| pem.trim().replace('\n', "\\n");
    let properties = format!(
        "listeners=PLAINTEXT://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller}},SASL_SSL://127.0.0.1:{{secure}}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{{port}},SASL_SSL://127.0.0.1:{{secure}}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL\n\
         sasl.enabled.mechanisms=SCRAM-SHA-512\n\
         listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
         org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
         ssl.client.auth=required\nssl.keystore.type=PEM\nssl.truststore.type=PEM\n\
         ssl.truststore.certificates={}\nssl.keystore.certificate.chain={}\nssl.keystore.key={}\n",
        line(&ca),
        line(&certificate),
        line(&key)
    );
    let kafka = Kafka::start_with(1, Extra { properties: &properties, scram: Some(("linnet", "correct")) });
    let right = Options {
        brokers: kafka.secure(),
        tls: Some(Tls { ca: Some(ca), identity: Some((certificate, key)) }),
        sasl: Some(Sasl {
            mechanism: Mechanism::ScramSha512,
            user: "linnet".into(),
            password: "correct".into(),
        }),
        ..options(&kafka)
    };
    assert_eq!(Line::new(&connect(&right), A).put("in"), 0);
    assert!(!format!("{right:?}").contains("correct") && !format!("{right:?}").contains("BEGIN"));

    let since = Instant::now();
    let password = Sasl { password: "battery".into(), ..right.sasl.clone().expect("is set") };
    let said = refusal(&Options { sasl: Some(password), ..right.clone() }).to_string();
    assert!(said.contains("invalid credentials") && !said.contains("battery"), "{said}");
    let other = certificates().0;
    let tls = Tls { ca: Some(other), ..right.tls.clone().expect("is set") };
    let said = refusal(&Options { tls: Some(tls), ..right.clone() }).to_string();
    assert!(said.starts_with("Kafka refuses: ") && said.contains("certificate verify failed"), "{said}");
    let tls = Tls {
        identity: Some(("no certificate".into(), "a secret".into())),
        ..right.tls.clone().expect("is set")
    };
    let said = refusal(&Options { tls: Some(tls), ..right }).to_string();
    assert!(
        said.starts_with("Kafka's client does not take its settings") && !said.contains("a secret"),
        "{said}"
    );
    assert!(since.elapsed() < Duration::from_secs(20), "it does not try again what is refused");
}

#[test]
fn a_record_that_kafka_refuses_fails_all_that_is_open_and_later_lines_go_on() {
    let options = options(Kafka::shared());
    let log = connect(&options);
    let set = |value: &str| {
        let (brokers, prefix) = (&options.brokers, &options.prefix);
        kafka::run(&format!(
            "kafka-configs.sh --bootstrap-server {brokers} --alter --entity-type topics --entity-name {prefix}.log \
             --add-config max.message.bytes={value}"
        ));
    };
    set("1000");
    let line = Line::new(&log, A);
    line.put("small");
    line.append(&"x".repeat(3000));
    assert!(matches!(line.next(), Heard::Failed(1, AppendError::Failed(_))));
    assert_eq!(line.appender.append(bytes::Bytes::new()), Err(AppendError::Broken));
    set("5000000");
    let line = Line::new(&log, A);
    assert_eq!(line.put(&"x".repeat(3000)), 1);
    until("nothing is on its way", || log.kafka_numbers().is_some_and(|numbers| numbers.in_flight == 0));
    assert_eq!(log.trouble(), None);
}
