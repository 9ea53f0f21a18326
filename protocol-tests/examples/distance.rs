//! Rows per second from a broker that is near or far, with one fetch in flight, as many as its distance is worth, and four.
//!
//! `cargo run --release -p kolumn-protocol-tests --example distance`

use std::time::{Duration, Instant};

use kolumn::spec::{self, Type, column};
use kolumn::{Offsets, Stop, TableType};
use kolumn_test_broker::{BatchBuilder, TestCluster};

const PARTITIONS: i32 = 8;
const ROWS: u32 = 800_000;
const BATCH: u32 = 500;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{ROWS} rows in {PARTITIONS} partitions, batches of {BATCH}, one lane, answers of at most 256 KiB");
    println!("{:>10} {:>10} {:>12} {:>10}", "distance", "in flight", "rows/s", "seconds");
    for round_trip in [0, 5, 20, 50] {
        let cluster =
            TestCluster::builder().topic("t", PARTITIONS).latency(Duration::from_millis(round_trip)).start_blocking()?;
        let batch = (0..BATCH).fold(BatchBuilder::new(), |batch, number| {
            batch.record(kolumn_test_broker::Record::new(format!(r#"{{"n":{number},"text":"some text of a record"}}"#)))
        });
        let batch = batch.build();
        for partition in 0..PARTITIONS {
            for _ in 0..ROWS / BATCH / u32::try_from(PARTITIONS)? {
                cluster.produce("t", partition, batch.clone());
            }
        }
        for in_flight in ["1", "0", "4"] {
            let begun = Instant::now();
            let table = kolumn::consume("t")
                .brokers(cluster.bootstrap())
                .value(spec::json([column("n", Type::Int64)]))
                .offsets(Offsets::Beginning)
                .until(Stop::End)
                .lanes(1)
                .property("fetch.max.bytes", "262144")
                .property("kolumn.fetches.in.flight", in_flight)
                .table(TableType::Blink)
                .await?;
            table.finished().await?;
            let seconds = begun.elapsed().as_secs_f64();
            let in_flight = if in_flight == "0" { "auto" } else { in_flight };
            println!("{:>7} ms {in_flight:>10} {:>12.0} {seconds:>10.2}", round_trip, f64::from(ROWS) / seconds);
        }
    }
    Ok(())
}
