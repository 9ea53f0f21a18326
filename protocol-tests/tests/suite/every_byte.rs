//! A small fetch answer that is cut, held up, dripped or corrupted, once at every byte of it: the table is right each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::common::{self, PATIENCE, append_numbered, assert_numbered, consume, numbers, until, within};
use futures_util::StreamExt;
use kolumn::{Consume, Error, Stop, Table, TableType};
use kolumn_test_broker::{ApiKey, TestCluster, Verdict};

const ROWS: i64 = 6;

/// Where a fetch answer says how long the client is to rest: all but the last byte, and the count of tags before it, which may move
/// other bytes there.
const THROTTLE: std::ops::Range<usize> = 8..12;

/// What lies before this in an answer: its own fields, and the header of the first batch as far as no checksum covers it.
const CHECKED: usize = 100;

/// Where the first batch begins.
const BASE_OFFSET: std::ops::Range<usize> = 74..82;

/// So many consumptions at once: each waits most of its time.
const AT_ONCE: usize = 8;

/// A cluster whose fetch answers go wrong by the name of the client that asks: the how manieth, and how.
struct Faulty {
    cluster: TestCluster,
    faults: Arc<Mutex<HashMap<String, (u32, Verdict)>>>,
    /// In milliseconds, how long an answer may take.
    timeout: &'static str,
}

impl Faulty {
    fn new(timeout: &'static str) -> Self {
        let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("the cluster starts");
        append_numbered(&cluster, 0, 0..ROWS, 2);
        let faults: Arc<Mutex<HashMap<String, (u32, Verdict)>>> = Arc::default();
        let scripted = Arc::clone(&faults);
        cluster.on(move |request| {
            let mut faults = scripted.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(client) = request.client_id.filter(|_| request.api == ApiKey::Fetch) else { return Verdict::Pass };
            match faults.get_mut(client) {
                Some((0, _)) => faults.remove(client).map(|(_, verdict)| verdict).unwrap_or_default(),
                Some((before, _)) => {
                    *before -= 1;
                    Verdict::Pass
                }
                None => Verdict::Pass,
            }
        });
        Self { cluster, faults, timeout }
    }

    /// One that does not wait long before it tries again. The rows come in several answers, each with a batch and a half.
    fn consume(&self, client: &str) -> Consume {
        consume(&self.cluster)
            .lanes(1)
            .property("client.id", client)
            .property("max.partition.fetch.bytes", "150")
            .property("reconnect.backoff.ms", "1")
            .property("reconnect.backoff.max.ms", "10")
            .property("retry.backoff.ms", "1")
            .property("retry.backoff.max.ms", "10")
            .property("fetch.max.wait.ms", "10")
            .property("request.timeout.ms", self.timeout)
            .until(Stop::End)
    }

    /// The length of each fetch answer of an undisturbed consumption.
    async fn lengths(&self) -> Vec<usize> {
        let table = common::complete(self.consume("undisturbed")).await;
        assert_numbered(&table.snapshot(), 1, ROWS);
        let fetches = self.cluster.requests_of(ApiKey::Fetch);
        fetches.iter().map(|request| request.response_bytes).collect()
    }

    /// Runs a consumption for each fault of each of the first two answers, and returns what became of them all.
    async fn every(&self, faults: impl Fn(usize) -> Vec<Verdict>) -> Vec<Outcome> {
        let lengths = self.lengths().await;
        assert!(lengths.len() >= 2 && lengths[..2].iter().all(|length| *length > 150), "{lengths:?}");
        let positions = (0_u32..2).zip(&lengths).flat_map(|(answer, length)| (0..*length).map(move |at| (answer, at)));
        let runs: Vec<(u32, usize, Verdict)> =
            positions.flat_map(|(answer, at)| faults(at).into_iter().map(move |fault| (answer, at, fault))).collect();
        futures_util::stream::iter(runs).map(|run| self.run(run)).buffer_unordered(AT_ONCE).collect().await
    }

