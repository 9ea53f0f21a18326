//! What rustup has beside the compiler that builds everything: other targets, Miri.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{exists, output, top};

/// Where the compiler has its standard libraries, one folder for each target.
pub(crate) fn libraries() -> Result<PathBuf, String> {
    Ok(PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(top()))?.trim()).join("lib/rustlib"))
}

/// Has the compiler's standard library for a target, or says why there is none.
pub(crate) fn add_target(target: &str) -> Result<(), String> {
    if libraries()?.join(target).join("lib").is_dir() {
        return Ok(());
    }
    rustup(&["target", "add", target])
}

/// Runs rustup where there is one.
pub(crate) fn rustup(arguments: &[&str]) -> Result<(), String> {
    if !exists("rustup", "--version") {
        return Err(format!("there is no rustup; it would be asked: rustup {}", arguments.join(" ")));
    }
    output(Command::new("rustup").args(arguments).current_dir(top())).map(drop)
}
