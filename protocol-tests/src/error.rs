//! What can go wrong while a server or a producer is set up, started or driven.

use std::path::PathBuf;
use std::time::Duration;

/// A result whose error is [`enum@ServerError`].
pub type Result<T, E = ServerError> = std::result::Result<T, E>;

/// Why a server, a producer or the independent consumer could not do its part.
///
/// A missing program is an error like any other: a suite that needs a real Kafka fails without one, it never passes by skipping.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// A program that the servers need is not on the `PATH`.
    #[error("{program} is not installed; {install} (or run `cargo xtask setup`)")]
    MissingProgram {
        /// The program.
        program: String,
        /// How to get it.
        install: &'static str,
    },
    /// A program ended with an error.
    #[error("{command} failed ({status}):\n{output}")]
    Program {
        /// The program and its first arguments.
        command: String,
        /// Its exit status.
        status: String,
        /// The end of what it wrote.
        output: String,
    },
    /// A program wrote something that is not what was agreed on with it.
    #[error("{program} answered what is not understood: {reason}")]
    Answer {
        /// The program.
        program: String,
        /// What is wrong.
        reason: String,
    },
    /// A server ended by itself.
    #[error("{server} ended by itself ({status}); the end of {}:\n{output}", .log.display())]
    Ended {
        /// The server.
        server: String,
        /// Its exit status.
        status: String,
        /// Its log.
        log: PathBuf,
        /// The log's end.
        output: String,
    },
    /// Something did not happen in time.
    #[error("{what} did not happen within {limit:?}{}", .detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default())]
    Timeout {
        /// What was waited for.
        what: String,
        /// The limit.
        limit: Duration,
        /// What was seen last.
        detail: Option<String>,
    },
    /// A broker refused an administrative request.
    #[error("{request} of {subject:?}: {name} ({code}){}", .message.as_ref().map(|message| format!(": {message}")).unwrap_or_default())]
    Refused {
        /// The request.
        request: &'static str,
        /// What it was about.
        subject: String,
        /// The protocol's error code.
        code: i16,
        /// Its name.
        name: String,
        /// What the broker said beside it.
        message: Option<String>,
    },
    /// A file or socket could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was tried, path or address included.
        what: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// Says what was tried, where an operation of the operating system failed.
pub(crate) trait Tried<T> {
    /// Turns the failure into [`ServerError::Io`] with `what` in front.
    fn tried(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Tried<T> for std::io::Result<T> {
    fn tried(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| ServerError::Io { what: what(), source })
    }
}
