use bytes::{Bytes, BytesMut};
use kafka_protocol::messages as kafka;
use kafka_protocol::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey};
use kafka_protocol::messages::fetch_response as fetch;
use kafka_protocol::messages::find_coordinator_response as coordinators;
use kafka_protocol::messages::list_offsets_response as offsets;
use kafka_protocol::messages::metadata_response as metadata;
use kafka_protocol::messages::offset_fetch_response as committed;
use kafka_protocol::messages::offset_for_leader_epoch_response as epochs;
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use proptest::prelude::*;

use super::super::shapes;
use super::*;

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

fn encoded<M: Encodable>(message: &M, version: i16) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    message.encode(&mut bytes, version).expect("encodes");
    bytes.to_vec()
}

/// A response of each kind in each version: bytes, shape, version, whether flexible, and how the decoder sees such bytes.
struct Sample {
    bytes: Vec<u8>,
    shape: &'static Shape,
    version: i16,
    flexible: bool,
    /// How many bytes the decoder leaves; none where it fails.
    decode: fn(&[u8], i16) -> Option<usize>,
}

fn left<M: Decodable>(bytes: &[u8], version: i16) -> Option<usize> {
    let mut bytes = Bytes::copy_from_slice(bytes);
    M::decode(&mut bytes, version).ok().map(|_| bytes.len())
}

fn api_versions(version: i16) -> kafka::ApiVersionsResponse {
    let mut response = kafka::ApiVersionsResponse::default()
        .with_api_keys(vec![ApiVersion::default().with_api_key(1).with_max_version(12), ApiVersion::default()]);
    if version >= 1 {
        response = response.with_throttle_time_ms(7);
    }
    if version >= 3 {
        let supported = SupportedFeatureKey::default().with_name(text("kraft.version")).with_max_version(1);
        let finalized = FinalizedFeatureKey::default().with_name(text("metadata.version")).with_max_version_level(20);
        response = response
            .with_supported_features(vec![supported])
            .with_finalized_features_epoch(5)
            .with_finalized_features(vec![finalized])
            .with_zk_migration_ready(true)
            .with_unknown_tagged_field(99, Bytes::from_static(b"later"));
    }
    response
}

fn metadata(version: i16) -> kafka::MetadataResponse {
    let broker = metadata::MetadataResponseBroker::default().with_node_id(1.into()).with_host(text("kafka-1")).with_port(9092);
    let broker = if version >= 1 { broker.with_rack(Some(text("a"))) } else { broker };
    let partition = metadata::MetadataResponsePartition::default()
        .with_leader_id(1.into())
        .with_replica_nodes(vec![1.into(), 2.into()])
        .with_isr_nodes(vec![1.into()]);
    let partition = if version >= 7 { partition.with_leader_epoch(3) } else { partition };
    let topic = metadata::MetadataResponseTopic::default()
        .with_name(Some(kafka::TopicName(text("orders"))))
        .with_partitions(vec![partition.clone(), partition]);
    kafka::MetadataResponse::default().with_brokers(vec![broker.clone(), broker]).with_topics(vec![topic])
}

fn list_offsets(version: i16) -> kafka::ListOffsetsResponse {
    let partition = offsets::ListOffsetsPartitionResponse::default().with_offset(5).with_timestamp(6);
    let partition = if version >= 4 { partition.with_leader_epoch(3) } else { partition };
    let name = kafka::TopicName(text("orders"));
    let topic = offsets::ListOffsetsTopicResponse::default().with_name(name).with_partitions(vec![partition]);
    kafka::ListOffsetsResponse::default().with_topics(vec![topic])
}

