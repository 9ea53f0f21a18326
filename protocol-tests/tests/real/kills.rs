//! A real Apache Kafka that is killed while kolumn reads from it, and comes back on the same data.

use std::collections::BTreeMap;

use crate::common::raw::{add, consume_raw};
use crate::common::{assert_adds_up, until, within};
use futures_util::StreamExt;
use kolumn::table::State;
use kolumn::{Stop, TableType};
use kolumn_protocol_tests::{Codec, Digester, Kafka, Production, Reading, ServerError, Workload, Writer};

type Outcome = Result<(), ServerError>;

#[tokio::test]
async fn a_table_goes_on_after_kill_9_of_the_broker_with_nothing_lost_and_nothing_twice() -> Outcome {
    const ROWS: usize = 1_000_000;
    let kafka = Kafka::start()?;
    kafka.create_topic("killed", 4)?;
    let workload = Workload::orders(21, ROWS as u64, 4);
    Production::new(Writer::Java, "killed", workload.clone()).codec(Codec::Lz4).run(&kafka.bootstrap())?;

    // What is not read holds the fetch up: the kill comes when it has gone so far, however fast the machine is.
    let consume = consume_raw("killed", &kafka.bootstrap()).memory_budget(4 << 20).until(Stop::End);
    let table = within(consume.table(TableType::Blink).into_future()).await.expect("a table");
    let mut updates = table.updates();
    let mut seen = Seen::default();
    while seen.rows < ROWS / 4 {
        seen.take(&within(updates.next()).await.expect("more rows"));
    }
    kafka.kill(1)?;
    assert!(seen.rows < ROWS / 2, "{} rows were read before the kill: it was not in the middle", seen.rows);

    // The reader goes on, and with it the fetch, into the wall.
    let reading = async {
        while let Some(update) = updates.next().await {
            seen.take(&update);
        }
    };
    let looking = async {
        until("a table that waits", || matches!(table.status().state, State::Waiting { .. })).await;
        kafka.restart(1)
    };
    let ((), restarted) = within(async { tokio::join!(reading, looking) }).await;
    restarted?;
    within(table.finished()).await.expect("it is complete");

    assert_eq!(seen.rows, ROWS);
    let found: BTreeMap<_, _> = seen.digesters.into_iter().map(|(partition, digester)| (partition, digester.finish())).collect();
    assert_eq!(found, workload.digests());
    assert_eq!(found, Reading::new("killed").digests(&kafka.bootstrap())?.digests);
    assert_adds_up(&table.snapshot());
    Ok(())
}

#[derive(Default)]
struct Seen {
    rows: usize,
    digesters: BTreeMap<i32, Digester>,
}

impl Seen {
    fn take(&mut self, update: &kolumn::Update) {
        self.rows += update.added_rows();
        for batch in update.added() {
            add(&mut self.digesters, batch);
        }
    }
}
