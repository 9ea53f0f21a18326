//! Descriptions as text: JSON, behind `object:` or in a file.

use std::fmt;
use std::path::PathBuf;

use arrow_schema::TimeUnit;

use super::{Misplaced, ObjectSpec, Value, ValueData};
use crate::spec::text::Quoted;

pub(super) const UNITS: [(&str, TimeUnit); 4] =
    [("s", TimeUnit::Second), ("ms", TimeUnit::Millisecond), ("us", TimeUnit::Microsecond), ("ns", TimeUnit::Nanosecond)];

/// The description that a text is.
pub(super) fn description(text: &[u8]) -> Result<Value, String> {
    let data: ValueData = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    data.value().map_err(|Misplaced { place, reason }| format!("{place}: {reason}"))
}

impl ObjectSpec {
    /// The description that `text` begins with, and how many bytes of it that is.
    pub(in crate::spec) fn read(text: &str) -> Result<(Self, usize), (usize, String)> {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<ValueData>();
        match values.next() {
            Some(Ok(data)) => match data.value() {
                Ok(value) => Ok((Self::Value(value), values.byte_offset())),
                Err(Misplaced { place, reason }) => Err((0, format!("{place}: {reason}"))),
            },
            // Text of the command line is one line.
            Some(Err(error)) => Err((error.column().saturating_sub(1).min(text.len()), error.to_string())),
            None => Err((0, "the description is missing".into())),
        }
    }

    pub(in crate::spec) fn in_file(path: String) -> Self {
        Self::File { path: PathBuf::from(path), read: None }
    }
}

/// As JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&ValueData::of(self)).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Display for ObjectSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "object:{value}"),
            Self::File { path, .. } => write!(f, "object:{}", Quoted(&path.to_string_lossy())),
        }
    }
}
