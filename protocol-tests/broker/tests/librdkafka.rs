//! librdkafka, which shares no code with the test broker, produces to it and consumes from it.
//!
//! The witness is `librdkafka.py`. It runs in a virtual environment below the target directory, which is made at the first run; that
//! needs `python3` and a package index. Without them the test fails: a witness that is not heard
//! has proved nothing.

use bytes::Bytes;
use kolumn_test_broker::{BatchBuilder, BatchHeader, Codec, Marker, Record, TestCluster};
use std::path::{Path, PathBuf};
use std::process::Command;

const CLIENT: &str = "confluent-kafka==2.16.1";

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{command:?} failed:\n{text}");
    println!("{text}");
}

/// A Python with the client in it, made once and kept.
fn python() -> PathBuf {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("librdkafka");
    let python = environment.join("bin/python");
    let complete = environment.join(CLIENT);
    if !complete.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", CLIENT]));
        std::fs::write(&complete, "").expect("the target directory can be written to");
    }
    python
}

fn codec(batch: &Bytes) -> Codec {
    BatchHeader::read(batch).expect("a header").codec().expect("a known codec")
}

fn stored(cluster: &TestCluster) {
    let log = cluster.log("stored", 0);
    log.produce(BatchBuilder::new().record(Record::new("first")).record(Record::null().key("k")).build());
    let odd =
        Record::new("").key("").header("a", Some(b"1")).header("a", None).header("", Some(b"")).timestamp(5).offset_delta(4);
    log.store(BatchBuilder::new().base_offset(5).record(odd).last_offset_delta(9).build());
    log.store(BatchBuilder::new().base_offset(20).last_offset_delta(4).producer(8, 0, 0).build());
    log.store(BatchBuilder::new().base_offset(30).values(["appended", "appended too"]).log_append_time(1234).build());
    log.produce(BatchBuilder::new().values(["last"]).build());
}

fn transactions(cluster: &TestCluster) {
    let log = cluster.log("transactions", 0);
    let data = |producer, sequence, value| {
        log.produce(BatchBuilder::new().producer(producer, 0, sequence).transactional().values([value]).build())
    };
    log.produce(BatchBuilder::new().values(["plain"]).build());
    data(100, 0, "dropped");
    data(200, 0, "kept");
    data(100, 1, "dropped too");
    data(200, 1, "kept too");
    log.produce(BatchBuilder::marker(Marker::Abort, 100, 0).build());
    log.produce(BatchBuilder::marker(Marker::Commit, 200, 0).build());
    data(300, 0, "open");
}

#[test]
fn librdkafka_produces_and_consumes_every_codec_idempotently_and_agrees_on_every_value() {
    let topics = ["codecs", "idempotent", "unacknowledged"];
    let builder = topics.iter().fold(TestCluster::builder().nodes(3), |builder, topic| builder.topic(topic, 3));
    let builder = builder.topic("stored", 1).topic("transactions", 1).topic("repeating", 1);
    let cluster = builder.start_blocking().expect("it starts");
    stored(&cluster);
    transactions(&cluster);
    let round = BatchBuilder::new().values((0..100).map(|number| format!("value {number}"))).build();
    cluster.log("repeating", 0).repeat(&[round], 10_000);

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/librdkafka.py");
    run(Command::new(python()).arg(script).arg(cluster.bootstrap()));
    let codecs: Vec<Codec> = cluster.log("codecs", 0).batches().iter().map(codec).collect();
    for codec in [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        assert!(codecs.contains(&codec), "no batch came compressed by {codec:?}");
    }
    let sequenced = cluster.log("idempotent", 0).batches();
    assert!(sequenced.iter().all(|batch| BatchHeader::read(batch).expect("a header").producer_id > 0));
    assert_eq!(cluster.committed("witness", "idempotent", 1), Some(77));
}
