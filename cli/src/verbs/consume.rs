//! `kolumn consume`: a topic as a table, live on a terminal, rows on a pipe, a file with `-O`.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use kolumn::position::Stop;

use crate::arguments::table::TableArgument;
use crate::arguments::{ConsumeArguments, Format, Talk, choose_format};
use crate::exit::Failure;
use crate::interrupt::Interrupt;
use crate::live;
use crate::live::run::Ended;
use crate::log::Log;
use crate::output::Sink;
use crate::output::cell::for_terminal;
use crate::progress::{HowFar, Progress};
use crate::source::{self, Change, Changes, Consumption, Request, Seen};
use crate::summary::Summary;
use crate::trouble::Trouble;
use crate::verbs::files::{Files, Selection, Split};
use crate::verbs::specs::fill_specs;
use crate::verbs::withdrawn::Withdrawn;

/// What the live view holds where nothing else is said.
const LIVE_RING: usize = 100_000;
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// Runs the verb; says whether it was interrupted.
pub(crate) async fn run(arguments: &ConsumeArguments, talk: Talk, log: &Log, interrupt: &mut Interrupt) -> Result<bool, Failure> {
    let terminal = io::stdout().is_terminal();
    let live = terminal && arguments.output.format.is_none() && arguments.output.output.is_none();
    let format = choose_format(arguments.output.format, arguments.output.file(), terminal).map_err(Failure::Usage)?;
    // Not where the rows are on the same screen.
    let progress = !live && !talk.quiet && io::stderr().is_terminal() && (arguments.output.file().is_some() || !terminal);
    let opening = async {
        let mut request = request(arguments, live, talk).await?;
        let start = Instant::now();
        if live || matches!(request.table, TableArgument::Ring(_)) {
            return Ok::<_, Failure>((Consumption::open(&request).await?, None, request, start));
        }
        let split = request.by_partition.then(|| Split::prepare(&mut request));
        let (consumption, changes) = Consumption::open_watched(&request).await?;
        Ok((consumption, Some((changes, split)), request, start))
    };
    let (consumption, passing, request, start) = tokio::select! {
        () = interrupt.asked() => return Ok(true),
        opened = opening => opened?,
    };
    let mut withdrawn = Withdrawn::default();
    let outcome = if live {
        show(&consumption, arguments, &request, log, interrupt).await
    } else {
        export(
            &consumption,
            passing,
            arguments,
            &request.stop,
            Manner { format, progress, quiet: talk.quiet },
            &mut withdrawn,
            interrupt,
        )
        .await
    };
    let seen = consumption.seen();
    let summary = summarize(&request.topic, &seen, start.elapsed()).with_withdrawn(withdrawn.rows, withdrawn.errors);
    if !talk.quiet {
        report_errors(&consumption, &summary, arguments.output.errors.is_none());
    }
    match arguments.stats {
        Some(format) => eprintln!("{}", summary.text(format)),
        // Who watched it, or broke it off, wants to know how far it came.
        None if !talk.quiet && (live || progress || matches!(outcome, Ok(true))) => eprintln!("{}", summary.line()),
        None => {}
    }
    outcome
}

/// What the flags ask for.
async fn request(arguments: &ConsumeArguments, live: bool, talk: Talk) -> Result<Request, Failure> {
    let table = match (arguments.table, live) {
        (Some(table), true) => table,
        // Rows pass through, and nobody looks at the table: an append table would hold them all for nothing, up to the budget.
        (Some(TableArgument::Append) | None, false) => TableArgument::Blink,
        (Some(table), false) => table,
        (None, true) => TableArgument::Ring(LIVE_RING),
    };
    let mut request = Request {
        topic: arguments.topic.clone(),
        properties: source::properties(&arguments.connection)?,
        key: None,
        value: None,
        metadata: !arguments.specs.no_meta,
        partitions: arguments.range.partitions.clone().unwrap_or_default(),
        start: arguments.range.start(),
        stop: arguments.range.stop(live),
        limit: arguments.range.count,
        on_error: arguments.specs.on_error,
        table,
        by_partition: arguments.by_partition,
    };
    fill_specs(&arguments.specs, &mut request, talk).await?;
    Ok(request)
}

