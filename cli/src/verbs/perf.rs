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
use crate::verbs::limit::Load;
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
    let mut all = Vec::new();
    for stage in stages {
        let request = for_stage(&request, *stage);
        let measured = tokio::select! {
            biased;
            () = interrupt.asked() => return Ok(true),
            measured = measure(&request, *stage) => measured?,
        };
        print_line(&if arguments.json { serde_json::to_string(&measured).unwrap_or_default() } else { measured.line() })?;
        all.push(measured);
    }
    if !arguments.json {
        for line in conclusions(&all) {
            print_line(&line)?;
        }
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
    /// Partitions that had records.
    partitions: usize,
    cores: Option<f64>,
    cores_used: Option<f64>,
    cores_used_by_others: Option<f64>,
}

async fn measure(request: &Request, stage: Stage) -> Result<Measured, Failure> {
    let (processor, idle) = (memory::processor_time(), memory::idle_time());
    let start = Instant::now();
    let consumption = Consumption::open(request).await?;
    if let Some(failure) = consumption.failure().await {
        return Err(failure);
    }
    let time = start.elapsed();
    let since =
        |after: Option<Duration>, before| after.zip(before).map(|(after, before): (_, Duration)| after.saturating_sub(before));
    let processor = since(memory::processor_time(), processor);
    let idle = since(memory::idle_time(), idle);
    let seen = consumption.seen();
    consumption.close().await;
    let offsets = seen
        .partitions
        .iter()
        .filter_map(|partition| u64::try_from(partition.span.next.saturating_sub(partition.span.first)).ok())
        .sum();
    let partitions = seen.partitions.iter().filter(|partition| partition.span.next > partition.span.first).count();
    let load = Load::new(time, processor, idle);
    Ok(Measured::new(stage, (seen.rows(), seen.errors(), offsets), seen.moved.bytes, time, processor).under(partitions, load))
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
            partitions: 0,
            cores: None,
            cores_used: None,
            cores_used_by_others: None,
        }
    }

    fn under(mut self, partitions: usize, load: Option<Load>) -> Self {
        self.partitions = partitions;
        self.cores = load.map(|load| load.cores);
        self.cores_used = load.map(|load| load.own);
        self.cores_used_by_others = load.and_then(|load| load.others);
        self
    }

    fn load(&self) -> Option<Load> {
        Some(Load { cores: self.cores?, own: self.cores_used?, others: self.cores_used_by_others })
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

/// What the stages say together: what a record costs on its way, and what the last stage was limited by.
fn conclusions(all: &[Measured]) -> Vec<String> {
    let mut lines = Vec::new();
    let nanos = |stage| {
        let measured = all.iter().find(|measured| measured.stage == name(stage))?;
        measured.processor_seconds_per_million.map(|seconds| seconds * 1e3)
    };
    let (walked, decoded, table) = (nanos(Stage::Walked), nanos(Stage::Decoded), nanos(Stage::Table));
    if let (Some(walked), Some(decoded)) = (walked, decoded) {
        let kept = table.map_or_else(String::new, |table| format!(", {:.0} ns more to be kept", (table - decoded).max(0.0)));
        let decoded = (decoded - walked).max(0.0);
        lines.push(format!(
            "A record takes {walked:.0} ns of processor time to be fetched and found, {decoded:.0} ns more to be decoded{kept}."
        ));
    }
    if let Some(last) = all.last()
        && let Some(load) = last.load()
    {
        lines.push(format!("The stage \"{}\" was {}", last.stage, load.limit(last.partitions)));
    }
    lines
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
    fn the_stages_together_say_what_a_record_costs_and_what_the_limit_was() {
        let measured = |stage, millis| {
            let load = Load { cores: 2.0, own: 1.7, others: Some(0.3) };
            let worked = Some(Duration::from_millis(millis));
            Measured::new(stage, (1_000_000, 0, 1_000_000), 1 << 20, Duration::from_secs(1), worked).under(4, Some(load))
        };
        let all =
            [measured(Stage::Walked, 60), measured(Stage::Raw, 90), measured(Stage::Decoded, 150), measured(Stage::Table, 170)];
        assert_eq!(
            conclusions(&all),
            [
                "A record takes 60 ns of processor time to be fetched and found, 90 ns more to be decoded, 20 ns more to be kept.",
                "The stage \"table\" was limited by the processor. This process kept 1.7 of 2 cores busy, others 0.3."
            ]
        );
        assert_eq!(conclusions(&[]), Vec::<String>::new());
    }

    #[test]
    fn nothing_measured_divides_by_nothing() {
        let measured = Measured::new(Stage::Walked, (0, 0, 0), 0, Duration::ZERO, None);
        assert_eq!((measured.processor_seconds_per_million, figures::whole(measured.rows_per_second)), (None, 0));
    }
}
