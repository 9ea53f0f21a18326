//! What the tests need besides Rust: installed by apt where this is Debian and we are root, else named.

use std::fs;
use std::process::Command;

use crate::process::{cargo, exists, output, run, target_folder, top};
use crate::rustup::add_target;
use crate::steps::Outcome;
use crate::{miri, musl, neon, suites};

struct Program {
    name: &'static str,
    /// An argument that makes it succeed and do nothing.
    probe: &'static str,
    package: &'static str,
    needed_for: &'static str,
}

const PROGRAMS: [Program; 7] = [
    Program { name: "java", probe: "--version", package: "openjdk-17-jdk-headless", needed_for: "Apache Kafka and its producer" },
    Program { name: "javac", probe: "--version", package: "openjdk-17-jdk-headless", needed_for: "Kafka's producer" },
    Program { name: "mvn", probe: "--version", package: "maven", needed_for: "Kafka's jars" },
    Program { name: "python3", probe: "--version", package: "python3", needed_for: "librdkafka, by confluent-kafka" },
    Program { name: "cc", probe: "--version", package: "build-essential", needed_for: "librdkafka in the benchmarks" },
    Program { name: "make", probe: "--version", package: "build-essential", needed_for: "librdkafka in the benchmarks" },
    Program { name: "musl-gcc", probe: "--version", package: "musl-tools", needed_for: "the static binary" },
];

/// Installs what is missing.
pub(crate) fn set_up() -> Outcome {
    install()?;
    // Here and not beside each other, which rustup does not mind enough. What cannot be had its step tells once more.
    for missing in [add_target(musl::TARGET), add_target(neon::TARGET), miri::install()].into_iter().filter_map(Result::err) {
        println!("{}", missing.trim());
    }
    // Servers of runs that were killed left their logs.
    let left = top().join("target/servers");
    if left.exists() {
        fs::remove_dir_all(&left).map_err(|error| format!("{}: {error}", left.display()))?;
    }
    Ok(String::new())
}

/// Fetches and builds what the servers need.
pub(crate) fn fetch() -> Outcome {
    let program = target_folder()?.join(suites::PROFILE).join("servers");
    // Beside tests that are being compiled cargo would wait for them. Whatever a program of before leaves out, the tests fetch for themselves.
    if !program.exists() {
        run(cargo().args(["build", "--quiet", "--bin", "servers", "--example", "rates"]).args(suites::EVERYTHING))?;
    }
    run(Command::new(program).arg("prepare").current_dir(top())).map(|()| String::new())
}

/// Installs the programs that are missing.
pub(crate) fn install() -> Result<(), String> {
    let mut packages: Vec<&str> = missing().iter().map(|program| program.package).collect();
    // A `python3` without its module for environments passes the probe.
    if !exists_module("ensurepip") {
        packages.push("python3-venv");
    }
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    install_packages(&packages).map_err(|error| {
        let needs: Vec<String> =
            missing().iter().map(|program| format!("    {} for {}", program.name, program.needed_for)).collect();
        format!("missing:\n{}\n{error}", needs.join("\n"))
    })?;
    match missing().first() {
        None => Ok(()),
        Some(program) => Err(format!("{} is still missing after installing {}", program.name, program.package)),
    }
}

/// Installs packages by apt, where this is Debian and we are root.
pub(crate) fn install_packages(packages: &[&str]) -> Result<(), String> {
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root || !exists("apt-get", "--version") {
        return Err(format!("install what is missing: apt-get install {}", packages.join(" ")));
    }
    println!("installing {}", packages.join(" "));
    run(Command::new("apt-get").args(["-qq", "update"]))?;
    run(Command::new("apt-get")
        .args(["-qq", "install", "-y", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

fn missing() -> Vec<&'static Program> {
    PROGRAMS.iter().filter(|program| !exists(program.name, program.probe)).collect()
}

fn exists_module(module: &str) -> bool {
    output(Command::new("python3").args(["-c", &format!("import {module}")])).is_ok()
}
