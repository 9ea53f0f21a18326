//! The `kolumn` command: Kafka topics as live tables, on a terminal or a pipe.

#![forbid(unsafe_code)]

mod arguments;
mod calendar;
mod demo;
mod exit;
mod figures;
mod interrupt;
mod live;
mod log;
mod memory;
mod output;
mod progress;
mod source;
mod summary;
mod trouble;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use arguments::{CommandLine, Verb};
use exit::{Failure, INTERRUPTED};
use interrupt::Interrupt;

fn main() -> ExitCode {
    if verbs::pages::asks_for_properties(std::env::args().skip(1)) {
        return match verbs::pages::properties() {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => ExitCode::from(failure.exit_code()),
        };
    }
    let line = CommandLine::parse();
    let log = log::Log::start(line.talk);
    match run(&line, &log) {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(INTERRUPTED),
        Err(failure) => {
            let code = failure.exit_code();
            if code != 0 {
                eprintln!("kolumn: {failure}");
            }
            ExitCode::from(code)
        }
    }
}

/// Runs the verb; says whether it was interrupted.
fn run(line: &CommandLine, log: &log::Log) -> Result<bool, Failure> {
    let talk = line.talk;
    match &line.verb {
        Verb::Completions(arguments) => return verbs::pages::completions(arguments).map(|()| false),
        Verb::Man(arguments) => return verbs::pages::man(arguments).map(|()| false),
        _ => {}
    }
    let mut interrupt = Interrupt::listen()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
    match &line.verb {
        Verb::Consume(arguments) => runtime.block_on(verbs::consume::run(arguments, talk, log, &mut interrupt)),
        Verb::Demo(arguments) => runtime.block_on(verbs::demo::run(arguments, talk, log, &mut interrupt)),
        Verb::Topics(arguments) => runtime.block_on(verbs::topics::run(arguments)).map(|()| false),
        Verb::Schema(arguments) => runtime.block_on(verbs::schema::run(arguments, talk, &mut interrupt)),
        Verb::Perf(arguments) => runtime.block_on(verbs::perf::run(arguments, talk, &mut interrupt)),
        Verb::Decode(arguments) => {
            runtime.block_on(verbs::decode::run(arguments, talk, &interrupt)).map(|()| interrupt.is_asked())
        }
        Verb::Completions(_) | Verb::Man(_) => Ok(false),
    }
}
