//! A topic of JSON orders as an append table: what is there now, then every cycle as it comes.
//!
//! In one terminal: `cargo run --release -- demo --port 9092 --rate 1000`; in another: `cargo run --release -p kolumn --example orders`.

use futures_util::StreamExt;
use kolumn::spec::{self, Type, column};
use kolumn::{Offsets, TableType};

#[tokio::main(flavor = "current_thread")]
async fn main() -> kolumn::Result<()> {
    let brokers = std::env::var("KOLUMN_BROKERS").unwrap_or_else(|_| "127.0.0.1:9092".into());
    let orders = kolumn::consume("orders")
        .brokers(brokers)
        .value(spec::json([
            column("Symbol", Type::Utf8),
            column("Side", Type::Utf8),
            column("Price", Type::Float64),
            column("Qty", Type::Int64),
            column("Source", Type::Utf8).at("/Meta/src"),
        ]))
        .offsets(Offsets::Beginning)
        .table(TableType::Append)
        .await?;

    let mut updates = orders.updates();
    let mut rows = 0;
    while let Some(update) = updates.next().await {
        rows += update.added_rows();
        println!("cycle {}: {} new rows, {rows} in all", update.cycle(), update.added_rows());
        if rows >= 10_000 {
            break;
        }
    }

    let now = orders.snapshot();
    println!("{} rows of {} columns in {} batches", now.rows(), now.schema().fields().len(), now.batches().len());
    for (partition, held) in now.positions().iter() {
        println!("partition {partition}: offsets {} to {} (exclusive)", held.first, held.next);
    }
    println!("{} records could not be decoded", orders.errors().snapshot().rows());
    orders.close().await
}
