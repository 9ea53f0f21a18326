//! Brokers of every age, from the first with record batches to the newest.

use crate::common::raw::{consume_raw, digests};
use crate::common::{assert_adds_up, complete, within};
use kolumn::{Error, Stop, TableType};
use kolumn_protocol_tests::{Codec, Kafka, OldKafka, Production, Reading, ServerError, Workload, Writer};

type Outcome = Result<(), ServerError>;

/// Writes a topic with each codec that the broker takes, and reads it, whole and committed only.
async fn reads_what_others_read(bootstrap: &str, create: impl Fn(&str) -> Outcome, codecs: &[Codec]) -> Outcome {
    for (number, codec) in codecs.iter().enumerate() {
        let topic = format!("codec-{codec}");
        create(&topic)?;
        let workload = Workload { headers: 2, ..Workload::orders(80 + number as u64, 5000, 4) };
        Production::new(Writer::Librdkafka, &topic, workload.clone()).codec(*codec).run(bootstrap)?;
        let table = complete(consume_raw(&topic, bootstrap).until(Stop::End)).await;
        assert_eq!(digests(&table.snapshot()), workload.digests(), "{topic}");
        assert_adds_up(&table.snapshot());
    }
    create("transactions")?;
    let workload = Workload::orders(90, 1000, 4);
    Production::new(Writer::Librdkafka, "transactions", workload).transactions(50, 4).run(bootstrap)?;
    let committed = consume_raw("transactions", bootstrap).property("isolation.level", "read_committed").until(Stop::End);
    let table = complete(committed).await;
    assert_eq!(digests(&table.snapshot()), Reading::new("transactions").committed().digests(bootstrap)?.digests);
    assert_eq!(table.snapshot().rows(), 750);
    assert_adds_up(&table.snapshot());
    Ok(())
}

#[tokio::test]
async fn a17_kafka_2_1_the_oldest_that_is_promised_is_read() -> Outcome {
    let kafka = OldKafka::start("2.1.1")?;
    reads_what_others_read(&kafka.bootstrap(), |_| Ok(()), &Codec::ALL).await
}

#[tokio::test]
async fn a17_kafka_2_8_is_read() -> Outcome {
    let kafka = OldKafka::start("2.8.2")?;
    reads_what_others_read(&kafka.bootstrap(), |_| Ok(()), &Codec::ALL).await
}

#[tokio::test]
async fn a17_kafka_0_11_is_older_than_promised_and_read_all_the_same() -> Outcome {
    let kafka = OldKafka::start("0.11.0.3")?;
    let codecs = [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4];
    reads_what_others_read(&kafka.bootstrap(), |_| Ok(()), &codecs).await
}

#[tokio::test]
async fn a17_kafka_0_10_is_too_old_and_the_error_has_both_ranges() -> Outcome {
    let kafka = OldKafka::start("0.10.2.2")?;
    let refused = within(consume_raw("any", &kafka.bootstrap()).table(TableType::Append).into_future()).await;
    let error = refused.expect_err("it has no record batches");
    assert!(matches!(error, Error::UnsupportedVersion { theirs: Some(_), .. }), "{error}");
    Ok(())
}

#[tokio::test]
async fn a17_kafka_3_9_is_read() -> Outcome {
    let kafka = Kafka::builder().version("3.9.2").start()?;
    reads_what_others_read(&kafka.bootstrap(), |topic| kafka.create_topic(topic, 4), &Codec::ALL).await
}

#[tokio::test]
async fn a17_the_newest_kafka_is_read() -> Outcome {
    let kafka = Kafka::shared()?;
    reads_what_others_read(&kafka.bootstrap(), |topic| kafka.create_topic(topic, 4), &Codec::ALL).await
}
