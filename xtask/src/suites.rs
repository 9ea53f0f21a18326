//! Which tests are unit tests, which are suites, and which want a real server: told by where they stand and what they are called.

use std::collections::BTreeSet;

use crate::graph;
use crate::process::{cargo, run};
use crate::steps::Outcome;

/// All of it in one profile, so that what it depends on is compiled once. What is tested is always chosen from all crates: a part of them
/// would ask for other features of what they depend on, and have it compiled once more.
pub(crate) const EVERYTHING: &[&str] = &["--workspace", "--profile", PROFILE];
/// Optimised, with the debug build's checks: millions of rows go through the suites.
pub(crate) const PROFILE: &str = "suites";
/// How many tests of a program that starts real servers run at once: they wait for them most of the time.
const REAL_THREADS: &str = "--test-threads=4";
/// The integration tests that start real servers, by the name of their program.
const REAL: &str = "real";

/// Compiles unit tests, programs and suites.
pub(crate) fn build() -> Outcome {
    let mut command = cargo();
    command.args(["test", "--no-run"]).args(EVERYTHING).args(units()?);
    for (_, name) in graph::targets_of_kind("test")? {
        command.args(["--test", &name]);
    }
    run(&mut command).map(|()| String::new())
}

/// Unit tests.
pub(crate) fn unit() -> Outcome {
    run(cargo().arg("test").args(EVERYTHING).arg("--no-fail-fast").args(units()?)).map(|()| String::new())
}

/// What has unit tests: every library and every program but the benchmarks, which bring C and take long to compile.
fn units() -> Result<Vec<String>, String> {
    let mut units = vec!["--lib".to_owned()];
    for (_, name) in graph::targets_of_kind("bin")?.into_iter().filter(|(package, _)| package != "kolumn-benches") {
        units.extend(["--bin".to_owned(), name]);
    }
    Ok(units)
}

/// The examples in the documentation.
pub(crate) fn doctests() -> Outcome {
    run(cargo().arg("test").args(EVERYTHING).arg("--doc")).map(|()| String::new())
}

/// The integration tests that bring their own broker.
pub(crate) fn in_process() -> Outcome {
    integration(|name| name != REAL, &[])
}

/// The integration tests that start a real server.
pub(crate) fn real() -> Outcome {
    integration(|name| name == REAL, &["--", REAL_THREADS])
}

fn integration(wanted: impl Fn(&str) -> bool, arguments: &[&str]) -> Outcome {
    let targets = graph::targets_of_kind("test")?;
    let names: BTreeSet<&str> = targets.iter().map(|(_, name)| name.as_str()).filter(|name| wanted(name)).collect();
    let count = targets.iter().filter(|(_, name)| wanted(name)).count();
    if count == 0 {
        return Err("there is no such test; the step would prove nothing".into());
    }
    let mut command = cargo();
    command.args(["test", "--no-fail-fast"]).args(EVERYTHING);
    for name in names {
        // Of every crate that has a test of the name.
        command.args(["--test", name]);
    }
    run(command.args(arguments))?;
    Ok(format!("{count} test programs"))
}
