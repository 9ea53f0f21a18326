//! `kolumn perf`: how fast this machine consumes a topic, stage by stage.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use kolumn::position::Stop;
use serde::Serialize;

use crate::arguments::others::Stage;
use crate::arguments::table::TableArgument;
use crate::arguments::{OnErrorArgument, PerfArguments, Talk};
use crate::exit::Failure;
use crate::figures;
use crate::interrupt::Interrupt;
use crate::memory;
use crate::source::{self, Consumption, Request};
use crate::verbs::specs::fill_specs;
use kolumn::spec::{self, Side, Spec};

/// What the last stage keeps: enough to be a table, and not so much that the budget ends the measurement.
const KEPT_ROWS: usize = 1_000_000;

const STAGES: [Stage; 4] = [Stage::Walked, Stage::Raw, Stage::Decoded, Stage::Table];

/// Runs the verb; says whether it was interrupted.
pub(crate) async fn run(arguments: &PerfArguments, talk: Talk, interrupt: &mut Interrupt) -> Result<bool, Failure> {
    let mut request = Request {
        topic: arguments.topic.clone(),
        properties: source::properties(&arguments.connection)?,
        key: None,
        value: None,
        metadata: !arguments.specs.no_meta,
        partitions: arguments.range.partitions.clone().unwrap_or_default(),
        start: arguments.range.start(),
        stop: match arguments.range.stop(false) {
            Stop::Never if arguments.range.until.is_none() => Stop::End,
            stop => stop,
        },
        limit: arguments.range.count,
        on_error: arguments.specs.on_error,
        table: TableArgument::Blink,
        by_partition: false,
    };
    let stages: &[Stage] = if arguments.stage.is_empty() { &STAGES } else { &arguments.stage };
    if stages.iter().any(|stage| matches!(stage, Stage::Decoded | Stage::Table)) {
        fill_specs(&arguments.specs, &mut request, talk).await?;
    }
    if !arguments.json {
        print_line(&heading())?;
    }
    for stage in stages {
        let request = for_stage(&request, *stage);
        let measured = tokio::select! {
            biased;
            () = interrupt.asked() => return Ok(true),
            measured = measure(&request, *stage) => measured?,
        };
        print_line(&if arguments.json { serde_json::to_string(&measured).unwrap_or_default() } else { measured.line() })?;
    }
    Ok(false)
}

fn for_stage(request: &Request, stage: Stage) -> Request {
    let bare = |value: Spec| Request {
        key: Some(spec::ignore()),
        value: Some(value),
        metadata: false,
        on_error: OnErrorArgument::Collect,
        ..request.clone()
    };
    match stage {
        Stage::Walked => bare(spec::ignore()),
        Stage::Raw => bare(spec::raw(Side::Value.default_column())),
        Stage::Decoded => request.clone(),
        Stage::Table => Request { table: TableArgument::Ring(KEPT_ROWS), ..request.clone() },
    }
}

/// What a stage measured. The names of the fields are those of the JSON, and stay.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Measured {
    stage: &'static str,
    rows: u64,
    errors: u64,
    offsets: u64,
    bytes: u64,
    seconds: f64,
    rows_per_second: f64,
    bytes_per_second: f64,
    processor_seconds: Option<f64>,
    processor_seconds_per_million: Option<f64>,
    memory_peak_bytes: Option<u64>,
}

async fn measure(request: &Request, stage: Stage) -> Result<Measured, Failure> {
    let processor = memory::processor_time();
    let start = Instant::now();
    let consumption = Consumption::open(request).await?;
    if let Some(failure) = consumption.failure().await {
        return Err(failure);
    }
    let time = start.elapsed();
    let processor = memory::processor_time().zip(processor).map(|(after, before)| after.saturating_sub(before));
    let seen = consumption.seen();
    consumption.close().await;
    let offsets = seen
        .partitions
        .iter()
        .filter_map(|partition| u64::try_from(partition.span.next.saturating_sub(partition.span.first)).ok())
        .sum();
    Ok(Measured::new(stage, (seen.rows(), seen.errors(), offsets), seen.moved.bytes, time, processor))
}

impl Measured {
    fn new(
        stage: Stage,
        (rows, errors, offsets): (u64, u64, u64),
        bytes: u64,
        time: Duration,
        processor: Option<Duration>,
    ) -> Self {
        Self {
            stage: name(stage),
            rows,
            errors,
            offsets,
            bytes,
            seconds: time.as_secs_f64(),
            rows_per_second: figures::rate(offsets, time),
            bytes_per_second: figures::rate(bytes, time),
            processor_seconds: processor.map(|time| time.as_secs_f64()),
            processor_seconds_per_million: processor
                .filter(|_| offsets > 0)
                .map(|time| time.as_secs_f64() * 1e6 / offsets as f64),
            memory_peak_bytes: memory::peak(),
        }
    }

    fn line(&self) -> String {
        format!(
            "{:<8}  {:>14}  {:>8}  {:>8.2}  {:>12}  {:>12}  {:>14}  {:>12}",
            self.stage,
            figures::grouped(self.offsets),
            figures::grouped(self.errors),
            self.seconds,
            figures::grouped(figures::whole(self.rows_per_second)),
            format!("{}/s", figures::bytes(figures::whole(self.bytes_per_second))),
            self.processor_seconds_per_million.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.3}")),
            self.memory_peak_bytes.map_or_else(|| "-".to_owned(), figures::bytes),
        )
    }
}

fn heading() -> String {
    format!(
        "{:<8}  {:>14}  {:>8}  {:>8}  {:>12}  {:>12}  {:>14}  {:>12}",
        "stage", "records", "errors", "seconds", "records/s", "bytes/s", "CPU s/million", "memory peak"
    )
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Walked => "walked",
        Stage::Raw => "raw",
        Stage::Decoded => "decoded",
        Stage::Table => "table",
    }
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
    use super::*;

    #[test]
    fn a_stage_is_measured_per_second_and_per_million() {
        let measured =
            Measured::new(Stage::Raw, (2_000_000, 0, 2_000_000), 400 << 20, Duration::from_secs(2), Some(Duration::from_secs(1)));
        assert_eq!(figures::whole(measured.rows_per_second), 1_000_000);
        assert_eq!(measured.processor_seconds_per_million, Some(0.5));
        let line = measured.line();
        assert!(
            line.starts_with("raw            2,000,000         0      2.00     1,000,000     200 MiB/s           0.500"),
            "{line}"
        );
    }

    #[test]
    fn nothing_measured_divides_by_nothing() {
        let measured = Measured::new(Stage::Walked, (0, 0, 0), 0, Duration::ZERO, None);
        assert_eq!((measured.processor_seconds_per_million, figures::whole(measured.rows_per_second)), (None, 0));
    }
}
