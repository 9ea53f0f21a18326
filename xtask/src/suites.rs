//! Which tests are unit tests, which are suites, and which want a real server: told by where they stand and what they are called.

use crate::graph;
use crate::process::{cargo, run};
use crate::steps::Outcome;

/// Unit tests, and what else compiles as a part of a crate.
pub(crate) fn unit() -> Outcome {
    run(cargo().args(["test", "--workspace", "--exclude", "kolumn-benches", "--lib", "--bins", "--examples"]))
        .map(|()| String::new())
}

/// The integration tests that bring their own broker.
pub(crate) fn in_process() -> Outcome {
    integration(|name| !name.starts_with("real_"))
}

/// The integration tests that start a real server.
pub(crate) fn real() -> Outcome {
    integration(|name| name.starts_with("real_"))
}

fn integration(wanted: impl Fn(&str) -> bool) -> Outcome {
    let targets = graph::integration_tests()?;
    let mut count = 0;
    let mut packages: Vec<&str> = targets.iter().map(|(package, _)| package.as_str()).collect();
    packages.sort_unstable();
    packages.dedup();
    for package in packages {
        let names: Vec<&str> =
            targets.iter().filter(|(of, name)| of == package && wanted(name)).map(|(_, name)| name.as_str()).collect();
        if names.is_empty() {
            continue;
        }
        count += names.len();
        // Optimised, with the debug build's checks: millions of rows go through them.
        let mut command = cargo();
        command.args(["test", "--profile", "suites", "-p", package]);
        for name in names {
            command.args(["--test", name]);
        }
        run(&mut command)?;
    }
    if count == 0 {
        Err("there is no such test; the step would prove nothing".into())
    } else {
        Ok(format!("{count} test programs"))
    }
}
