//! ApiVersions (18): which APIs are served, and KIP-511 for clients that are too new.

use super::SERVED;
use crate::state::Shared;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiVersionsResponse;
use kafka_protocol::messages::api_versions_response::ApiVersion;

pub(super) fn handle(shared: &Shared) -> ApiVersionsResponse {
    let told = SERVED.iter().filter_map(|(api, ..)| {
        let (min, max) = shared.settings.versions_of(*api)?;
        Some(ApiVersion::default().with_api_key(*api as i16).with_min_version(min).with_max_version(max))
    });
    ApiVersionsResponse::default().with_api_keys(told.collect())
}

/// What a client gets whose version of ApiVersions is not served: an answer in version 0 with the versions that are.
pub(crate) fn unsupported(shared: &Shared) -> ApiVersionsResponse {
    handle(shared).with_error_code(ResponseError::UnsupportedVersion.code())
}
