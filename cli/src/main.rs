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
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use arguments::{CommandLine, Verb};
use exit::Failure;
use interrupt::Interrupt;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    match run(&line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if failure.exit_code() != 0 {
                eprintln!("kolumn: {failure}");
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(line: &CommandLine) -> Result<(), Failure> {
    let _log = log::Log::start(line.talk);
    match &line.verb {
        Verb::Decode(arguments) => verbs::decode::run(arguments, line.talk, &Interrupt::listen()?),
        Verb::Completions(arguments) => verbs::pages::completions(arguments),
        Verb::Man(arguments) => verbs::pages::man(arguments),
        _ => Err(Failure::Other("not there yet".to_owned())),
    }
}