fn fetch(version: i16) -> kafka::FetchResponse {
    let aborted = fetch::AbortedTransaction::default().with_producer_id(4.into()).with_first_offset(2);
    let mut partition = fetch::PartitionData::default()
        .with_high_watermark(9)
        .with_aborted_transactions(Some(vec![aborted]))
        .with_records(Some(Bytes::from_static(b"batches")));
    if version >= 12 {
        partition = partition
            .with_diverging_epoch(fetch::EpochEndOffset::default().with_epoch(3).with_end_offset(8))
            .with_current_leader(fetch::LeaderIdAndEpoch::default().with_leader_id(2.into()).with_leader_epoch(4))
            .with_snapshot_id(fetch::SnapshotId::default().with_end_offset(1).with_epoch(1));
    }
    let empty = fetch::PartitionData::default().with_partition_index(1).with_aborted_transactions(None).with_records(None);
    let topic = fetch::FetchableTopicResponse::default().with_partitions(vec![partition, empty]);
    let topic = if version <= 12 { topic.with_topic(kafka::TopicName(text("orders"))) } else { topic };
    let response = kafka::FetchResponse::default().with_responses(vec![topic]);
    if version >= 16 {
        let node = fetch::NodeEndpoint::default().with_node_id(2.into()).with_host(text("kafka-2")).with_port(9092);
        return response.with_node_endpoints(vec![node]);
    }
    response
}

fn find_coordinator(version: i16) -> kafka::FindCoordinatorResponse {
    if version >= 4 {
        let coordinator = coordinators::Coordinator::default()
            .with_key(text("group"))
            .with_node_id(1.into())
            .with_host(text("kafka-1"))
            .with_port(9092)
            .with_error_message(Some(text("none")));
        return kafka::FindCoordinatorResponse::default().with_coordinators(vec![coordinator.clone(), coordinator]);
    }
    let response = kafka::FindCoordinatorResponse::default().with_node_id(1.into()).with_host(text("kafka-1")).with_port(9092);
    if version >= 1 { response.with_error_message(Some(text("none"))) } else { response }
}

fn offset_fetch(version: i16) -> kafka::OffsetFetchResponse {
    let name = kafka::TopicName(text("orders"));
    if version >= 8 {
        let partition = committed::OffsetFetchResponsePartitions::default()
            .with_committed_offset(5)
            .with_committed_leader_epoch(3)
            .with_metadata(None);
        let topic = committed::OffsetFetchResponseTopics::default().with_name(name).with_partitions(vec![partition]);
        let group = committed::OffsetFetchResponseGroup::default()
            .with_group_id(kafka::GroupId(text("group")))
            .with_topics(vec![topic])
            .with_error_code(2);
        return kafka::OffsetFetchResponse::default().with_groups(vec![group]);
    }
    let partition = committed::OffsetFetchResponsePartition::default().with_committed_offset(5).with_metadata(None);
    let partition = if version >= 5 { partition.with_committed_leader_epoch(3) } else { partition };
    let topic = committed::OffsetFetchResponseTopic::default().with_name(name).with_partitions(vec![partition]);
    kafka::OffsetFetchResponse::default().with_topics(vec![topic])
}

fn epoch_ends(_version: i16) -> kafka::OffsetForLeaderEpochResponse {
    let end = epochs::EpochEndOffset::default().with_partition(1).with_leader_epoch(3).with_end_offset(9);
    let topic = epochs::OffsetForLeaderTopicResult::default()
        .with_topic(kafka::TopicName(text("orders")))
        .with_partitions(vec![end.clone(), end]);
    kafka::OffsetForLeaderEpochResponse::default().with_topics(vec![topic])
}

fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    macro_rules! add {
        ($make:ident, $response:ident, $shape:ident, $versions:expr, $flexible:expr) => {
            for version in $versions {
                let bytes = encoded(&$make(version), version);
                let decode = left::<kafka::$response>;
                samples.push(Sample { bytes, shape: &shapes::$shape, version, flexible: version >= $flexible, decode });
            }
        };
    }
    add!(api_versions, ApiVersionsResponse, API_VERSIONS, 0..=4, 3);
    add!(metadata, MetadataResponse, METADATA, 0..=13, 9);
    add!(list_offsets, ListOffsetsResponse, LIST_OFFSETS, 1..=10, 6);
    add!(fetch, FetchResponse, FETCH, 4..=18, 12);
    add!(find_coordinator, FindCoordinatorResponse, FIND_COORDINATOR, 0..=6, 3);
    add!(offset_fetch, OffsetFetchResponse, OFFSET_FETCH, 1..=9, 6);
    add!(epoch_ends, OffsetForLeaderEpochResponse, OFFSET_FOR_LEADER_EPOCH, 2..=4, 4);
    samples
}

