//! One table for each partition, a ring of the last 1000 rows each, and a column operation on all of them, future ones included.
//!
//! In one terminal: `cargo run --release -- demo --port 9092`; in another: `cargo run --release -p kolumn --example partitioned`.

use futures_util::StreamExt;
use kolumn::spec::{self, Type, column};
use kolumn::{Offsets, TableType};

#[tokio::main(flavor = "current_thread")]
async fn main() -> kolumn::Result<()> {
    let brokers = std::env::var("KOLUMN_BROKERS").unwrap_or_else(|_| "127.0.0.1:9092".into());
    let orders = kolumn::consume("orders")
        .brokers(brokers)
        .value(spec::json([column("Symbol", Type::Utf8), column("Price", Type::Float64)]))
        .offsets(Offsets::Beginning)
        .table(TableType::Ring(1000))
        .by_partition()
        .await?;

    let prices = orders.proxy().select(["KafkaOffset", "Price"])?.target();
    let mut updates = prices.merge().updates();
    for _ in 0..100 {
        if updates.next().await.is_none() {
            break;
        }
    }
    for partition in prices.keys() {
        let Some(table) = prices.get(partition) else { continue };
        let now = table.snapshot();
        println!("partition {partition}: {} rows, {:?}", now.rows(), now.positions());
    }
    orders.close().await
}
