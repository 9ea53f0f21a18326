//! The steps of `cargo xtask test`: each is one thing that must hold.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::background::Background;
use crate::process::{cargo, run as run_program};
use crate::{advisories, cpu, fuzz, licences, musl, no_c, prerequisites, suites};

/// What a step says when it holds, or why it does not.
pub(crate) type Outcome = Result<String, String>;

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Outcome,
    /// The step that it goes on beside, where both are asked for.
    beside: Option<&'static str>,
}

const fn step(name: &'static str, about: &'static str, run: fn() -> Outcome) -> Step {
    Step { name, about, run, beside: None }
}

const fn beside(other: &'static str, step: Step) -> Step {
    Step { beside: Some(other), ..step }
}

/// In this order: what is quick to fail comes first. The suites against real servers mostly wait, so what mostly compiles goes on beside
/// them; what measures memory or speed is in the suites before them, alone.
const STEPS: [Step; 15] = [
    step("setup", "programs that the tests need: installed where missing", prerequisites::set_up),
    beside(
        "clippy",
        step("servers", "Kafka's and the registry's jars, the Python environment: fetched where missing", prerequisites::fetch),
    ),
    step("fmt", "cargo fmt --check", || quietly(&["fmt", "--all", "--check"])),
    step("no-c", "no C, no -sys, no cc or cmake in the library and the binary", no_c::check),
    step("licences", "licences, bans and sources of deny.toml", licences::check),
    step("advisories", "no known vulnerability in a dependency (offline: xtask/advisories.txt)", advisories::check),
    step("clippy", "clippy over the workspace, examples and benchmarks too, warnings denied", clippy),
    step("docs", "rustdoc, warnings denied", docs),
    step("unit", "unit tests of every crate", suites::unit),
    step("doctests", "the examples in the documentation", || quietly(&[&["test", "--doc"], suites::CRATES].concat())),
    step("suites", "the suites against the in-process broker", suites::in_process),
    step("real", "the suites against a real Apache Kafka and a real registry (tests/real_*.rs)", suites::real),
    beside("real", step("musl", "the static binary: small, static, and running in an empty root", musl::check)),
    beside("real", step("fuzz-build", "every fuzz target compiles with the address sanitizer", fuzz::build)),
    step("fuzz", "every fuzz target for some seconds, with the address sanitizer", fuzz::check),
];

/// The names of all steps, in order.
pub(crate) fn names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

/// The steps with what they check, for the help text.
pub(crate) fn list() -> String {
    STEPS.iter().map(|step| format!("    {:<12}{}\n", step.name, step.about)).collect()
}

/// What became of a step.
struct Done {
    name: &'static str,
    beside: Option<&'static str>,
    took: Duration,
    /// Of the programs that it ran, user and system time.
    cpu: Option<Duration>,
    outcome: Outcome,
}

/// Runs the named steps, tells each with its durations, and what failed at the end.
pub(crate) fn run(names: &[&str]) -> ExitCode {
    let begun = Instant::now();
    let chosen: Vec<&Step> = STEPS.iter().filter(|step| names.contains(&step.name)).collect();
    let goes_beside = |step: &Step| step.beside.filter(|other| names.contains(other));
    let mut results = Vec::new();
    for step in chosen.iter().filter(|step| goes_beside(step).is_none()) {
        let others = chosen.iter().filter(|other| goes_beside(other) == Some(step.name));
        let others: Vec<(&Step, Result<Background, String>)> =
            others.map(|other| (*other, Background::start(other.name, other.about))).collect();
        results.push(measured(step.name, None, Instant::now(), || {
            println!("== {}: {}", step.name, step.about);
            (step.run)()
        }));
        for (other, started) in others {
            let begun = started.as_ref().map_or_else(|_| Instant::now(), |background| background.begun);
            // Its processor time is counted when it is waited for, and so not to the step beside which it ran.
            results.push(measured(other.name, Some(step.name), begun, || started?.wait()));
        }
    }
    summary(&results, begun.elapsed())
}

/// Runs one step by itself, as [`Background`] starts it, and says in one line what it said.
pub(crate) fn run_alone(name: &str) -> ExitCode {
    match STEPS.iter().find(|step| step.name == name).map(|step| (step.run)()) {
        Some(Ok(said)) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Some(Err(why)) => {
            println!("{why}");
            ExitCode::FAILURE
        }
        None => ExitCode::from(2),
    }
}

fn measured(name: &'static str, beside: Option<&'static str>, begun: Instant, run: impl FnOnce() -> Outcome) -> Done {
    let before = cpu::of_children();
    let outcome = run();
    let cpu = cpu::of_children().zip(before).map(|(after, before)| after.saturating_sub(before));
    let done = Done { name, beside, took: begun.elapsed(), cpu, outcome };
    match &done.outcome {
        Ok(said) => println!("== {name} holds, {}{}", done.times(), prefixed(said)),
        Err(why) => println!("== {name} FAILED, {}\n{why}", done.times()),
    }
    done
}

impl Done {
    fn times(&self) -> String {
        let cpu = self.cpu.map_or_else(String::new, |cpu| format!(", {:.1} s of processor time", cpu.as_secs_f64()));
        format!("{:.1} s{cpu}", self.took.as_secs_f64())
    }
}

fn summary(results: &[Done], took: Duration) -> ExitCode {
    println!("\n== summary: seconds, seconds of processor time");
    for done in results {
        let cpu = done.cpu.map_or_else(|| "?".into(), |cpu| format!("{:.1}", cpu.as_secs_f64()));
        let holds = if done.outcome.is_ok() { "holds" } else { "FAILED" };
        let beside = done.beside.map_or_else(String::new, |other| format!(", beside {other}"));
        println!("{:>8.1}{cpu:>9}  {:<12}{holds}{beside}", done.took.as_secs_f64(), done.name);
    }
    let cpu: Option<Duration> = results.iter().map(|done| done.cpu).sum();
    println!(
        "{:>8.1}{:>9}  in all",
        took.as_secs_f64(),
        cpu.map_or_else(|| "?".into(), |cpu| format!("{:.1}", cpu.as_secs_f64()))
    );
    let failed: Vec<&Done> = results.iter().filter(|done| done.outcome.is_err()).collect();
    for done in &failed {
        if let Err(why) = &done.outcome {
            println!("\n{}: {why}\n    again: cargo xtask test --only {}", done.name, done.name);
        }
    }
    println!("\n{} passed, {} failed", results.len() - failed.len(), failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn prefixed(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

fn quietly(arguments: &[&str]) -> Outcome {
    run_program(cargo().args(arguments)).map(|()| String::new())
}

fn clippy() -> Outcome {
    quietly(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn docs() -> Outcome {
    let mut command = cargo();
    // With an example, what clippy looked at counts: its dependencies have the features that tests and examples ask for.
    let targets = ["--lib", "--bin", "servers", "--bin", "peak", "--bin", "xtask", "--example", "rates"];
    command.args(["doc", "--workspace", "--no-deps"]).args(targets).env("RUSTDOCFLAGS", "-D warnings");
    run_program(&mut command).map(|()| String::new())
}
