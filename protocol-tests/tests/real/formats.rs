//! A real Apache Kafka that serves a log with messages of formats 0 and 1, as one does whose topics are older than Kafka 0.11.

use std::fs;

use crate::common::complete;
use crate::common::formats::{SEGMENTS, expected, segment};
use crate::common::raw::{consume_raw, rows};
use kolumn::Stop;
use kolumn_protocol_tests::{Kafka, NewTopic, ServerError};

/// What Kafka remembers of a segment beside it, and makes anew where it is not there.
const DERIVED: [&str; 4] = ["index", "timeindex", "txnindex", "snapshot"];

#[tokio::test]
async fn c11_messages_of_formats_0_and_1_are_read_from_a_broker_of_today() -> Result<(), ServerError> {
    let kafka = Kafka::start()?;
    for name in SEGMENTS {
        kafka.admin().create_topic(&NewTopic::new(name, 1).setting("retention.ms", "-1"))?;
    }
    kafka.stop(1)?;
    let data = kafka.data_folder(1)?;
    for name in SEGMENTS {
        let folder = data.join(format!("{name}-0"));
        for file in fs::read_dir(&folder).expect("the partition has a folder") {
            let path = file.expect("a file").path();
            let derived = path.extension().is_some_and(|extension| DERIVED.iter().any(|derived| extension == *derived));
            if derived || path.ends_with("leader-epoch-checkpoint") {
                fs::remove_file(&path).expect("it can be removed");
            }
        }
        fs::copy(segment(name), folder.join("00000000000000000000.log")).expect("the segment can be copied");
    }
    // It says that nothing needs to be recovered.
    fs::remove_file(data.join(".kafka_cleanshutdown")).expect("the broker was stopped in order");
    kafka.restart(1)?;
    for name in SEGMENTS {
        let snapshot = complete(consume_raw(name, &kafka.bootstrap()).until(Stop::End)).await.snapshot();
        assert_eq!(rows(&snapshot), expected(name), "{name}");
    }
    Ok(())
}
