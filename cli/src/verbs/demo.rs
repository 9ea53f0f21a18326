//! `kolumn demo`: a broker, a producer and the table, in one process.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kolumn::position::{Offsets, Partitions, Stop};
use kolumn_test_broker::TestCluster;

use crate::arguments::{DemoArguments, OnErrorArgument, Talk, now_milliseconds};
use crate::demo::orders::{Orders, SPEC};
use crate::demo::pace::Pace;
use crate::demo::producer::{Producer, TOPIC};
use crate::exit::Failure;
use crate::figures;
use crate::interrupt::Interrupt;
use crate::live;
use crate::live::latency::{self, Latencies};
use crate::live::run::Ended;
use crate::log::Log;
use crate::source::{Consumption, Request, Seen};
use crate::verbs::consume::summarize;

/// How often the producer hears how far its records were consumed.
const TELL: Duration = Duration::from_millis(50);

/// Runs the verb; says whether it was interrupted.
pub(crate) async fn run(arguments: &DemoArguments, talk: Talk, log: &Log, interrupt: &mut Interrupt) -> Result<bool, Failure> {
    let cluster = TestCluster::builder().port(arguments.port).topic(TOPIC, arguments.partitions).start_blocking();
    let cluster =
        Arc::new(cluster.map_err(|error| {
            Failure::Other(format!("cannot open port {}: {error}; --port 0 takes any free one", arguments.port))
        })?);
    let rows = arguments.rows.map(std::num::NonZeroU64::get);
    let pace = Pace::new(arguments.rate, rows);
    let request = Request {
        topic: TOPIC.to_owned(),
        properties: [("bootstrap.servers", cluster.bootstrap()), ("client.id", "kolumn-demo".to_owned())].into(),
        key: None,
        value: Some(crate::source::spec::spec(SPEC, kolumn::spec::Side::Value)?),
        metadata: true,
        partitions: Partitions::All,
        start: Offsets::Beginning.into(),
        stop: arguments.duration.map_or(Stop::Never, Stop::After),
        limit: rows,
        on_error: OnErrorArgument::Collect,
        table: arguments.table,
        by_partition: false,
    };
    let consumption = Consumption::open(&request).await?;
    let start = Instant::now();
    let mut producer = Producer::start(Arc::clone(&cluster), Orders::new(arguments.seed), pace, arguments.partitions)?;
    let tell = |seen: &Seen| {
        for partition in &seen.partitions {
            producer.consumed(partition.span.partition, partition.span.next);
        }
    };
    let interrupted = if io::stdout().is_terminal() {
        let settings = live::run::Settings {
            topic: TOPIC.to_owned(),
            brokers: cluster.bootstrap(),
            ends: rows.is_some() || arguments.duration.is_some(),
        };
        log.hold();
        let ended = live::run::run(&consumption, settings, interrupt, tell).await;
        log.release();
        ended? == Ended::Interrupted
    } else {
        lines(&consumption, &cluster.bootstrap(), start, interrupt, tell).await?
    };
    consumption.close().await;
    if let Some(failure) = consumption.failure().await {
        return Err(failure);
    }
    let summary = summarize(TOPIC, &consumption.seen(), start.elapsed());
    producer.stop();
    if !talk.quiet {
        eprintln!("{} of {} made", summary.line(), figures::grouped(producer.made()));
    }
    Ok(interrupted)
}

/// One line a second, and one at the end.
async fn lines(
    consumption: &Consumption,
    brokers: &str,
    start: Instant,
    interrupt: &mut Interrupt,
    tell: impl Fn(&Seen),
) -> Result<bool, Failure> {
    print_line(&format!("topic {TOPIC} on {brokers}"))?;
    let started = now_milliseconds();
    let mut latencies = Latencies::default();
    let mut changes = consumption.news();
    let mut ticks = tokio::time::interval(TELL);
    let mut printed = (Duration::ZERO, 0);
    let interrupted = loop {
        tokio::select! {
            biased;
            () = interrupt.asked() => break true,
            _ = ticks.tick() => {
                let (seen, at) = (consumption.seen(), start.elapsed());
                tell(&seen);
                if at.saturating_sub(printed.0) >= Duration::from_secs(1) {
                    print_line(&line(&seen, at, printed, &latencies))?;
                    printed = (at, seen.rows());
                }
            }
            change = changes.next() => match change {
                Some(change) => {
                    let mut samples = Vec::new();
                    latency::of_rows(&change.added, started, now_milliseconds(), &mut samples);
                    latencies.observe(start.elapsed(), &samples);
                }
                None => break false,
            },
        }
    };
    let (seen, at) = (consumption.seen(), start.elapsed());
    print_line(&line(&seen, at, (Duration::ZERO, 0), &latencies))?;
    Ok(interrupted)
}

/// Where the demo is, with the rate since `before`.
fn line(seen: &Seen, at: Duration, before: (Duration, u64), latencies: &Latencies) -> String {
    let rate = figures::rate(seen.rows().saturating_sub(before.1), at.saturating_sub(before.0));
    let lag: u64 = seen
        .partitions
        .iter()
        .filter_map(|partition| u64::try_from(partition.end?.saturating_sub(partition.span.next)).ok())
        .fold(0, u64::saturating_add);
    let percentile = |percent| latencies.percentile(percent).map_or_else(|| "-".to_owned(), figures::latency);
    format!(
        "{:.1} s  {} rows  {} rows/s  lag {}  errors {}  latency p50 {} p99 {}  memory {}",
        at.as_secs_f64(),
        figures::grouped(seen.rows()),
        figures::grouped(figures::whole(rate)),
        figures::grouped(lag),
        figures::grouped(seen.errors()),
        percentile(50),
        percentile(99),
        crate::memory::resident().map_or_else(|| "-".to_owned(), figures::bytes),
    )
}

fn print_line(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => Failure::Output(error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use kolumn::position::Span;

    use super::*;
    use crate::source::PartitionSeen;

    #[test]
    fn a_line_has_rows_rate_lag_errors_and_latency() {
        let span = Span { next: 1_500, rows: 1_499, errors: 1, ..Span::empty(0, 0) };
        let seen = Seen { partitions: vec![PartitionSeen { span, end: Some(1_510), problem: None }], ..Seen::default() };
        let mut latencies = Latencies::default();
        latencies.observe(Duration::ZERO, &[Duration::from_millis(3)]);
        let text = line(&seen, Duration::from_secs(2), (Duration::from_secs(1), 499), &latencies);
        assert!(
            text.starts_with("2.0 s  1,499 rows  1,000 rows/s  lag 10  errors 1  latency p50 3 ms p99 3 ms  memory "),
            "{text}"
        );
    }
}
