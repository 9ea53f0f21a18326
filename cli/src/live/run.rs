//! Runs the live view over a consumption: what is seen goes into the model, keys go in, the screen is drawn.

use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;

use crate::exit::Failure;
use crate::interrupt::Interrupt;
use crate::live::grid::Rows;
use crate::live::latency;
use crate::live::model::{Header, Observation, PartitionLine, Reaction, ViewModel};
use crate::live::screen::{Input, Screen};
use crate::output::table::type_name;
use crate::source::{Consumption, Seen};

/// Drawn so often at most, where nobody presses a key.
const FRAME: Duration = Duration::from_millis(100);

/// How the view came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The consumption is over, and the view was to end with it.
    Over,
    /// The user has seen enough.
    Quit,
    /// The user interrupted.
    Interrupted,
}

/// What the view is to do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// The topic.
    pub(crate) topic: String,
    /// The brokers.
    pub(crate) brokers: String,
    /// Whether the view ends with the consumption; else the last rows stay on the screen until a key is pressed.
    pub(crate) ends: bool,
}

/// Shows `consumption` until it or the user ends. `each` sees what the view sees.
pub(crate) async fn run(
    consumption: &Consumption,
    settings: Settings,
    interrupt: &mut Interrupt,
    mut each: impl FnMut(&Seen),
) -> Result<Ended, Failure> {
    let columns = |schema: &arrow_schema::Schema| -> Vec<(String, String)> {
        schema.fields().iter().map(|field| (field.name().clone(), type_name(field.data_type()))).collect()
    };
    let mut view = ViewModel::new(Header {
        topic: settings.topic,
        brokers: settings.brokers,
        table: consumption.kind(),
        columns: columns(consumption.schema()),
        error_columns: columns(&consumption.error_schema()),
    });
    let start = Instant::now();
    let started = crate::arguments::now_milliseconds();
    let mut latencies = Vec::new();
    let mut over = false;
    let mut changes = consumption.news();
    let mut screen = Screen::open()?;
    let mut frames = tokio::time::interval(FRAME);
    frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = interrupt.asked() => return Ok(Ended::Interrupted),
            input = screen.input() => {
                match input {
                    Some(Input::Key(key)) => match view.key(key) {
                        Reaction::Continue => {}
                        Reaction::Quit => return Ok(Ended::Quit),
                        Reaction::Interrupt => return Ok(Ended::Interrupted),
                    },
                    Some(Input::Resized) => {}
                    None => return Ok(Ended::Quit),
                }
                screen.draw(&mut view)?;
            }
            _ = frames.tick() => {
                let seen = consumption.seen();
                each(&seen);
                view.observe(observation(consumption, seen, start.elapsed(), std::mem::take(&mut latencies)));
                screen.draw(&mut view)?;
                if over && settings.ends {
                    return Ok(Ended::Over);
                }
            }
            news = changes.next(), if !over => match news {
                Some(change) => latency::of_rows(&change.added, started, crate::arguments::now_milliseconds(), &mut latencies),
                None => over = true,
            },
        }
    }
}

fn observation(consumption: &Consumption, seen: Seen, at: Duration, latencies: Vec<Duration>) -> Observation {
    Observation {
        at,
        table: Rows::new(consumption.rows()),
        errors: Rows::new(consumption.error_rows()),
        rows: seen.rows(),
        error_rows: seen.errors(),
        bytes: seen.moved.bytes,
        state: seen.state,
        problem: seen.problem,
        memory: crate::memory::resident(),
        held: seen.held,
        budget: seen.budget,
        latencies,
        partitions: seen
            .partitions
            .into_iter()
            .map(|partition| PartitionLine {
                partition: partition.span.partition,
                position: partition.span.next,
                end: partition.end,
                rows: partition.span.rows,
                errors: partition.span.errors,
                problem: partition.problem,
            })
            .collect(),
    }
}
