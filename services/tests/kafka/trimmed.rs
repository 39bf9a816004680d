//! What was dropped by age is said, and the tail goes on.

use crate::ear::{A, Line, connect, options, texts};
use event_log::{Offset, ReadError, kafka::Options};
use tests::{Kafka, kafka};

#[test]
fn reading_what_was_dropped_by_age_is_an_error_that_says_where_the_log_begins() {
    let options: Options = options(Kafka::shared());
    let log = connect(&options);
    let line = Line::new(&log, A);
    for number in 0..10 {
        line.put(&number.to_string());
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    let topic = format!("{}.log", options.prefix);
    let partitions =
        format!(r#"{{"partitions":[{{"topic":"{topic}","partition":0,"offset":7}}],"version":1}}"#);
    std::fs::write(file.path(), partitions).expect("written");
    let path = file.path().display();
    kafka::run(&format!(
        "kafka-delete-records.sh --bootstrap-server {} --offset-json-file {path}",
        options.brokers
    ));
    // A log that comes later has nothing in memory.
    let late = connect(&options);
    let trimmed = ReadError::Trimmed { shard: A, from: Offset(6), first: Offset(7) };
    assert_eq!(late.read(A, Offset(6), 100), Err(trimmed));
    assert_eq!(texts(&late, A, 7).len(), 3);
    assert_eq!(line.put("more"), 10);
    assert_eq!(texts(&late, A, 9).len(), 2);
}
