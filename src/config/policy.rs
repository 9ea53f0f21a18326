//! What a property chooses among.

use std::time::Duration;

use super::duration;

/// Where to start a partition that has no committed offset: `auto.offset.reset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OffsetReset {
    /// At the first offset that the log holds.
    Earliest,
    /// At the end of the log.
    Latest,
    /// At the first record that is at most this old, the end where there is none (KIP-1106).
    ByDuration(Duration),
    /// Nowhere: it is an error.
    None,
}

impl OffsetReset {
    /// What the property means, by the names that Java and librdkafka have for it; none where it is empty.
    pub(super) fn read(text: &str) -> Result<Option<Self>, String> {
        match text.to_ascii_lowercase().as_str() {
            "" => Ok(None),
            "earliest" | "smallest" | "beginning" => Ok(Some(Self::Earliest)),
            "latest" | "largest" | "end" => Ok(Some(Self::Latest)),
            "none" | "error" => Ok(Some(Self::None)),
            other => match other.strip_prefix("by_duration:") {
                Some(duration) => duration::parse(duration).map(|duration| Some(Self::ByDuration(duration))),
                None => Err("must be earliest, latest, by_duration:PnDTnHnMn.nS or none".into()),
            },
        }
    }
}

/// What happens when the log was cut below what was read of it: `kolumn.on.truncation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnTruncation {
    /// The consumption stops.
    Fail,
    /// The rows that the log lost are withdrawn from the table, and it is read on.
    Withdraw,
}

impl OnTruncation {
    pub(super) const NAMES: [(&str, Self); 2] = [("fail", Self::Fail), ("withdraw", Self::Withdraw)];
}

/// What becomes of a record whose schema the registry cannot be asked for: `kolumn.registry.on.unavailable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnUnavailable {
    /// Its partition waits, and the registry is asked again.
    #[default]
    Wait,
    /// After the registry's retries it counts as a record that cannot be decoded.
    Error,
}

impl OnUnavailable {
    pub(super) const NAMES: [(&str, Self); 2] = [("wait", Self::Wait), ("error", Self::Error)];

    /// Its name in the properties.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Error => "error",
        }
    }
}

/// What happens when the topic was deleted and created again: `kolumn.on.recreated.topic`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnRecreatedTopic {
    /// The consumption stops.
    Fail,
    /// The new topic is read from its first offset. The rows of the old one stay.
    Restart,
}

impl OnRecreatedTopic {
    pub(super) const NAMES: [(&str, Self); 2] = [("fail", Self::Fail), ("restart", Self::Restart)];
}

/// Which addresses of a broker are tried: `broker.address.family`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressFamily {
    /// All.
    Any,
    /// Those of IPv4.
    V4,
    /// Those of IPv6.
    V6,
}

impl AddressFamily {
    pub(super) const NAMES: [(&str, Self); 3] = [("any", Self::Any), ("v4", Self::V4), ("v6", Self::V6)];
}