/// The live view.
async fn show(
    consumption: &Consumption,
    arguments: &ConsumeArguments,
    request: &Request,
    log: &Log,
    interrupt: &mut Interrupt,
) -> Result<bool, Failure> {
    let brokers = source::brokers(&request.properties);
    let settings = live::run::Settings { topic: arguments.topic.clone(), brokers, ends: false };
    log.hold();
    let ended = live::run::run(consumption, settings, interrupt, |_| ()).await;
    log.release();
    consumption.close().await;
    match consumption.failure().await {
        Some(failure) => Err(failure),
        None => Ok(ended? == Ended::Interrupted),
    }
}

/// How rows are written, and what is said meanwhile.
#[derive(Debug, Clone, Copy)]
struct Manner {
    format: Format,
    progress: bool,
    quiet: bool,
}

/// Rows on a pipe or into files.
async fn export(
    consumption: &Consumption,
    passing: Option<(Changes, Option<Split>)>,
    arguments: &ConsumeArguments,
    stop: &Stop,
    Manner { format, progress, quiet }: Manner,
    withdrawn: &mut Withdrawn,
    interrupt: &mut Interrupt,
) -> Result<bool, Failure> {
    let (mut passing, split) = passing.map_or((None, None), |(changes, split)| (Some(changes), split));
    // The rows of a ring are written when it is known which are the last.
    let holds_until_the_end = passing.is_none();
    let columns = Selection::new(consumption.schema(), &arguments.select, split.as_ref())?;
    let mut rows = Files::open(format, arguments.output.file(), arguments.by_partition, columns.schema(consumption.schema())?)?;
    let mut errors = match &arguments.output.errors {
        Some(path) => {
            let format = Format::of_file(path).unwrap_or(Format::Jsonl);
            Some(Sink::open(format, Some(path), &consumption.error_schema())?)
        }
        None => None,
    };
    let progress = Progress::new(progress);
    let say = |line: Option<String>| {
        if let Some(line) = line.filter(|_| !quiet) {
            progress.say(&line);
        }
    };
    let mut trouble = Trouble::default();
    let start = Instant::now();
    let target = Target::of(&consumption.seen(), stop);
    let mut ticks = tokio::time::interval(PROGRESS_EVERY);
    let mut interrupted = false;
    let mut error_changes = errors.is_some().then(|| consumption.error_changes());
    let outcome = loop {
        let next_error = async {
            match &mut error_changes {
                Some(changes) => changes.next().await,
                None => std::future::pending().await,
            }
        };
        let next_change = async {
            match &mut passing {
                Some(changes) => changes.next().await,
                None => {
                    // Why it ended is asked below.
                    let _ = consumption.failure().await;
                    None
                }
            }
        };
        tokio::select! {
            biased;
            () = interrupt.asked(), if !interrupted => {
                interrupted = true;
                // What is visible by then still comes, and then the end.
                consumption.close().await;
            }
            more = next_error => match (more, &mut errors) {
                (Some(change), Some(sink)) => {
                    say(change.lost.and_then(|lost| withdrawn.count_errors(&lost)));
                    if let Err(failure) = write_all(sink, &change.added) {
                        break Err(failure);
                    }
                }
                _ => error_changes = None,
            },
            change = next_change => match change {
                Some(change) => {
                    say(change.lost.and_then(|lost| withdrawn.count_rows(&lost)));
                    if let Err(failure) = rows.write(&change, &columns) {
                        break Err(failure);
                    }
                }
                None => break Ok(()),
            },
            _ = ticks.tick() => {
                let (seen, time) = (consumption.seen(), start.elapsed());
                let told = trouble.observe(time, seen.wait.as_ref(), || consumption.silence());
                progress.show(&target.how_far(&seen, time));
                say(told);
                if let Some(line) = trouble.line(time) {
                    progress.replace(line);
                }
            }
        }
    };
    progress.clear();
    if let Err(failure) = outcome {
        // The rows have nowhere to go; what the consumption says about its end is of no interest.
        consumption.close().await;
        return Err(failure);
    }
    if let Some(failure) = consumption.failure().await {
        return Err(failure);
    }
    say(trouble.over(start.elapsed()).filter(|_| !interrupted));
    if holds_until_the_end {
        for (partition, added) in consumption.tables() {
            rows.write(&Change { partition, added, lost: None }, &columns)?;
        }
    }
    if let (Some(sink), Some(mut changes)) = (&mut errors, error_changes) {
        while let Some(change) = changes.next().await {
            say(change.lost.and_then(|lost| withdrawn.count_errors(&lost)));
            write_all(sink, &change.added)?;
        }
    }
    rows.finish(&consumption.seen())?;
    errors.map_or(Ok(()), Sink::finish)?;
    Ok(interrupted)
}

