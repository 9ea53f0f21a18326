//! How a run ends: exit codes, and the failures that lead to them.

use std::io;
use std::path::PathBuf;

use kolumn::error::Error;
use kolumn::registry::RegistryFault;

/// Exit code of a run that was interrupted.
pub(crate) const INTERRUPTED: u8 = 130;

/// Why a verb ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The library says why.
    #[error("{0}")]
    Library(#[from] Error),
    /// The arguments do not fit together.
    #[error("{0}")]
    Usage(String),
    /// A file could not be opened, read, written or renamed.
    #[error("cannot {what} {}: {reason}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// The rows could not be written.
    #[error("cannot write the rows: {0}")]
    Output(String),
    /// Whoever read our output has enough.
    #[error("the output was closed")]
    ClosedPipe,
    /// The terminal cannot be used.
    #[error("cannot use the terminal: {0}; with -f jsonl rows are written instead of the live view")]
    Terminal(io::Error),
    /// Nothing like it exists.
    #[error("{0}")]
    NotFound(String),
    /// Something that the machine does not give.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// The exit code: 1 failed, 2 wrong usage, 3 refused, 4 not found, 5 undecodable; 0 for a closed pipe, which is no failure.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Library(error) => code_of(error),
            Self::Usage(_) => 2,
            Self::File { reason, .. } if reason.kind() == io::ErrorKind::NotFound => 4,
            Self::NotFound(_) => 4,
            Self::ClosedPipe => 0,
            Self::File { .. } | Self::Output(_) | Self::Terminal(_) | Self::Other(_) => 1,
        }
    }
}

fn code_of(error: &Error) -> u8 {
    match error {
        Error::UnknownProperty { .. }
        | Error::InvalidProperty { .. }
        | Error::Missing { .. }
        | Error::InvalidSpec { .. }
        | Error::UnresolvedSchema { .. }
        | Error::DuplicateColumn { .. }
        | Error::UnknownColumn { .. } => 2,
        Error::NotAuthorized { .. } | Error::Authentication { .. } | Error::Token { .. } => 3,
        Error::Registry { fault: RegistryFault::Denied { .. } | RegistryFault::NoToken(_), .. } => 3,
        Error::Registry { fault: RegistryFault::NotFound { .. }, .. } => 4,
        Error::Refused { code, .. } if REFUSALS.contains(code) => 3,
        Error::UnknownTopic { .. } | Error::UnknownPartition { .. } | Error::DeletedTopic { .. } => 4,
        Error::Undecodable { .. } => 5,
        Error::NoBroker { tried } => match tried.iter().map(code_of).max() {
            Some(3) => 3,
            _ => 1,
        },
        _ => 1,
    }
}

/// Error codes of the Kafka protocol about who may do what: topic, group, cluster and transactional id authorization, SASL.
const REFUSALS: [i16; 5] = [29, 30, 31, 53, 58];

#[cfg(test)]
mod tests {
    use super::*;

    fn code(error: Error) -> u8 {
        Failure::from(error).exit_code()
    }

    fn denied() -> Error {
        Error::NotAuthorized { broker: "b:1".into(), what: "topic".into(), name: "TOPIC_AUTHORIZATION_FAILED".into() }
    }

    #[test]
    fn what_is_not_there_is_four() {
        assert_eq!(code(Error::UnknownTopic { topic: "x".into(), nearest: None }), 4);
        assert_eq!(code(Error::UnknownPartition { topic: "x".into(), partition: 9, count: 3 }), 4);
        let registry = |fault| code(Error::Registry { registry: "r".into(), what: "subject".into(), fault });
        assert_eq!(registry(RegistryFault::NotFound { code: 40401, message: "m".into() }), 4);
        assert_eq!(registry(RegistryFault::Denied { status: 401, message: "m".into() }), 3);
        assert_eq!(registry(RegistryFault::Unreachable("m".into())), 1);
        let reason = io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(Failure::File { what: "read", path: "x".into(), reason }.exit_code(), 4);
    }

    #[test]
    fn refusals_are_three_even_behind_a_list_of_brokers() {
        assert_eq!(code(denied()), 3);
        let login = Error::Authentication { broker: "b:1".into(), mechanism: "PLAIN".into(), reason: "no".into() };
        assert_eq!(code(login), 3);
        assert_eq!(code(Error::NoBroker { tried: vec![Error::Closed, denied()] }), 3);
        let refused = |code| Error::Refused { broker: "b".into(), what: "w".into(), code, name: "n".into(), hint: "" };
        assert_eq!(code(refused(58)), 3);
        assert_eq!(code(refused(6)), 1);
    }

    #[test]
    fn wrong_usage_is_two_and_the_rest_is_one() {
        assert_eq!(code(Error::UnknownProperty { key: "x".into(), nearest: None }), 2);
        assert_eq!(Failure::Usage("x".into()).exit_code(), 2);
        assert_eq!(code(Error::Connect { broker: "b:1".into(), reason: "connection refused".into() }), 1);
        assert_eq!(Failure::Output("disk full".into()).exit_code(), 1);
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        assert_eq!(Failure::ClosedPipe.exit_code(), 0);
    }
}
