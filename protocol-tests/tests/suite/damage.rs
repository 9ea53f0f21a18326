//! Batches that cannot be read: damaged on the way, damaged for good, lying, bombs.

use crate::common::codecs::{CODECS, gzip};
use crate::common::{account, assert_numbered, complete, consume, empty, failing, numbered_batch, numbers, offsets, values};
use bytes::Bytes;
use kolumn::error::BatchError;
use kolumn::table::State;
use kolumn::{Error, Stop};
use kolumn_test_broker::{ApiKey, BatchBuilder, Codec, Response, TestCluster, Verdict};

/// Turns a bit in the last byte of the records of the next so many fetches that have any.
fn damage(cluster: &TestCluster, times: usize) {
    let left = std::sync::atomic::AtomicUsize::new(times);
    let edit = Verdict::edit(move |response: &mut Response| {
        let Response::Fetch(response) = response else { return };
        for partition in response.responses.iter_mut().flat_map(|topic| &mut topic.partitions) {
            let Some(records) = partition.records.as_mut().filter(|records| !records.is_empty()) else { continue };
            use std::sync::atomic::Ordering::Relaxed;
            if left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
                let mut bytes = records.to_vec();
                if let Some(last) = bytes.last_mut() {
                    *last ^= 1;
                }
                *records = Bytes::from(bytes);
            }
        }
    });
    cluster.on(move |request| if request.api == ApiKey::Fetch { edit.clone() } else { Verdict::Pass });
}

#[tokio::test]
async fn c8_a_batch_that_was_damaged_on_the_way_is_fetched_again() {
    let cluster = empty(1);
    for first in [0, 100, 200] {
        cluster.produce("t", 0, numbered_batch(first..first + 100));
    }
    damage(&cluster, 1);
    let table = complete(consume(&cluster).until(Stop::End)).await;
    assert_numbered(&table.snapshot(), 1, 300);
    let seen = table.status().partitions[0].last_error.clone();
    assert!(matches!(seen, Some(Error::Batch { reason: BatchError::Crc { .. }, .. })), "{seen:?}");
}

#[tokio::test]
async fn c8_a_batch_that_is_damaged_for_good_fails_the_consumption_and_keeps_the_rows_before_it() {
    let cluster = empty(1);
    cluster.produce("t", 0, numbered_batch(0..100));
    cluster.produce("t", 0, values(100..110).crc_xor(0x10).build());
    cluster.produce("t", 0, numbered_batch(110..120));
    let (table, error) = failing(consume(&cluster)).await;
    match &error {
        Error::Batch { topic, partition: 0, offset: 100, reason: BatchError::Crc { expected, actual } } => {
            assert_eq!((topic.as_str(), expected ^ actual), ("t", 0x10));
        }
        other => panic!("{other:?}"),
    }
    assert_numbered(&table.snapshot(), 1, 100);
    let status = table.status();
    assert_eq!((status.state, status.last_error), (State::Failed, Some(error)));
}

#[tokio::test]
async fn a_wrong_checksum_does_not_matter_to_who_does_not_check_it() {
    let cluster = empty(1);
    cluster.produce("t", 0, values(0..10).crc_xor(0x10).build());
    let table = complete(consume(&cluster).until(Stop::End).property("check.crcs", "false")).await;
    assert_numbered(&table.snapshot(), 1, 10);
}

#[tokio::test]
async fn what_is_no_batch_fails_the_consumption_with_what_is_wrong_and_never_more() {
    let broken = [
        ("an unknown codec", values(100..110).attributes(6).build(), BatchError::Codec { codec: 6 }),
        (
            "records behind the last",
            values(100..110).record_count(9).build(),
            BatchError::Trailing { left: values(100..110).records_section().len() - values(100..109).records_section().len() },
        ),
    ];
    for (what, bytes, expected) in broken {
        let cluster = empty(1);
        cluster.produce("t", 0, numbered_batch(0..100));
        cluster.produce("t", 0, bytes);
        let (table, error) = failing(consume(&cluster)).await;
        assert_eq!(error, Error::Batch { topic: "t".into(), partition: 0, offset: 100, reason: expected }, "{what}");
        let account = account(&table);
        assert!((100..=110).contains(&account.next), "{what}: {account:?}");
        assert!(numbers(&table.snapshot())[&0].iter().all(|(offset, number)| Some(*offset) == *number), "{what}");
    }
}

#[tokio::test]
async fn c10_a_batch_that_lies_about_its_records_fails_the_consumption_and_its_neighbours_stay() {
    let lies = [
        ("more records than there are", values(100..110).record_count(11)),
        ("a count below zero", values(100..110).record_count(-1)),
        ("offsets beyond the batch", values(100..110).last_offset_delta(3)),
        ("fewer records than there are", values(100..110).record_count(4).last_offset_delta(3)),
        ("noise", BatchBuilder::new().payload(vec![0x9c; 500]).record_count(10).last_offset_delta(9)),
        ("noise for gzip", values(100..110).compress(Codec::Gzip, |_| vec![0x9c; 500])),
        ("noise for snappy", values(100..110).compress(Codec::Snappy, |_| vec![0x9c; 500])),
        ("noise for lz4", values(100..110).compress(Codec::Lz4, |_| vec![0x9c; 500])),
        ("noise for zstd", values(100..110).compress(Codec::Zstd, |_| vec![0x9c; 500])),
        ("half a gzip stream", values(100..110).compress(Codec::Gzip, |bytes| gzip(bytes)[..40].to_vec())),
    ];
    for (what, lie) in lies {
        let cluster = empty(1);
        cluster.produce("t", 0, numbered_batch(0..100));
        cluster.produce("t", 0, lie.build());
        let (table, error) = failing(consume(&cluster)).await;
        assert!(matches!(&error, Error::Batch { partition: 0, offset: 100, .. }), "{what}: {error:?}");
        assert!(account(&table).next >= 100, "{what}");
        assert_eq!(numbers(&table.snapshot())[&0][..100], (0..100).map(|number| (number, Some(number))).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn c9_a_batch_that_decompresses_to_more_than_the_limit_is_refused() {
    for (codec, compress) in CODECS {
        let cluster = empty(1);
        cluster.produce("t", 0, numbered_batch(0..10));
        let bomb = BatchBuilder::new().values([vec![b' '; 4 << 20]]).compress(codec, compress);
        cluster.produce("t", 0, bomb.build());
        let limit = (1 << 20).to_string();
        let (table, error) = failing(consume(&cluster).property("kolumn.max.decompressed.batch.bytes", limit)).await;
        let reason = BatchError::TooLarge { limit: 1 << 20 };
        assert_eq!(error, Error::Batch { topic: "t".into(), partition: 0, offset: 10, reason }, "{codec:?}");
        assert_numbered(&table.snapshot(), 1, 10);
    }
}

#[tokio::test]
async fn a_damaged_batch_of_one_partition_leaves_what_the_others_have() {
    let cluster = TestCluster::builder().nodes(2).topic("t", 3).start_blocking().expect("the cluster starts");
    for partition in 0..3 {
        cluster.produce("t", partition, numbered_batch(0..50));
    }
    cluster.produce("t", 1, values(50..60).crc_xor(1).build());
    let (table, error) = failing(consume(&cluster)).await;
    assert!(matches!(error, Error::Batch { partition: 1, offset: 50, .. }), "{error:?}");
    for (partition, position) in table.snapshot().positions().iter() {
        assert!(position.account.adds_up() && position.account.next <= 50, "partition {partition}: {position:?}");
    }
    assert_eq!(offsets(&table.snapshot(), 1), (0..50).collect::<Vec<_>>());
}
