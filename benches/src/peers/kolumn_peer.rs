//! kolumn, as its users have it: the builder, and a table.

use arrow_array::RecordBatch;
use futures_util::StreamExt;
use kolumn::spec::{self, Type, column};
use kolumn::{MetadataColumns, Offsets, Stop, TableType};

use crate::Outcome;
use crate::arguments::Peer;
use crate::sums::Sums;

/// JSON orders into an append table of five columns, as the peers have them.
pub(super) fn json(peer: &Peer) -> Outcome<Vec<RecordBatch>> {
    orders(peer, consume(peer))
}

/// The same with one thread that reads and decodes.
pub(super) fn json_by_one_lane(peer: &Peer) -> Outcome<Vec<RecordBatch>> {
    orders(peer, consume(peer).lanes(1))
}

/// With the properties that are tried out.
fn consume(peer: &Peer) -> kolumn::Consume {
    let pairs = peer.property.iter().filter_map(|pair| pair.split_once('='));
    pairs.fold(kolumn::consume(&peer.topic), |consume, (key, value)| consume.property(key, value))
}

fn orders(peer: &Peer, consume: kolumn::Consume) -> Outcome<Vec<RecordBatch>> {
    run(async {
        let table = consume
            .brokers(&peer.brokers)
            .value(spec::json([
                column("Symbol", Type::Utf8),
                column("Side", Type::Utf8),
                column("Price", Type::Float64),
                column("Qty", Type::Int64),
                column("Tstamp", Type::Timestamp(spec::TimeUnit::Nanosecond)),
            ]))
            .metadata(MetadataColumns::none())
            .offsets(Offsets::Beginning)
            .until(Stop::End)
            .table(TableType::Append)
            .await?;
        table.finished().await?;
        Ok(table.snapshot().batches().to_vec())
    })
}

/// Payloads into a raw column of a blink table, whose rows are dropped as the peer's are.
pub(super) fn raw(peer: &Peer) -> Outcome<Sums> {
    run(async {
        // The handle is held: the consumption ends when the last one is dropped.
        let (_table, mut updates) = consume(peer)
            .brokers(&peer.brokers)
            .value(spec::raw("Value"))
            .metadata(MetadataColumns::none())
            .offsets(Offsets::Beginning)
            .until(Stop::End)
            .table(TableType::Blink)
            .with_updates()
            .await?;
        let mut sums = Sums::default();
        while let Some(update) = updates.next().await {
            for batch in update.added() {
                let values = arrow_array::cast::AsArray::as_binary::<i32>(batch.column(0));
                let offsets = values.value_offsets();
                let bytes = offsets.last().copied().unwrap_or(0) - offsets.first().copied().unwrap_or(0);
                sums.add(batch.num_rows(), [i64::from(bytes)]);
            }
        }
        Ok(sums)
    })
}

fn run<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(work)
}
