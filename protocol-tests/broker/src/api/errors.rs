//! Answers that say that something went wrong, for hooks that want them.

use super::{Answer, Request, Response};
use kafka_protocol::messages as kafka;

/// The answer to a request that is refused: every topic and partition that it names bears the code, or the whole answer.
pub(super) fn refused(request: &Request, version: i16, code: i16) -> Answer {
    match request {
        // A fetch says so itself.
        Request::Fetch(_) => Answer::Nothing,
        Request::Produce(request) if request.acks == 0 => Answer::Nothing,
        Request::Produce(request) => Response::Produce(produce(request, code)).into(),
        Request::ListOffsets(request) => Response::ListOffsets(list_offsets(request, code)).into(),
        Request::Metadata(request) => Response::Metadata(metadata(request, code)).into(),
        Request::ApiVersions(_) => Response::ApiVersions(kafka::ApiVersionsResponse::default().with_error_code(code)).into(),
        Request::SaslHandshake(_) => {
            Response::SaslHandshake(kafka::SaslHandshakeResponse::default().with_error_code(code)).into()
        }
        Request::SaslAuthenticate(_) => {
            Response::SaslAuthenticate(kafka::SaslAuthenticateResponse::default().with_error_code(code)).into()
        }
        Request::InitProducerId(_) => {
            Response::InitProducerId(kafka::InitProducerIdResponse::default().with_error_code(code)).into()
        }
        Request::FindCoordinator(request) => Response::FindCoordinator(find_coordinator(request, version, code)).into(),
        Request::OffsetFetch(request) => Response::OffsetFetch(offset_fetch(request, version, code)).into(),
        Request::OffsetCommit(request) => Response::OffsetCommit(offset_commit(request, code)).into(),
        Request::OffsetForLeaderEpoch(request) => Response::OffsetForLeaderEpoch(end_of_epoch(request, code)).into(),
        Request::CreateTopics(request) => {
            let topics = request.topics.iter().map(|topic| {
                kafka::create_topics_response::CreatableTopicResult::default().with_name(topic.name.clone()).with_error_code(code)
            });
            Response::CreateTopics(kafka::CreateTopicsResponse::default().with_topics(topics.collect())).into()
        }
        Request::DeleteTopics(request) => {
            let result =
                |name| kafka::delete_topics_response::DeletableTopicResult::default().with_name(name).with_error_code(code);
            let named = request.topic_names.iter().map(|name| result(Some(name.clone())));
            let stated = request.topics.iter().map(|topic| result(topic.name.clone()).with_topic_id(topic.topic_id));
            let responses = named.chain(stated).collect();
            Response::DeleteTopics(kafka::DeleteTopicsResponse::default().with_responses(responses)).into()
        }
        Request::DeleteRecords(request) => {
            use kafka::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
            let topics = request.topics.iter().map(|topic| {
                let partitions = topic.partitions.iter().map(|asked| {
                    DeleteRecordsPartitionResult::default().with_partition_index(asked.partition_index).with_error_code(code)
                });
                DeleteRecordsTopicResult::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
            });
            Response::DeleteRecords(kafka::DeleteRecordsResponse::default().with_topics(topics.collect())).into()
        }
        Request::CreatePartitions(request) => {
            use kafka::create_partitions_response::CreatePartitionsTopicResult;
            let results = request.topics.iter();
            let results =
                results.map(|topic| CreatePartitionsTopicResult::default().with_name(topic.name.clone()).with_error_code(code));
            Response::CreatePartitions(kafka::CreatePartitionsResponse::default().with_results(results.collect())).into()
        }
    }
}

fn produce(request: &kafka::ProduceRequest, code: i16) -> kafka::ProduceResponse {
    use kafka::produce_response::{PartitionProduceResponse, TopicProduceResponse};
    let topics = request.topic_data.iter().map(|topic| {
        let partitions = topic
            .partition_data
            .iter()
            .map(|asked| PartitionProduceResponse::default().with_index(asked.index).with_error_code(code).with_base_offset(-1));
        TopicProduceResponse::default().with_name(topic.name.clone()).with_partition_responses(partitions.collect())
    });
    kafka::ProduceResponse::default().with_responses(topics.collect())
}

fn list_offsets(request: &kafka::ListOffsetsRequest, code: i16) -> kafka::ListOffsetsResponse {
    use kafka::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            ListOffsetsPartitionResponse::default().with_partition_index(asked.partition_index).with_error_code(code)
        });
        ListOffsetsTopicResponse::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
    });
    kafka::ListOffsetsResponse::default().with_topics(topics.collect())
}

/// A metadata answer without nodes and partitions; one for all topics is empty, as it names none.
fn metadata(request: &kafka::MetadataRequest, code: i16) -> kafka::MetadataResponse {
    let topics = request.topics.iter().flatten().map(|topic| {
        kafka::metadata_response::MetadataResponseTopic::default()
            .with_name(topic.name.clone())
            .with_topic_id(topic.topic_id)
            .with_error_code(code)
    });
    kafka::MetadataResponse::default().with_topics(topics.collect())
}

