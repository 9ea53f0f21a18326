//! Versions of Kafka, by the versions of the APIs that they serve.

use crate::settings::Settings;
use kafka_protocol::messages::ApiKey;

/// A version of Kafka that a cluster pretends to be: which versions of each API it tells and serves.
///
/// The least versions are those that Kafka told; a request in one that [`crate::Request`] cannot hold closes the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Generation {
    /// 0.11, the first with record batches.
    V0_11,
    /// 2.1, the first with leader epochs for consumers.
    V2_1,
    /// 2.4, the first that lets followers be read.
    V2_4,
    /// 2.8, the last without topic ids in Fetch.
    V2_8,
    /// 3.9.
    V3_9,
    /// 4.0, as it is served anyway.
    V4,
}

impl Generation {
    /// All of them, oldest first.
    pub const ALL: [Self; 6] = [Self::V0_11, Self::V2_1, Self::V2_4, Self::V2_8, Self::V3_9, Self::V4];

    pub(crate) fn apply(self, settings: &mut Settings) {
        let Some(column) = Self::ALL.iter().position(|one| *one == self) else { return };
        for (api, greatest) in GREATEST {
            let Some(max) = greatest.get(column) else {
                settings.versions.remove(&(*api as i16));
                continue;
            };
            settings.versions.insert(*api as i16, (*max >= 0).then_some((0, *max)));
        }
    }
}

/// The greatest version of each API in 0.11, 2.1, 2.4, 2.8 and 3.9; -1 where there was none. The least was 0 until 4.0.
const GREATEST: &[(ApiKey, [i16; 5])] = &[
    (ApiKey::Produce, [3, 7, 8, 9, 11]),
    (ApiKey::Fetch, [5, 10, 11, 12, 17]),
    (ApiKey::ListOffsets, [2, 4, 5, 6, 9]),
    (ApiKey::Metadata, [4, 7, 9, 11, 12]),
    (ApiKey::OffsetCommit, [3, 6, 8, 8, 9]),
    (ApiKey::OffsetFetch, [3, 5, 6, 7, 9]),
    (ApiKey::FindCoordinator, [1, 2, 3, 3, 6]),
    (ApiKey::ApiVersions, [1, 2, 3, 3, 4]),
    (ApiKey::CreateTopics, [2, 3, 5, 7, 7]),
    (ApiKey::DeleteTopics, [1, 3, 4, 6, 6]),
    (ApiKey::DeleteRecords, [0, 1, 1, 2, 2]),
    (ApiKey::InitProducerId, [0, 1, 2, 4, 5]),
    (ApiKey::OffsetForLeaderEpoch, [0, 2, 3, 4, 4]),
    (ApiKey::CreatePartitions, [-1, 1, 1, 3, 3]),
];
