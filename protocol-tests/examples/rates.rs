//! How quickly the servers start and the producers and the independent consumer work on this machine:
//! `cargo run --profile suites -p kolumn-protocol-tests --example rates`.

use std::time::Instant;

use kolumn_protocol_tests::{Codec, Kafka, Production, Reading, Result, Workload, Writer};

fn main() -> Result<()> {
    kolumn_protocol_tests::prepare()?;
    let begun = Instant::now();
    let kafka = Kafka::builder().heap_mib(512).start()?;
    println!("start: {:.2?}", begun.elapsed());
    for (writer, records, codec) in [
        (Writer::Java, 3_000_000, Codec::None),
        (Writer::Java, 1_000_000, Codec::Lz4),
        (Writer::Java, 1_000_000, Codec::Zstd),
        (Writer::Librdkafka, 200_000, Codec::None),
    ] {
        let topic = format!("{writer:?}-{codec}");
        kafka.create_topic(&topic, 4)?;
        let workload = Workload::orders(1, records, 4);
        let begun = Instant::now();
        let produced = Production::new(writer, &topic, workload.clone()).codec(codec).run(&kafka.bootstrap())?;
        let whole = begun.elapsed();
        println!("{topic}: {records} records in {:.2?}, {whole:.2?} with the start of the program", produced.elapsed);
        let read = Reading::new(&topic).digests(&kafka.bootstrap())?;
        let begun = Instant::now();
        let expected = workload.digests();
        println!(
            "{topic}: read back in {:.2?}; told in advance in {:.2?}; equal: {}",
            read.elapsed,
            begun.elapsed(),
            read.digests == expected
        );
    }
    let begun = Instant::now();
    kafka.kill(1)?;
    kafka.restart(1)?;
    println!("kill -9 and restart: {:.2?}", begun.elapsed());
    let begun = Instant::now();
    let three = Kafka::builder().nodes(3).heap_mib(192).start()?;
    println!("three nodes: {:.2?}", begun.elapsed());
    drop(three);
    Ok(())
}
