//! What the error codes of a partition's answer mean for it.

use crate::wire::error_name;

/// What to do about an error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The log does not hold the position.
    OutOfRange,
    /// Somebody else may lead the partition: ask again after a pause, with fresh metadata.
    Elsewhere,
    /// The same broker may answer a little later.
    Later,
    /// The broker cannot read its own log. It may be able to the next time.
    Damaged,
    /// It will not be answered.
    NotAuthorized,
    /// It will not be answered, whoever is asked; with what to do about it.
    Never(&'static str),
}

impl Refusal {
    /// The meaning of a code; one that is unknown is taken to pass.
    pub(super) fn of(code: i16) -> Self {
        match code {
            1 => Self::OutOfRange,
            2 => Self::Damaged,    // CORRUPT_MESSAGE
            7 | 89 => Self::Later, // REQUEST_TIMED_OUT, THROTTLING_QUOTA_EXCEEDED: no matter of leadership
            29..=31 => Self::NotAuthorized,
            17 => Self::Never("a topic's name has 1 to 249 letters, digits, '.', '_' and '-'"), // INVALID_TOPIC_EXCEPTION
            35 | 42 => Self::Never("the broker does not take this version of a fetch"), // UNSUPPORTED_VERSION, INVALID_REQUEST
            76 => Self::Never("the broker is too old to send batches of this codec"),   // UNSUPPORTED_COMPRESSION_TYPE
            _ => Self::Elsewhere,
        }
    }
}

/// A code as an operator looks it up.
pub(super) fn text(code: i16) -> String {
    format!("{} ({code})", error_name(code))
}
