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
    /// It will not be answered.
    NotAuthorized,
}

impl Refusal {
    /// The meaning of a code; one that is unknown is taken to pass.
    pub(super) fn of(code: i16) -> Self {
        match code {
            1 => Self::OutOfRange,
            // CORRUPT_MESSAGE, KAFKA_STORAGE_ERROR's siblings: the broker's trouble, not the leadership's.
            2 | 7 | 89 => Self::Later,
            29 | 30 | 31 => Self::NotAuthorized,
            _ => Self::Elsewhere,
        }
    }
}

/// A code as an operator looks it up.
pub(super) fn text(code: i16) -> String {
    format!("{} ({code})", error_name(code))
}
