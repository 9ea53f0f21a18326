//! kolumn against its peers in one core, briefly: whether a ratio has fallen behind the accepted one by a fifth.
//!
//! It warns and does not fail: machines differ. The programs are compiled in the profile of the tests, for they share what they depend on,
//! but without a debug build's checks, and optimised in full.

use std::process::Command;

use crate::process::{cargo, output, run, target_folder, top};
use crate::steps::Outcome;
use crate::suites;

/// What is measured, and with how many rounds and rows: a minute and a half in all.
const MEASURED: &[&str] = &["avro", "protobuf", "json", "batch-walk", "codecs", "--rounds", "3", "--rows", "100000"];
/// In what the tests are compiled otherwise.
const AS_FOR_A_RELEASE: [&str; 4] = [
    "profile.suites.debug-assertions=false",
    "profile.suites.overflow-checks=false",
    "profile.suites.package.kolumn.opt-level=3",
    "profile.suites.package.kolumn-benches.opt-level=3",
];

/// Compiles the programs.
pub(crate) fn build() -> Outcome {
    let mut command = cargo();
    command.arg("build").args(suites::EVERYTHING);
    // With an example, so that dependencies have the features that they have in tests.
    command.args(["--bin", "kolumn-benches", "--example", "rates"]);
    command.args(AS_FOR_A_RELEASE.iter().flat_map(|setting| ["--config", setting]));
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
