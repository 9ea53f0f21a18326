//! What a broker speaks.

use std::collections::BTreeMap;

use kafka_protocol::messages::ApiVersionsResponse;

use super::api::Request;
use crate::error::{Error, Result};

/// The versions of each API that a broker speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Versions(BTreeMap<i16, (i16, i16)>);

impl Versions {
    /// What a broker says of itself.
    pub(super) fn of(response: &ApiVersionsResponse) -> Self {
        Self(response.api_keys.iter().map(|api| (api.api_key, (api.min_version, api.max_version))).collect())
    }

    /// The versions of one API; none where the broker does not know it.
    pub(super) fn theirs<Q: Request>(&self) -> Option<(i16, i16)> {
        self.0.get(&Q::KEY).copied()
    }

    /// The highest version in common.
    pub(super) fn best<Q: Request>(&self, broker: &str) -> Result<i16> {
        let theirs = self.theirs::<Q>();
        let (low, high) = Q::VERSIONS;
        let common = theirs.map(|(min, max)| (low.max(min), high.min(max))).filter(|(min, max)| min <= max);
        common.map(|(_, best)| best).ok_or_else(|| Error::UnsupportedVersion {
            broker: broker.to_owned(),
            api: Q::NAME,
            ours: Q::VERSIONS,
            theirs,
        })
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::api_versions_response::ApiVersion;
    use kafka_protocol::messages::{FetchRequest, MetadataRequest};

    use super::*;

    fn speaking(min: i16, max: i16) -> Versions {
        let api = ApiVersion::default().with_api_key(FetchRequest::KEY).with_min_version(min).with_max_version(max);
        Versions::of(&ApiVersionsResponse::default().with_api_keys(vec![api]))
    }

    #[test]
    fn the_highest_common_version_is_taken() {
        assert_eq!(speaking(0, 17).best::<FetchRequest>("b:1"), Ok(17));
        assert_eq!(speaking(0, 6).best::<FetchRequest>("b:1"), Ok(6));
        assert_eq!(speaking(12, 20).best::<FetchRequest>("b:1"), Ok(17));
    }

    #[test]
    fn a17_without_a_common_version_the_error_has_both_ranges() {
        for (min, max) in [(0, 3), (18, 19), (9, 5)] {
            let error = speaking(min, max).best::<FetchRequest>("b:1");
            let expected =
                Error::UnsupportedVersion { broker: "b:1".into(), api: "Fetch", ours: (4, 17), theirs: Some((min, max)) };
            assert_eq!(error, Err(expected));
        }
        let text = speaking(0, 3).best::<FetchRequest>("b:1").expect_err("too old").to_string();
        assert!(text.contains("0..=3") && text.contains("4..=17"), "{text}");
        let error = speaking(0, 12).best::<MetadataRequest>("b:1");
        assert!(matches!(error, Err(Error::UnsupportedVersion { theirs: None, .. })), "{error:?}");
    }
}
