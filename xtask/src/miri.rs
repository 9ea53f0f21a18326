//! Miri over the modules with unsafe code, and those that hand them what they work on: no read outside, no value that is none.
//!
//! It interprets the instructions of SSE2 and AVX2, so that their kernels are looked at as well as the scalar form; of AVX-512 and NEON it
//! knows too little, and theirs is the address sanitizer of the fuzz targets, and qemu.

use std::process::Command;

use crate::process::{output, top};
use crate::rustup::rustup;
use crate::steps::{Outcome, WARNING};

/// The tests, by the beginning of their names.
const TESTS: [&str; 4] = ["decode::column::text", "decode::json::fast::index", "decode::json::fast::page", "decode::varint"];
/// As if the machine had these instructions, and no others above SSE2.
const FEATURES: &str = "-Ctarget-feature=+avx2,+bmi1,+popcnt";

/// What the compiler that built this says of itself to the programs that it runs.
const OF_THIS_COMPILER: [&str; 5] = ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "RUST_RECURSION_COUNT"];

/// Runs the tests under Miri.
///
/// Where Miri cannot be had the step says so and holds.
pub(crate) fn check() -> Outcome {
    if let Err(why) = install() {
        return Ok(format!("{WARNING}: not run, Miri is not to be had here: {}", why.trim().replace('\n', "; ")));
    }
    let mut command = nightly();
    command.args(["miri", "test", "--package", "kolumn", "--lib", "--"]).args(TESTS).env("RUSTFLAGS", FEATURES);
    let said = output(&mut command)?;
    match said.lines().find_map(|line| line.strip_prefix("test result: ok. ")) {
        Some(passed) if !passed.starts_with("0 ") => Ok(format!("{}: {passed}", TESTS.join(", "))),
        _ => Err(format!("no test ran; the step would prove nothing:\n{said}")),
    }
}

/// Installs Miri where it is missing, or says why there is none.
pub(crate) fn install() -> Result<(), String> {
    let there = || output(nightly().args(["miri", "--version"])).map(drop);
    if there().is_ok() {
        return Ok(());
    }
    let nightly_is_there = output(nightly().arg("--version")).is_ok();
    if !nightly_is_there {
        rustup(&["toolchain", "install", "nightly", "--profile", "minimal"])?;
    }
    rustup(&["component", "add", "--toolchain", "nightly", "miri", "rust-src"])?;
    there()
}

/// `cargo` of the nightly compiler, which Miri is a part of.
fn nightly() -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo"]).current_dir(top());
    for name in OF_THIS_COMPILER {
        command.env_remove(name);
    }
    command
}
