//! The static binary: built for musl, at most 16 MB, and at home in a root that holds nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::{exists, output, run, spoken, target_folder, top};
use crate::rustup::add_target;
use crate::steps::Outcome;

pub(crate) const TARGET: &str = "x86_64-unknown-linux-musl";
/// The largest that the stripped binary may be. TLS, and the readers of Avro and Protobuf schemas, are five of it.
const LIMIT_BYTES: u64 = 16_000_000;
/// How many rows the demo shows in the empty root.
const ROWS: &str = "1000000";
/// The longest that it may take, in seconds.
const DEMO_LIMIT: &str = "120";
/// The type of the program header that names a dynamic loader.
const PT_INTERP: u32 = 3;

/// Builds the binary and looks at it.
pub(crate) fn check() -> Outcome {
    // Without the target the script compiles its standard library, which takes a minute.
    if let Err(why) = add_target(TARGET) {
        println!("{}", why.trim());
    }
    run(Command::new(top().join("xtask/scripts/musl-cargo"))
        .args(["build", "--profile", "dist", "--package", "kolumn-cli"])
        .current_dir(top()))?;
    let binary = target_folder()?.join(TARGET).join("dist/kolumn");
    let bytes = fs::read(&binary).map_err(|error| format!("{}: {error}", binary.display()))?;
    if bytes.len() as u64 > LIMIT_BYTES {
        return Err(format!("{} has {} bytes, the limit is {LIMIT_BYTES}", binary.display(), bytes.len()));
    }
    match wants_a_loader(&bytes) {
        Some(false) => {}
        Some(true) => return Err(format!("{} is not static: it names a dynamic loader", binary.display())),
        None => return Err(format!("{} is no 64-bit ELF program", binary.display())),
    }
    let last = demo_in_an_empty_root(&binary)?;
    Ok(format!("{} bytes; in an empty root: {last}", bytes.len()))
}

/// Runs the demo where there is no file but the binary itself, and returns its last line.
fn demo_in_an_empty_root(binary: &Path) -> Result<String, String> {
    let root = top().join("target/empty-root");
    if root.exists() {
        fs::remove_dir_all(&root).map_err(|error| format!("{}: {error}", root.display()))?;
    }
    fs::create_dir_all(&root).map_err(|error| format!("{}: {error}", root.display()))?;
    let inside = root.join("kolumn");
    fs::copy(binary, &inside).map_err(|error| format!("{}: {error}", inside.display()))?;
    fs::set_permissions(&inside, fs::Permissions::from_mode(0o755)).map_err(|error| format!("{}: {error}", inside.display()))?;
    let mut command = Command::new("timeout");
    command.arg(DEMO_LIMIT);
    if !output(Command::new("id").arg("-u"))?.trim().eq("0") {
        if !exists("unshare", "--version") {
            return Err("changing the root needs root, or `unshare` of util-linux".into());
        }
        command.args(["unshare", "--map-root-user"]);
    }
    command.arg("chroot").arg(&root).args(["/kolumn", "demo", "--rows", ROWS]);
    let done = command.stdin(Stdio::null()).output().map_err(|error| format!("{}: {error}", spoken(&command)))?;
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    let tail: Vec<&str> = said.trim().lines().rev().take(10).collect();
    if !done.status.success() {
        return Err(format!(
            "{} ended with {}\n{}",
            spoken(&command),
            done.status,
            tail.into_iter().rev().collect::<Vec<_>>().join("\n")
        ));
    }
    // An exit status alone would also praise a program that does nothing.
    if !tail.iter().any(|line| digits(line).contains(ROWS)) {
        return Err(format!("{} does not say that it showed {ROWS} rows:\n{said}", spoken(&command)));
    }
    Ok((*tail.first().unwrap_or(&"")).to_owned())
}

/// The digits of a line, so that `1,000,000 rows` is found too.
fn digits(line: &str) -> String {
    line.chars().filter(char::is_ascii_digit).collect()
}

/// Whether a 64-bit little-endian ELF program wants a dynamic loader; none where it is no such program.
fn wants_a_loader(program: &[u8]) -> Option<bool> {
    let number = |at: usize, length: usize| -> Option<u64> {
        let bytes = program.get(at..at.checked_add(length)?)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    if program.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let table = usize::try_from(number(32, 8)?).ok()?;
    let size = usize::try_from(number(54, 2)?).ok()?;
    let count = usize::try_from(number(56, 2)?).ok()?;
    for entry in 0..count {
        let at = table.checked_add(size.checked_mul(entry)?)?;
        if number(at, 4)? == u64::from(PT_INTERP) {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_this_system_wants_a_loader_and_text_is_no_program() {
        let shell = fs::read("/bin/sh").unwrap();
        assert_eq!(wants_a_loader(&shell), Some(true));
        assert_eq!(wants_a_loader(b"#!/bin/sh\n"), None);
    }

    #[test]
    fn a_number_of_rows_is_found_with_and_without_separators() {
        assert!(digits("1,000,000 rows").contains(ROWS));
        assert!(digits("rows=1000000").contains(ROWS));
        assert!(!digits("999,999 rows").contains(ROWS));
    }
}
