//! The steps of `cargo xtask test`: each is one thing that must hold.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::background::Background;
use crate::process::{cargo, run as run_program};
use crate::{advisories, cpu, fuzz, licences, miri, musl, neon, no_c, prerequisites, ratios, suites};

/// A line with this word that a step says is told once more at the end.
pub(crate) const WARNING: &str = "WARNING";

/// What a step says when it holds, or why it does not.
pub(crate) type Outcome = Result<String, String>;

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Outcome,
    /// Where it goes on beside others, if they are asked for.
    beside: Option<Beside>,
}

/// Between which steps another one goes on.
#[derive(Clone, Copy)]
struct Beside {
    /// It begins when this one does.
    from: &'static str,
    /// It is waited for before this one begins.
    until: &'static str,
}

const fn step(name: &'static str, about: &'static str, run: fn() -> Outcome) -> Step {
    Step { name, about, run, beside: None }
}

const fn beside(from: &'static str, until: &'static str, step: Step) -> Step {
    Step { beside: Some(Beside { from, until }), ..step }
}

/// In this order: what is quick to fail comes first. The suites against real servers mostly wait, so what mostly compiles goes on beside
/// them; what measures memory or speed is in the suites before them, or comes last, alone.
const STEPS: [Step; 20] = [
    step("setup", "programs that the tests need: installed where missing", prerequisites::set_up),
    step("fmt", "cargo fmt --check", || quietly(&["fmt", "--all", "--check"])),
    step("no-c", "no C, no -sys, no cc or cmake in the library and the binary", no_c::check),
    step("licences", "licences, bans and sources of deny.toml", licences::check),
    step("advisories", "no known vulnerability in a dependency (offline: xtask/advisories.txt)", advisories::check),
    step("clippy", "clippy over the workspace, examples and benchmarks too, warnings denied", clippy),
    step("docs", "rustdoc, warnings denied", docs),
    step("build", "everything that is tested, compiled at once", suites::build),
    beside(
        "unit",
        "real",
        step("servers", "Kafka's and the registry's jars, the Python environment: fetched where missing", prerequisites::fetch),
    ),
    step("unit", "unit tests of every crate", suites::unit),
    step("doctests", "the examples in the documentation", suites::doctests),
    step("suites", "the suites against the in-process broker", suites::in_process),
    // Not beside the next one: both want the folder of the same profile, and the one that comes second waits.
    step("ratios-build", "the benchmarks, compiled as for a release", ratios::build),
    step("real", "the suites against a real Apache Kafka and a real registry (protocol-tests/tests/real)", suites::real),
    beside("real", "fuzz", step("musl", "the static binary: small, static, and running in an empty root", musl::check)),
    beside("real", "fuzz", step("fuzz-build", "every fuzz target compiles with the address sanitizer", fuzz::build)),
    beside("real", "fuzz", step("miri", "unsafe code and what it is for, under Miri", miri::check)),
    beside("real", "fuzz", step("neon", "the fast ways of aarch64, under qemu", neon::check)),
    step("fuzz", "every fuzz target for some seconds, with the address sanitizer", fuzz::check),
    step("ratios", "kolumn against its peers, briefly: a warning where a ratio has fallen by a fifth", ratios::check),
];

/// The names of all steps, in order.
pub(crate) fn names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

/// The steps with what they check, for the help text.
pub(crate) fn list() -> String {
    STEPS.iter().map(|step| format!("    {:<14}{}\n", step.name, step.about)).collect()
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
    let goes_beside = |step: &Step| step.beside.filter(|beside| names.contains(&beside.from));
    let mut results = Vec::new();
    let mut under_way: Vec<(&Step, Beside, Result<Background, String>)> = Vec::new();
    for step in chosen.iter().filter(|step| goes_beside(step).is_none()) {
        let (due, rest) = under_way.into_iter().partition(|(_, beside, _)| beside.until == step.name);
        under_way = rest;
        results.extend(waited_for(due));
        for other in &chosen {
            if let Some(beside) = goes_beside(other).filter(|beside| beside.from == step.name) {
                under_way.push((other, beside, Background::start(other.name, other.about)));
            }
        }
        results.push(measured(step.name, None, Instant::now(), || {
            println!("== {}: {}", step.name, step.about);
            (step.run)()
        }));
    }
    results.extend(waited_for(under_way));
    summary(&results, begun.elapsed())
}

/// What became of steps that went on beside others. Their processor time is counted when they are waited for, and so not to the steps
/// beside which they ran.
fn waited_for(steps: Vec<(&Step, Beside, Result<Background, String>)>) -> Vec<Done> {
    let wait = |(step, beside, started): (&Step, Beside, Result<Background, String>)| {
        let begun = started.as_ref().map_or_else(|_| Instant::now(), |background| background.begun);
        measured(step.name, Some(beside.from), begun, || started?.wait())
    };
    steps.into_iter().map(wait).collect()
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
    // What is no failure and should be read none the less.
    for done in results {
        for line in done.outcome.iter().flat_map(|said| said.lines()).filter(|line| line.contains(WARNING)) {
            println!("{}: {line}", done.name);
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

// In the profile of the tests, these two find its build scripts and macros, and leave theirs to it.

fn clippy() -> Outcome {
    let mut command = cargo();
    command.arg("clippy").args(suites::EVERYTHING).args(["--all-targets", "--", "-D", "warnings"]);
    run_program(&mut command).map(|()| String::new())
}

fn docs() -> Outcome {
    let mut command = cargo();
    // With an example, what clippy looked at counts: its dependencies have the features that tests and examples ask for.
    let targets = ["--no-deps", "--lib", "--bin", "servers", "--bin", "peak", "--bin", "xtask", "--example", "rates"];
    command.arg("doc").args(suites::EVERYTHING).args(targets).env("RUSTDOCFLAGS", "-D warnings");
    run_program(&mut command).map(|()| String::new())
}
