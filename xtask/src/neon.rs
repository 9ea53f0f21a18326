//! The fast ways of aarch64 on this machine: the unit tests, as a static program for musl, which needs neither C nor a foreign root, under
//! qemu.

use std::process::Command;

use crate::prerequisites;
use crate::process::{cargo, exists, run};
use crate::rustup::add_target;
use crate::steps::{Outcome, WARNING};

pub(crate) const TARGET: &str = "aarch64-unknown-linux-musl";
const QEMU: &str = "qemu-aarch64";
/// The tests, by a part of their names: what has instructions of its own for this processor, here or in what it depends on.
const TESTS: [&str; 4] = ["decode::json::fast", "decode::varint", "record::codec", "record::tests"];
/// How many inputs a test with random ones takes; under qemu everything takes ten times as long.
const CASES: &str = "16";

/// Runs the tests.
///
/// Where rustup cannot give the target's standard library the step says so and holds; on aarch64 itself `unit` has run them.
pub(crate) fn check() -> Outcome {
    if cfg!(target_arch = "aarch64") {
        return Ok("this is aarch64: the unit tests are these".into());
    }
    if let Err(why) = add_target(TARGET) {
        return Ok(format!("{WARNING}: not run, no {TARGET} is to be had here: {}", why.trim().replace('\n', "; ")));
    }
    if !exists(QEMU, "--version") {
        prerequisites::install_packages(&["qemu-user"])?;
    }
    // Gigabytes of zeros take minutes there, and show nothing of the processor.
    run(tests().arg("--").args(TESTS).args(["--skip", "bombs_are_refused"]))?;
    Ok(TESTS.join(", "))
}

fn tests() -> Command {
    let mut command = cargo();
    command
        .args(["test", "--target", TARGET, "--package", "kolumn", "--lib"])
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER", "rust-lld")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUNNER", QEMU)
        .env("PROPTEST_CASES", CASES);
    command
}
