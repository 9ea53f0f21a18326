//! kolumn against its peers in one core, briefly: whether a ratio has fallen behind the accepted one by a fifth.
//!
//! It warns and does not fail: machines differ. The programs are compiled in the profile of the tests, for they share what they depend on,
//! but without a debug build's checks, and optimised in full.

use std::process::Command;

use crate::process::{cargo, output, run, target_folder, top};
use crate::steps::Outcome;
use crate::suites;

/// What is measured, and with how many rounds and rows: a minute and a half in all.
const MEASURED: &[&str] = &["avro", "protobuf", "json", "batch-walk", "codecs", "--rounds", "5", "--rows", "40000"];
/// The crates of this workspace that are measured, or that these need: the tests are compiled with a debug build's checks.
const OWN: [&str; 4] = ["kolumn", "kolumn-benches", "kolumn-protocol-tests", "kolumn-test-broker"];
const AS_FOR_A_RELEASE: [&str; 3] = ["opt-level=3", "debug-assertions=false", "overflow-checks=false"];

/// Compiles the programs.
pub(crate) fn build() -> Outcome {
    let mut command = cargo();
    command.arg("build").args(suites::EVERYTHING);
    // With an example, so that dependencies have the features that they have in tests.
    command.args(["--bin", "kolumn-benches", "--example", "rates"]);
    for (own, setting) in OWN.iter().flat_map(|own| AS_FOR_A_RELEASE.map(|setting| (own, setting))) {
        command.args(["--config", &format!("profile.{}.package.{own}.{setting}", suites::PROFILE)]);
    }
    run(&mut command).map(|()| String::new())
}

/// Measures, and tells the tables and what has fallen.
pub(crate) fn check() -> Outcome {
    build()?;
    output(measure()?.arg("--check"))
}

/// Measures, and writes the ratios down as accepted.
pub(crate) fn accept() -> Outcome {
    build()?;
    output(measure()?.arg("--accept"))
}

fn measure() -> Result<Command, String> {
    let mut command = Command::new(target_folder()?.join(suites::PROFILE).join("kolumn-benches"));
    command.args(MEASURED).current_dir(top());
    Ok(command)
}
