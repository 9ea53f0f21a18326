//! The steps of `cargo xtask test`: each is one thing that must hold.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::process::{cargo, run as run_program};
use crate::{advisories, fuzz, licences, musl, no_c, prerequisites, suites};

/// What a step says when it holds, or why it does not.
pub(crate) type Outcome = Result<String, String>;

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Outcome,
}

/// In this order: what is quick to fail comes first.
const STEPS: [Step; 13] = [
    Step {
        name: "setup",
        about: "programs, Kafka's jars, the Python environment: installed and fetched where missing",
        run: prerequisites::set_up,
    },
    Step { name: "fmt", about: "cargo fmt --check", run: || quietly(&["fmt", "--all", "--check"]) },
    Step { name: "no-c", about: "no C, no -sys, no cc or cmake in the library and the binary", run: no_c::check },
    Step { name: "licences", about: "licences, bans and sources of deny.toml", run: licences::check },
    Step {
        name: "advisories",
        about: "no known vulnerability in a dependency (offline: xtask/advisories.txt)",
        run: advisories::check,
    },
    Step { name: "clippy", about: "clippy over the workspace, warnings denied", run: clippy },
    Step { name: "docs", about: "rustdoc, warnings denied", run: docs },
    Step { name: "unit", about: "unit tests of every crate, and its examples compile", run: suites::unit },
    Step {
        name: "doctests",
        about: "the examples in the documentation",
        run: || quietly(&["test", "--workspace", "--exclude", "kolumn-benches", "--doc"]),
    },
    Step { name: "suites", about: "the suites against the in-process broker", run: suites::in_process },
    Step { name: "real", about: "the suites against a real Apache Kafka (tests/real_*.rs)", run: suites::real },
    Step { name: "fuzz", about: "every fuzz target for some seconds, with the address sanitizer", run: fuzz::check },
    Step { name: "musl", about: "the static binary: small, static, and running in an empty root", run: musl::check },
];

/// The names of all steps, in order.
pub(crate) fn names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

/// The steps with what they check, for the help text.
pub(crate) fn list() -> String {
    STEPS.iter().map(|step| format!("    {:<12}{}\n", step.name, step.about)).collect()
}

/// Runs the named steps, tells each with its duration, and what failed at the end.
pub(crate) fn run(names: &[&str]) -> ExitCode {
    let mut results: Vec<(&str, Duration, Outcome)> = Vec::new();
    for step in STEPS.iter().filter(|step| names.contains(&step.name)) {
        println!("== {}: {}", step.name, step.about);
        let begun = Instant::now();
        let outcome = (step.run)();
        let took = begun.elapsed();
        match &outcome {
            Ok(said) => println!("== {} holds, {:.1} s{}", step.name, took.as_secs_f64(), prefixed(said)),
            Err(why) => println!("== {} FAILED, {:.1} s\n{why}", step.name, took.as_secs_f64()),
        }
        results.push((step.name, took, outcome));
    }
    println!("\n== summary");
    for (name, took, outcome) in &results {
        println!("{:>8.1} s  {:<12}{}", took.as_secs_f64(), name, if outcome.is_ok() { "holds" } else { "FAILED" });
    }
    let failed: Vec<&(&str, Duration, Outcome)> = results.iter().filter(|(_, _, outcome)| outcome.is_err()).collect();
    for (name, _, outcome) in &failed {
        if let Err(why) = outcome {
            println!("\n{name}: {why}\n    again: cargo xtask test --only {name}");
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
    command.args(["doc", "--workspace", "--exclude", "kolumn-benches", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    run_program(&mut command).map(|()| String::new())
}