fn find_coordinator(request: &kafka::FindCoordinatorRequest, version: i16, code: i16) -> kafka::FindCoordinatorResponse {
    if version < 4 {
        return kafka::FindCoordinatorResponse::default().with_error_code(code).with_node_id(kafka::BrokerId(-1)).with_port(-1);
    }
    let coordinators = request.coordinator_keys.iter().map(|key| {
        kafka::find_coordinator_response::Coordinator::default()
            .with_key(key.clone())
            .with_node_id(kafka::BrokerId(-1))
            .with_port(-1)
            .with_error_code(code)
    });
    kafka::FindCoordinatorResponse::default().with_coordinators(coordinators.collect())
}

fn offset_fetch(request: &kafka::OffsetFetchRequest, version: i16, code: i16) -> kafka::OffsetFetchResponse {
    let response = kafka::OffsetFetchResponse::default();
    if version >= 8 {
        let groups = request.groups.iter().map(|group| {
            kafka::offset_fetch_response::OffsetFetchResponseGroup::default()
                .with_group_id(group.group_id.clone())
                .with_error_code(code)
        });
        return response.with_groups(groups.collect());
    }
    if version >= 2 { response.with_error_code(code) } else { response }
}

fn offset_commit(request: &kafka::OffsetCommitRequest, code: i16) -> kafka::OffsetCommitResponse {
    use kafka::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            OffsetCommitResponsePartition::default().with_partition_index(asked.partition_index).with_error_code(code)
        });
        OffsetCommitResponseTopic::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
    });
    kafka::OffsetCommitResponse::default().with_topics(topics.collect())
}

fn end_of_epoch(request: &kafka::OffsetForLeaderEpochRequest, code: i16) -> kafka::OffsetForLeaderEpochResponse {
    use kafka::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter();
        let partitions = partitions.map(|asked| EpochEndOffset::default().with_partition(asked.partition).with_error_code(code));
        OffsetForLeaderTopicResult::default().with_topic(topic.topic.clone()).with_partitions(partitions.collect())
    });
    kafka::OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
}

/// Gives one partition of an answer an error code; an answer that does not name it stays as it is.
pub(super) fn partition_error(answer: &mut Answer, topic: &str, partition: i32, code: i16) {
    match answer {
        Answer::Nothing | Answer::Fetch(_) => {}
        Answer::Plain(response) => match &mut **response {
            Response::Produce(response) => {
                let topics = response.responses.iter_mut().filter(|one| one.name.as_str() == topic);
                let partitions = topics.flat_map(|one| &mut one.partition_responses).filter(|one| one.index == partition);
                partitions.for_each(|one| one.error_code = code);
            }
            Response::ListOffsets(response) => {
                let topics = response.topics.iter_mut().filter(|one| one.name.as_str() == topic);
                let partitions = topics.flat_map(|one| &mut one.partitions).filter(|one| one.partition_index == partition);
                partitions.for_each(|one| {
                    one.error_code = code;
                    one.offset = -1;
                });
            }
            Response::Metadata(response) => {
                let named = |name: &Option<kafka::TopicName>| name.as_ref().is_some_and(|name| name.as_str() == topic);
                let topics = response.topics.iter_mut().filter(|one| named(&one.name));
                let partitions = topics.flat_map(|one| &mut one.partitions).filter(|one| one.partition_index == partition);
                partitions.for_each(|one| one.error_code = code);
            }
            _ => {}
        },
    }
}

/// Says that the client is throttled.
pub(super) fn throttled(answer: Answer, milliseconds: i32) -> Answer {
    answer.edited(&|response| match response {
        Response::Produce(response) => response.throttle_time_ms = milliseconds,
        Response::Fetch(response) => response.throttle_time_ms = milliseconds,
        Response::ListOffsets(response) => response.throttle_time_ms = milliseconds,
        Response::Metadata(response) => response.throttle_time_ms = milliseconds,
        Response::OffsetCommit(response) => response.throttle_time_ms = milliseconds,
        Response::OffsetFetch(response) => response.throttle_time_ms = milliseconds,
        Response::FindCoordinator(response) => response.throttle_time_ms = milliseconds,
        Response::ApiVersions(response) => response.throttle_time_ms = milliseconds,
        Response::CreateTopics(response) => response.throttle_time_ms = milliseconds,
        Response::DeleteTopics(response) => response.throttle_time_ms = milliseconds,
        Response::DeleteRecords(response) => response.throttle_time_ms = milliseconds,
        Response::InitProducerId(response) => response.throttle_time_ms = milliseconds,
        Response::OffsetForLeaderEpoch(response) => response.throttle_time_ms = milliseconds,
        Response::CreatePartitions(response) => response.throttle_time_ms = milliseconds,
        // A login cannot be throttled.
        Response::SaslHandshake(_) | Response::SaslAuthenticate(_) => {}
    })
}
