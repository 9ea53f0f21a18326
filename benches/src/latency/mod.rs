//! How long it takes until a row is seen: from an independent producer's call, by way of a real Apache Kafka, until a subscriber of the
//! table has it.
//!
//! Rows are produced at fixed moments that nobody can put off, and each carries the moment at which it was due: a row that the machine or
//! anybody on the way held up counts with all of the time that it was late. All rows of all rounds count but those of the first second of
//! each round, in which connections are made.

mod delays;
mod followers;
mod producer;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use kolumn_protocol_tests::Kafka;

use self::delays::Delays;
use self::producer::Producer;
use crate::Outcome;
use crate::arguments::{Follow, Measure};
use crate::figures::{Figures, Goal};
use crate::peers::outside;

/// Each follower, and whether it runs where nobody is named: Deephaven's server is a download of its own size.
const FOLLOWERS: [(&str, &str, bool); 4] = [
    ("kolumn", "kolumn, default cycle of 10 ms", true),
    ("kolumn-1ms", "kolumn, cycle of 1 ms", false),
    ("rdkafka", "a bare librdkafka consumer", true),
    ("deephaven", "Deephaven, default cycle", false),
];
/// Rows a second, and seconds, before anything counts.
const WARM_UP_RATE: u64 = 20_000;
const WARM_UP_SECONDS: u64 = 4;
/// From this rate on rows come faster than cycles.
const BUSY: u64 = 1000;
/// Milliseconds: the median and the 99th percentile of a busy topic.
const BUSY_GOAL: (f64, f64) = (7.0, 15.0);
/// Milliseconds of the median of a quiet topic above the bare consumer's.
const QUIET_GOAL: f64 = 1.0;

pub(crate) fn run(arguments: &Measure) -> Outcome<Vec<Figures>> {
    let options = &arguments.latency;
    let partitions = arguments.end_to_end.partitions;
    let chosen = |(name, _, usual): &(&str, &str, bool)| {
        if options.followers.is_empty() { *usual } else { options.followers.iter().any(|follower| follower == name) }
    };
    let followers: Vec<_> = FOLLOWERS.into_iter().filter(chosen).collect();
    if let Some(unknown) = options.followers.iter().find(|name| FOLLOWERS.iter().all(|(known, ..)| known != name)) {
        return Err(format!("no follower is named {unknown}").into());
    }
    eprintln!("starting Apache Kafka");
    let kafka = Kafka::builder().heap_mib(512).start()?;
    // A broker that has just started is slow, until what it does most is compiled.
    for (name, ..) in &followers {
        let topic = format!("warm-up-{name}");
        kafka.create_topic(&topic, partitions)?;
        let follow = follow_of(name, &kafka, topic, partitions, WARM_UP_RATE, WARM_UP_SECONDS);
        let seen = measure(&follow, &Producer::new(&kafka.bootstrap(), WARM_UP_RATE)?, &mut Delays::default())?;
        eprintln!("warming up: {name}: {}", seen.told());
    }
    let mut all = Vec::new();
    for rate in &options.rates {
        let producer = Producer::new(&kafka.bootstrap(), *rate)?;
        let mut runs: Vec<Delays> = followers.iter().map(|_| Delays::default()).collect();
        let mut produced = Delays::default();
        for round in 1..=arguments.rounds {
            for ((name, ..), delays) in followers.iter().zip(&mut runs) {
                let topic = format!("latency-{rate}-{round}-{name}");
                kafka.create_topic(&topic, partitions)?;
                let follow = follow_of(name, &kafka, topic, partitions, *rate, options.seconds);
                let seen =
                    measure(&follow, &producer, &mut produced).map_err(|error| format!("{name}, {rate} rows/s: {error}"))?;
                eprintln!("{rate} rows/s, round {round} of {}: {name}: {}", arguments.rounds, seen.told());
                delays.add(&seen);
            }
        }
        all.push(figures(*rate, partitions, &followers, &runs, &produced));
    }
    Ok(all)
}

fn follow_of(name: &str, kafka: &Kafka, topic: String, partitions: i32, rate: u64, seconds: u64) -> Follow {
    let brokers = kafka.bootstrap();
    Follow { name: name.to_owned(), brokers, topic, partitions, warm_up: rate, rows: rate * seconds }
}

