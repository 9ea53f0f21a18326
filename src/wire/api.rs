//! The requests that kolumn sends, with what a connection needs to know of each.

use kafka_protocol::messages as kafka;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion};

use super::shape::Shape;
use super::shapes;

/// A request and its response.
///
/// `kafka-protocol` has a trait like this only together with the encoding of responses, which is the broker's side.
pub(crate) trait Request: Encodable + HeaderVersion + Send + Sync {
    /// The number of the API.
    const KEY: i16;
    /// Its name.
    const NAME: &'static str;
    /// The versions that kolumn speaks, both ends included.
    const VERSIONS: (i16, i16);
    /// A larger response is refused; none for the connection's own limit.
    const LIMIT: Option<usize>;
    /// What answers it.
    type Response: Decodable + HeaderVersion + Send;

    #[doc(hidden)]
    fn throttle(response: &Self::Response) -> i32;
}

/// What the walk needs to know, apart from the request so that shapes stay within this room.
pub(super) fn shape_of(key: i16) -> Option<&'static Shape> {
    match key {
        1 => Some(&shapes::FETCH),
        2 => Some(&shapes::LIST_OFFSETS),
        3 => Some(&shapes::METADATA),
        9 => Some(&shapes::OFFSET_FETCH),
        10 => Some(&shapes::FIND_COORDINATOR),
        17 => Some(&shapes::SASL_HANDSHAKE),
        18 => Some(&shapes::API_VERSIONS),
        23 => Some(&shapes::OFFSET_FOR_LEADER_EPOCH),
        36 => Some(&shapes::SASL_AUTHENTICATE),
        _ => None,
    }
}

/// Metadata of a hundred thousand partitions has a tenth of that.
const METADATA_LIMIT: usize = 64 << 20;
const SMALL_LIMIT: usize = 1 << 20;

macro_rules! requests {
    ($($request:ident => $response:ident, $key:literal, $name:literal, $versions:expr, $limit:expr;)*) => {
        $(impl Request for kafka::$request {
            const KEY: i16 = $key;
            const NAME: &'static str = $name;
            const VERSIONS: (i16, i16) = $versions;
            const LIMIT: Option<usize> = $limit;
            type Response = kafka::$response;

            fn throttle(response: &kafka::$response) -> i32 {
                response.throttle_time_ms
            }
        })*
    };
}

// Lower ends: brokers since 0.11, the first with record batches; Metadata 4 is the first that does not create what it is asked
// about; OffsetForLeaderEpoch 2 is the first that consumers may ask, of brokers since 2.1. Upper ends: Fetch 18 is of no use to a
// consumer; OffsetFetch 10 asks by topic id; the others are the highest that `kafka-protocol` knows.
requests! {
    FetchRequest => FetchResponse, 1, "Fetch", (4, 17), None;
    ListOffsetsRequest => ListOffsetsResponse, 2, "ListOffsets", (1, 10), Some(METADATA_LIMIT);
    MetadataRequest => MetadataResponse, 3, "Metadata", (4, 13), Some(METADATA_LIMIT);
    OffsetFetchRequest => OffsetFetchResponse, 9, "OffsetFetch", (1, 9), Some(METADATA_LIMIT);
    FindCoordinatorRequest => FindCoordinatorResponse, 10, "FindCoordinator", (0, 6), Some(SMALL_LIMIT);
    ApiVersionsRequest => ApiVersionsResponse, 18, "ApiVersions", (0, 4), Some(SMALL_LIMIT);
    OffsetForLeaderEpochRequest => OffsetForLeaderEpochResponse, 23, "OffsetForLeaderEpoch", (2, 4), Some(METADATA_LIMIT);
}