    async fn run(&self, (answer, at, fault): (u32, usize, Verdict)) -> Outcome {
        let what = format!("answer {answer}, byte {at}, {fault:?}");
        let faults = || self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = matches!(fault, Verdict::CorruptAt(at, _) if THROTTLE.contains(&at));
        faults().insert(what.clone(), (answer, fault));
        let table = within(self.consume(&what).table(TableType::Append).into_future()).await.expect("a table");
        if waits {
            // Nothing is wrong with it, but for the time that the broker seems to want: minutes.
            until("the damaged answer", || !faults().contains_key(&what)).await;
            return Outcome { what, table, end: Ok(()) };
        }
        let end = tokio::time::timeout(PATIENCE, table.finished()).await;
        let end = end.unwrap_or_else(|_| panic!("{what} is never got over: {:?}", table.status()));
        assert!(!faults().contains_key(&what), "{what} was never met");
        Outcome { what, table, end }
    }
}

/// What became of a consumption.
struct Outcome {
    what: String,
    table: Table,
    end: Result<(), Error>,
}

impl Outcome {
    /// All rows are there, once.
    fn assert_whole(&self) {
        if let Err(error) = &self.end {
            panic!("{}: {error}", self.what);
        }
        self.assert_right();
        assert_eq!(self.table.snapshot().rows(), usize::try_from(ROWS).expect("a count"), "{}", self.what);
    }

    /// The rows that are there are the first ones, each where it belongs, and every offset is accounted for.
    fn assert_right(&self) {
        let snapshot = self.table.snapshot();
        let rows = numbers(&snapshot).remove(&0).unwrap_or_default();
        let expected: Vec<(i64, Option<i64>)> = (0..).map(|number| (number, Some(number))).take(rows.len()).collect();
        assert_eq!(rows, expected, "{}", self.what);
        let account = snapshot.positions().get(0).expect("partition 0").account;
        assert!(account.adds_up(), "{}: {account:?}", self.what);
        assert_eq!((account.first, account.next), (0, i64::try_from(rows.len()).expect("a count")), "{}", self.what);
    }
}

#[tokio::test]
async fn a3_an_answer_cut_at_any_byte_is_asked_for_again_and_no_row_is_lost_or_doubled() {
    for outcome in Faulty::new("10000").every(|at| vec![Verdict::CutAt(at)]).await {
        outcome.assert_whole();
    }
}

#[tokio::test]
async fn a4_an_answer_that_stops_at_any_byte_is_given_up_and_asked_for_again() {
    for outcome in Faulty::new("100").every(|at| vec![Verdict::StallAt(at)]).await {
        outcome.assert_whole();
    }
}

#[tokio::test]
async fn a5_an_answer_held_up_at_any_byte_arrives_when_the_rest_does() {
    for outcome in Faulty::new("10000").every(|at| vec![Verdict::PauseAt(at, Duration::from_millis(2))]).await {
        outcome.assert_whole();
    }
}

#[tokio::test]
async fn a5_an_answer_that_drips_from_any_byte_on_arrives_whole() {
    for outcome in Faulty::new("10000").every(|at| vec![Verdict::DripFrom(at, Duration::ZERO)]).await {
        outcome.assert_whole();
    }
}

#[tokio::test]
async fn c8_an_answer_with_any_bit_flipped_puts_no_row_where_it_does_not_belong() {
    // Each bit of the base offset, some of whatever else no checksum covers, and one of each byte of what one does.
    let bits = |at: usize| match at {
        at if BASE_OFFSET.contains(&at) => &[0, 1, 2, 3, 4, 5, 6, 7][..],
        at if at < CHECKED => &[0, 3, 7],
        _ => &[0],
    };
    let outcomes = Faulty::new("250").every(|at| bits(at).iter().map(|bit| Verdict::CorruptAt(at, 1 << bit)).collect()).await;
    for outcome in outcomes {
        outcome.assert_right();
        // An error code may say that there is no use in asking again; what is damaged is asked for again.
        match &outcome.end {
            Ok(()) | Err(Error::NotAuthorized { .. } | Error::Refused { .. } | Error::OffsetOutOfRange { .. }) => {}
            Err(error) => panic!("{}: {error}", outcome.what),
        }
    }
}