fn write_all(sink: &mut Sink, batches: &[RecordBatch]) -> Result<(), Failure> {
    batches.iter().try_for_each(|batch| sink.write(batch))
}

/// The offsets to do, as far as that can be known.
#[derive(Debug)]
struct Target {
    total: Option<u64>,
}

impl Target {
    fn of(seen: &Seen, stop: &Stop) -> Self {
        let end = |partition: &source::PartitionSeen| match stop {
            Stop::End => partition.end,
            Stop::At(offset) => Some(*offset),
            Stop::AtEach(offsets) => Some(offsets.get(&partition.span.partition).copied().unwrap_or(partition.span.first)),
            _ => None,
        };
        let distance = |partition: &source::PartitionSeen| {
            end(partition).map(|end| u64::try_from(end.saturating_sub(partition.span.first)).unwrap_or(0))
        };
        Self { total: seen.partitions.iter().map(distance).sum() }
    }

    fn how_far(&self, seen: &Seen, time: Duration) -> HowFar {
        let done = |partition: &source::PartitionSeen| {
            u64::try_from(partition.span.next.saturating_sub(partition.span.first)).unwrap_or(0)
        };
        HowFar { rows: seen.rows(), done: seen.partitions.iter().map(done).sum(), total: self.total, time }
    }
}

/// The summary of what was seen.
pub(crate) fn summarize(topic: &str, seen: &Seen, time: Duration) -> Summary {
    let partitions: Vec<_> = seen.partitions.iter().map(|partition| (partition.span, partition.end)).collect();
    Summary::new(topic, &partitions, seen.moved, time, crate::memory::peak())
}

/// How many records could not be decoded, and why the first few could not.
fn report_errors(consumption: &Consumption, summary: &Summary, hint: bool) {
    if summary.errors == 0 {
        return;
    }
    let mut text = format!("{} records could not be decoded", crate::figures::grouped(summary.errors));
    let reasons = source::reasons(&consumption.error_rows(), 3);
    for (index, reason) in reasons.iter().enumerate() {
        text.push_str(if index == 0 { ": " } else { "; " });
        text.push_str(&for_terminal(reason.as_bytes(), 200));
    }
    if hint {
        text.push_str(" (--errors FILE keeps them)");
    }
    // If stderr cannot be written, there is no place to say so.
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use kolumn::position::Span;

    use super::*;
    use crate::source::PartitionSeen;

    fn seen(ends: &[(i64, i64, Option<i64>)]) -> Seen {
        let partitions = (0..)
            .zip(ends)
            .map(|(partition, (first, next, end))| PartitionSeen {
                span: Span { next: *next, ..Span::empty(partition, *first) },
                end: *end,
                problem: None,
            })
            .collect();
        Seen { partitions, ..Seen::default() }
    }

    #[test]
    fn the_share_is_known_where_the_end_is() {
        let seen = seen(&[(10, 20, Some(110)), (0, 50, Some(100))]);
        let far = |stop: Stop| Target::of(&seen, &stop).how_far(&seen, Duration::from_secs(1));
        assert_eq!((far(Stop::End).done, far(Stop::End).total), (60, Some(200)));
        assert_eq!(far(Stop::At(60)).total, Some(110));
        assert_eq!(far(Stop::AtEach([(1, 40)].into())).total, Some(40));
        assert_eq!(far(Stop::Never).total, None);
    }
}