#[test]
fn every_response_in_every_version_is_walked_to_its_last_byte() {
    for sample in samples() {
        let Sample { bytes, shape, version, flexible, decode } = sample;
        assert_eq!(walk(&bytes, shape, version, flexible), Ok(0), "{shape:?} version {version}");
        assert_eq!(decode(&bytes, version), Some(0));
    }
}

#[test]
fn a_response_cut_at_any_byte_is_refused() {
    for sample in samples() {
        for cut in 0..sample.bytes.len() {
            let part = &sample.bytes[..cut];
            assert!(walk(part, sample.shape, sample.version, sample.flexible).is_err(), "{cut} of {:?}", sample.bytes);
        }
    }
}

#[test]
fn a9_trailing_bytes_are_counted() {
    let mut bytes = encoded(&metadata(12), 12);
    bytes.extend([1, 2, 3]);
    assert_eq!(walk(&bytes, &shapes::METADATA, 12, true), Ok(3));
}

#[test]
fn a10_a_list_longer_than_the_bytes_left_is_refused_before_anything_is_allocated() {
    let classic = [&[0, 0, 0, 0][..], &i32::MAX.to_be_bytes(), &[0; 8]].concat();
    let error = walk(&classic, &shapes::FETCH, 4, false).expect_err("a bomb");
    assert_eq!(error, "a list of 2147483647 elements in the last 8 bytes");
    let compact = [&[0; 10][..], &[0xff, 0xff, 0xff, 0xff, 0x0f], &[0; 8]].concat();
    let error = walk(&compact, &shapes::FETCH, 12, true).expect_err("a bomb");
    assert_eq!(error, "a list of 4294967294 elements in the last 8 bytes");
}

#[test]
fn a_bomb_inside_a_known_tagged_field_is_found_although_its_size_looks_harmless() {
    // Error code 0, no APIs, throttle 0, one tagged field: 0, of one byte, which the decoder would read as an array.
    let bytes = [0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f];
    assert!(walk(&bytes, &shapes::API_VERSIONS, 3, true).expect_err("a bomb").contains("a list of"));
    // The same with an empty array and a size that is not its own.
    let bytes = [0, 0, 1, 0, 0, 0, 0, 1, 0, 2, 1, 0];
    assert_eq!(walk(&bytes, &shapes::API_VERSIONS, 3, true), Err("tagged field 0 has 1 bytes and claims 2".into()));
}

#[test]
fn more_tagged_fields_than_anyone_needs_are_refused() {
    let mut bytes = vec![0, 0, 1, 0, 0, 0, 0, 0xff, 0x7f];
    bytes.extend([9, 0].repeat(16383));
    assert_eq!(walk(&bytes, &shapes::API_VERSIONS, 3, true), Err("more than 4096 tagged fields".into()));
}

#[test]
fn lengths_below_null_and_overlong_numbers_are_refused() {
    let negative = [&[0, 0][..], &(-2i32).to_be_bytes(), &[0; 4]].concat();
    assert_eq!(walk(&negative, &shapes::API_VERSIONS, 0, false), Err("a length of -2".into()));
    let overlong = [0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0];
    assert_eq!(walk(&overlong, &shapes::API_VERSIONS, 3, true), Err("a number of more than 32 bits".into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The walk sees what the decoder sees: where it passes, the decoder either fails on a text or leaves exactly as many bytes.
    #[test]
    fn whatever_passes_the_walk_the_decoder_reads_to_the_same_byte(
        choice in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let samples = samples();
        let sample = choice.get(&samples);
        let mut bytes = sample.bytes.clone();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Ok(walked) = walk(&bytes, sample.shape, sample.version, sample.flexible)
            && let Some(decoded) = (sample.decode)(&bytes, sample.version)
        {
            prop_assert_eq!(walked, decoded);
        }
    }
}
