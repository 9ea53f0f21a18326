//! Produce (0): batches are checked as Kafka checks them, get their offsets, and are otherwise stored as they came.

use super::Context;
use crate::batch::{BatchHeader, batches, stamp};
use crate::log::Sequence;
use crate::state::State;
use bytes::BytesMut;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use std::time::{SystemTime, UNIX_EPOCH};

/// Nothing for acks=0.
pub(super) fn handle(context: &Context, request: &ProduceRequest) -> Option<ProduceResponse> {
    let responses = request.topic_data.iter().map(|topic| {
        let partitions = topic.partition_data.iter().map(|partition| {
            let records = partition.records.as_deref().unwrap_or_default();
            append(context, &topic.name, partition.index, records).with_index(partition.index)
        });
        TopicProduceResponse::default().with_name(topic.name.clone()).with_partition_responses(partitions.collect())
    });
    let response = ProduceResponse::default().with_responses(responses.collect());
    (request.acks != 0).then_some(response)
}

fn append(context: &Context, topic: &str, partition: i32, records: &[u8]) -> PartitionProduceResponse {
    let failed = |error: ResponseError| PartitionProduceResponse::default().with_error_code(error.code()).with_base_offset(-1);
    // Since version 3 a request holds exactly one batch of format 2 for each partition.
    let header = match batches(records).next() {
        Some(Ok(batch)) if batch.bytes.len() == records.len() && batch.header.record_count > 0 => batch,
        Some(Ok(_)) | Some(Err(_)) => return failed(ResponseError::InvalidRecord),
        None => return failed(ResponseError::CorruptMessage),
    };
    if header.verify().is_err() {
        return failed(ResponseError::CorruptMessage);
    }
    let header = header.header;
    let mut batch = BytesMut::from(records);
    let appended = context
        .shared
        .change_log(topic, partition, |state| checked_append(state, context.node, topic, partition, &header, &mut batch));
    match appended {
        Err(error) => failed(error),
        Ok((base_offset, log_append_time, log_start)) => PartitionProduceResponse::default()
            .with_base_offset(base_offset)
            .with_log_append_time_ms(log_append_time)
            .with_log_start_offset(log_start),
    }
}

fn checked_append(
    state: &mut State,
    node: i32,
    topic: &str,
    partition: i32,
    header: &BatchHeader,
    batch: &mut BytesMut,
) -> Result<(i64, i64, i64), ResponseError> {
    let settings = state.topics.get(topic).map(|topic| &topic.settings).ok_or(ResponseError::UnknownTopicOrPartition)?;
    let (max_message_bytes, log_append_time) = (settings.max_message_bytes, settings.log_append_time);
    let partition = state.partition_mut(topic, partition).ok_or(ResponseError::UnknownTopicOrPartition)?;
    if partition.leader != Some(node) {
        return Err(ResponseError::NotLeaderOrFollower);
    }
    if !partition.log.is_appendable() {
        return Err(ResponseError::KafkaStorageError);
    }
    if batch.len() > max_message_bytes {
        return Err(ResponseError::MessageTooLarge);
    }
    match partition.log.producers.judge(header) {
        Sequence::Next => {}
        Sequence::Duplicate(base_offset) => return Ok((base_offset, -1, partition.log.log_start())),
        Sequence::OutOfOrder => return Err(ResponseError::OutOfOrderSequenceNumber),
        Sequence::Fenced => return Err(ResponseError::InvalidProducerEpoch),
    }
    let mut time = -1;
    if log_append_time {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        time = i64::try_from(now).unwrap_or(i64::MAX);
        stamp(batch, time);
    }
    let base_offset = partition.log.append(batch.split(), partition.leader_epoch);
    partition.log.producers.appended(header, base_offset);
    Ok((base_offset, time, partition.log.log_start()))
}
