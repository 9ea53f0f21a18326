//! CreateTopics (19), DeleteTopics (20), DeleteRecords (21), CreatePartitions (37): at once, without a controller.

use crate::state::{Shared, TopicSettings};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse, DeleteRecordsRequest,
    DeleteRecordsResponse, DeleteTopicsRequest, DeleteTopicsResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

pub(super) fn create_topics(shared: &Shared, request: &CreateTopicsRequest) -> CreateTopicsResponse {
    let results = request.topics.iter().map(|topic| {
        let result = CreatableTopicResult::default().with_name(topic.name.clone());
        shared.change(|state| {
            if state.topics.contains_key(topic.name.as_str()) {
                return result.with_error_code(ResponseError::TopicAlreadyExists.code());
            }
            let settings = settings_of(topic);
            let (partitions, replication) = (settings.partitions, i16::try_from(settings.replication).unwrap_or(i16::MAX));
            if !request.validate_only {
                state.create_topic(&topic.name, settings);
            }
            let id = state.topics.get(topic.name.as_str()).map(|created| created.id).unwrap_or_default();
            result.with_topic_id(id).with_num_partitions(partitions).with_replication_factor(replication)
        })
    });
    CreateTopicsResponse::default().with_topics(results.collect())
}

fn settings_of(topic: &CreatableTopic) -> TopicSettings {
    let manual = i32::try_from(topic.assignments.len()).unwrap_or(i32::MAX);
    let partitions = if manual > 0 { manual } else { topic.num_partitions.max(1) };
    let replicas = topic.assignments.first().map_or(0, |assignment| assignment.broker_ids.len());
    let replication = if manual > 0 { replicas } else { usize::try_from(topic.replication_factor).unwrap_or(1) };
    let mut settings = TopicSettings::new(partitions).replication(replication.max(1));
    for config in &topic.configs {
        match (config.name.as_str(), config.value.as_ref().map(|value| value.as_str())) {
            ("message.timestamp.type", Some("LogAppendTime")) => settings.log_append_time = true,
            ("max.message.bytes", Some(bytes)) => {
                settings.max_message_bytes = bytes.parse().unwrap_or(settings.max_message_bytes);
            }
            _ => {}
        }
    }
    settings
}

pub(super) fn delete_topics(shared: &Shared, request: &DeleteTopicsRequest) -> DeleteTopicsResponse {
    let by_name = request.topic_names.iter().map(|name| (Some(name.clone()), Uuid::nil()));
    let by_state = request.topics.iter().map(|topic| (topic.name.clone(), topic.topic_id));
    let results = by_name.chain(by_state).map(|(name, id)| {
        shared.change(|state| {
            let found = match &name {
                Some(name) => state.topics.contains_key(name.as_str()).then(|| name.to_string()),
                None => state.name_of(id).map(str::to_owned),
            };
            let result = DeletableTopicResult::default().with_topic_id(id);
            match found {
                Some(found) => {
                    state.delete_topic(&found);
                    result.with_name(Some(TopicName(StrBytes::from(found))))
                }
                None if name.is_some() => result.with_name(name).with_error_code(ResponseError::UnknownTopicOrPartition.code()),
                None => result.with_error_code(ResponseError::UnknownTopicId.code()),
            }
        })
    });
    DeleteTopicsResponse::default().with_responses(results.collect())
}

pub(super) fn delete_records(shared: &Shared, request: &DeleteRecordsRequest) -> DeleteRecordsResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let result = DeleteRecordsPartitionResult::default().with_partition_index(asked.partition_index);
            shared.change(|state| match state.partition_mut(&topic.name, asked.partition_index) {
                None => result.with_error_code(ResponseError::UnknownTopicOrPartition.code()).with_low_watermark(-1),
                Some(partition) if asked.offset > partition.log.high_watermark() => {
                    result.with_error_code(ResponseError::OffsetOutOfRange.code()).with_low_watermark(-1)
                }
                Some(partition) => result.with_low_watermark(partition.log.delete_before(asked.offset)),
            })
        });
        DeleteRecordsTopicResult::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
    });
    DeleteRecordsResponse::default().with_topics(topics.collect())
}

pub(super) fn create_partitions(shared: &Shared, request: &CreatePartitionsRequest) -> CreatePartitionsResponse {
    let results = request.topics.iter().map(|topic| {
        let result = CreatePartitionsTopicResult::default().with_name(topic.name.clone());
        shared.change(|state| match state.topics.get(topic.name.as_str()).map(|found| found.count()) {
            None => result.with_error_code(ResponseError::UnknownTopicOrPartition.code()),
            Some(count) if topic.count <= count => result.with_error_code(ResponseError::InvalidPartitions.code()),
            Some(_) => {
                if !request.validate_only {
                    state.add_partitions(&topic.name, topic.count);
                }
                result
            }
        })
    });
    CreatePartitionsResponse::default().with_results(results.collect())
}
