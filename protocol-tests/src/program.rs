//! Running the programs that the servers are made of: `java`, `mvn`, `python3`, `openssl`, `kill`.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::process::{Command, ExitStatus, Output, Stdio};

use crate::error::{Result, ServerError};

/// How much of a failed program's output an error carries.
const KEPT_OUTPUT: usize = 4000;

/// Runs `command` to its end and returns what it wrote to stdout. Failing is an error that carries the end of its output.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|source| cannot_start(command, source))?;
    finished(command, &output)
}

/// The stdout of a program that has ended, or the error that it ended with.
pub(crate) fn finished(command: &Command, output: &Output) -> Result<String> {
    if !output.status.success() {
        let written = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        return Err(failed(command, output.status, &written));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The error of a program that ended badly.
pub(crate) fn failed(command: &Command, status: ExitStatus, output: &[u8]) -> ServerError {
    ServerError::Program { command: spoken(command), status: status.to_string(), output: end_of(output) }
}

/// The error of a program that could not even be started.
pub(crate) fn cannot_start(command: &Command, source: std::io::Error) -> ServerError {
    let program = command.get_program().to_string_lossy().into_owned();
    if source.kind() != ErrorKind::NotFound {
        return ServerError::Io { what: format!("starting {program}"), source };
    }
    let install = match program.as_str() {
        "java" | "javac" => "install a JDK of version 17 or later: `apt-get install openjdk-17-jdk-headless`",
        "mvn" => "install Maven: `apt-get install maven`",
        "openssl" => "install OpenSSL: `apt-get install openssl`",
        "python3" => "install Python 3: `apt-get install python3 python3-venv`",
        _ => "install it",
    };
    ServerError::MissingProgram { program, install }
}

/// The end of some output, as text.
pub(crate) fn end_of(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let mut start = text.len().saturating_sub(KEPT_OUTPUT);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text[start..].trim().to_owned()
}

/// The program and its first arguments: enough to recognise it, without the hundred jars of a class path.
fn spoken(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args().take(12).map(OsStr::to_string_lossy) {
        text.push(' ');
        text.extend(argument.chars().take(80));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_named_with_what_to_install() {
        let error = run(&mut Command::new("no-such-program-of-kolumn")).unwrap_err();
        assert!(error.to_string().contains("no-such-program-of-kolumn is not installed"), "{error}");
    }

    #[test]
    fn a_program_that_fails_leaves_the_end_of_its_output_in_the_error() {
        let error = run(Command::new("sh").args(["-c", "echo words; exit 3"])).unwrap_err();
        assert!(matches!(&error, ServerError::Program { output, .. } if output == "words"), "{error:?}");
    }
}
