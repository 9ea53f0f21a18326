//! Peers in other languages, and one in Rust that needs a newer one than this: each is a program that measures itself and prints one line, as [`Run::to_line`] does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kolumn_protocol_tests::{Installation, NEWEST};

use crate::Outcome;
use crate::arguments::Peer;
use crate::measure::Run;

/// Runs the peer, if it is one of these.
pub(super) fn run(peer: &Peer) -> Outcome<Option<Run>> {
    let mut command = match peer.name.as_str() {
        "java-raw" => {
            let mut java = Command::new("java");
            java.arg("-cp").arg(Installation::of(NEWEST)?.class_path()).arg(folder().join("Consume.java"));
            java
        }
        "franz-go-raw" => Command::new(franz_go()?),
        "krafka-json" | "krafka-raw" => {
            let mut krafka = Command::new(krafka()?);
            krafka.arg(&peer.name);
            krafka
        }
        "polars-json" => python("polars_peer.py", "requirements.txt")?,
        "deephaven-json" => python("deephaven_peer.py", "deephaven.txt")?,
        _ => return Ok(None),
    };
    command.args([&peer.brokers, &peer.topic, &peer.partitions.to_string(), &peer.rows.to_string()]);
    let output = command.stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.trim().lines().last().unwrap_or_default();
    match Run::from_line(line) {
        Some(run) if output.status.success() => Ok(Some(run)),
        _ => Err(format!("{}: {}", output.status, text.trim()).into()),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// Where what is built for the peers is kept.
fn built() -> Outcome<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn franz_go() -> Outcome<PathBuf> {
    let program = built()?.canonicalize()?.join("franz-go");
    if !program.exists() {
        finish(Command::new("go").args(["build", "-o"]).arg(&program).arg(".").current_dir(folder().join("franz-go")))?;
    }
    Ok(program)
}

fn krafka() -> Outcome<PathBuf> {
    let program = built()?.canonicalize()?.join("krafka/release/kolumn-benches-krafka");
    if !program.exists() {
        let target = built()?.canonicalize()?.join("krafka");
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--release", "--target-dir"]).arg(target).current_dir(folder().join("krafka"));
        finish(&mut cargo)?;
    }
    Ok(program)
}

/// A script with what it requires.
pub(crate) fn python(script: &str, requirements: &str) -> Outcome<Command> {
    let environment = built()?.join(requirements.trim_end_matches(".txt"));
    let interpreter = environment.join("bin/python");
    if !environment.join("complete").exists() {
        finish(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        let requirements = folder().join(requirements);
        finish(Command::new(&interpreter).args(["-m", "pip", "install", "--quiet", "-r"]).arg(requirements))?;
        std::fs::write(environment.join("complete"), "")?;
    }
    let mut command = Command::new(interpreter);
    command.arg("-B").arg(folder().join(script));
    Ok(command)
}

fn finish(command: &mut Command) -> Outcome {
    let status = command.stdout(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}
