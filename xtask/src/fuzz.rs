//! The fuzz targets of `fuzz/`: built with the address sanitizer, and each run for some seconds on what its corpus says.
//!
//! A minute and a half finds what a change broke at once; what needs hours is for the hand: `fuzz/README.md`.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::process::{cargo, exists, exists_subcommand, output, run, top};
use crate::steps::Outcome;
use crate::{prerequisites, rustup};

/// Where cargo-fuzz builds for, unless it is told.
const HOST: &str = "x86_64-unknown-linux-gnu";
const CARGO_FUZZ: &str = "0.13.2";
/// How long each target runs.
const SECONDS: u32 = 8;
/// Targets that hold fast ways against plain ones, each with every set of instructions that this machine has: they run twice as long.
const OF_FAST_WAYS: [&str; 3] = ["avro", "json_fast", "protobuf"];
/// No input is longer; so no promise allows an allocation of more than [`MALLOC_LIMIT_MB`].
const LONGEST_INPUT: u32 = 16 << 10;
const MALLOC_LIMIT_MB: u32 = 32;
/// The sanitizer's flags are unstable ones; its runtime is clang's, which rustup's toolchains need not have.
const FLAGS: &str = "-Zexternal-clangrt -Clinker=clang -Clink-arg=-fsanitize=address";
/// Which crates assert is left to `fuzz/Cargo.toml`.
const BUILD: [&str; 1] = ["--release"];

/// Builds all targets, and sees that they have the sanitizer.
pub(crate) fn build() -> Outcome {
    install()?;
    run(cargo_fuzz(&["build"]).args(BUILD))?;
    let targets = targets()?;
    targets.iter().try_for_each(|target| sanitized(target))?;
    Ok(format!("{} targets", targets.len()))
}

/// Whether a target was built with the address sanitizer: then it tells of its options.
fn sanitized(target: &str) -> Result<(), String> {
    let program = top().join("fuzz/target").join(HOST).join("release").join(target);
    let said = Command::new(&program).arg("-help=1").env("ASAN_OPTIONS", "help=1").stdin(Stdio::null()).output();
    let said = said.map_err(|error| format!("{}: {error}", program.display()))?;
    match String::from_utf8_lossy(&said.stderr).contains("AddressSanitizer") {
        true => Ok(()),
        false => Err(format!("{} was built without the address sanitizer", program.display())),
    }
}

/// Builds all targets where they are not built, and runs each for some seconds: as many at a time as there are processors.
pub(crate) fn check() -> Outcome {
    build()?;
    let targets = targets()?;
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let lanes = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = run_one(target) {
                        failures.lock().unwrap_or_else(PoisonError::into_inner).push(error);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failures.is_empty() {
        Ok(format!("{} targets, {SECONDS} s each, and twice as long {}", targets.len(), OF_FAST_WAYS.join(", ")))
    } else {
        Err(failures.join("\n"))
    }
}

fn run_one(target: &str) -> Result<(), String> {
    // What is found on the way goes into the first folder, and stays out of the one that is committed.
    let found = top().join("fuzz/target/found").join(target);
    fs::create_dir_all(&found).map_err(|error| format!("{}: {error}", found.display()))?;
    let corpus = top().join("fuzz/corpus").join(target);
    let seconds = if OF_FAST_WAYS.contains(&target) { SECONDS * 2 } else { SECONDS };
    let mut command = cargo_fuzz(&["run"]);
    command.args(BUILD).arg(target).arg(&found).arg(&corpus).arg("--").args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={LONGEST_INPUT}"),
        format!("-malloc_limit_mb={MALLOC_LIMIT_MB}"),
        "-timeout=10".to_owned(),
        "-verbosity=0".to_owned(),
    ]);
    run(&mut command).map_err(|error| format!("{error}\nthe input that did it is in fuzz/artifacts/{target}"))
}

/// The targets by name.
fn targets() -> Result<Vec<String>, String> {
    let listed = output(&mut cargo_fuzz(&["list"]))?;
    let targets: Vec<String> = listed.lines().map(str::to_owned).collect();
    if targets.is_empty() { Err("there is no target; the step would prove nothing".into()) } else { Ok(targets) }
}

fn cargo_fuzz(arguments: &[&str]) -> Command {
    let mut command = cargo();
    command.arg("fuzz").args(arguments).env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", format!("{FLAGS}{}", fast_linker()));
    command.env("RUSTC_WRAPPER", top().join("xtask/scripts/rustc-for-fuzz"));
    command
}

/// How clang is told of the linker that comes with the compiler, which takes a quarter of the time; where it does not come with it, nothing.
fn fast_linker() -> String {
    let Ok(libraries) = rustup::libraries() else { return String::new() };
    let folder = libraries.join(HOST).join("bin/gcc-ld");
    if folder.join("ld.lld").exists() {
        format!(" -Clink-arg=-fuse-ld=lld -Clink-arg=-B{}", folder.display())
    } else {
        String::new()
    }
}

/// clang, its sanitizer runtime, and cargo-fuzz, where they are missing.
fn install() -> Result<(), String> {
    if !exists("clang", "--version") || !exists("clang++", "--version") {
        prerequisites::install_packages(&["clang"])?;
    }
    // Debian has the runtimes in a package of their own, by the number of the version.
    let runtime = output(Command::new("clang").arg("-print-file-name=libclang_rt.asan-x86_64.a"))?;
    let elsewhere = output(Command::new("clang").arg("-print-file-name=libclang_rt.asan.a"))?;
    // What clang does not find it prints as it was asked.
    if !runtime.contains('/') && !elsewhere.contains('/') {
        let major = output(Command::new("clang").arg("-dumpversion"))?;
        let major = major.split('.').next().unwrap_or_default().trim().to_owned();
        prerequisites::install_packages(&[&format!("libclang-rt-{major}-dev")])?;
    }
    if !exists_subcommand("fuzz") {
        run(cargo().args(["install", "--locked", "cargo-fuzz", "--version", CARGO_FUZZ]))?;
    }
    Ok(())
}