/// What the followers saw of one rate.
fn figures(rate: u64, partitions: i32, followers: &[(&str, &str, bool)], runs: &[Delays], produced: &Delays) -> Figures {
    let columns = ["median, ms", "99th percentile, ms", "99.9th, ms", "longest, ms", "CPU us per row", "rows"];
    let title = format!(
        "append to visible, {rate} rows/s on {partitions} partitions (the producer itself was late by {:.2} ms, 99th percentile {:.2})",
        produced.quantile(0.5),
        produced.quantile(0.99)
    );
    let bare = followers.iter().zip(runs).find(|((name, ..), _)| *name == "rdkafka").map(|(_, delays)| delays.quantile(0.5));
    let mut figures = Figures::new(title, &columns);
    for ((name, title, _), delays) in followers.iter().zip(runs) {
        let (median, late) = (delays.quantile(0.5), delays.quantile(0.99));
        let goal = match (*name, bare) {
            ("kolumn", _) if rate >= BUSY => {
                let text = format!("median at most {} ms, 99th percentile at most {} ms", BUSY_GOAL.0, BUSY_GOAL.1);
                Goal::at_most(text, [(median, BUSY_GOAL.0), (late, BUSY_GOAL.1)])
            }
            ("kolumn", Some(bare)) => {
                let text = format!("median at most {QUIET_GOAL} ms above the bare consumer's");
                Goal::at_most(text, [(median, bare + QUIET_GOAL)])
            }
            _ => None,
        };
        let cells = [
            format!("{median:.2}"),
            format!("{late:.2}"),
            format!("{:.2}", delays.quantile(0.999)),
            format!("{:.2}", delays.quantile(1.0)),
            format!("{:.2}", delays.cpu_micros_per_row()),
            delays.rows().to_string(),
        ];
        figures.line(*title, cells, goal);
    }
    figures
}

/// One follower in a process of its own, and a producer that does not wait for it.
fn measure(follow: &Follow, producer: &Producer, produced: &mut Delays) -> Outcome<Delays> {
    let mut child = Running(command(follow)?.stdout(Stdio::piped()).spawn()?);
    let mut output = BufReader::new(child.0.stdout.take().ok_or("its output is not there")?);
    let mut line = String::new();
    while line.trim() != "ready" {
        line.clear();
        if output.read_line(&mut line)? == 0 {
            return Err(format!("{} before it was ready", child.0.wait()?).into());
        }
    }
    producer.run(&follow.topic, follow.partitions, follow.warm_up + follow.rows, produced)?;
    let mut text = String::new();
    output.read_to_string(&mut text)?;
    let delays = Delays::from_text(&text).ok_or_else(|| format!("it told nothing that can be read: {text:.200}"))?;
    let status = child.0.wait()?;
    if !status.success() || delays.rows() != follow.rows {
        return Err(format!("{status}, {} of {} rows were seen", delays.rows(), follow.rows).into());
    }
    Ok(delays)
}

/// It does not outlive who started it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(follow: &Follow) -> Outcome<Command> {
    let numbers = [follow.partitions.to_string(), follow.warm_up.to_string(), follow.rows.to_string()];
    let [partitions, warm_up, rows] = &numbers;
    if follow.name == "deephaven" {
        let mut command = outside::python("deephaven_latency.py", "deephaven.txt")?;
        command.args([&follow.brokers, &follow.topic, partitions, warm_up, rows]);
        return Ok(command);
    }
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["follow", &follow.name, "--brokers", &follow.brokers, "--topic", &follow.topic]);
    command.args(["--partitions", partitions, "--warm-up", warm_up, "--rows", rows]);
    Ok(command)
}

/// One run of one follower: prints `ready`, then the delays of its rows.
pub(crate) fn follow(follow: &Follow) -> Outcome {
    let delays = match follow.name.as_str() {
        "kolumn" => followers::kolumn(follow, None),
        "kolumn-1ms" => followers::kolumn(follow, Some(std::time::Duration::from_millis(1))),
        "rdkafka" => followers::rdkafka(follow),
        name => Err(format!("no follower is named {name}").into()),
    }?;
    print!("{}", delays.to_text());
    Ok(())
}
